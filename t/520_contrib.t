# SPDX-License-Identifier: PostgreSQL
#
# The programs of contrib/ that developers run now and then still run: the
# benchmark prints its table, whatever the figures; the soak finds nothing in
# some seconds of load, kills and misbehaving peers, and does report a fault
# that is there; the runner of PostgreSQL's regression suite works with two
# small tests in place of the suite.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use File::Path qw(make_path);
use Test::More;

use PgJump::Hostile;
use PgJump::Kills;
use PgJump::Process qw(run spew);
use PgJump::Turns;

my $lab = PgJump::Lab->new;
my $contrib = "$FindBin::Bin/../contrib";
local $ENV{PGJUMP} = PgJump::Daemon::program();

sub contrib($name, @arguments)
{
	return run([$^X, "$contrib/$name", @arguments], dir => $lab->dir,
	    timeout => 120);
}

my $bench = contrib('bench', qw(--quick --without sshtunnel reply idle));
is($bench->{rc}, 0, 'bench: ends well') or diag($bench->{err});
like($bench->{out}, qr/^ +direct +ssh -L +pgjump +pgjump is +expected$/m,
    'bench: names the contenders');
for my $title ('9 KB reply, p50, ms', '9 KB reply, p99, ms') {
	like($bench->{out}, qr/^\Q$title\E(?: +\d+(?:\.\d+)?){3}/m,
	    "bench: $title: three figures");
}
for my $title ('  beside 50 idle clients', 'KB for each of 100 idle clients') {
	like($bench->{out},
	    qr/^\Q$title\E +-(?: +\d+(?:\.\d+)?){3} x ssh -L\b/m,
	    "bench: $title: two figures and a ratio");
}

my $unknown = contrib('bench', 'no-such-scenario');
isnt($unknown->{rc}, 0, 'bench: an unknown scenario is an error');
like($unknown->{err}, qr/no scenario no-such-scenario/, 'which names it');

my $soak = contrib('soak', qw(--seed 1 --clients 8 0.1));
is($soak->{rc}, 0, 'soak: ends well') or diag("$soak->{out}$soak->{err}");
like($soak->{out}, qr/^queries +\d+ +\d+$/m, 'soak: counts what was done');
like($soak->{out}, qr/^seed 1: no problem$/m, 'soak: says so, and the seed');

{
	my $words = 'pgjump: Assertion of this test failed';
	local $ENV{PGJUMP} = spew($lab->dir . '/pgjump',
	    "#!/bin/sh\necho \"$words\" >&2\nexec '$ENV{PGJUMP}' \"\$@\"\n",
	    0755);
	my $found = contrib('soak', qw(--seed 1 --clients 2 --calm 0.01));
	is($found->{rc}, 1, 'soak: a complaint in the log is a problem');
	like($found->{out}, qr/^PROBLEM: \Q$words\E$/m, 'which is shown');
}

like($soak->{out}, qr/^[-a-z]+, TLS $_ +\d+ +\d+$/m,
    "soak: clients whose TLS is $_") for qw(passed ended renewed);

# What a thread does in a turn of its loop, and the least that must be measured.
sub turn($what)
{
	my $turns = PgJump::Turns->new(dir => $lab->dir);
	my $done = run([PgJump::Hostile::PYTHON, '-c', <<~"PYTHON"],
		import os, select, time
		ready, full = os.pipe()
		os.write(full, b"1")
		loop = select.epoll()
		loop.register(ready, select.EPOLLIN)
		loop.poll()
		loop.poll()
		end = time.thread_time() + 0.15
		$what
		loop.poll()
		PYTHON
	    env => $turns->env);

	is($done->{rc}, 0, 'epoll, by Python') or diag($done->{err});
	return ($turns->lap, $turns->lap);
}

subtest 'soak: turns of a loop' => sub {
	plan skip_all => 'by Python, without a sanitizer'
	    unless PgJump::Turns::possible() && -x PgJump::Hostile::PYTHON;
	my ($works, $after) = turn('while time.thread_time() < end: pass');
	cmp_ok($works->{cpu_ms}, '>=', 149, 'one that works is seen');
	cmp_ok($works->{long}, '>=', 1, 'and counted');
	is_deeply([@$after{qw(cpu_ms held_ms)}], [0, 0], 'once');
	my ($blocks) = turn('time.sleep(0.15)');
	cmp_ok($blocks->{held_ms}, '>=', 149, 'so is one that blocks');
	cmp_ok($blocks->{cpu_ms}, '<', $blocks->{held_ms}, 'for what it is');
};

