# SPDX-License-Identifier: PostgreSQL
#
# The number of cancel requests is limited: 100 clients that cancel at once all
# succeed, and a burst of 2,000 takes nothing from clients of another connection
# behind the same jump box; those beyond the limit are closed and counted.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use List::Util qw(sum0);
use PgJump::Crowd;
use PgJump::Process qw(eventually);

use constant {
	CLIENTS => 100,
	BURST => 2000,
	NEIGHBOURS => 4, # who come again and again
	# One link, which opens one forward in each round trip: a burst would
	# take many seconds if all of it were let in, and takes moments with the
	# limit.
	ROUND_TRIP => 0.004,
};

my $files = BURST + 500;
if (POSIX::sysconf(POSIX::_SC_OPEN_MAX()) < $files) {
	my @more = ('prlimit', "--nofile=$files:", '--');
	plan skip_all => "needs $files open files"
	    if PgJump::Process::run([@more, 'true'])->{rc} ne '0';
	exec @more, $^X, $0;
}

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $patience = $PgJump::Process::PATIENCE;

# The clients that are in the database, or whose statement runs.
sub sessions($where)
{
	return $pg->sql("select count(*) from pg_stat_activity
	    where usename = 'app' and $where");
}

# What 100 clients, all with a statement, are told when all cancel at once.
sub all_cancel($connection)
{
	my $crowd = PgJump::Crowd->new;
	my $port = $connection->{listen};
	my @clients = map { $crowd->add($port) } 1 .. CLIENTS;

	ok($crowd->run(60), CLIENTS . ' clients');
	$crowd->query($_, 'select pg_sleep(600)') for @clients;
	ok(eventually(30, sub { sessions(q{state = 'active'}) == CLIENTS }),
	    'each with a statement');
	my @cancels = map { $crowd->cancel($port, @$_{qw(pid key)}) } @clients;
	ok($crowd->run(60, sub {
		!$crowd->under_way && !grep { $_->{readies} < 2 } @clients
	}), 'which all cancel at once');
	is(scalar(grep { ($_->{error}{C} // '') eq '57014' } @clients),
	    CLIENTS, 'all are cancelled');
	is(scalar(grep { $_->{state} ne 'ended' } @cancels), 0,
	    'each request ends in order');
	$crowd->leave($_) for @clients;
}

subtest '100 clients cancel at once, through a tunnel' => sub {
	my $relay = PgJump::Relay->new(to => $lab->box->port);
	my $main = $lab->connection('c_tunnel',
	    connection_timeout => 30 * $patience . 's',
	    ssh_tunnel => { port => $relay->port }, box => $lab->box);
	my $daemon = $lab->daemon([$main], workers => 2);
	ok($daemon->tunnel_up, 'the tunnel is up');
	$relay->delay(ROUND_TRIP / 2);
	all_cancel($main);
	is($daemon->events('cancel requests closed before their turn'), 0,
	    'none was too many');
	$daemon->down;
};

subtest '100 clients cancel at once, without one' => sub {
	my $direct = $lab->connection('c_direct', ssh_tunnel => 0);
	my $daemon = $lab->daemon([$direct], workers => 2);
	all_cancel($direct);
	$daemon->down;
};

# A jump box that cannot be reached, and one that has fallen silent.
subtest '100 cancel requests without a tunnel' => sub {
	for my $is (qw(absent silent)) {
		my $relay = PgJump::Relay->new(to => $lab->box->port);
		my $main = $lab->connection("c_$is", box => $lab->box,
		    ssh_tunnel => { port => $is eq 'silent' ? $relay->port
			: PgJump::Port::reserve() }, connection_timeout => "2s");
		my $daemon = $lab->daemon([$main], workers => 2);
		my $descriptors = $daemon->descriptors;
		if ($is eq 'silent') {
			ok($daemon->tunnel_up, 'the tunnel is up');
			$descriptors = $daemon->descriptors;
			$relay->freeze;
		}
		my $crowd = PgJump::Crowd->new;
		my @cancels = map { $crowd->cancel($main->{listen}, 1, 2) }
		    1 .. 100;
		ok($crowd->run(10), "$is: none outlives connection_timeout");
		is((grep { $_->{state} ne 'ended' || $_->{in} ne '' } @cancels),
		    0, "$is: all end without a word");
		ok(eventually(5, sub {
			$daemon->descriptors <= $descriptors
		}), "$is: descriptors are back");
		$daemon->down;
	}
};

subtest 'more cancel requests than descriptors' => sub {
	my $few = $lab->connection('c_few');
	my $daemon = $lab->daemon([$few],
	    wrap => ['prlimit', '--nofile=48:48']);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $crowd = PgJump::Crowd->new;
	$crowd->cancel($few->{listen}, 1, 2) for 1 .. 200;
	ok($crowd->run(60), 'all come to an end');
	is($lab->psql($few, 'select 1')->{out}, "1\n", 'clients are served');
	$daemon->down;
};

# Keep this many neighbours at any time; returns those that are settled.
sub keep_coming($crowd, $port, $here, $seen)
{
	for my $settled (grep { $_->{state} ne 'under way' } @$here) {
		$crowd->leave($settled);
		push @$seen, $settled;
	}
	@$here = grep { $_->{state} eq 'under way' } @$here;
	push @$here, $crowd->add($port) while @$here < NEIGHBOURS;
}

subtest 'a burst of 2,000 beside clients of another connection' => sub {
	my $relay = PgJump::Relay->new(to => $lab->box->port);
	my %way = (ssh_tunnel => { port => $relay->port }, box => $lab->box,
		connection_timeout => 3 * $patience . 's');
	my $storm = $lab->connection('c_storm', %way);
	my $neighbour = $lab->connection('c_neighbour', %way);
	my $daemon = $lab->daemon([$storm, $neighbour], max_links => 1,
	    workers => 1);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $descriptors = $daemon->descriptors;
	my $crowd = PgJump::Crowd->new;
	my (@here, @seen);

	$relay->delay(ROUND_TRIP / 2);
	# None of these closes after the database has closed.
	my @lasting = map {
		my $wire = $lab->wire($storm);
		$wire->put(pack 'NNNN', 16, 80877102, 4711, 4712);
		$wire;
	} 1 .. 4;
	my @burst = map { $crowd->cancel($storm->{listen}, 4711, 4712) }
	    1 .. BURST;
	ok($crowd->run(60, sub {
		keep_coming($crowd, $neighbour->{listen}, \@here, \@seen);
		@seen >= 10 * NEIGHBOURS &&
		    !grep { $_->{state} eq 'under way' } @burst;
	}), 'all cancel requests come to an end while neighbours come and go');
	ok($crowd->run(20), 'who come no more');
	push @seen, @here;
	$crowd->leave($_) for @here;
	my @refused = grep { $_->{state} ne 'ready' } @seen;
	is(@refused, 0, 'all of ' . @seen . ' neighbours are served')
	    or diag($refused[0]{error}{M} // $refused[0]{state});
	ok(eventually(1, sub { $daemon->descriptors <= $descriptors }),
	    'all descriptors are back within a second')
	    or diag($daemon->descriptors . " > $descriptors");
	my (@served, @told, $served);
	# Of a flood of lines the log has the first ones and, a second later, a
	# count.
	ok(eventually(10, sub {
		@served = grep { $_->{connection} eq 'c_storm' }
		    $daemon->events('client closed');
		@told = $daemon->events(
		    'cancel requests closed before their turn');
		$served = PgJump::Daemon::stand_for(@served);
		$served + sum0(map { $_->{count} } @told) == @lasting + BURST;
	}), 'the log counts those that were closed') or diag("$served, "
	    . join ' ', map { $_->{count} } @told);
	note("$served cancel requests had their turn");
	cmp_ok((grep { ($_->{to_database} // 0) == 16 } @served), '>=', 8,
	    'some are delivered');
	cmp_ok(@told, '<=', 20, 'in few lines');
	is((grep { $_->{connection} ne 'c_storm' } @told), 0,
	    'which name the connection');
	$_->close for @lasting;
	$daemon->down;
};

$lab->done;
