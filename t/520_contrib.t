# SPDX-License-Identifier: PostgreSQL
#
# The programs of contrib/ that developers run now and then still run: the
# benchmark prints its table, whatever the figures; the soak finds nothing in
# some seconds, and does find what is there; so does the runner of PostgreSQL's
# regression suite, with two small tests in place of the suite.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use File::Path qw(make_path);
use Test::More;

use PgJump::Process qw(run spew);

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
