# SPDX-License-Identifier: PostgreSQL
#
# sshd goes and comes back: clients are served within a second of its return,
# however long pgjump would have slept, and whether they come then, were just
# refused, or have waited.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;
use Time::HiRes qw(time);

use PgJump::Process qw(eventually);

use constant BOUND => 1 * $PgJump::Process::PATIENCE;
use constant FRESH => 0.5; # so long a failure is told without a new try

# A relay before sshd accepts again at a moment that the test knows.
my $lab = PgJump::Lab->new;
my $box = $lab->box;
my $door = PgJump::Relay->new(to => $box->port);
my $main = $lab->connection('main', box => $box,
    ssh_tunnel => { port => $door->port });

# Whether the client was served.
sub try
{
	my $wire = $lab->wire($main);
	my $is_ready = PgJump::Wire::is_ready($wire->login);

	$wire->close;
	return $is_ready;
}

# How often a client has to try until it is served, and when that was.
sub served
{
	my $tries = 0;

	eventually(20, sub { $tries++; try() });
	return ($tries, time);
}

# Send clients until pgjump would sleep for longer than the bound.  True at the
# moment at which it has failed.
sub back_off($daemon)
{
	my $mark = $daemon->mark;
	my $failures = 0;

	return eventually(30, sub {
		my $wire = $lab->wire($main)->startup;
		my @failed;
		eventually(2, sub {
			@failed = $daemon->events('jump box not reached',
			    $mark);
			return @failed > $failures;
		}) or return;
		$failures = @failed;
		return $failed[-1]{retry_ms} > 1000 * (1 + BOUND);
	});
}

for my $case (['who comes then is served at once', 2 * FRESH, 1],
	['who was refused just before is served', 0]) {
	my ($name, $later, $at_once) = @$case;
	subtest $name => sub {
		my $daemon = $lab->daemon([$main]);
		ok(try(), 'a client is served');
		$door->shut;
		$box->kill_all->start;
		ok(back_off($daemon), 'pgjump backs off');
		my $failed = time;
		eventually(5, sub { time - $failed >= $later });
		my $from = $door->reopen;
		my ($tries, $then) = served();
		cmp_ok($then - $from, '<=', BOUND, 'within a second');
		is($tries, 1, 'the first time') if $at_once;
		note(sprintf '%.3f s, tries: %d', $then - $from, $tries);
		$daemon->down;
	};
}

subtest 'who has waited for a frozen one is served' => sub {
	my $daemon = $lab->daemon([$main], log_level => 'debug', workers => 1);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $mark = $daemon->mark;
	$door->freeze;
	$door->cut;
	ok($daemon->says(qr/link lost/, 20, $mark), 'the tunnel is gone');
	my $wire = $lab->wire($main)->startup;
	ok($daemon->says(qr/client=1 .*to=opening/, 20, $mark),
	    'a client waits for the next one');
	my $from = $door->thaw;
	ok(PgJump::Wire::is_ready($wire->until('ZE')), 'it is served');
	cmp_ok(time - $from, '<=', BOUND, 'within a second');
	$wire->close;
	$daemon->down;
};

$lab->done;
