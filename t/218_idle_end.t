# SPDX-License-Identifier: PostgreSQL
#
# A pooler or a load balancer ends sessions that have been idle for long,
# without a reason: the next thing that their clients read tells them.  The log
# has it as it was, and counts exactly the bytes that were sent.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pgbouncer;
use Test::More;

use List::Util qw(sum0);
use PgJump::Process qw(eventually);

my $lab = PgJump::Lab->new;
my $relay = PgJump::Relay->new(to => $lab->postgres->port);

sub bytes_of($messages) { sum0(map { 5 + length $_->[1] } @$messages) }

# One idle session, for each status of its transaction, ended by `$end`.
sub ended_idle($connection, $end)
{
	my $daemon = $lab->daemon([$connection]);
	my $begin = PgJump::Wire::query_packet('begin');

	for my $status (qw(I T)) {
		my $wire = $lab->wire($connection);
		my $mark = $daemon->mark;
		my $got = bytes_of($wire->login);
		my $gave = length PgJump::Wire::startup_packet(user => 'app',
		    database => 'myapp');

		if ($status eq 'T') {
			$wire->put($begin);
			$got += bytes_of($wire->until('Z'));
			$gave += length $begin;
		}
		$end->();
		my $messages = $wire->until('!');
		my $error = PgJump::Wire::fields($messages->[0][1] // '');
		is(join('', map { $_->[0] } @$messages), 'E',
		    "$status: an error alone");
		is($error->{C}, '57P01', "$status: SQLSTATE");
		like($error->{M}, qr/^terminating\ connection:\ pgjump:\ .*
		    \ without\ giving\ a\ reason\ \[db_closed\]$/x,
		    "$status: the cause");
		is($wire->ended, 'eof', "$status: then the end");
		$wire->query('select 1');
		$wire->close;
		ok($daemon->says(qr/ session ended\b.* moment=idle /, 20,
			$mark), "$status: the log has the moment");
		ok($daemon->says(qr/ client closed\b/, 20, $mark),
		    "$status: the client is gone");
		my ($closed) = $daemon->events('client closed', $mark);
		is($closed->{to_client}, $got + bytes_of($messages),
		    "$status: bytes that it got");
		is($closed->{to_database}, $gave,
		    "$status: and those that its database got");
	}
	$daemon->down;
}

subtest 'a load balancer' => sub {
	my $main = $lab->connection('balanced', port => $relay->port);

	ended_idle($main, sub { $relay->hang_up });
	ended_idle($main, sub { $relay->cut });
};

subtest 'without a tunnel' => sub {
	my $main = $lab->connection('near', port => $relay->port,
	    ssh_tunnel => 0);

	ended_idle($main, sub { $relay->hang_up });
	ended_idle($main, sub { $relay->cut });
};

subtest 'pgbouncer' => sub {
	plan skip_all => 'no pgbouncer here' unless PgJump::Pgbouncer::program();
	my $pooler;
	my $start = sub (%more) {
		$pooler = PgJump::Pgbouncer->new(dir => $lab->dir,
		    to => $lab->postgres->port, %more);
	};

	$start->();
	my $port = $pooler->port;
	ended_idle($lab->connection('pooled', port => $port), sub {
		$pooler->command('SHUTDOWN');
		eventually(20, sub { $pooler->process->ended });
		$start->(port => $port);
	});
};

$lab->done;
