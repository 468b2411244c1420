# SPDX-License-Identifier: PostgreSQL
#
# A proxy that fails, or is none: the client is told what the proxy did and what
# it said, and which setting to change.  207_unreachable.t and 208_names.t have
# the ways to fail before a proxy can say anything.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use JSON::PP ();
use PgJump::Pki qw(cert);
use PgJump::Port qw(reserve);
use PgJump::Process qw(spew);
use PgJump::Proxy;

my $lab = PgJump::Lab->new;
my @alive;
my $closed = reserve();
my $hole = PgJump::Peer->black_hole;
my $secret = $lab->secret('secret-of-the-proxy');

sub kept($peer)
{
	push @alive, $peer;
	return $peer->port;
}

sub peer($script) { kept(PgJump::Peer->new($script)) }

# A proxy that answers with these texts, one for each message, and then closes
# or stays.
sub closing(@texts) { kept(PgJump::Proxy->saying('close', @texts)) }
sub staying(@texts) { kept(PgJump::Proxy->saying('stay', @texts)) }

# An answer of HTTP with a body behind which the connection stays open.
sub http($status, @headers)
{
	return staying(join "\r\n", "HTTP/1.1 $status", @headers,
	    'Content-Length: 3000', '', 'no ' x 1000);
}

# squid's way to tell a cause.
sub squid($status, $error) { http($status, "X-Squid-Error: $error") }

# The reply of SOCKS5 to its last message.
sub socks($code, $address = "\1\0\0\0\0\0\0")
{
	return staying("\5\0", "\5" . chr($code) . "\0$address");
}

sub of_type($type, $port, %more)
{
	return { proxy_port => $port, proxy_type => $type, %more };
}
my @login = (proxy_username => 'app', proxy_password => $secret);

sub https($cert, $authority = 'root')
{
	return of_type('https', kept(PgJump::Proxy->new(dir => $lab->dir,
		type => 'https', cert => $cert)),
	    proxy_ca_cert => cert($authority));
}

my $in_vain = qr/within (?:300 ms|3 s)/;
my $to = qr/jump box 127\.0\.0\.1:22/;
my $wrong_place = qr/Correct ssh_tunnel\.proxy_host and proxy_port/;
my $type = qr/ssh_tunnel\.proxy_type/;

