# SPDX-License-Identifier: PostgreSQL
#
# A worker that is stuck, stopped here as a debugger stops a thread, fails
# liveness and nothing else.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Http qw(asked);
use PgJump::Metrics qw(metrics);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually slurp);
use POSIX ();
use Time::HiRes qw(time);

my %numbers = (x86_64 => 101, aarch64 => 117);
my $ptrace = $numbers{ (POSIX::uname())[4] };
plan skip_all => 'ptrace(2) is not known on this machine' unless $ptrace;
use constant {
	PTRACE_SEIZE => 0x4206,
	PTRACE_INTERRUPT => 0x4207,
	PTRACE_DETACH => 17,
};

my $lab = PgJump::Lab->new;
my $near = $lab->connection('near', ssh_tunnel => 0);
my $port = reserve();
my $daemon = $lab->daemon([$near], http => $port + 0, workers => 2);
my ($thread) = map { m{/task/(\d+)/} } grep { slurp($_) eq "worker 1\n" }
    glob '/proc/' . $daemon->pid . '/task/*/comm';
ok($thread, 'the thread of a worker');
my $start = time;
SKIP: {
	skip 'this process may trace no other', 1
	    if syscall($ptrace, PTRACE_SEIZE, $thread + 0, 0, 0) != 0;
	syscall $ptrace, PTRACE_INTERRUPT, $thread + 0, 0, 0;
	ok(eventually(10, sub {
		slurp("/proc/$thread/stat") =~ /\) t /;
	}), 'is stopped');
	my $seen;
	ok(eventually(60, sub {
		$seen = asked($port, '/liveness');
		$seen->{status} eq 503;
	}), 'liveness fails');
	cmp_ok(time - $start, '>=', 25, 'not before 30 s without a turn');
	like($seen->{body}, qr/^worker 1 has not turned its loop for /,
	    'and names it');
	is(asked($port, $_)->{status}, 200, "$_ does not")
	    for qw(/startup /readiness /metrics /status);
	ok(scalar keys %{ metrics($port) }, 'metrics are complete');
	waitpid $thread, 0x40000000; # __WALL
	syscall $ptrace, PTRACE_DETACH, $thread + 0, 0, 0;
	ok(eventually(20, sub {
		asked($port, '/liveness')->{status} eq 200;
	}), 'it lives again when the worker goes on');
}
$daemon->down;
$lab->done;
