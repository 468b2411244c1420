# SPDX-License-Identifier: PostgreSQL
#
# Databases that do not answer, beside one that does, behind the same jump box:
# however many clients they have, the healthy one is reached, and quickly as
# long as there are fewer silent ones than links.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;
use Time::HiRes qw(time);

my $lab = PgJump::Lab->new;
my $good = $lab->connection('good');
my @holes = map { PgJump::Peer->black_hole } 1 .. 2;
my @silent = map {
	$lab->connection("silent_$_", port => $holes[$_]{port})
} 0 .. $#holes;

# Clients that wait for a database, all at once.
sub crowd($connection, $count)
{
	return map { $lab->wire($connection)->startup } 1 .. $count;
}

sub reach
{
	my $start = time;
	my $done = $lab->psql($good, 'select 1', user => 'app',
	    password => undef);
	is($done->{out}, "1\n", 'the healthy database is reached')
	    or diag($done->{err});
	return time - $start;
}

subtest 'a crowd at one of them' => sub {
	my $daemon = $lab->daemon([$good, @silent], max_links => 3,
	    workers => 1);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my @crowd = crowd($silent[0], 10);
	cmp_ok(reach(), '<', 3 * $PgJump::Process::PATIENCE, 'soon')
	    for 1 .. 3;
	unlike($daemon->log_text, qr/link retired/, 'over a link kept free');
	$daemon->down;
};

subtest 'a single link' => sub {
	my $daemon = $lab->daemon([$good, $silent[0]], max_links => 1);
	ok($daemon->tunnel_up, 'the tunnel is up');
	reach();
	my @crowd = crowd($silent[0], 3);
	cmp_ok(reach(), '<', 4 * $PgJump::Process::PATIENCE, 'soon')
	    for 1 .. 3;
	my $retired = $daemon->events('link retired');
	cmp_ok($retired, '<=', 2, 'without login after login');
	$daemon->down;
};

subtest 'more of them than links' => sub {
	my $daemon = $lab->daemon([$good, @silent], max_links => 2,
	    workers => 1);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $wire = $lab->wire($good);
	$wire->login;
	my @crowd = map { crowd($_, 3) } @silent;
	reach() for 1 .. 2;
	like($daemon->log_text, qr/link retired/, 'a stuck link makes room');
	$wire->query('select 2');
	is_deeply([map { $_->[0] } @{ $wire->until('Z') }], [qw(T D C Z)],
	    'and the sessions on it go on');
	$daemon->down;
};

$lab->done;