# name => [the keys of the proxy, message, hint, DETAIL if it has words]
my @table = (
	# It is not there, or says nothing.
	'nothing listens' => [of_type('http', $closed),
		qr/proxy 127\.0\.0\.1:$closed refused the connection/,
		qr/proxy_port/],
	'a black hole' => [of_type('http', $hole->{port}),
		qr/did not accept a connection $in_vain/, qr/firewall/],
	'silence' => [of_type('http', peer('silent')),
		qr/did not answer $in_vain/, $type],
	'silence of SOCKS' => [of_type('socks5', peer('silent')),
		qr/did not answer $in_vain/, $type],
	'silence of TLS' => [of_type('https', peer('silent')),
		qr/did not answer $in_vain/, $type],
	'closes at once' => [of_type('http', peer('close')),
		qr/closed the connection without an answer/, $type],
	'resets at once' => [of_type('http', peer('reset')),
		qr/closed the connection (?:without an answer|at once)/,
		$type],
	'closes when it is asked' => [of_type('http', closing('')),
		qr/closed the connection without an answer/, $type],
	'closes when it is asked by SOCKS' => [of_type('socks5', closing('')),
		qr/closed the connection without an answer/, $type],
	'closes in its answer' => [
		of_type('http', closing("HTTP/1.1 200 OK\r\nA: ")),
		qr/closed the connection in the middle of its answer/, $type],
	'closes in TLS' => [of_type('https', closing('')),
		qr/closed the connection during the TLS handshake/, $type],

	# It is something else.
	'an SSH server' => [of_type('http', peer('ssh')),
		qr/is no HTTP proxy, it answered: "SSH-2\.0-OpenSSH_9\.2p1/,
		$wrong_place],
	'noise' => [of_type('http', closing("\x01\x02garbage")),
		qr/is no HTTP proxy, it answered: "\?\?garbage"/,
		$wrong_place],
	'noise, and silence' => [of_type('http', peer('noise')),
		qr/is no HTTP proxy, it answered: "\?\?\?garbage"/,
		$wrong_place],
	'a status that is none' => [
		of_type('http', staying("HTTP/1.1 good\r\n\r\n")),
		qr/is no HTTP proxy, it answered: "HTTP\/1\.1 good"/,
		$wrong_place],
	'headers without end' => [of_type('http',
		staying("HTTP/1.1 200 OK\r\n" . "X-More: and more\r\n" x 2000)),
		qr/its answer has more than 16 KB of headers/, $wrong_place],
	'TLS where none is asked for' => [of_type('http', peer('tls')),
		qr/speaks TLS, .*bytes 15 03 01/, qr/proxy_type to https/],
	'a web server for SOCKS' => [of_type('socks5', peer('http')),
		qr/no proxy of the type .*"HTTP\/1\.1 400 Bad Request/,
		$wrong_place],
	'a web server for SOCKS4' => [of_type('socks4a', peer('http')),
		qr/no proxy of the type .*"HTTP\/1\.1 400 Bad Request/,
		$wrong_place],
	'a reply with an address of no type' => [
		of_type('socks5', socks(0, "\7\0\0\0\0\0\0")),
		qr/no proxy of the type .*"\?+"/, $wrong_place],
	'no TLS' => [of_type('https', peer('http')),
		qr/does not speak TLS, it answered: "HTTP\/1\.1 400/,
		qr/proxy_type to http /],

	# TLS.
	'TLS that fails' => [of_type('https', peer('tls')),
		qr/TLS handshake with proxy .*sent alert: protocol version/,
		qr/TLS 1\.2/],
	'an unknown authority' => [https('db', 'stranger'),
		qr/not trusted: .*ssh_tunnel\.proxy_ca_cert/,
		qr/proxy_ca_cert/],
	'an authority that the system does not have' => [
		{ %{ https('db') }, proxy_ca_cert => undef },
		qr/not trusted: .*this system's store of authorities/,
		qr/proxy_ca_cert/],
	'an expired certificate' => [https('expired'),
		qr/not valid now: it expired on/, qr/Renew/],
	'a certificate for another host' => [https('elsewhere'),
		qr/for another host: elsewhere\.pgjump\.test/,
		qr/proxy_host/],

	# Who may use it.
	'a login is wanted' => [of_type('http', http(
		'407 Proxy Authentication Required',
		'Proxy-Authenticate: Negotiate, Basic realm="a, Digest b"')),
		qr/wants a user and a password: HTTP\/1\.1 407 Proxy/,
		qr/proxy_username and proxy_password/, 1],
	'a login is wanted by SOCKS' => [of_type('socks5', staying("\5\xff")),
		qr/wants a user and a password: SOCKS5 method 255/,
		qr/proxy_username and proxy_password/, 1],
	'a wrong password' => [of_type('http', http(
		'407 Proxy Authentication Required',
		'Proxy-Authenticate: Basic realm="x"'), @login),
		qr/rejected the user or the password .* 407 Proxy/,
		qr/proxy_password/, 1],
	'a wrong password in the words of tinyproxy 1.11.1' => [
		of_type('http', http('401 Unauthorized',
			'WWW-Authenticate: Basic realm="Tinyproxy"'), @login),
		qr/rejected the user or the password .* 401 Unauthorized/,
		qr/proxy_password/, 1],
	'a wrong password for SOCKS' => [of_type('socks5',
		staying("\5\2", "\1\1"), @login),
		qr/rejected the user .*: SOCKS5 login status 1/,
		qr/proxy_password/, 1],
	'a user that identd does not know' => [of_type('socks4a',
		staying("\0\x5d" . "\0" x 6), proxy_username => 'app'),
		qr/rejected the user .*: SOCKS4 reply 93/, qr/proxy_username/, 1],
	'other schemes' => [of_type('http', http(
		'407 Proxy Authentication Required',
		'Proxy-Authenticate: Negotiate',
		'Proxy-Authenticate: Digest realm="Basic, x", nonce="y"'),
		@login),
		qr/does not have: it offers Negotiate, Digest \[/,
		qr/Basic of HTTP/, 1],
	'a login that is not taken by SOCKS' => [of_type('socks5',
		staying("\5\xff"), @login),
		qr/does not have: SOCKS5 method 255/, qr/RFC 1929/, 1],
	'a method that was not offered' => [of_type('socks5',
		staying("\5\1")),
		qr/does not have: SOCKS5 method 1 /, qr/RFC 1929/, 1],

	# Where it may connect to.
	'forbidden' => [of_type('http', http('403 Access violation')),
		qr/does not permit a connection to $to: HTTP\/1\.1 403 Access violation/,
		qr/ConnectPort.*SSL_ports/, 1],
	'forbidden, after an interim answer' => [of_type('http', staying(
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 403 Filtered\n\n")),
		qr/does not permit a connection to $to: HTTP\/1\.0 403 Filtered/,
		qr/ConnectPort/, 1],
	'forbidden by SOCKS' => [of_type('socks5', socks(2)),
		qr/does not permit a connection to $to: SOCKS5 reply 2/,
		qr/ConnectPort/, 1],
	'a web server' => [of_type('http', http('405 Method Not Allowed')),
		qr/does not connect to $to: HTTP\/1\.1 405 Method/,
		qr/web server/, 1],
	'no command' => [of_type('socks5', socks(7)),
		qr/does not connect to $to: SOCKS5 reply 7/, $type, 1],

	# It does not reach the jump box.
	'an unknown name' => [
		of_type('http', squid('503 Service Unavailable',
			'ERR_DNS_FAIL 0')),
		qr/cannot resolve the name of $to/, qr/looked up by the proxy/,
		1],
	'an unknown name in the way of dante' => [
		of_type('socks5', socks(4, "\3\4name\0\26")),
		qr/cannot resolve the name of $to/, qr/looked up by the proxy/,
		1],
	'refused' => [of_type('http', squid('503 Service Unavailable',
		'ERR_CONNECT_FAIL 111')),
		qr/$to refused the connection of proxy/, qr/ssh_tunnel\.port/,
		1],
	'refused, by SOCKS' => [of_type('socks5', socks(5)),
		qr/$to refused the connection of proxy/, qr/ssh_tunnel\.port/,
		1],
	'no route' => [of_type('http', squid('503 Service Unavailable',
		'ERR_CONNECT_FAIL 113')),
		qr/cannot reach $to: no route/, qr/route/, 1],
	'no route, by SOCKS' => [of_type('socks5', socks(4)),
		qr/cannot reach $to: no route/, qr/route/, 1],
	'too late' => [of_type('http', squid('503 Service Unavailable',
		'ERR_CONNECT_FAIL 110')),
		qr/did not reach $to in the time that it allows itself/,
		qr/security group/, 1],
	'too late for a gateway' => [of_type('http',
		http('504 Gateway Timeout')),
		qr/did not reach $to in the time that it allows itself/,
		qr/security group/, 1],
	'too late, by SOCKS' => [of_type('socks5', socks(6)),
		qr/did not reach $to in the time that it allows itself/,
		qr/security group/, 1],
	'silence once SOCKS is asked to connect' => [
		of_type('socks5', staying("\5\0")),
		qr/did not reach $to $in_vain/, qr/security group/],
	'no reason' => [of_type('http', http('500 Unable to connect')),
		qr/a reason that it does not tell: HTTP\/1\.1 500 Unable to connect/,
		qr/log of the proxy/, 1],
	'no reason in the way of squid' => [
		of_type('http', squid('500 Internal Server Error',
			'ERR_CANNOT_FORWARD 0')),
		qr/does not tell: .* 500 .*, X-Squid-Error: ERR_CANNOT_FORWARD 0/,
		qr/log of the proxy/, 1],
	'no reason, by SOCKS' => [of_type('socks5', socks(1)),
		qr/does not tell: SOCKS5 reply 1/, qr/log of the proxy/, 1],
	'no reason, by SOCKS4' => [of_type('socks4a',
		staying("\0\x5b" . "\0" x 6)),
		qr/does not tell: SOCKS4 reply 91/, qr/log of the proxy/, 1],
	'no reply' => [of_type('socks5', closing("\5\0")),
		qr/does not tell: it closed the connection without an answer/,
		qr/log of the proxy/],
);

# Clients are told these; check says the same of each (Told.pm), and so it alone
# is asked for the others.
my %in_full = map { $_ => 1 } 'nothing listens', 'silence', 'headers without end',
    'an unknown authority', 'a login is wanted', 'a wrong password for SOCKS',
    'forbidden', 'refused', 'no reply';
my (@cases, @others);
while (my ($name, $row) = splice @table, 0, 2) {
	my ($keys, $says, $hint, $has_words) = @$row;

	push @{ $in_full{$name} ? \@cases : \@others }, { name => $name,
		label => 'jump_proxy', side => 'tunnel', keys => $keys,
		says => $says, hint => $hint, has_words => $has_words };
}

# What goes wrong behind the proxy is told of the jump box, with the proxy in
# DETAIL.
push @cases, { name => 'established, and closed', label => 'jump_handshake',
	side => 'tunnel', keys => of_type('http',
		closing("HTTP/1.1 200 Connection established\r\n\r\n")),
	says => qr/$to closed the connection before the SSH handshake/,
	hint => qr/log of sshd/, has_words => 1 };

my $number = 0;
$_->{connection} = $lab->connection('c_proxy_' . $number++, port => 5432,
    ssh_tunnel => { port => 22, host_key => 'any',
	proxy_host => '127.0.0.1', %{ $_->{keys} } }) for @cases, @others;
my $next = qr/attempt \d+; $PgJump::Told::next_try\z/;
my $answer = qr/the proxy answered "(?:HTTP|SOCKS)/;

# Cases that wait in vain wait briefly; the others have more than enough time.
sub is_hurried($case)
{
	return $case->{says} =~ /within/ || $case->{name} =~ /silence/ ? 1 : 0;
}
my %limit = (1 => '300ms', 0 => '60s');

for my $hurried (0, 1) {
	my @few = grep { is_hurried($_) == $hurried } @cases;
	my $daemon = $lab->daemon([map { $_->{connection} } @few],
	    connect_timeout => $limit{$hurried});

	told($lab, $daemon, $_->{connection}, { %$_, detail =>
		$_->{has_words} ? qr/$answer.*$next/ : $next }) for @few;
	$daemon->down;
}

for my $hurried (0, 1) {
	my @few = grep { is_hurried($_) == $hurried } @others;
	my $daemon = $lab->new_daemon([map { $_->{connection} } @few],
	    connect_timeout => $hurried ? '3s' : '60s');
	my $seen = $daemon->check('--json', '--no-login');
	my %report = map { $_->{name} => $_ }
	    @{ JSON::PP::decode_json($seen->{out}) };

	is($seen->{rc}, 11, 'the exit code is that of jump_proxy');
	for my $case (@few) {
		my $got = $report{ $case->{connection}{name} };

		subtest "jump_proxy: $case->{name}" => sub {
			is($got->{stage}, 'jump_proxy', 'the stage');
			like($got->{message}, $case->{says}, 'the message');
			like($got->{hint}, $case->{hint}, 'the hint');
			like($got->{detail}, $answer, 'the words of the proxy')
			    if $case->{has_words};
			is((grep { $_->{status} eq 'failed' }
				@{ $got->{phases} })[0]{phase}, 'proxy',
			    'the phase');
		};
	}
}

# check would refuse to start with such a file.
subtest 'the file of a password is gone' => sub {
	my $file = spew($lab->dir . '/proxy.password', $secret, 0600);
	my $connection = $lab->connection('c_file', ssh_tunnel => {
		proxy_host => '127.0.0.1', proxy_port => http('200 OK'),
		proxy_username => 'app', proxy_password_file => $file });
	for my $text (undef, "two\nlines") {
		spew($file, $secret, 0600);
		my $daemon = $lab->daemon([$connection]);
		defined $text ? spew($file, $text, 0600) : unlink $file;
		my $seen;
		ok(PgJump::Process::eventually(20, sub {
			$seen = $lab->psql($connection, 'select 1');
			$seen->{err} =~ /cannot be used/ }),
		    'is told at the next dial');
		like($seen->{err}, defined $text
			? qr/proxy_password has a control character/
			: qr/proxy_password: cannot read \Q$file\E/, 'and why');
		like($seen->{err}, qr/HINT:  .*proxy_password_file/, 'a hint');
		$daemon->down;
	}
};

$lab->done;
