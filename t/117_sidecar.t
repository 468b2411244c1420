# SPDX-License-Identifier: PostgreSQL
#
# pgjump as in a sidecar container: an empty environment but for the known
# hosts, an unknown user without a home directory, a read-only root, no IPv6.
use v5.36;
use File::Copy qw(copy);
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(run slurp spew);

PgJump::Netns->enter;
PgJump::Netns->without_ipv6;

my $lab = PgJump::Lab->new;

# The unknown user may not be able to reach the directory of the build.
my $program = $lab->dir . '/pgjump';
copy(PgJump::Daemon::program(), $program) or die "$program: $!";
chmod 0755, $program;
$ENV{PGJUMP} = $program;

my $pg = PgJump::Postgres->new(dir => $lab->dir, addresses => '127.0.0.1');
$lab->{postgres} = $pg;
my $box = $lab->box;
my $known = spew($lab->dir . '/known', $box->known_line . "\n");
my $connection = $lab->connection('sidecar',
    ssh_tunnel => { host_key => undef });
my $port = PgJump::Port::reserve();
my $by_name = $lab->connection('by_name', listen => "localhost:$port",
    ssh_tunnel => { host_key => undef });

# A mount namespace in which nothing can be written, then another user.
my $read_only = spew($lab->dir . '/read-only', <<'SH', 0755);
#!/bin/sh
set -e
mount --make-rprivate /
mount -o remount,bind,ro / 2>/dev/null || mount --bind / /
mount -o remount,bind,ro /
for dir in /tmp /run /var /home /dev/shm; do
	mountpoint -q $dir && mount -o remount,bind,ro $dir
done
exec setpriv --reuid=54321 --regid=54321 --clear-groups "$@"
SH

my $daemon = $lab->new_daemon([$connection, $by_name], mode => 0644,
    wrap => ['unshare', '-m', '--', $read_only, 'env', '-i',
	"PGJUMP_KNOWN_HOSTS=$known"]);

subtest 'the box is what it should be' => sub {
	my $seen = run(['unshare', '-m', '--', $read_only, 'sh', '-c',
		'id -u; whoami; echo $HOME; touch ' . $lab->dir . '/x']);
	like($seen->{out}, qr/^54321\n/, 'another user');
	like($seen->{err}, qr/cannot find name for user/, 'without a name');
	like($seen->{err}, qr/Read-only file system/, 'nothing can be written');
};

ok($daemon->up, 'starts');
is((stat '/proc/' . $daemon->pid)[4], 54321, 'runs as the unknown user');
is(slurp('/proc/' . $daemon->pid . '/environ'),
    "PGJUMP_KNOWN_HOSTS=$known\0", 'with an empty environment');
is($lab->psql($connection, 'select 1')->{out}, "1\n", 'serves');
is($lab->psql({ listen => $port }, 'select 1')->{out}, "1\n",
    'on localhost as well');
for my $at ($connection->{listen}, $port) {
	like($daemon->log_text, qr/ info: address skipped listen=\[::1\]:$at /,
	    'the missing ::1 is logged');
}
unlike($daemon->log_text, qr/ error: /, 'and is no error');
is($daemon->down, 'exit 143', 'stops');

$lab->done;
