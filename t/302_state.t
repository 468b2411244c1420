# SPDX-License-Identifier: PostgreSQL
#
# SIGUSR1 logs the state of a running pgjump, a line for each jump box and for
# each connection, at every log level.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(eventually slurp);

my $lab = PgJump::Lab->new;

# The state that was logged after a mark: ({ jump => event }, { connection =>
# event }).
sub asked($daemon, $pid = $daemon->pid)
{
	my $mark = $daemon->mark;
	my $count = @{ $daemon->{config}{connections} };
	kill 'USR1', $pid;
	eventually(20, sub {
		$count == $daemon->events('state of connection', $mark);
	});
	my %jumps = map { $_->{user} => $_ }
	    $daemon->events('state of jump box', $mark);
	my %connections = map { $_->{connection} => $_ }
	    $daemon->events('state of connection', $mark);
	return (\%jumps, \%connections);
}

for my $format (qw(text json)) {
	subtest "as $format" => sub {
		my $good = $lab->connection('good_one', max_clients => 7);
		my $closed = PgJump::Port::reserve();
		my $bad = $lab->connection('bad_one', ssh_tunnel => {
			port => $closed, username => 'nobody_there' });
		my $near = $lab->connection('near', ssh_tunnel => 0);
		my $daemon = $lab->new_daemon([$good, $bad, $near],
		    log_format => $format, workers => 2,
		    log_level => 'warning')->start;
		ok(eventually(20, sub {
			$lab->psql($good, 'select 1')->{rc} eq '0';
		}), 'the tunnel is up');
		my @wires = map { $lab->wire($good) } 1 .. 3;
		$_->login for @wires;
		$lab->wire($near)->login;
		$lab->wire($good)->close for 1 .. 2;
		$lab->psql($bad, 'select 1');
		ok(eventually(20, sub {
			(asked($daemon))[1]{good_one}{probes} == 2;
		}), 'port probes are counted');
		my ($jumps, $connections) = asked($daemon);

		is_deeply([sort keys %$connections], [qw(bad_one good_one near)],
		    'a line for each connection');
		is(scalar keys %$jumps, 2, 'and for each jump box');
		my ($up) = grep { $_->{user} ne 'nobody_there' } values %$jumps;
		is($up->{state}, 'up', 'that of the good one is up');
		cmp_ok($up->{links}, '>=', 1, 'links');
		is($up->{channels}, 3, 'channels of all workers');
		cmp_ok($up->{rtt_us} // 0, '>', 0, 'round trip');
		ok(!exists $up->{last_failure}, 'it has not failed');
		my $down = $jumps->{nobody_there};
		like($down->{state}, qr/^(?:down|dialling)$/, 'the other is not');
		is($down->{links}, 0, 'no link');
		is($down->{last_failure}, 'jump_connect', 'why');
		like($down->{error}, qr/:$closed\b.*\[jump_connect\]$/,
		    'in words');
		cmp_ok($down->{attempts}, '>=', 1, 'after so many attempts');
		like($down->{failure_age_ms}, qr/^\d+$/, 'how long ago');
		like($down->{retry_ms}, qr/^\d+$/, 'when it is tried again')
		    if $down->{state} eq 'down';

		my $clients = $connections->{good_one};
		is($clients->{clients}, 3, 'clients');
		is($clients->{max_clients}, 7, 'of how many');
		is($clients->{waiting}, 0, 'none waits');
		is($clients->{failures}, 0, 'none failed');
		like($clients->{listen}, qr/127\.0\.0\.1:$good->{listen}\b/,
		    'its address');
		is($clients->{jump}, $up->{jump}, 'its jump box');
		ok(!exists $connections->{near}{jump}, 'or none');
		my $failed = $connections->{bad_one};
		cmp_ok($failed->{failures}, '>=', 1, 'failures');
		is($failed->{last_failure}, 'jump_connect', 'and the last one');
		is($daemon->down, 'exit 143', 'stops as ever');
	};
}

subtest 'a client that waits' => sub {
	my $silent = PgJump::Peer->new('silent');
	my $stuck = $lab->connection('stuck', ssh_tunnel => {
		port => $silent->port, host_key => 'any' });
	my $daemon = $lab->daemon([$stuck]);
	my $wire = $lab->wire($stuck)->startup;
	ok(eventually(20, sub {
		(asked($daemon))[1]{stuck}{waiting} == 1;
	}), 'is counted');
	my ($jumps) = asked($daemon);
	my ($box) = values %$jumps;
	is($box->{state}, 'dialling', 'its jump box is being dialled');
	is($box->{waiting}, 1, 'and knows of it');
};

subtest 'after a failure that was made good' => sub {
	my $port = PgJump::Port::reserve();
	my $connection = $lab->connection('comes_back', ssh_tunnel => {
		port => $port, host_key => 'any' });
	my $daemon = $lab->daemon([$connection]);
	ok($daemon->says(qr/jump box not reached/), 'the jump box is not there');
	my $relay = PgJump::Relay->new(to => $lab->box->port, port => $port);
	ok(eventually(20, sub {
		$lab->psql($connection, 'select 1')->{rc} eq '0';
	}), 'and comes back');
	my ($box) = values %{ (asked($daemon))[0] };
	is($box->{state}, 'up', 'it is up');
	is($box->{last_failure}, 'jump_connect', 'the failure is remembered');
	ok(!exists $box->{attempts}, 'no further try is due');
};

SKIP: {
	skip 'a PID namespace is root\'s to make', 1 if $> != 0;
	subtest 'as the first process of a container' => sub {
		my $connection = $lab->connection('first', ssh_tunnel => 0);
		my $daemon = $lab->new_daemon([$connection],
		    wrap => [qw(unshare --pid --fork --kill-child)]);
		ok($daemon->up, 'is up');
		my $outer = $daemon->pid;
		my ($pid) = split ' ',
		    slurp("/proc/$outer/task/$outer/children");
		like(slurp("/proc/$pid/status"), qr/^NSpid:\s+\d+\s+1$/m,
		    'is process 1');
		ok((asked($daemon, $pid))[1]{first}, 'SIGUSR1 tells');
		kill 'USR2', $pid;
		ok($daemon->says(qr/signal ignored signal=SIGUSR2/),
		    'SIGUSR2 is ignored');
		kill 'QUIT', $pid;
		is($daemon->wait_end(10), 'exit 131', 'SIGQUIT ends it');
	};
}

$lab->done;
