# SPDX-License-Identifier: PostgreSQL
#
# 5,000 clients at once are spread evenly over the links to their jump box, and
# no link holds more than sshd can bear.  $PGJUMP_TEST_CLIENTS changes their
# number.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use List::Util qw(sum0);
use PgJump::Crowd;
use PgJump::Process qw(eventually);
use PgJump::Standin;
use Time::HiRes qw(time);

use constant {
	LINKS => 8,
	AT_ONCE => 100, # that are not let in yet
	LINK_MAX => 900,
	# of a link's share; on a slow machine waiting clients take any free
	# link (test_pool.c has the rule itself)
	UNEVEN_MAX => 0.5,
};

my $count = $ENV{PGJUMP_TEST_CLIENTS} // 5000;
my $files = $count + 500;
if (POSIX::sysconf(POSIX::_SC_OPEN_MAX()) < $files) {
	my @more = ('prlimit', "--nofile=$files:", '--');
	plan skip_all => "needs $files open files"
	    if PgJump::Process::run([@more, 'true'])->{rc} ne '0';
	exec @more, $^X, $0;
}

my $lab = PgJump::Lab->new;
my $database = PgJump::Standin->new('crowded');
my $box = $lab->box;
my $crowd = PgJump::Crowd->new;

# Start this many clients; the ones that logged in.
sub come($connection, $count)
{
	my @clients;

	while (@clients < $count) {
		push @clients, $crowd->add($connection->{listen})
		    while @clients < $count && $crowd->under_way < AT_ONCE;
		$crowd->turn(0.1);
	}
	$crowd->run(60);
	return @clients;
}

# How many connections to the database each session of sshd holds.
sub sessions
{
	my $port = $database->port;
	my %held;

	for (split /\n/, PgJump::Process::run(['ss', '-Htnp', 'state',
		'established', "( dport = :$port )"])->{out}) {
		$held{$1}++ if /"sshd[^"]*",pid=(\d+)/;
	}
	return values %held;
}

subtest "$count clients" => sub {
	my $crowded = $lab->connection('crowded', port => $database->port,
	    max_clients => $count);
	my $daemon = $lab->daemon([$crowded], max_links => LINKS,
	    workers => 1);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $start = time;
	my @clients = come($crowded, $count);
	note(sprintf '%d connects in %.1f s', $count, time - $start);
	is(scalar(grep { $_->{state} ne 'ready' } @clients), 0,
	    'all are let in');
	is($database->open_now, $count, 'and are in the database');
	my @held = sort { $a <=> $b } sessions();
	note("channels of each session: @held");
	is(scalar @held, LINKS, 'over every link');
	is(sum0(@held), $count, 'none is missed');
	cmp_ok($held[-1] - $held[0], '<', UNEVEN_MAX * $count / LINKS,
	    'spread evenly');
	my @asked = @clients[map { 7 * $_ } 0 .. @clients / 7 - 1];
	$crowd->query($_, 'which') for @asked;
	ok($crowd->run(60, sub { !grep { !$_->{told}{reply} } @asked }),
	    'and are served');
	$crowd->leave($_) for @clients;
	ok(eventually(30, sub { $database->open_now == 0 }),
	    'none is left behind');
	$daemon->down;
};

subtest 'more than a link may hold' => sub {
	my ($full, $hasty) = map {
		$lab->connection("within_$_", port => $database->port,
		    max_clients => LINK_MAX, connection_timeout => $_)
	} 60, 2;
	my $daemon = $lab->daemon([$full, $hasty], max_links => 1,
	    workers => 1);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my @clients = come($full, LINK_MAX);
	is(scalar(grep { $_->{state} ne 'ready' } @clients), 0,
	    LINK_MAX . ' clients are let in');
	my $late = $crowd->add($hasty->{listen});
	$crowd->run(20);
	like($late->{error}{M}, qr/was free .* \[forward_limit\]/,
	    'and no more');
	is($database->open_now, LINK_MAX, 'nor is the database asked');
	my $next = $crowd->add($hasty->{listen});
	$crowd->leave($clients[0]);
	$crowd->run(20);
	is($next->{state}, 'ready', 'until one has left');
};

$lab->done;
