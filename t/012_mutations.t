# SPDX-License-Identifier: PostgreSQL
#
# 300 slips in the two documented files, made one after another by the same
# rules in every run: each is told at its line, with what repairs it.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(key_file private);
use PgJump::Process qw(slurp spew);

my $lab = PgJump::Lab->new;
my $readme = slurp("$FindBin::Bin/../README");

# The sample that begins with this line of the README.
sub sample($first)
{
	my ($text) = $readme =~ /^((?:    \Q$first\E.*\n)(?:    .*\n)+)/m
	    or die "README has no sample that begins with $first";
	return $text =~ s/^    //gmr;
}

# The key of the samples is made one that can be read.
my $key = private('ed25519') =~ s/\n/\\n/gr;
my $json = sample('{ "name": "my-staging-db"')
    =~ s/"private_key": "[^"]*"/"private_key": "$key"/r;
my $file = key_file('ed25519');
my $yaml = sample('connections:') =~ s/private_key_file: \S+/private_key_file: $file/r;

my $made = 0;
my (%seen, %told);

sub judged($text, $name)
{
	my $path = $lab->dir . "/$name";

	spew($path, $text, 0600);
	my $seen = PgJump::Daemon::command(['-c', $path, 'config'],
	    dir => $lab->dir, timeout => 60);
	return ($seen->{rc}, map { s/^\Q$path\E://r } split /\n/, $seen->{err});
}

# Every sentence that may be told of a slip; each says what to do.
my @repairs = (
	qr/a (?:comma|colon|value) (?:is|and a value are) missing/,
	qr/a double quote is missing/, qr/the quote that begins here is not closed/,
	qr/a "[\]}]" is missing before this: the "[\[{]" in line \d+ is not closed/,
	qr/closes nothing; leave it out/, qr/text after the end/,
	qr/a second document/, qr/comma has nothing before it/,
	qr/a key must stand before this colon/,
	qr/a value is missing after this colon, or a "\{"/,
	qr/a "\{" is missing before this/, qr/YAML is indented with spaces only/,
	qr/put the value in single quotes/, qr/a space must follow this/,
	qr/a colon is missing behind this key/,
	qr/a key and a colon must begin/,
	qr/indented (?:deeper|by)/, qr/column of the list's dashes/,
	qr/a list item cannot stand between keys/,
	qr/unknown key ".*" in .*; (?:did you mean|here it is called|it belongs in)/,
	qr/unknown key in .*: /,
	qr/unknown key "\w+" in (?:a connection|ssh_tunnel|the top level)/,
	qr/must be .*(?:such as|one of|or|not|postgres|to \d|characters)/,
	qr/is required/, qr/is given twice; the first is in line/,
	qr/auth_method is password if it is not given; .* set/,
	qr/cannot read \S+: No such file/, qr/host_key|known_hosts/,
	qr/it is (?:cut off|damaged|not a private key|a public key); (?:give|copy)/,
	qr/connections must be a list/, qr/there is no connection; add/,
	qr/a connection must be a mapping/,
	qr/keys of its type are not supported; use/,
	qr/a key must be a text/, qr/this line like the first/,
	qr/JSON has no comments/, qr/neither a connection, nor a list/,
);

# What is told of a slip in line $line (in the lines $line to $last).
sub check_slip($what, $text, $name, $line, $last)
{
	my ($rc, @messages) = judged($text, $name);
	my @errors = grep { !/warning: / } @messages;

	$made++;
	for my $message (@messages) {
		my ($at) = $message =~ /^(\d+):\d+: /;
		my $is_here = defined $at && $at >= $line && $at <= $last;

		# A missing key is told where its mapping begins.
		$is_here ||= $message =~ /is required/;
		ok($is_here, "$what: told in its line")
		    or diag("line $line to $last: $message\n$text");
	}
	for my $message (@errors) {
		my ($repair) = grep { $message =~ $_ } @repairs;

		ok(defined $repair, "$what: with a repair")
		    or diag($message);
		$told{$repair}++ if defined $repair;
		unlike($message, qr/look at the quotes, colons/,
		    "$what: understood") or diag("$message\n$text");
	}
	cmp_ok(scalar @errors, '<=', 2, "$what: told at most twice")
	    or diag(join "\n", @errors, $text);
	ok($rc == 0 || @errors > 0, "$what: an error is told");
}

sub line_of($text, $offset) { 1 + (substr($text, 0, $offset) =~ tr/\n//) }

# Not the key itself, any place of which is as good as another.
sub places($text, $pattern)
{
	my @found;

	push @found, [$-[0], $+[0]] while $text =~ /$pattern/g;
	my $begin = index $text, '-----BEGIN';
	my $end = $begin < 0 ? -1 : index $text, '-----END';
	return grep { $_->[0] < $begin || $_->[0] > $end } @found;
}

# Every N-th of a list, so that there are about as many as wanted.
sub some_of($wanted, @list)
{
	my $step = @list > $wanted ? @list / $wanted : 1;

	return map { $list[int($_ * $step)] }
	    0 .. (@list > $wanted ? $wanted : @list) - 1;
}

for my $document (['slip.yaml', $yaml], ['slip.json', $json]) {
	my ($name, $text) = @$document;
	my ($rc, @messages) = judged($text, $name);

	is($rc, 0, "$name: the sample is valid") or diag(@messages);

	for my $place (some_of(70, places($text, qr/[^\s]/))) {
		my $line = line_of($text, $place->[0]);
		my $slip = $text;

		substr $slip, $place->[0], 1, '';
		check_slip("$name: $line without character $place->[0]",
		    $slip, $name, $line, $line);
	}
	for my $place (some_of(35, places($text, qr/(?<=[\w"])[ :](?=[ \w"])|["',{}\[\]]|: /))) {
		my $line = line_of($text, $place->[0]);
		my $slip = $text;

		substr $slip, $place->[0], $place->[1] - $place->[0], '';
		check_slip("$name: $line without punctuation at $place->[0]",
		    $slip, $name, $line, $line);
	}
	# A key with two letters swapped.
	for my $place (some_of(25, places($text, qr/\b[a-z_]{4,}(?="?:)/))) {
		my $line = line_of($text, $place->[0]);
		my $slip = $text;

		substr($slip, $place->[0] + 1, 2) =
		    reverse substr $slip, $place->[0] + 1, 2;
		next if $slip eq $text;
		check_slip("$name: $line with a misspelled key at $place->[0]",
		    $slip, $name, $line, $line);
	}
	# A line moved to the right or to the left, or to another place.
	my @lines = split /(?<=\n)/, $text;
	for my $i (0 .. $#lines) {
		for my $shift (' ', '  ', "\t", -1, -2) {
			my @slip = @lines;

			if ($shift =~ /\d/) {
				next if $slip[$i] !~ s/^ {${\-$shift}}//;
			} else {
				$slip[$i] = $shift . $slip[$i];
			}
			# The next line shows it as well as this one.
			check_slip("$name: line " . ($i + 1) . " moved",
			    join('', @slip), $name, $i + 1, $i + 2);
		}
	}
}

cmp_ok($made, '>=', 300, "$made slips");
cmp_ok(scalar keys %told, '>=', 10, 'many repairs were told');
note("$told{$_} times: $_") for sort { $told{$b} <=> $told{$a} } keys %told;

$lab->done;
