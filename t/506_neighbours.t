# SPDX-License-Identifier: PostgreSQL
#
# A database that drops packets and one whose name is never resolved, each with
# clients that come again and again, beside a healthy one behind the same jump
# box: of 200 connects to that none takes 200 ms longer than alone.
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
my %good = (
	address => $lab->connection('by_address'),
	name => $lab->connection('by_name', host => 'good.test'),
);
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

# Whoever of the bad databases' clients was refused is followed by another.
sub crowd_in($crowd, $waiting, @bad)
{
	for my $connection (@bad) {
		my $here = $waiting->{ $connection->{name} } //= [];
		@$here = grep { $_->{state} eq 'under way' } @$here;
		push @$here, $crowd->add($connection->{listen})
		    while @$here < WAITING;
	}
}

# The slowest of so many connects to the healthy database, and those that
# failed.
sub slowest($connects, $connection, @bad)
{
	my $crowd = PgJump::Crowd->new;
	my (%waiting, @seen);

	if (@bad > 2) {
		crowd_in($crowd, \%waiting, @bad);
		my $known = time + ACQUAINTANCE;
		$crowd->run(10, sub { time >= $known });
	}
	for (1 .. $connects) {
		crowd_in($crowd, \%waiting, @bad);
		push @seen, reach($crowd, $connection);
		my $next = time + PAUSE;
		$crowd->run(1, sub { time >= $next }) if @bad;
	}
	return (max(map { $_->{seconds} } @seen),
	    grep { $_->{state} ne 'ready' } @seen);
}

sub is_undisturbed($connects, $by, @bad)
{
	my $slower;

	for my $try (1 .. TRIES) {
		# the links of one worker, which has them all
		my $daemon = $lab->daemon([values %good, @bad], workers => 1);
		$daemon->tunnel_up or return 0;
		my ($alone, @failed) = slowest($connects, $good{$by});
		(my $beside, @failed) =
		    (slowest($connects, $good{$by}, @bad), @failed);
		my $logins = $daemon->events('jump box reached');
		$daemon->down;
		is(@failed, 0, "by $by: every connect succeeds");
		cmp_ok($logins, '<', 20, "by $by: the links are kept");
		$slower = $beside - $alone;
		diag(sprintf 'by %s, try %d: slowest %.0f ms alone, %.0f ms '
		    . 'beside', $by, $try, 1000 * $alone, 1000 * $beside)
		    if $slower >= SLOWER_MAX;
		last if $slower < SLOWER_MAX;
	}
	return $slower < SLOWER_MAX;
}

ok(is_undisturbed(200, 'address', $dropping[0], $slow_name),
    'a healthy database given by address is undisturbed');
ok(is_undisturbed(100, 'name', $dropping[0], $slow_name),
    'and so is one given by name');
ok(is_undisturbed(100, 'address', @dropping, $slow_name),
    'even by as many as leave it one link');

$lab->done;
