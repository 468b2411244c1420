# SPDX-License-Identifier: PostgreSQL
#
# Where pgjump listens and what it connects to: ports, addresses, Unix sockets
# on either side, and connections without a tunnel.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Port qw(reserve);

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $ipv6 = PgJump::Process::slurp('/proc/net/if_inet6') =~ /^0+1 /m;

sub answers($connection, %change)
{
	my $seen = $lab->psql($connection, 'select 1', %change);

	diag($seen->{err}) if $seen->{err} ne '';
	return $seen->{out} eq "1\n";
}

subtest 'listen' => sub {
	my $run = $lab->dir . '/run';
	my @ports = reserve(7);

	mkdir $run;
	my %c = (
		one => $lab->connection('one', listen => "127.0.0.1:$ports[0]"),
		list => $lab->connection('list', listen => [
			"127.0.0.2:$ports[1]", "127.0.0.3:$ports[2]"]),
		socket => $lab->connection('socket', listen => [$ports[3],
			$run]),
		local => $lab->connection('local', listen =>
			"localhost:$ports[4]"),
		same => $lab->connection('same', listen => [$ports[6],
			"$run:$ports[6]"]),
		$ipv6 ? (v6 => $lab->connection('v6', listen =>
			"[::1]:$ports[5]")) : (),
	);
	my $daemon = $lab->daemon([@c{sort keys %c}]);

	ok(answers({ listen => $ports[0] }), 'HOST:PORT');
	ok(!eval { PgJump::Wire->new(host => '127.0.0.2',
		port => $ports[0]) }, 'and nowhere else');
	ok(answers({ listen => $ports[1] }, host => '127.0.0.2'),
	    'the first of a list');
	ok(answers({ listen => $ports[2] }, host => '127.0.0.3'),
	    'the second of a list');
	ok(answers({ listen => $ports[4] }, host => $_), "localhost: $_")
	    for 'localhost', '127.0.0.1', $ipv6 ? '::1' : ();
	my ($socket) = grep { !/\.$ports[6]\z/ } glob "$run/.s.PGSQL.*";
	my ($number) = ($socket // '') =~ /(\d+)\z/;
	ok(answers({ listen => $number }, host => $run), 'a Unix socket');
	ok(answers({ listen => $ports[3] }), 'beside a port');
	ok(answers({ listen => $ports[6] }, host => $_), "one port: $_")
	    for $run, '127.0.0.1';
	ok(answers({ listen => $ports[5] }, host => '::1'), '[V6]:PORT')
	    if $ipv6;
	$daemon->down;
	ok(!-e $socket, 'the socket is removed at the end');
	PgJump::Process::spew("$run/x", '');
	ok($daemon->up, 'starts again');
	$daemon->signal('KILL')->wait_end;
	ok(-e $socket, 'a stale socket');
	ok($daemon->up, 'does not hinder the next start');
	ok(answers({ listen => $number }, host => $run), 'which serves it');
};

subtest 'the database behind a Unix socket of the jump box' => sub {
	my $connection = $lab->connection('streamlocal',
	    host => $pg->socket_dir, port => $pg->port);
	my $daemon = $lab->daemon([$connection]);
	is($lab->psql($connection, 'select inet_client_addr() is null',
	    sslmode => 'prefer')->{out}, "t\n", 'direct-streamlocal');
};

subtest 'the database by name' => sub {
	my $connection = $lab->connection('by_name', host => 'localhost');
	my $daemon = $lab->daemon([$connection]);
	ok(answers($connection), 'is looked up on the jump box');
};

subtest 'without a tunnel' => sub {
	my @connections = (
		$lab->connection('off', ssh_tunnel => { enabled => 0 }),
		$lab->connection('absent', ssh_tunnel => 0),
		$lab->connection('off_name', host => 'localhost',
		    ssh_tunnel => { enabled => 0 }),
		$lab->connection('off_socket', host => $pg->socket_dir,
		    ssh_tunnel => { enabled => 0 }),
		$ipv6 ? $lab->connection('off_v6', host => '::1',
		    ssh_tunnel => { enabled => 0 }) : (),
	);
	my $daemon = $lab->daemon(\@connections);
	ok(answers($_), $_->{name}) for @connections;
	ok(answers($connections[0], sslmode => 'verify-full'),
	    'TLS passes through');
};

subtest 'listen_host' => sub {
	my $connection = $lab->connection('elsewhere');
	my $daemon = $lab->daemon([$connection], listen_host => '127.0.0.4');
	ok(answers($connection, host => '127.0.0.4'), 'is where ports listen');
	ok(!eval { $lab->wire($connection) }, 'and nowhere else');
};

subtest 'two listeners for one port of two families' => sub {
	my $connection = $lab->connection('both');
	my $daemon = $lab->daemon([$connection]);
	ok(answers($connection, host => '127.0.0.1'), '127.0.0.1');
	ok(!$ipv6 || answers($connection, host => '::1'), '::1');
};

$lab->done;
