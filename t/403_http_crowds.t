# SPDX-License-Identifier: PostgreSQL
#
# Health is answered whatever other clients of the same address do: silent ones,
# slow ones, many at once, those that take every descriptor.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use IO::Select;
use PgJump::Http qw(asked dialled head heard said);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually);
use Time::HiRes qw(sleep time);

my $lab = PgJump::Lab->new;
my $near = $lab->connection('near', ssh_tunnel => 0);
my $port = reserve();
my $socket = $lab->dir . '/admin.sock';
my $daemon = $lab->daemon([$near], http => $port + 0, admin => $socket);
my $patience = $PgJump::Process::PATIENCE;
my $before = $daemon->descriptors;

# As many connections as asked for, which may be more than pgjump has accepted.
sub crowd($where, $count)
{
	return map {
		my $one;
		eventually(20, sub { $one = dialled($where) });
		$one // die "no connection: $!";
	} 1 .. $count;
}

for my $where ($port, $socket) {
	my $name = $where eq $port ? 'a port' : 'a Unix socket';

	subtest "$name: 200 connections that send nothing" => sub {
		my @silent = crowd($where, 200);
		my $start = time;
		my $seen = asked($where, '/readiness');
		is($seen->{status}, 200, 'a probe is answered');
		cmp_ok(time - $start, '<', 5 * $patience, 'soon');
		@silent = ();
	};

	subtest "$name: 200 requests at once" => sub {
		my @all = crowd($where, 200);
		syswrite $_, "GET /readiness HTTP/1.1\r\nHost: localhost\r\n\r\n"
		    for @all;
		my %seen;
		$seen{ head(heard($_))->{status} }++ for @all;
		is_deeply(\%seen, { 200 => 200 }, 'all are answered');
	};
}

subtest 'a byte every 4 s' => sub {
	my @slow = map { dialled($_) } $port, $socket;
	my $start = time;
	local $SIG{PIPE} = 'IGNORE';
	syswrite $_, 'G' for @slow;
	my $select = IO::Select->new(@slow);
	for my $byte (split //, 'ET /readiness') {
		last if $select->can_read(4);
		syswrite $_, $byte for @slow;
	}
	is(head(heard($_))->{status}, 408, 'is told that its time is over')
	    for @slow;
	cmp_ok(time - $start, '<', 7 * $patience, 'after 5 s');
};

ok(eventually(30, sub { $daemon->descriptors <= $before }),
    'no descriptor is left behind')
    or diag($daemon->descriptors . " of $before");

subtest 'no descriptor is free' => sub {
	my $limit = 120;
	my $small = $lab->connection('small', ssh_tunnel => 0);
	my $here = reserve();
	my $admin = $lab->dir . '/small.sock';
	my $tight = $lab->daemon([$small], http => $here + 0, admin => $admin,
	    wrap => ['prlimit', "--nofile=$limit:$limit"],
	    startup_timeout => '300s');
	my @all;
	ok(eventually(30, sub {
		my $one = dialled($small->{listen});
		push @all, $one if $one;
		$tight->log_text =~ /error: accepting paused/;
	}), 'clients take them all');
	cmp_ok($tight->descriptors, '>=', $limit, 'every one');
	for my $where ($here, $admin) {
		for my $path (qw(/startup /readiness /liveness)) {
			is(asked($where, $path)->{status}, 200,
			    "$path of $where answers");
		}
	}
	my @several = map { dialled($here) } 1 .. 4;
	syswrite $_, "GET /liveness HTTP/1.0\r\n\r\n" for @several;
	is_deeply([map { head(heard($_))->{status} } @several], [(200) x 4],
	    'and several at once');
	@all = ();
	ok($tight->says(qr/accepting again/), 'until they go');
	$tight->down;
};

$lab->done;
