# SPDX-License-Identifier: PostgreSQL
#
# sshd goes and comes back: within a second of its return clients are served,
# however long pgjump has been backing off, and whether they have waited, have
# tried again and again, or come then.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;
use Time::HiRes qw(time);

use PgJump::Process qw(eventually);

my $lab = PgJump::Lab->new;
my $box = $lab->box;
my $relay = PgJump::Relay->new(to => $box->port);
my $straight = $lab->connection('c_straight');
my $relayed = $lab->connection('c_relayed', box => $box,
    ssh_tunnel => { port => $relay->port });
my $bound = 1 * $PgJump::Process::PATIENCE;

# True when the client was served.
sub try($connection)
{
	my $wire = $lab->wire($connection);
	my $is_ready = PgJump::Wire::is_ready($wire->login);

	$wire->close;
	return $is_ready;
}

sub failures($daemon, $mark)
{
	return $daemon->events('jump box not reached', $mark);
}

# Seconds until a client that tries again and again is served.
sub served_after($from, $connection)
{
	eventually(20, sub { try($connection) }) or return 'never';
	return time - $from;
}

subtest 'killed and started again' => sub {
	my $daemon = $lab->daemon([$straight]);
	ok(try($straight), 'a client is served');
	for my $who ('a client that comes then', 'one that never gave up') {
		my $mark = $daemon->mark;
		$box->kill_all;
		ok(eventually(20, sub { failures($daemon, $mark) >= 4 }),
		    'pgjump backs off');
		if ($who =~ /never/) {
			try($straight) for 1 .. 3;
		}
		$box->start;
		my $seconds = served_after(time, $straight);
		cmp_ok($seconds, '<=', $bound, "$who is served in time");
	}
	$daemon->down;
};

subtest 'frozen and thawed' => sub {
	my $daemon = $lab->daemon([$relayed], log_level => 'debug');
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $mark = $daemon->mark;
	$relay->freeze;
	$relay->cut;
	ok($daemon->says(qr/link lost/, 20, $mark), 'the tunnel is gone');
	my $wire = $lab->wire($relayed)->startup;
	ok($daemon->says(qr/client=1 .*to=opening/, 20, $mark),
	    'a client waits for the next one');
	$relay->thaw;
	my $from = time;
	ok(PgJump::Wire::is_ready($wire->until('ZE')), 'who waits is served');
	cmp_ok(time - $from, '<=', $bound, 'in time');
	$wire->close;
	$daemon->down;
};

$lab->done;
