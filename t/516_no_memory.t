# SPDX-License-Identifier: PostgreSQL
#
# When there is no memory left the log says so, and nothing else happens: no
# silent death, no core file.  The limit is on address space, so the machine
# itself has enough.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(run slurp);

plan skip_all => 'a sanitizer has its own idea of address space'
    if $ENV{PGJUMP_SANITIZED};

my $lab = PgJump::Lab->new;
my $main = $lab->connection('main');
my $said = qr/^\S+Z error: out of memory(?: bytes=\d+)?$/m;

# What pgjump does with this many megabytes, in one word.
sub outcome($daemon, $megabytes)
{
	my $seen = run(['prlimit', '--as=' . ($megabytes << 20),
		PgJump::Daemon::program(), '-c', $daemon->file, 'config'],
	    dir => $lab->dir);

	return 'enough' if $seen->{rc} eq '0';
	return 'told' if $seen->{rc} eq '134' && $seen->{err} =~ $said;
	# The loader of shared libraries failed before pgjump began.
	return 'not loaded' if $seen->{rc} eq '127';
	return "$seen->{rc}: $seen->{err}";
}

my %count;
my $daemon = $lab->new_daemon([$main], env => { MALLOC_ARENA_MAX => 1 },
    wrap => ['sh', '-c', 'cd "$0" && exec "$@"', $lab->dir,
	'prlimit', '--core=unlimited']);
# With less than this the kernel itself cannot load the program.
my @sizes = (4 .. 60, map { 60 + 20 * $_ } 1 .. 20);

$count{ outcome($daemon, $_) }++ for @sizes;
ok(delete $count{told}, 'too little memory is told');
ok(delete $count{enough}, 'and enough is enough');
delete $count{'not loaded'};
is_deeply(\%count, {}, 'with no other end') or diag(explain \%count);

# A running one, with clients until there is no room for another.
$daemon->doom->up;
is($lab->psql($main, 'select 1')->{out}, "1\n", 'serves');
run(['prlimit', '--pid', $daemon->pid, '--as=' . (1 << 20)]);
my @clients;
for (1 .. 900) {
	last if $daemon->process->ended;
	push @clients, eval { $lab->wire($main) } // last;
}
is($daemon->wait_end, 'signal 6', 'aborts when clients have taken all');
my ($told) = $daemon->events('out of memory');
is($told->{level}, 'error', 'and logs an error');
cmp_ok($told->{bytes} // 0, '>', 0, 'with what it wanted');
is_deeply([glob $lab->dir . '/core*'], [], 'a core file is not left');

$lab->done;
