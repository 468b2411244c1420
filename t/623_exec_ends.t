# SPDX-License-Identifier: PostgreSQL
#
# How pgjump exec ends: with its command, as the first process of a container,
# when the tunnel is lost, and when it is killed.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::IP;
use PgJump::Exec;
use PgJump::Lab;
use PgJump::Process qw(eventually run slurp);
use Test::More;

my $lab = PgJump::Lab->new;
my $exec = PgJump::Exec->new(lab => $lab,
    connections => [$lab->connection('orders')]);
my $psql = PgJump::Postgres::bin('psql');
my @psql = ($psql, '-XAtq');

sub is_listening($port)
{
	return defined IO::Socket::IP->new(PeerHost => '127.0.0.1',
	    PeerPort => $port);
}

# How many sessions run this query.
sub running($query)
{
	return $lab->postgres->sql("select count(*) from pg_stat_activity "
		. "where query = '$query'");
}

subtest 'killed in the middle, it leaves nothing behind' => sub {
	my $script = 'echo "port $PGPORT"; echo "pid $$"; '
	    . join(' ', @psql) . ' -c "select pg_sleep(601)" & '
	    . 'exec sleep 1000';
	my $process = $exec->start('orders', 'sh', '-c', $script);
	$process->up(qr/^pid \d+$/m);
	my ($port) = $process->text =~ /^port (\d+)$/m;
	my ($pid) = $process->text =~ /^pid (\d+)$/m;
	ok(eventually(30, sub { running('select pg_sleep(601)') }),
	    'a session is open');
	ok(is_listening($port), 'on its port');
	$process->signal('KILL');
	is($process->wait_end, 'signal 9', 'killed');
	ok(eventually(30, sub { !kill 0, $pid }), 'the command has ended');
	ok(!is_listening($port), 'the port is closed');
	ok(eventually(30, sub { !$lab->box->session_pids }),
	    'so is the session of the jump box');
	ok(!-e "/proc/$pid", 'and no process is left');
};

subtest 'the last words of a command arrive' => sub {
	my $mark = $lab->postgres->process->mark;
	my $seen = $exec->run_to_end('orders', @psql, '-c', 'select 1');
	is($seen->{out}, "1\n", 'an answer');
	ok(eventually(20, sub { !$lab->postgres->sql(
		"select count(*) from pg_stat_activity where usename = "
		    . "'readonly' and query = 'select 1'") }),
	    'its session has ended');
	unlike($lab->postgres->process->since($mark),
	    qr/unexpected EOF|could not receive/, 'no session was cut');
};

subtest 'children of the command live on, without the tunnel' => sub {
	my $file = $lab->dir . '/child';
	my $seen = $exec->run_to_end('orders', 'sh', '-c',
	    "{ sleep 0.5; echo alive >$file; } >/dev/null 2>&1 & echo end");
	is($seen->{out}, "end\n", 'the command has ended');
	ok(eventually(20, sub { slurp($file) eq "alive\n" }),
	    'its child went on');
};

subtest 'the tunnel is lost in mid-command' => sub {
	my $process = $exec->start('orders', @psql, '-d', 'sslmode=disable',
	    '-c', 'select pg_sleep(602)');
	ok(eventually(30, sub { running('select pg_sleep(602)') }),
	    'a session is open');
	$lab->box->kill_sessions;
	like($process->wait_end(60), qr/^exit [12]\z/, 'the status of psql');
	like($process->text, qr/terminating connection: pgjump: tunnel lost/,
	    'the command is told, as any client');
	like($process->text, qr/^pgjump:\ the\ tunnel\ failed\ while\ \S+\ ran,
	    \ for\ 1\ client:\ tunnel_lost\n\z/mx, 'and it is named at the end');
};

# A new name space of processes, whose first process is pgjump.
my @contained = ('unshare', '--pid', '--fork', '--mount-proc',
	'--kill-child');
SKIP: {
	skip 'no process namespaces', 1
	    if run([@contained, 'true'])->{rc} ne '0';
	subtest 'as process 1 it reaps' => sub {
		my $orphan = '(sleep 0.2 & ) ; (true & )';
		my $zombies = 'cat /proc/[0-9]*/stat | grep -c ") Z "';
		my $seen = $exec->run_to_end('orders', 'sh', '-c',
		    "$orphan; sleep 1; $zombies; "
			. "echo of \$PPID; $psql -XAtqc 'select 7'; exit 5",
		    { wrap => \@contained });
		is($seen->{out}, "0\nof 1\n7\n", 'no zombie is left')
		    or diag($seen->{err});
		is($seen->{rc}, 5, 'and the exit status is kept');
	};
	subtest 'as process 1 it passes signals on' => sub {
		my $process = $exec->start('orders', 'sh', '-c',
		    'trap "echo term; exit 9" TERM; echo up; '
			. 'while :; do sleep 0.1; done',
		    { wrap => [@contained] });
		$process->up(qr/^up$/m);
		my ($pgjump) = $process->descendants;
		kill 'TERM', $pgjump;
		is($process->wait_end(30), 'exit 9', 'as the command ends');
		like($process->text, qr/^term$/m, 'which had the signal');
	};
}

subtest 'a signal while the way is walked' => sub {
	my $hole = PgJump::Relay->new(to => $lab->box->port);
	$hole->delay(600);
	my $waiting = PgJump::Exec->new(lab => $lab, connections => [
		$lab->connection('waits', ssh_tunnel => { port => $hole->port })],
	    global => { handshake_timeout => '60s' });
	for my $case ([INT => 'signal 2'], [TERM => 'exit 143'],
		[HUP => 'exit 129']) {
		my ($signal, $how) = @$case;
		my $before = $hole->accepted;
		my $process = $waiting->start('waits', 'echo', 'ran');

		eventually(20, sub { $hole->accepted > $before });
		$process->signal($signal);
		is($process->wait_end, $how, "SIG$signal: $how");
		unlike($process->text, qr/^ran$/m, 'the command did not run');
	}
};

$lab->done;
