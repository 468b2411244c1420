# SPDX-License-Identifier: PostgreSQL
#
# 200 clients at once through one jump box, 2,000 connects in a row, the sshd
# killed under 50 busy clients: each client is served or told, and descriptors
# and memory return to their numbers from before.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $box = $lab->new_box;
my $main = $lab->connection('main_jump', box => $box);
my $daemon = $lab->daemon([$main]);
my $script = PgJump::Process::spew($lab->dir . '/one.sql', "select 1;\n");

sub pgbench(@arguments)
{
	return PgJump::Process::run([PgJump::Postgres::bin('pgbench'), '-n',
		'-f', $script, @arguments, $lab->conninfo($main,
			user => 'app', password => undef,
			sslmode => 'disable')],
	    dir => $lab->dir, timeout => 600);
}

# Warm up, so that links, buffers and the allocator have their size.
is(pgbench('-c', '200', '-t', '2')->{rc}, 0, 'a warm-up');
ok(PgJump::Process::eventually(20, sub {
	$pg->sql(q{select count(*) from pg_stat_activity
	    where usename = 'app'}) == 0
}), 'all gone');
my ($descriptors, $memory) = ($daemon->descriptors, $daemon->memory);

sub all_back($what)
{
	ok(PgJump::Process::eventually(20, sub {
		$daemon->descriptors <= $descriptors
	}), "$what: descriptors are back")
	    or diag($daemon->descriptors . " > $descriptors");
	return if $ENV{PGJUMP_SANITIZED};
	ok(PgJump::Process::eventually(10, sub {
		$daemon->memory < $memory + 12_000
	}), "$what: memory is back")
	    or diag($daemon->memory . " KB, before $memory KB");
}

my $seen = pgbench('-c', '200', '-t', '10');
is($seen->{rc}, 0, '200 clients at once') or diag($seen->{err});
like($seen->{out}, qr{actually processed: 2000/2000}, 'all served');
all_back('200 clients');
my $logins = () = $box->log_text =~ /Accepted publickey/g;
cmp_ok($logins, '<=', 8, 'over at most max_links sessions');

$seen = pgbench('-C', '-c', '1', '-t', $ENV{PGJUMP_TEST_CONNECTS} // 2000);
is($seen->{rc}, 0, '2,000 connects in a row') or diag($seen->{err});
all_back('2,000 connects');

for my $round (1 .. 2) {
	my @busy = map { my $w = $lab->wire($main); $w->login; $w } 1 .. 50;
	for my $i (0 .. $#busy) {
		$busy[$i]->query($i % 2 ? 'select pg_sleep(120)'
			: q{select repeat('x', 10000)
			    from generate_series(1, 20000)});
	}
	ok(PgJump::Process::eventually(20, sub {
		$pg->sql(q{select count(*) from pg_stat_activity
		    where usename = 'app' and state = 'active'}) >= 40
	}), "round $round: busy clients");
	$box->kill_all;
	my @hanging = grep { $_->ended eq 'deadline' } @busy;
	is(@hanging, 0, 'sshd killed: no client hangs');
	my @orderly = grep { $_->{ended} eq 'eof' && $_->{in} !~ /pgjump/ }
	    @busy;
	is(@orderly, 0, 'and none is told an orderly end');
	$box->start;
	ok(PgJump::Process::eventually(20, sub {
		$lab->psql($main, 'select 1')->{out} eq "1\n"
	}), 'a new sshd is found');
	undef @busy;
	all_back("round $round");
}

$lab->done;
