# SPDX-License-Identifier: PostgreSQL
#
# The map of src/ holds: includes point down, from district to district and
# from floor to floor; from outside a district only its face is included;
# foreign libraries stay in their districts; a public function names its file;
# LAYERS, the files and Makefile.am name the same ones; files keep their size
# and their first line.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Process qw(slurp);
use Test::More;

my $top = "$FindBin::Bin/..";

# A foreign header => the files that may include it.
my @rooms = (
	[qr/^libssh2/, qr{^(?:ssh|key)/|^command/libraries$}],
	[qr/^yaml\.h$/, qr{^config/yaml$|^command/libraries$}],
	[qr/^libpq/, qr{^check/|^command/libraries$}],
	[qr/^event2\/http/, qr{^http/}],
	[qr/^openssl\//, qr{^(?:tls|key|ssh)/|^base/secret$|
		^command/libraries$}x],
);

# Files whose functions have a prefix of their own: log_ makes and takes the
# fields of log lines, and x stands for functions that cannot fail.
my %prefix = ('base/log_line' => qr/^log_/, 'base/xmalloc' => qr/^x/);

# LAYERS as a hash: file => { floor => N, face => a bool }, floors counted from
# the top through all districts.
sub layers($text)
{
	my (%file, $district);
	my $floor = 0;

	for my $line (split /\n/, $text) {
		if ($line =~ /^(\w+): \S/) {
			$district = $1;
			$floor++;
			$file{$1} = { floor => $floor } if $1 eq 'main';
		} elsif ($line =~ /^([> ]) (\w+)\s+\S/) {
			$file{"$district/$2"} =
			    { floor => $floor, face => $1 eq '>' };
		} elsif ($line eq '') {
			$floor++;
		}
	}
	return \%file;
}

sub district($file) { return $file =~ s{/.*}{}r }

