# SPDX-License-Identifier: PostgreSQL
#
# A database that drops packets and one whose name is never resolved, each with
# clients that come again and again, beside a healthy one behind the same jump
# box.  Of 200 connects to the healthy one none takes much longer than the
# slowest of 200 through a pgjump that has only the healthy one, made at the
# same time, so that a slow machine is slow for both.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use List::Util qw(max);
use PgJump::Crowd;
use PgJump::Names;
use Time::HiRes qw(time);

use constant {
	SLOWER_MAX => 0.2,   # seconds
	SLOWER_TIMES => 2,   # for the slowest of two crowds differ by chance
	TRIES => 3,          # the machine may have other work
	WAITING => 3,        # clients at each bad database, at any time
	PAUSE => 0.01,       # so that the connects meet many of them
	ACQUAINTANCE => 1.5, # until many bad ones at once are known as such
};

PgJump::Netns->enter;

my $lab = PgJump::Lab->new;
my $names = PgJump::Names->new(dir => $lab->dir,
    options => 'timeout:5 attempts:2', names => {
	'good.test' => ['127.0.0.1'],
	'slow.test' => 'silent',
});
my @holes = map { PgJump::Peer->black_hole } 1 .. 6;
sub good($as)
{
	return (address => $lab->connection("${as}_by_address"),
		name => $lab->connection("${as}_by_name", host => 'good.test'));
}

my %beside = good('beside');
my %alone = good('alone');
my $slow_name = $lab->connection('slow_name', host => 'slow.test');
my @dropping = map {
	$lab->connection("dropping_$_", port => $holes[$_]{port})
} 0 .. $#holes;

sub reach($crowd, $connection)
{
	my $client = $crowd->add($connection->{listen});

	$crowd->run(20, sub { $client->{state} ne 'under way' });
	$crowd->leave($client);
	return $client;
}

# Each refused client of the bad databases is followed by another one.
sub crowd_in($crowd, $waiting, @bad)
{
	for my $connection (@bad) {
		my $here = $waiting->{ $connection->{name} } //= [];
		@$here = grep { $_->{state} eq 'under way' } @$here;
		push @$here, $crowd->add($connection->{listen})
		    while @$here < WAITING;
	}
}

# The longest time, and the failed ones.
sub summary(@seen)
{
	return { seconds => max(map { $_->{seconds} } @seen),
		failed => [grep { $_->{state} ne 'ready' } @seen] };
}

# Connect this often to the healthy database alone and beside the bad ones, in
# turns.
sub connects($count, $by, @bad)
{
	my $crowd = PgJump::Crowd->new;
	my (%waiting, @alone, @beside);

	if (@bad > 2) {
		crowd_in($crowd, \%waiting, @bad);
		my $known = time + ACQUAINTANCE;
		$crowd->run(10, sub { time >= $known });
	}
	for (1 .. $count) {
		push @alone, reach($crowd, $alone{$by});
		crowd_in($crowd, \%waiting, @bad);
		push @beside, reach($crowd, $beside{$by});
		my $next = time + PAUSE;
		$crowd->run(1, sub { time >= $next });
	}
	return (summary(@alone), summary(@beside));
}

sub is_undisturbed($count, $by, @bad)
{
	for my $try (1 .. TRIES) {
		# the links of one worker, which has them all
		my @daemons = map { $lab->daemon($_, workers => 1) }
		    [values %alone], [values %beside, @bad];
		for (@daemons) {
			$_->tunnel_up or return 0;
		}
		my ($alone, $beside) = connects($count, $by, @bad);
		my $logins = $daemons[1]->events('jump box reached');
		$_->down for @daemons;
		is(@{ $alone->{failed} } + @{ $beside->{failed} }, 0,
		    "by $by: every connect succeeds");
		cmp_ok($logins, '<', 20, "by $by: the links are kept");
		return 1 if $beside->{seconds} <
		    SLOWER_TIMES * $alone->{seconds} + SLOWER_MAX;
		diag(sprintf 'by %s, try %d: slowest %.0f ms alone, %.0f ms '
		    . 'beside', $by, $try,
		    map { 1000 * $_->{seconds} } $alone, $beside);
	}
	return 0;
}

ok(is_undisturbed(200, 'address', $dropping[0], $slow_name),
    'a healthy database given by address is undisturbed');
ok(is_undisturbed(100, 'name', $dropping[0], $slow_name),
    'and so is one given by name');
ok(is_undisturbed(100, 'address', @dropping, $slow_name),
    'even by as many as leave it one link');

$lab->done;
