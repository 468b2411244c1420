# SPDX-License-Identifier: PostgreSQL
#
# min_sigterm_delay: after SIGTERM readiness is 503 at once, and clients are
# accepted until the delay is over.  exit_zero_on_sigterm: the exit status.  A
# signal that comes twice, or during a reload, is as good as any other.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use IO::Socket::IP;
use PgJump::Http qw(asked);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually);

my $lab = PgJump::Lab->new;
my $main = $lab->connection('main', ssh_tunnel => 0);
my $http = reserve();

sub is_accepted
{
	return IO::Socket::IP->new(PeerHost => '127.0.0.1',
	    PeerPort => $main->{listen});
}

sub daemon(%global)
{
	return $lab->daemon([$main], http => $http + 0, %global);
}

subtest 'clients come until the delay is over' => sub {
	my $daemon = daemon(min_sigterm_delay => '3s',
	    exit_zero_on_sigterm => PgJump::Lab::true());
	my $wire = $lab->wire($main);
	$wire->login;
	is(asked($http, '/readiness')->{status}, 200, 'ready');
	$daemon->signal('TERM');
	ok(eventually(20, sub {
		asked($http, '/readiness')->{status} == 503
	}), 'not ready any more');
	is($lab->psql($main, 'select 1')->{out}, "1\n",
	    'but a client that comes is served');
	$wire->query('select 2');
	is(join('', map { $_->[0] } @{ $wire->until('Z') }), 'TDCZ',
	    'and those who are here are not ended');
	ok(eventually(20, sub { !is_accepted() }), 'until the delay is over');
	like($wire->until('E')->[-1][1] // '', qr/shutting down/,
	    'then as ever');
	$wire->close;
	is($daemon->wait_end, 'exit 0', 'with status 0');
};

subtest 'SIGINT knows no delay' => sub {
	my $daemon = daemon(min_sigterm_delay => '60s',
	    exit_zero_on_sigterm => PgJump::Lab::true());
	$daemon->signal('INT');
	is($daemon->wait_end, 'exit 130', 'and its own status');
};

subtest 'a second signal ends the delay' => sub {
	my $daemon = daemon(min_sigterm_delay => '60s');
	my $wire = $lab->wire($main);
	$wire->login;
	$daemon->signal('TERM');
	ok($daemon->says(qr/stopping signal=SIGTERM/), 'the first is heard');
	$daemon->signal('TERM');
	is($daemon->wait_end, 'exit 143', 'and the session');
	isnt($wire->ended, 'deadline', 'at once');
};

subtest 'during reloads' => sub {
	for my $hups (1, 3, 10) {
		my $daemon = daemon();
		$daemon->signal('HUP') for 1 .. $hups;
		$daemon->signal('TERM');
		is($daemon->wait_end, 'exit 143', "after $hups");
	}
};

subtest 'a reload after the signal' => sub {
	my $daemon = daemon(min_sigterm_delay => '60s');
	$daemon->signal('TERM');
	ok($daemon->says(qr/stopping signal=SIGTERM/), 'it stops');
	my $verdict = $daemon->reload({ connections => [$main,
		$lab->connection('other', ssh_tunnel => 0)] });
	is($verdict->{accepted}, 0, 'is refused');
	is($verdict->{errors}, 'pgjump is stopping', 'and says why');
	$daemon->signal('QUIT');
	is($daemon->wait_end, 'exit 143', 'the first signal decides');
};

$lab->done;
