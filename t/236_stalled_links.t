# SPDX-License-Identifier: PostgreSQL
#
# Servers that connect in the thread that reads the session: while they try a
# database that does not answer, they answer nobody on that session.  Its client
# is told of the database, not of the tunnel.  Other clients keep that session
# as long as the attempt may take.  From then on no client shares a session with
# that database while it is tried.  If only one session is allowed, the stalled
# one makes room for another.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;
use Time::HiRes qw(time);

use PgJump::Keys qw(private);
use PgJump::Process qw(eventually);
use PgJump::Server qw(servers);

# Seconds; links were cut after three, once.  The attempt's SYN is sent again
# after 63; where the hole is not open yet, the attempt ends after 127, on a
# kernel with coarse timers after 136.
use constant STALL => 40;
use constant ATTEMPT => 136;

my $lab = PgJump::Lab->new;
my ($servers) = servers();
my @names = grep { $servers->{$_} } qw(devtunnels erlang libssh paramiko);
plan skip_all => 'none of those servers is here' unless @names;

# For each server a neighbour, the database that does not answer, a daemon.
sub case_of($name)
{
	my $box = PgJump::Server->new(lab => $lab, name => $name,
	    how => $servers->{$name}, policy => 'permit');
	my $hole = PgJump::Peer->black_hole;
	my %tunnel = (%{ $box->tunnel }, private_key => private('ecdsa'));
	my %case = (
		name => $name, box => $box, hole => $hole,
		neighbour => $lab->connection("${name}_neighbour",
		    ssh_tunnel => {%tunnel}),
		silent => $lab->connection("${name}_silent",
		    ssh_tunnel => {%tunnel}, port => $hole->{port}),
	);
	$case{daemon} = $lab->daemon([@case{qw(neighbour silent)}],
	    workers => 1, max_links => $name eq 'erlang' ? 4 : 1,
	    keepalive_interval => '1s', keepalive_count => 3);
	return \%case;
}

sub stage($case)
{
	my $error = PgJump::Wire->refusal(port => $case->{silent}{listen},
	    sslmode => 'disable');

	return ($error, ($error->{M} =~ /\[(\w+)\]\z/)[0] // 'none');
}

sub query($case) { $case->{wire}->query('select 1') }

my @cases = map { case_of($_) } @names;
for my $case (@cases) {
	my $name = $case->{name};

	$case->{wire} = $lab->wire($case->{neighbour}, sslmode => 'disable',
	    seconds => ATTEMPT + 60);
	ok(PgJump::Wire::is_ready($case->{wire}->login),
	    "$name: a neighbour is connected");
	my ($error, $stage) = stage($case);
	$case->{stalled} = time;
	is($stage, 'db_timeout', "$name: the database is told of");
	like($error->{D}, qr/it answers nothing else on that session/, '... and why');
	is($lab->psql($case->{neighbour}, 'select 1')->{out}, "1\n",
	    '... a new neighbour is served');
	query($case);
}

# Clients ask for it again and again meanwhile.
while (grep { time < $_->{stalled} + STALL } @cases) {
	for my $case (@cases) {
		my (undef, $stage) = stage($case);
		is($stage, 'db_timeout', "$case->{name}: and again");
	}
}

# One attempt is left to end by itself.
for my $case (@cases) {
	my ($name, $daemon) = @$case{qw(name daemon)};

	is($daemon->events('link lost'), 0,
	    "$name: no link is given up in @{[STALL]} s");
	is($daemon->events('session ended'), 0, '... nor a session');
	is($lab->psql($case->{neighbour}, 'select 1')->{out}, "1\n",
	    '... and neighbours are served');
	close $case->{hole}->open_up unless $name eq 'libssh';
	ok(PgJump::Wire::is_ready($case->{wire}->until('Z')),
	    '... the one beside it is answered at last');
}

$lab->done;
