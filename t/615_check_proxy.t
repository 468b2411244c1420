# SPDX-License-Identifier: PostgreSQL
#
# `pgjump check` and `pgjump hostkey` through a proxy: it is a phase of its own,
# in the place of resolve and connect, with its answer.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Golden qw(golden);
use PgJump::Port qw(reserve);
use PgJump::Proxy;

my $lab = PgJump::Lab->new;
my $box = $lab->box;
my $secret = $lab->secret('the-password-of-the-proxy');
my $closed = reserve();
my $proxy = PgJump::Proxy->new(dir => $lab->dir, type => 'https',
    login => "app:$secret");
my $socks = PgJump::Proxy->new(dir => $lab->dir, type => 'socks5');
my $no_body = "\r\nContent-Length: 0\r\n\r\n";
my $forbids = PgJump::Proxy->saying('stay',
    "HTTP/1.1 403 Access violation$no_body");
my $wants = PgJump::Proxy->saying('stay',
    "HTTP/1.1 407 Proxy Authentication Required\r\n"
    . "Proxy-Authenticate: Basic realm=\"x\"$no_body");
my $unreached = PgJump::Proxy->saying('stay', "\5\0",
    "\5\1\0\1\0\0\0\0\0\0");

# name => [exit code, keys of the proxy]
my %cases = (
	proxied => [0, $proxy->keys],
	proxy_refused => [11, proxy_port => $closed],
	proxy_forbids => [11, proxy_port => $forbids->port],
	proxy_wants_user => [11, proxy_port => $wants->port],
	proxy_unreached => [11, proxy_port => $unreached->port,
		proxy_type => 'socks5'],
);
my @connections = map {
	my (undef, %keys) = @{ $cases{$_} };
	$lab->connection($_, ssh_tunnel => { host_key => $box->pin,
		port => $box->port, proxy_host => '127.0.0.1', %keys });
} sort keys %cases;
my $daemon = $lab->new_daemon(\@connections);

for my $name (sort keys %cases) {
	my $seen = $daemon->check($name);

	subtest $name => sub {
		is($seen->{rc}, $cases{$name}[0], 'exit code');
		golden($lab, "check/$name.txt", $seen->{out});
		unlike($seen->{out}, qr/\Q$secret\E/, 'no secret');
	};
}

subtest 'JSON' => sub {
	my $report = JSON::PP::decode_json(
	    $daemon->check('--json', 'proxied')->{out});
	my @phases = map { $_->{phase} } @{ $report->{phases} };
	my %facts = %{ $report->{phases}[1] };

	is_deeply([@phases[0 .. 2]], [qw(config proxy handshake)],
	    'the proxy is in the place of resolve and connect');
	is_deeply([@facts{qw(proxy type address answer status)}],
	    ['127.0.0.1:' . $proxy->port, 'https', '127.0.0.1',
		    'HTTP/1.1 200 Connection established', 'ok'],
	    'its facts');
	$report = JSON::PP::decode_json(
	    $daemon->check('--json', 'proxy_unreached')->{out});
	is($report->{stage}, 'jump_proxy', 'the stage of a failure');
	like($report->{detail}, qr/the proxy answered "SOCKS5 reply 1/,
	    'and its detail');
	is($report->{phases}[1]{status}, 'failed', 'in its phase');
};

subtest 'hostkey' => sub {
	my $other = $lab->connection('named', ssh_tunnel => {
		host => PgJump::Proxy::NAME, host_key => undef,
		known_hosts => $lab->dir . '/none', port => $box->port,
		$socks->keys });
	my $seen = PgJump::Daemon::command(['-c',
		$lab->new_daemon([$other])->file, 'hostkey', 'named'],
	    dir => $lab->dir);
	my $pin = $box->pin;

	is($seen->{rc}, 0, 'exit code') or diag($seen->{err});
	like($seen->{out}, qr/\Q$pin\E/, 'the key of the jump box');
	$seen = PgJump::Daemon::command(['-c', $daemon->file, 'hostkey',
		'proxy_forbids'], dir => $lab->dir);
	is($seen->{rc}, 11, 'a proxy that fails: exit code');
	like($seen->{err}, qr/does not permit .* 403 Access violation/,
	    'and why');
};

$lab->done;
