# SPDX-License-Identifier: PostgreSQL
#
# The memory of a burst goes back to the system: clients that do not read large
# answers, each with a window of its own, come and leave.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Process qw(eventually);
use Test::More;

use constant {
	CLIENTS => 60,
	BURST_KB => 10_000, # more than at rest, at least
	BACK_KB => 6_000,   # so much of it may stay
};

plan skip_all => 'a sanitizer keeps memory of its own'
    if $ENV{PGJUMP_SANITIZED};

my $lab = PgJump::Lab->new;
my $main = $lab->connection('c_main');
my $daemon = $lab->daemon([$main]);

ok($daemon->tunnel_up, 'the tunnel is up');
is($lab->psql($main, 'select 1')->{out}, "1\n", 'and used');
my $before = $daemon->memory;
my @wires = map {
	my $wire = $lab->wire($main, user => 'app');
	$wire->login->[-1][0] eq 'Z' or die 'no login';
	$wire->query(q{select repeat('x', 1000) from
	    generate_series(1, 20000)});
	$wire;
} 1 .. CLIENTS;
$_->close for @wires;
my $peak = $daemon->peak_memory;
cmp_ok($peak, '>', $before + BURST_KB, 'a burst takes memory');
ok(eventually(60, sub { $daemon->memory < $before + BACK_KB }),
    'which goes back') or diag($daemon->memory . " KB, $peak at most");
$lab->done;
