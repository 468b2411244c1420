# SPDX-License-Identifier: PostgreSQL
#
# An untrusted host key ends the dial before anything secret is sent; the client
# is told why, with the fingerprint to compare.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Keys qw(fingerprint public);
use PgJump::Process qw(spew);

my $lab = PgJump::Lab->new;
my $box = $lab->new_box;
my $port = $box->port;
my $here = "[127.0.0.1]:$port";
my ($key, $other) = map { public("host-$_") } qw(ed25519 other);
my $print = quotemeta fingerprint('host-ed25519');
my $files = 0;

sub file($text) { spew($lab->dir . '/known.' . $files++, $text) }

my @cases = (
	{ name => 'unknown', known_hosts => file(''),
		says => qr/host key of jump box 127\.0\.0\.1:$port is not known: .*$print/,
		hint => qr/known_hosts.*host_key/ },
	{ name => 'no known_hosts file at all',
		known_hosts => $lab->dir . '/none',
		says => qr/is not known: .*$print/,
		hint => qr/known_hosts.*host_key/ },
	{ name => 'known on another port only',
		known_hosts => file("[127.0.0.1]:1 $key\n"),
		says => qr/is not known/, hint => qr/known_hosts/ },
	{ name => 'negated',
		known_hosts => file("[127.*]:*,!$here $key\n"),
		says => qr/is not known/, hint => qr/known_hosts/ },
	{ name => 'changed', known_hosts => file("$here $other\n"),
		says => qr/has changed: .*$print/,
		hint => qr/before you trust it.*known_hosts/ },
	{ name => 'changed, by a wildcard',
		known_hosts => file("[127.0.0.*]:* $other\n"),
		says => qr/has changed/, hint => qr/before you trust it/ },
	{ name => 'revoked', known_hosts => file("\@revoked * $key\n"
			. "$here $key\n"),
		says => qr/is marked \@revoked: .*$print/,
		hint => qr/administrator/ },
	{ name => 'known by an authority only',
		known_hosts => file("\@cert-authority $here $other\n"),
		says => qr/known by \@cert-authority only/,
		hint => qr/hostkey --add/ },
	{ name => 'known_hosts is a directory', known_hosts => $lab->dir,
		says => qr/known_hosts file .* cannot be used/,
		hint => qr/path or the permissions/ },
	{ name => 'a wrong pin', host_key => fingerprint('host-other'),
		says => qr/is not the pinned one: .*$print/,
		hint => qr/ssh_tunnel\.host_key/ },
	{ name => 'two wrong pins', host_key => [fingerprint('host-other'),
			fingerprint('host-rsa')],
		says => qr/is not the pinned one: .*$print/,
		hint => qr/ssh_tunnel\.host_key/ },
);

my @connections = map {
	$lab->connection("c_trust_$_", box => $box, port => 5432,
	    ssh_tunnel => { host_key => $cases[$_]{host_key},
		known_hosts => $cases[$_]{known_hosts} })
} 0 .. $#cases;
my $daemon = $lab->daemon(\@connections);

for my $i (0 .. $#cases) {
	told($lab, $daemon, $connections[$i], { side => 'tunnel',
		label => 'jump_hostkey', %{ $cases[$i] } });
}
unlike($box->log_text, qr/publickey/, 'no login was tried');

$lab->done;
