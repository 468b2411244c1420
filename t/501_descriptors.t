# SPDX-License-Identifier: PostgreSQL
#
# When descriptors run out, pgjump stops accepting, logs that once, does not
# spin, and goes on when some are free.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use Time::HiRes qw(time);

my $lab = PgJump::Lab->new;
my $main = $lab->connection('main_jump');
my $daemon = $lab->daemon([$main], wrap => ['prlimit', '--nofile=48:48']);
is($lab->psql($main, 'select 1')->{out}, "1\n", 'serves');
my $base = $daemon->descriptors;

my @clients = map { $lab->wire($main) } 1 .. 60;
my $paused = qr/ (?:warning|error): [^\n]*(?:descriptor|open files)/i;
ok($daemon->says($paused), 'the log says that descriptors ran out');

my ($cpu, $since) = ($daemon->cpu, time);
PgJump::Process::eventually(1.5, sub { 0 });
my $share = ($daemon->cpu - $cpu) / (time - $since);
cmp_ok($share, '<', 0.2, 'waiting costs no processor time');
my $times = () = $daemon->log_text =~ /$paused/g;
cmp_ok($times, '<=', 2, 'it is not said again and again');

$_->close for splice @clients;
ok(PgJump::Process::eventually(20, sub {
	$lab->psql($main, 'select 1')->{out} eq "1\n";
}), 'when clients are gone, others are served');
ok(PgJump::Process::eventually(20, sub { $daemon->descriptors <= $base + 1 }),
    'no descriptor is lost');

$lab->done;
