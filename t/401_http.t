# SPDX-License-Identifier: PostgreSQL
#
# Health over HTTP, the forms of requests, and the guards against pages in a
# browser.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Http qw(asked dialled head heard said);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually);

my $lab = PgJump::Lab->new;
my $good = $lab->connection('orders', max_clients => 1);
my $bad = $lab->connection('billing',
    ssh_tunnel => { port => reserve(), username => 'nobody_there' });
my $near = $lab->connection('near', ssh_tunnel => 0);
my $http = reserve();
my $admin = $lab->dir . '/admin.sock';
my $daemon = $lab->daemon([$good, $bad, $near], http => $http + 0,
    admin => $admin);
$daemon->tunnel_up;

# Wait for a status of a path.
sub becomes($path, $status, $where = $http)
{
	my $seen;
	ok(eventually(20, sub {
		$seen = asked($where, $path);
		$seen->{status} eq $status;
	}), "$path becomes $status") or diag(explain($seen));
	return $seen;
}

subtest 'health' => sub {
	for my $where ($http, $admin) {
		for my $path (qw(/startup /readiness /liveness)) {
			my $seen = asked($where, $path);
			is($seen->{status}, 200, "$path of $where");
			is($seen->{body}, "ok\n", 'says ok');
			like($seen->{type}, qr{^text/plain}, 'as text');
			$seen = asked($where, $path, method => 'HEAD');
			is("$seen->{status} $seen->{body}", '200 ',
			    'HEAD: no body');
			is($seen->{headers}{'content-length'}, 3,
			    'but its length');
		}
	}
	SKIP: {
		skip 'this machine has no ::1', 1 unless eval {
			IO::Socket::IP->new(Listen => 1, LocalAddr => '::1') };
		is(asked(['::1', $http], '/liveness')->{status}, 200,
		    'on ::1 as well');
	}
};

subtest 'readiness of tunnels' => sub {
	becomes('/readiness?connection=orders&tunnels=all', 200);
	my $seen = becomes('/readiness?tunnels=all', 503);
	is($seen->{body}, "the tunnel is down: billing\n", 'names the one');
	becomes('/readiness?tunnels=any', 200);
	becomes('/readiness?connection=billing', 200);
	becomes('/readiness?connection=billing&tunnels=any', 503);
	becomes('/readiness?connection=near&tunnels=all', 200);
	is(asked($http, '/readiness?connection=nobody')->{status}, 404,
	    'an unknown connection');
	is(asked($http, '/readiness?connection=')->{status}, 404, 'an empty one');
	is(asked($http, '/readiness?connection=or%64ers')->{status}, 200,
	    'a name may be encoded');
	is(asked($http, '/readiness?tunnels=some')->{status}, 400,
	    'another word');
};

subtest 'readiness of places' => sub {
	my $wire = $lab->wire($good);
	$wire->login;
	my $seen = becomes('/readiness?connection=orders', 503);
	is($seen->{body}, "no place is free for a client: orders\n", 'why');
	becomes('/readiness', 200);
	$wire->close;
	becomes('/readiness?connection=orders', 200);
};

subtest 'paths and methods' => sub {
	is(asked($http, '/nothing')->{status}, 404, 'an unknown path');
	is(asked($http, '/readiness/')->{status}, 404, 'is not another one');
	my $seen = asked($http, '/readiness', method => 'POST', body => 'x');
	is($seen->{status}, 405, 'POST to health');
	is($seen->{headers}{allow}, 'GET, HEAD', 'what is allowed');
	for my $path (qw(/quitquitquit /redial?jump=x)) {
		is(asked($http, $path, method => 'POST')->{status}, 404,
		    "$path is on the admin address only");
	}
	like(asked($http, '/redial', method => 'POST')->{body},
	    qr/admin address/, 'and it says so');
};

subtest 'the guards' => sub {
	for my $host ('evil.example', 'localhost.evil.example', "x:$http",
		'', '[::1', '127.0.0.1.evil.example', 'localhost:80:80') {
		is(asked($http, '/readiness', headers => ["Host: $host"])
		    ->{status}, 421, "Host: $host");
	}
	for my $host ('localhost', "localhost:$http", '127.0.0.1', '[::1]:1',
		'LOCALHOST') {
		is(asked($http, '/readiness', headers => ["Host: $host"])
		    ->{status}, 200, "Host: $host");
	}
	is(asked($admin, '/readiness', headers => ['Host: pgjump'])->{status},
	    200, 'any Host on a Unix socket');
	is(said($http, "GET http://evil.example/readiness HTTP/1.1\r\n"
		. "Host: localhost\r\n\r\n")->{status}, 421,
	    'the host of the target counts');
	is(said($http, "GET http://localhost/readiness HTTP/1.1\r\n"
		. "Host: evil.example\r\n\r\n")->{status}, 200,
	    'and not the header then');
	for my $header ('Origin: http://localhost', 'Referer: http://x/',
		'Sec-Fetch-Site: none') {
		my $seen = asked($admin, '/quitquitquit', method => 'POST',
		    headers => [$header]);
		is($seen->{status}, 403, "$header is refused on admin");
		is(asked($http, '/readiness', headers => [$header])->{status},
		    200, 'and harmless on http');
	}
	is($daemon->process->how, 'running', 'it runs on');
};

