# SPDX-License-Identifier: PostgreSQL
#
# Chains under load: key exchanges of each hop, writes that are cut at random,
# and 200 clients over two hops.  Every byte comes back, in order, and
# descriptors and memory return to their numbers from before.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Chain;
use PgJump::Echo qw(echo);
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(eventually run spew);

my $lab = PgJump::Lab->new;
my $stalled = 60 * $PgJump::Process::PATIENCE;

sub busy($chain, $bytes)
{
	my $connection = $chain->connection('main');
	my $daemon = $lab->daemon([$connection],
	    jump_boxes => $chain->jump_boxes);
	my @wires = map { my $w = $lab->wire($connection); $w->login; $w }
	    1 .. 8;
	my @seen = echo($bytes, $stalled, @wires);

	is(scalar(grep { $_->{sent} eq $_->{got} } @seen), 8,
	    'every byte came back, in order') or diag(explain(\@seen));
	is(scalar(grep { $_->{bytes} >= $bytes } @seen), 8, 'to the last');
	is($daemon->log_text =~ /link lost/, '', 'no link was lost');
	$_->close for @wires;
	$daemon->down;
}

for my $n (1 .. 2) {
	subtest "hop $n exchanges keys for every megabyte" => sub {
		my $chain = PgJump::Chain->new($lab, 2, config => {
			$n => { RekeyLimit => '1M', LogLevel => 'DEBUG1' } });
		busy($chain, 2 << 20);
		my $exchanges = () = $chain->box($n)->log_text =~
		    /SSH2_MSG_KEXINIT sent(?! \[preauth\])/g;
		cmp_ok($exchanges, '>=', 8, 'over many key exchanges');
	};
}

subtest 'every write to each hop is cut at random' => sub {
	busy(PgJump::Chain->new($lab, 2, relays => 1, pieces => 16_384),
	    512 << 10);
};

subtest '200 clients over two hops' => sub {
	my $chain = PgJump::Chain->new($lab, 2);
	my $connection = $chain->connection('crowd');
	my $daemon = $lab->daemon([$connection],
	    jump_boxes => $chain->jump_boxes);
	my $script = spew($lab->dir . '/one.sql', "select 1;\n");
	my $pgbench = sub ($times) {
		run([PgJump::Postgres::bin('pgbench'), '-n', '-f', $script,
			'-c', '200', '-t', $times,
			$lab->conninfo($connection, user => 'app',
			    password => undef, sslmode => 'disable')],
		    dir => $lab->dir, timeout => 600);
	};

	is($pgbench->(2)->{rc}, 0, 'a warm-up');
	ok(eventually(40, sub {
		$lab->postgres->sql(q{select count(*) from pg_stat_activity
		    where usename = 'app'}) == 0
	}), 'all gone');
	my ($descriptors, $memory) = ($daemon->descriptors, $daemon->memory);
	for my $round (1 .. 3) {
		my $seen = $pgbench->(10);
		is($seen->{rc}, 0, 'all are served') or diag($seen->{err});
	}
	ok(eventually(40, sub { $daemon->descriptors <= $descriptors }),
	    'descriptors are back')
	    or diag($daemon->descriptors . " > $descriptors");
	ok(eventually(20, sub { $daemon->memory < $memory + 12_000 }),
	    'memory is back') or diag($daemon->memory . " KB, before $memory")
	    unless $ENV{PGJUMP_SANITIZED};
	# max_links is 8; under load some are retired and replaced.
	cmp_ok($chain->logins(1), '<=', 40,
	    'over few sessions with the outer one, not one for each client');
	$daemon->down;
};

$lab->done;
