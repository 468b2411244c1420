# SPDX-License-Identifier: PostgreSQL
#
# The map of src/ holds: includes point strictly downward through the floors
# of src/LAYERS, every file stands there, foreign libraries stay in their
# rooms, and files keep their size and their first line.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Basename qw(basename);
use PgJump::Process qw(slurp);
use Test::More;

my $src = "$FindBin::Bin/../src";

# A foreign header => the modules that may include it.
my @rooms = (
	[qr/^libssh2/, qr/^(?:ssh_\w+|dial|libraries)$/],
	[qr/^yaml\.h$/, qr/^(?:yaml|libraries)$/],
	[qr/^libpq/, qr/^(?:check_login|libraries)$/],
	[qr/^event2\/http/, qr/^http$/],
	[qr/^openssl\//, qr/^(?:tls\w*|ssh_key\w*|ssh_hostkey|known_hosts|secret|
		ssh_auth|ssh_agent|libraries)$/x],
);

sub floors($text)
{
	my (%floor, $number);

	$number = 0;
	for my $line (split /\n/, $text) {
		next if $line =~ /^#/;
		$number++ if $line =~ /^\s*$/;
		$floor{$1} = $number if $line =~ /^(\w+)\s+\S/;
	}
	return \%floor;
}

# Everything that is wrong with the includes of one file.
sub faults($floor, $file, $text)
{
	my ($module) = $file =~ /^(\w+)\./;
	my @faults;

	return "$file stands on no floor" unless defined $floor->{$module};
	for my $other ($text =~ /^\s*#\s*include\s+"([^"]+)"/mg) {
		my ($below) = $other =~ /^(\w+)\./;
		next if $below eq $module;
		push @faults, "$file includes $other, which is nowhere"
		    if !defined $floor->{$below};
		push @faults, "$file includes $other, which is not below it"
		    if ($floor->{$below} // 1e9) <= $floor->{$module};
	}
	for my $foreign ($text =~ /^\s*#\s*include\s+<([^>]+)>/mg) {
		push @faults, map { "$file includes <$foreign>" }
		    grep { $foreign =~ $_->[0] && $module !~ $_->[1] } @rooms;
	}
	return @faults;
}

# The rules are rules: each catches what it is for.
my $example = floors("# floors\nhigh one\nbeside two\n\nlow three\n");
is_deeply($example, { high => 0, beside => 0, low => 1 }, 'floors are read');
for my $case (
	['high.c', qq(#include "low.h"\n), 0, 'down'],
	['high.c', qq(#include "high.h"\n), 0, 'its own header'],
	['low.c', qq(#include "high.h"\n), 1, 'up'],
	['high.c', qq(#include "beside.h"\n), 1, 'sideways'],
	['high.c', qq(#include "lost.h"\n), 1, 'to a file on no floor'],
	['lost.c', '', 1, 'a file on no floor'],
	['low.c', "#include <libssh2.h>\n", 1, 'a foreign library'],
	['low.c', "#include <stdio.h>\n", 0, 'the C library'],
) {
	my ($file, $text, $wrong, $what) = @$case;
	my @found = faults($example, $file, $text);
	is(@found, $wrong, "the rule: $what");
}

my $floor = floors(slurp("$src/LAYERS"));
my @files = map { basename $_ } glob "$src/*.[ch] $src/*.def";
cmp_ok(scalar(@files), '>', 20, 'there are files to look at');

for my $file (@files) {
	my $text = slurp("$src/$file");
	my $lines = () = $text =~ /\n/g;

	is_deeply([faults($floor, $file, $text)], [], "$file: includes");
	like($text, qr{\A/\* SPDX-License-Identifier: PostgreSQL \*/\n},
	    "$file: licence line");
	cmp_ok($lines, '<=', 500, "$file: at most 500 lines")
	    if $file =~ /\.c$/;
	unlike($text, qr/\b(?:TODO|FIXME|XXX)\b/, "$file: nothing left open");
}

my %seen = map { /^(\w+)\./ ? ($1 => 1) : () } @files;
is_deeply([grep { !$seen{$_} } sort keys %$floor], [],
    'every name in LAYERS is a file');

done_testing();
