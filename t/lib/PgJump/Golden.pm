# SPDX-License-Identifier: PostgreSQL
#
# Texts for people, compared with files of t/golden/ line by line.  Parts that
# differ from run to run (times, ports, keys, versions, the directory of the
# lab) are masked.  PGJUMP_GOLDEN=write writes the files anew: read them before
# you commit them.
package PgJump::Golden;

use v5.36;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use PgJump::Process qw(slurp spew);
use Test::More;

our @EXPORT_OK = qw(golden masked);

my $dir = dirname(abs_path(__FILE__)) . '/../../golden';

# [what, its mask], in this order.
my @masks = (
	[qr/\bAAAA[A-Za-z0-9+\/]+=*/, sub { 'AAAA...' }],
	[qr/SHA256:[A-Za-z0-9+\/]{43}/, sub { 'SHA256:...' }],
	[qr/( *\d+ ms)(?=  )/, sub { sprintf '%*s', length $1, 'N ms' }],
	[qr/\b(after|for|in|within|more than|trip to the \w+(?: box)?) [\d.]+ m?s\b/,
		sub { "$1 N ms" }],
	[qr/(\b127\.0\.0\.1(?:\]?:| | port )|\.PGSQL\.|-p )\d+\b/,
		sub { "$1PORT" }],
	[qr/\b(sport = :)\d+/, sub { "$1PORT" }],
	[qr/(?:OpenSSH_\S+|(no_room)), \S+, \S+, \S+/,
		sub { ($1 // 'OpenSSH_V') . ', KEX, CIPHER, HOSTKEY' }],
	[qr/PostgreSQL \d\S*(?: \([^)]*\))?/, sub { 'PostgreSQL V' }],
	[qr/TLSv1\.\d/, sub { 'TLSv1.N' }],
	[qr/\b20\d\d-\d\d-\d\d\b/, sub { 'DATE' }],
	[qr/\b\d+ (of \d+ connections)/, sub { "N $1" }],
);

sub masked($lab, $text)
{
	my $user = quotemeta getpwuid $>;

	$text =~ s/\Q${\ $lab->dir}\E/LAB/g;
	$text =~ s/(?:(?<=["~=])|(?<=passwd -S ))$user(?=["\/, ;])/USER/g;
	for my $mask (@masks) {
		my ($what, $by) = @$mask;
		$text =~ s/$what/$by->()/ge;
	}
	return $text;
}

sub golden($lab, $name, $text)
{
	my $file = "$dir/$name";
	my $seen = masked($lab, $text);

	spew($file, $seen) if ($ENV{PGJUMP_GOLDEN} // '') eq 'write';
	is($seen, slurp($file), "as $name has it");
}

1;