# The files of src/ that a text includes, without their suffix.
sub included($text)
{
	return map { s/\.\w+\z//r } $text =~ /^\s*#\s*include\s+"([^"]+)"/mg;
}

# What is wrong with one include.
sub fault($layers, $file, $other)
{
	my ($from, $to) = ($layers->{$file}, $layers->{$other});

	return () if $other eq $file;
	return "$file includes $other, which is nowhere" unless $to;
	return "$file includes $other, which is not below it"
	    if $to->{floor} <= $from->{floor};
	return "$file includes $other, which is behind the face"
	    if district($file) ne district($other) && !$to->{face};
	return ();
}

# Everything that is wrong with the includes of one file.
sub faults($layers, $file, $text)
{
	return "$file stands on no floor" unless $layers->{$file};
	my @faults = map { fault($layers, $file, $_) } included($text);

	for my $foreign ($text =~ /^\s*#\s*include\s+<([^>]+)>/mg) {
		push @faults, map { "$file includes <$foreign>" }
		    grep { $foreign =~ $_->[0] && $file !~ $_->[1] } @rooms;
	}
	return @faults;
}

# The functions that a header declares.  Types and macros in capitals are none.
sub declared($text)
{
	$text =~ s{/\*.*?\*/}{}gs;
	$text =~ s/^\s*#.*(?:\\\n.*)*//mg;
	$text =~ s/__attribute__\s*\(\(.*?\)\)//gs;
	$text =~ s/^typedef [^;]*;//mg;
	$text =~ s/\{.*?\n\}//gs;
	return grep { !/^[A-Z_]+\z/ } $text =~ /^[\w \*\t]*?\b(\w+)\(/mg;
}

# How a function may begin: folder_file, or file, or folder where the file gives
# the folder its name; as a hash: beginning => files.
sub beginnings($layers)
{
	my %files;

	for my $file (keys %$layers) {
		my ($district, $name) = split m{/}, $file;
		push @{ $files{$_} }, $file
		    for defined $name ? ("${district}_$name", $name) : $district;
	}
	return \%files;
}

# The longest beginning that a function has.
sub beginning($beginnings, $function)
{
	my ($longest) = sort { length $b <=> length $a }
	    grep { $function =~ /^\Q$_\E(?:_|\z)/ } keys %$beginnings;
	return $longest // '';
}

# The functions of a file whose name does not name it.
sub strays($layers, $file, $text)
{
	my $beginnings = beginnings($layers);

	return grep {
		my $longest = beginning($beginnings, $_);
		!($prefix{$file} && /$prefix{$file}/)
		    && !grep { $_ eq $file } @{ $beginnings->{$longest} }
	} declared($text);
}

# Files of the face that no other district includes; %text by path.
sub idle_faces($layers, %text)
{
	my %used;

	while (my ($path, $text) = each %text) {
		my $district = district($path =~ s/\.\w+\z//r);
		$used{$_} = 1
		    for grep { district($_) ne $district } included($text);
	}
	return grep { $layers->{$_}{face} && !$used{$_} } sort keys %$layers;
}

# Each rule catches what it is for.
my $example = layers(<<'END');
# districts
high: the upper one

> door  one
  room  two

  cellar  three

low: the lower one

> gate  four
  court  five
END
is_deeply([map { "$_ $example->{$_}{floor}" } sort keys %$example],
    ['high/cellar 3', 'high/door 2', 'high/room 2', 'low/court 6',
    'low/gate 6'], 'floors are read');
for my $case (
	['high/room', qq(#include "low/gate.h"\n), 0, 'down to a face'],
	['high/room', qq(#include "high/room.h"\n), 0, 'its own header'],
	['high/room', qq(#include "high/cellar.h"\n), 0, 'down at home'],
	['high/room', qq(#include "low/court.h"\n), 1, 'past a face'],
	['low/court', qq(#include "high/door.h"\n), 1, 'up, to a district'],
	['high/cellar', qq(#include "high/room.h"\n), 1, 'up at home'],
	['high/room', qq(#include "high/door.h"\n), 1, 'sideways'],
	['high/room', qq(#include "lost.h"\n), 1, 'to a file on no floor'],
	['high/lost', '', 1, 'a file on no floor'],
	['high/room', "#include <libssh2.h>\n", 1, 'a foreign library'],
	['high/room', "#include <stdio.h>\n", 0, 'the C library'],
) {
	my ($file, $text, $wrong, $what) = @$case;
	my @found = faults($example, $file, $text);
	is(@found, $wrong, "the rule: $what");
}
is_deeply([idle_faces($example, 'high/room.c' => qq(#include "low/gate.h"\n),
	'high/cellar.c' => qq(#include "high/door.h"\n))], ['high/door'],
    'the rule: a face that nobody outside looks at');

is_deeply([strays($example, 'high/room', <<'END')],
bool high_room_open(const char *gate, void (*fn)(int));
struct door *room_close(struct room *)
    __attribute__((nonnull(1)));
int high_cellar_size(void); /* lost_in_words() */
static inline int
attic_size(void)
{
	return gate_size();
}
void open_room(void);
END
    [qw(high_cellar_size attic_size open_room)],
    'the rule: functions that do not name their file');

my $layers = layers(slurp("$top/src/LAYERS"));
my @files = map { s{\A\Q$top\E/src/}{}r }
    glob "$top/src/*.[ch] $top/src/*/*.[ch] $top/src/*/*.def";
my %text = map { $_ => slurp("$top/src/$_") } @files;
cmp_ok(scalar(@files), '>', 20, 'there are files to look at');

for my $file (@files) {
	my $text = $text{$file};
	my $lines = () = $text =~ /\n/g;

	is_deeply([faults($layers, $file =~ s/\.\w+\z//r, $text)], [],
	    "$file: includes");
	is_deeply([strays($layers, $file =~ s/\.h\z//r, $text)], [],
	    "$file: functions name it")
	    if $file =~ /\.h$/;
	like($text, qr{\A/\* SPDX-License-Identifier: PostgreSQL \*/\n},
	    "$file: licence line");
	cmp_ok($lines, '<=', 500, "$file: at most 500 lines")
	    if $file =~ /\.c$/;
	unlike($text, qr/\b(?:TODO|FIXME|XXX)\b/, "$file: nothing left open");
}
is_deeply([idle_faces($layers, %text)], [], 'every face is looked at');

# No beginning is shared, as `fault_` could be by base/fault and jump/fault.
my %owners;
for my $file (grep { /\.h$/ } @files) {
	my $begins = beginnings($layers);
	$owners{ beginning($begins, $_) }{$file} = 1 for declared($text{$file});
}
is_deeply([grep { keys %{ $owners{$_} } > 1 } sort keys %owners], ['log'],
    'each beginning of a name leads to one file');

my %seen = map { s/\.\w+\z//r => 1 } @files;
is_deeply([sort keys %$layers], [sort keys %seen],
    'LAYERS names the files that are there');
my @listed = slurp("$top/Makefile.am") =~
    m{\bsrc/([\w/]+\.(?:[ch]|def))\b}g;
is_deeply([sort @listed], [sort @files], '... and so does Makefile.am');

done_testing();
