# SPDX-License-Identifier: PostgreSQL
#
# What the process makes of its surroundings: it takes as many descriptors as it
# may, keeps standard descriptors free of sockets, and leaves no secret in a
# core dump.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(slurp);

my $lab = PgJump::Lab->new;
my $main = $lab->connection('main', port => 5432, ssh_tunnel => 0);
my $daemon = $lab->daemon([$main],
    wrap => ['sh', '-c', 'exec "$@" <&- >&-', 'sh',
	'prlimit', '--nofile=64:256', '--core=unlimited']);
my $proc = '/proc/' . $daemon->pid;
my $limits = slurp("$proc/limits");

like($limits, qr/^Max open files\s+256\s+256\b/m,
    'the soft limit of descriptors is raised to the hard one');
like($limits, qr/^Max core file size\s+0\s/m, 'no core file is written');
like(slurp("$proc/coredump_filter"), qr/^0+$/,
    'and one that goes to a pipe holds no memory');
is(readlink "$proc/fd/$_", '/dev/null', "no socket becomes descriptor $_")
    for 0, 1;
is((stat $proc)[4], $>, 'yet /proc/self stays its own');

$lab->done;