subtest 'what no client should send' => sub {
	my $end = "\r\nHost: localhost\r\n\r\n";
	my @odd = (
		['no version', "GET /readiness$end", 400],
		['no target', "GET HTTP/1.1$end", 400],
		['noise', "\x00\x01\x02\x03\r\n\r\n", 400],
		['TLS', "\x16\x03\x01\x02\x00\x01\r\n\r\n", 400],
		['another method', "BREW /readiness HTTP/1.1$end", 501],
		['another version', "GET /readiness HTTP/3.0$end", 505],
		['two hosts', "GET /readiness HTTP/1.1\r\nHost: localhost$end",
			400],
		['no host', "GET /readiness HTTP/1.1\r\n\r\n", 400],
		['no host in HTTP/1.0', "GET /readiness HTTP/1.0\r\n\r\n", 200],
		['a folded header', "GET /readiness HTTP/1.1\r\nA: b\r\n c$end",
			400],
		['a space before the colon',
			"GET /readiness HTTP/1.1\r\nA : b$end", 400],
		['a line without colon', "GET /readiness HTTP/1.1\r\nA$end",
			400],
		['chunks', "POST /readiness HTTP/1.1\r\n"
			. "Transfer-Encoding: chunked$end", 501],
		['two lengths', "POST /readiness HTTP/1.1\r\n"
			. "Content-Length: 0\r\nContent-Length: 0$end", 400],
		['a negative length', "POST /readiness HTTP/1.1\r\n"
			. "Content-Length: -1$end", 400],
		['a huge length', "POST /readiness HTTP/1.1\r\n"
			. "Content-Length: 99999999999999999999$end", 413],
		['a header that is too long', "GET /readiness HTTP/1.1\r\nA: "
			. ('x' x 17000) . $end, 431],
		['headers without end', "GET /readiness HTTP/1.1\r\n"
			. ("A: b\r\n" x 4000), 431],
		['a control character', "GET /readiness HTTP/1.1\r\nA: \e$end",
			400],
		['bare line feeds', "GET /readiness HTTP/1.1\n"
			. "Host: localhost\n\n", 200],
		['a fragment', "GET /readiness#x HTTP/1.1$end", 400],
		['another scheme', "GET ftp://x/ HTTP/1.1$end", 400],
	);
	for my $case (@odd) {
		my ($what, $bytes, $status) = @$case;
		is(said($http, $bytes)->{status}, $status, $what);
	}
	my $seen = said($http, "GET /readiness HTTP/1.1$end" x 50);
	is($seen->{status}, 200, 'of pipelined requests the first is answered');
	is($seen->{body}, "ok\n", '... alone');
	$seen = asked($admin, '/redial', method => 'POST',
	    body => 'x' x 65536);
	is($seen->{status}, 400, 'a body of 64 KB is read');
	$seen = asked($admin, '/redial', method => 'POST',
	    body => 'x' x 65537);
	is($seen->{status}, 413, 'one byte more is refused');
	like($daemon->log_text, qr/\A(?!.*assert)/s, 'nothing broke');
};

subtest 'readiness ends before the first client is refused' => sub {
	my $wire = $lab->wire($near);
	$wire->login;
	$wire->query('begin')->until('Z');
	$daemon->signal('TERM');
	my $seen = becomes('/readiness', 503);
	is($seen->{body}, "pgjump is stopping\n", 'says why');
	is(asked($http, '/liveness')->{status}, 200, 'it lives');
	is(asked($http, '/startup')->{status}, 200, 'and has started');
	$wire->close;
	is($daemon->wait_end(20), 'exit 143', 'then it ends');
	ok(!-e $admin, 'and removes its socket');
};

subtest 'beyond loopback' => sub {
	my $open = reserve();
	my @addresses = split ' ', `hostname -I 2>/dev/null`;
	my ($address) = grep { /^\d+\.\d+\.\d+\.\d+$/ && !/^127/ } @addresses;
	plan skip_all => 'no address beyond loopback' unless $address;
	my $public = $lab->daemon([$near], http => "0.0.0.0:$open",
	    http_hosts => ['metrics.example']);
	my $where = [$address, $open];
	is(asked($where, '/readiness', headers => ["Host: $address:$open"])
	    ->{status}, 200, 'an address is fine');
	is(asked($where, '/readiness', headers => ['Host: metrics.example'])
	    ->{status}, 200, 'a name of http_hosts is fine');
	is(asked($where, '/readiness', headers => ['Host: other.example'])
	    ->{status}, 421, 'another name is not');
	is(asked($where, '/status')->{status}, 404, 'no status');
	is(asked($where, '/')->{status}, 404, 'no page');
	$public->down;
};

$lab->done;
