# SPDX-License-Identifier: PostgreSQL
#
# The answer to an open whose client has left reaches nobody else.  Clients of
# two databases come by the thousand, and about half of them leave at a random
# moment, by FIN or by RST; each session is asked for its database and its
# client.  $PGJUMP_TEST_ABORTS multiplies their number.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Crowd;
use PgJump::Standin;
use Time::HiRes qw(time);

my $times = $ENV{PGJUMP_TEST_ABORTS} // 1;
my $lab = PgJump::Lab->new;
my $box = $lab->box;
my $relay = PgJump::Relay->new(to => $box->port);
my %database = map { $_ => PgJump::Standin->new($_) } qw(one two);

sub connections($through)
{
	return map {
		$lab->connection($_, port => $database{$_}->port, box => $box,
		    ssh_tunnel => { port => $through->port })
	} sort keys %database;
}

# The fault of a session, or nothing.
sub complaint($client, $told, $what)
{
	my $wanted = $what eq 'reply' ? "$client->{name} $client->{token}"
	    : $what eq 'database' ? $client->{name} : $client->{token};

	return if $told->{$what} eq $wanted;
	return "$client->{token} of $client->{name}: $what is $told->{$what}";
}

# One step of a logged-in client: ask, then look at the answer and leave.
sub go_on($crowd, $client, $seen)
{
	if (!$client->{asked}++) {
		$crowd->query($client, 'which');
		return;
	}
	my $reply = $client->{told}{reply} // return;
	push @{ $seen->{wrong} }, map {
		complaint($client, $client->{told}, $_)
	} qw(database application_name reply);
	$seen->{served}++;
	$crowd->leave($client);
}

# This many clients, this many at once; half of them stay, and the others leave
# within this many seconds.
sub storm($count, $at_once, $seconds, @connections)
{
	my $crowd = PgJump::Crowd->new;
	my %seen = (served => 0, left => 0, refused => 0, wrong => []);
	my ($number, @here) = (0);

	while ($number < $count || @here) {
		while ($number < $count && @here < $at_once) {
			my $connection = $connections[ rand @connections ];
			my $token = 'client ' . ++$number;
			my $client = $crowd->add($connection->{listen},
			    application_name => $token);
			@$client{qw(name token)} = ($connection->{name},
				$token);
			$client->{leaves} = time + rand $seconds
			    if rand() < 0.5;
			push @here, $client;
		}
		$crowd->turn(0.002);
		for my $client (@here) {
			if ($client->{state} eq 'ready') {
				go_on($crowd, $client, \%seen);
			} elsif ($client->{state} ne 'under way') {
				$seen{refused}++;
				$crowd->leave($client);
			} elsif (time > ($client->{leaves} // 'inf')) {
				$seen{left}++;
				$crowd->leave($client, rand() < 0.5);
			}
		}
		@here = grep { $_->{socket} } @here;
	}
	return \%seen;
}

sub weathers($name, $count, $at_once, $seconds, $through, %global)
{
	subtest $name => sub {
		my @connections = connections($through);
		my $daemon = $lab->daemon(\@connections, %global);
		ok($daemon->tunnel_up, 'the tunnel is up');
		my $seen = storm($count * $times, $at_once, $seconds,
		    @connections);
		is_deeply($seen->{wrong}, [], 'each session is its own');
		is($seen->{refused}, 0, 'nobody is refused');
		cmp_ok($seen->{served}, '>', $count * $times / 4,
		    "$seen->{served} were served");
		cmp_ok($seen->{left}, '>', $count * $times / 20,
		    "$seen->{left} left before");
		for my $name (sort keys %database) {
			ok(PgJump::Process::eventually(20, sub {
				$database{$name}->open_now == 0
			}), "no session is left behind in $name");
		}
		$daemon->down;
	};
}

srand 7;
weathers('near by', 2000, 40, 0.01, $box);
weathers('near by, over one link', 1000, 20, 0.01, $box, max_links => 1);
weathers('near by, several workers', 1000, 40, 0.01, $box, workers => 3);
$relay->delay(0.02);
weathers('far away', 500, 40, 0.3, $relay);
weathers('far away, over one link', 100, 8, 0.3, $relay, max_links => 1);
weathers('far away, several workers', 500, 40, 0.3, $relay, workers => 3);

subtest 'an answer that comes after all patience' => sub {
	my $hole = PgJump::Peer->black_hole;
	my $late = $lab->connection('late', port => $hole->{port},
	    connection_timeout => 1);
	my ($one) = connections($box);
	my $daemon = $lab->daemon([$one, $late], max_links => 2);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $crowd = PgJump::Crowd->new;
	my $client = $crowd->add($late->{listen});
	ok($crowd->run(20), 'it was waited for');
	like($client->{error}{M}, qr/\[db_timeout\]/, 'in vain');

	# The hole becomes a database, and sshd's next SYN reaches it.
	my $found = PgJump::Standin->new('late', listener => $hole->open_up);
	my ($served, @wrong) = (0);
	ok(PgJump::Process::eventually(30, sub {
		my $wire = $lab->wire($one);
		my ($database) = map { $_->[1] }
		    grep { $_->[0] eq 'S' } @{ $wire->login };
		$served++;
		push @wrong, $database if $database ne "database\0one\0";
		$lab->wire($late)->login->[-1][0] eq 'Z';
	}), 'it answers');
	is_deeply(\@wrong, [], "others ($served) are none the wiser");
	ok(PgJump::Process::eventually(20, sub { $found->open_now == 0 }),
	    'and the late session was ended');
};

$lab->done;
