# SPDX-License-Identifier: PostgreSQL
#
# A database that drops packets, and comes back: sshd asks it again less and
# less often, so opens without an answer are replaced by new ones, and clients
# are served long before sshd's next try; beside another database, with links to
# spare and without.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Crowd;
use PgJump::Standin;
use Time::HiRes qw(time);

use constant {
	AWAY => 22, # seconds; sshd's next try is more than 10 off
	BOUND => 8 * $PgJump::Process::PATIENCE,
	WAITING => 3, # clients, at any time
	LOGINS_MAX => 9, # of one worker; 7 when all opens are renewed in time
};

my $lab = PgJump::Lab->new;
my @cases = map { {
	name => $_->[0], links => $_->[1], hole => PgJump::Peer->black_hole,
	box => $lab->new_box,
} } ['with links to spare', 8], ['with one link for each', 2];

for my $case (@cases) {
	my $links = $case->{links};
	my %way = (box => $case->{box}, connection_timeout => 3);
	$case->{good} = $lab->connection("good_$links", %way);
	$case->{lost} = $lab->connection("lost_$links", %way,
	    port => $case->{hole}{port});
	$case->{daemon} = $lab->daemon([@$case{qw(good lost)}],
	    max_links => $links, workers => 1);
	$case->{daemon}->tunnel_up;
	@$case{qw(clients errors)} = ([], []);
}

# Each refused client is followed by another one.  Returns the served ones.
sub crowd_in($crowd, $case)
{
	my $here = $case->{clients};
	my @served = grep { $_->{state} eq 'ready' } @$here;

	push @{ $case->{errors} }, map { $_->{error}{M} }
	    grep { $_->{state} eq 'refused' } @$here;
	@$here = grep { $_->{state} eq 'under way' } @$here;
	push @$here, $crowd->add($case->{lost}{listen})
	    while !@served && @$here < WAITING;
	return @served;
}

my $crowd = PgJump::Crowd->new;

# Wait for the condition, at most this many seconds.
sub go_on($seconds, $condition)
{
	$crowd->run($seconds, sub {
		crowd_in($crowd, $_) for @cases;
		return $condition->();
	});
}

my $back = time + AWAY;
go_on(10, sub { time >= $back - AWAY + 2 });
for my $case (@cases) {
	$case->{session} = $lab->wire($case->{good});
	ok(PgJump::Wire::is_ready($case->{session}->login),
	    "$case->{name}: the other database is reached");
}
go_on(2 * AWAY, sub { time >= $back });
for my $case (@cases) {
	my $logins = $case->{daemon}->events('jump box reached');
	cmp_ok($logins, '<=', LOGINS_MAX, "$case->{name}: no login after login");
	$case->{found} = PgJump::Standin->new('found',
	    listener => $case->{hole}->open_up);
}
$back = time;
$crowd->run(30, sub {
	crowd_in($crowd, $_) and $_->{seconds} //= time - $back for @cases;
	return !grep { !defined $_->{seconds} } @cases;
});
for my $case (@cases) {
	cmp_ok($case->{seconds} // 'inf', '<=', BOUND,
	    "$case->{name}: clients are served soon after its return");
	is_deeply([grep { !/\[db_timeout\]$/ } @{ $case->{errors} }], [],
	    "$case->{name}: and until then hear that it does not answer");
	my $wire = $case->{session}->query('select 1');
	is_deeply([map { $_->[0] } @{ $wire->until('Z') }], [qw(T D C Z)],
	    "$case->{name}: the other database's session went on");
	$case->{daemon}->down;
}

$lab->done;
