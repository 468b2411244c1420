# SPDX-License-Identifier: PostgreSQL
#
# Bytes come through exactly, both ways, in bulk, in plain text and in TLS; a
# half-closed connection still gets its answer; a client that does not read
# costs bounded memory and slows nobody else.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use Digest::MD5 qw(md5_hex);

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $main = $lab->connection('main_jump');
my $direct = { listen => $pg->port };
my $daemon = $lab->daemon([$main]);
my %as_app = (user => 'app', password => undef);

$pg->sql(q{create table bulk as select i, md5(i::text) as digest,
    repeat(chr(32 + i % 90), i % 700) as filler
    from generate_series(1, 40000) i;
    alter table bulk owner to app});
my $copy_out = 'copy bulk to stdout';
my $expected = $lab->psql($direct, $copy_out, %as_app)->{out};
cmp_ok(length $expected, '>', 12 << 20, 'the table is big enough');

for my $mode (qw(disable require)) {
	my $seen = $lab->psql($main, $copy_out, %as_app, sslmode => $mode);
	is(md5_hex($seen->{out}), md5_hex($expected), "$mode: COPY out");

	$pg->sql('create table back (like bulk);
	    alter table back owner to app');
	$seen = $lab->psql($main, 'copy back from stdin', %as_app,
	    sslmode => $mode, stdin => $expected);
	is($seen->{rc}, 0, "$mode: COPY in") or diag($seen->{err});
	is($pg->sql('select count(*) from (table bulk except table back) x'),
	    0, "$mode: every row as it was");
	is($pg->sql('select count(*) from back'), 40000, "$mode: none more");
	$pg->sql('drop table back');

	$seen = $lab->psql($main, q{select repeat('0123456789abcdef',
	    2000000)}, sslmode => $mode);
	is(md5_hex($seen->{out}),
	    md5_hex('0123456789abcdef' x 2_000_000 . "\n"),
	    "$mode: one row of 32 MB");

	my $word = join '', map { chr(32 + $_ % 90) } 1 .. 8_000_000;
	$seen = $lab->psql($main, undef, sslmode => $mode,
	    stdin => "select md5(\$q\$$word\$q\$);\n");
	is($seen->{out}, md5_hex($word) . "\n", "$mode: one query of 8 MB");
}

subtest 'all byte values' => sub {
	my $bytes = join '', map { chr } 0 .. 255;
	my $hex = unpack 'H*', $bytes x 4096;
	my $seen = $lab->psql($main, undef, sslmode => 'disable',
	    stdin => "select md5('\\x$hex'::bytea);\n");
	is($seen->{out}, md5_hex($bytes x 4096) . "\n", 'survive');
};

subtest 'half-close' => sub {
	my $wire = $lab->wire($main);
	$wire->login;
	$wire->query(q{select repeat('x', 3000000) from pg_sleep(0.2)});
	shutdown $wire->socket, 1;
	my $messages = $wire->until('Z');
	my ($row) = grep { $_->[0] eq 'D' } @$messages;
	is(length $row->[1], 3_000_000 + 6, 'the whole answer comes');
	ok(PgJump::Wire::is_ready($messages), 'up to ReadyForQuery');
	is($wire->ended, 'eof', 'then the end');
};

subtest 'a reader that does not read' => sub {
	my $before = $daemon->memory;
	my @stalled = map {
		my $wire = $lab->wire($main);
		$wire->login;
		$wire->query(q{select repeat('x', 100000)
		    from generate_series(1, 2000)});
	} 1 .. 4;

	is($lab->psql($main, 'select 42')->{out}, "42\n",
	    'another client is served');
	is(md5_hex($lab->psql($main, $copy_out, %as_app)->{out}),
	    md5_hex($expected), 'also in bulk');
	cmp_ok($daemon->memory - $before, '<', 4 * 20_000,
	    'memory is bounded: 20 MB per stalled reader at most')
	    unless $ENV{PGJUMP_SANITIZED};
	$_->abort for @stalled;
	ok(PgJump::Process::eventually(20, sub {
		$pg->sql(q{select count(*) from pg_stat_activity
		    where usename = 'app'}) == 0;
	}), 'their backends end when they vanish');
};

$lab->done;