subtest 'soak: peers that misbehave' => sub {
	plan skip_all => 'python3-asyncssh is missing'
	    unless PgJump::Hostile::possible();
	my @kinds = qw(box-silent ssh-requests db-notices client-silent);
	my @only = (qw(--seed 1 --clients 2 --only), join ',', @kinds);
	my $hostile = contrib('soak', @only, '0.1');
	is($hostile->{rc}, 0, 'harm nobody')
	    or diag("$hostile->{out}$hostile->{err}");
	like($hostile->{out}, qr/^$_ +[1-9]\d*(?: +[\d.]+){7}$/m,
	    "$_: figures") for @kinds, 'all at once';
	like($hostile->{out}, qr/^nobody any more +0(?: +[\d.]+){7}$/m,
	    'and those of nobody');

	SKIP: {
		skip 'no turn is measured under a sanitizer', 2
		    unless PgJump::Turns::possible();
		my $held = contrib('soak', qw(--clients 2 --turn 0.001 --only
		    client-silent 0.02));
		is($held->{rc}, 1, 'a long turn is a problem');
		like($held->{out},
		    qr/^PROBLEM: client-silent: a turn of \d+ ms$/m,
		    'which is shown');
	}
	my $unknown = contrib('soak', qw(--only no-such-kind 1));
	isnt($unknown->{rc}, 0, 'an unknown kind is an error');
	like($unknown->{err}, qr/no kind no-such-kind/, 'which names it');
	like(contrib('soak', '--list')->{out}, qr/^box +box-silent$/m,
	    'and the known ones are listed');
};

subtest 'soak: a ledger under kills' => sub {
	my $kills = contrib('soak', qw(--kills 2));
	is($kills->{rc}, 0, 'is right') or diag("$kills->{out}$kills->{err}");
	like($kills->{out}, qr/; 2 hit work under way, of [1-9][\d.]+ writers/,
	    'each kill hit work under way');
	like($kills->{out}, qr/^DBD::Pg, \Q$_\E +\d+ +\d+ +\d+$/m, $_)
	    for 'in the clear', 'TLS to the database', 'TLS to pgjump',
	    'TLS to pgjump and on';

	my $wrong = bless { writers => [], problems => [],
		database => bless({}, 'Ledger'),
		confirmed => { map { $_ => 'one' } qw(1 2 3) },
		refused => { 4 => 'one' } }, 'PgJump::Kills';
	open my $quiet, '>', '/dev/null';
	my $shown = select $quiet;
	$wrong->check_ledger;
	select $shown;
	is_deeply($wrong->{problems},
	    ['confirmed and lost: 3', 'written twice: 2'],
	    'what is lost or twice there is found');
};

sub Ledger::sql { "1\n2\n2\n4" }

SKIP: {
	my $suite = $lab->dir . '/postgresql/src/test/regress';
	my %sql = (test_setup => '', alike => 'SELECT 1;',
		unlike => 'SELECT inet_server_port();');

	skip 'pg_regress is not installed', 4
	    unless -x PgJump::Postgres::bin('../lib/pgxs/src/test/regress/'
	    . 'pg_regress');
	make_path("$suite/sql", "$suite/expected");
	for my $name (keys %sql) {
		spew("$suite/sql/$name.sql", "$sql{$name}\n");
		spew("$suite/expected/$name.out", "$sql{$name}\n");
	}
	my $regress = contrib('regress', '--source',
	    $lab->dir . '/postgresql', qw(alike unlike));
	is($regress->{rc}, 1, 'regress: what differs is a problem')
	    or diag($regress->{err});
	like($regress->{out}, qr/^unlike .*\(output differs\)$/m,
	    'regress: names the test');
	unlike($regress->{out}, qr/^alike /m, 'regress: and no other');
	like($regress->{out}, qr/^3 tests; .*; 1 differ$/m,
	    'regress: counts them');
}

$lab->done;
