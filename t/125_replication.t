# SPDX-License-Identifier: PostgreSQL
#
# Replication connections work: a complete base backup, WAL as it is written,
# and logical decoding; in plain text, in TLS, and in TLS that ends at pgjump.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pki qw(cert key);
use PgJump::Process qw(eventually run);
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = PgJump::Postgres->new(dir => $lab->dir, name => 'primary',
    hba => 'host replication app 127.0.0.1/32 trust',
    conf => { wal_level => 'logical', max_wal_senders => 10,
	max_replication_slots => 10 });
$pg->sql('alter role app replication');
my $passed = $lab->connection('r_passed', port => $pg->port);
my $ended = $lab->connection('r_ended', port => $pg->port,
    client_tls => 'terminate', tls_cert => cert('door'),
    tls_key => key('door'));
my $daemon = $lab->daemon([$passed, $ended]);

sub conninfo($connection, $mode, %more)
{
	return $lab->conninfo($connection, sslmode => $mode, user => 'app',
	    password => undef, dbname => undef, %more);
}

sub program($name, @arguments)
{
	return run([PgJump::Postgres::bin($name), @arguments],
	    dir => $lab->dir, timeout => 60);
}

# A program that runs until it is told to stop.
sub follower($name, @arguments)
{
	state $count = 0;
	return PgJump::Process->new(name => "$name." . ++$count,
	    dir => $lab->dir, argv => [PgJump::Postgres::bin($name),
		@arguments])->start;
}

my $turn = 0;
for my $case (['in the clear', $passed, 'disable'],
    ['in TLS', $passed, 'require'], ['TLS ends here', $ended, 'require']) {
	my ($what, $connection, $mode) = @$case;
	my $dir = $lab->dir . '/backup' . ++$turn;
	my $to = conninfo($connection, $mode);

	my $done = program('pg_basebackup', '-d', $to, '-D', $dir, '-X',
	    'stream', '-c', 'fast');
	is($done->{rc}, 0, "$what: pg_basebackup") or diag($done->{err});
	$done = program('pg_verifybackup', $dir);
	like($done->{out}, qr/backup successfully verified/,
	    "$what: complete and unchanged") or diag($done->{err});

	my $slot = "slot$turn";
	my $table = "table$turn";
	$done = program('pg_recvlogical', '-d', conninfo($connection, $mode,
	    dbname => 'myapp'), '--slot', $slot, '--create-slot', '-P',
	    'test_decoding');
	is($done->{rc}, 0, "$what: a slot") or diag($done->{err});
	my $logical = follower('pg_recvlogical', '-d', conninfo($connection,
	    $mode, dbname => 'myapp'), '--slot', $slot, '--start', '-f', '-',
	    '-F', '0');
	my $wal = $lab->dir . "/wal$turn";
	mkdir $wal;
	my $physical = follower('pg_receivewal', '-d', $to, '-D', $wal);
	ok(eventually(20, sub { $pg->sql(q{select count(*)
	    from pg_stat_replication where state = 'streaming'}) == 2 }),
	    "$what: both stream");
	$pg->sql("create table $table(i int); insert into $table values (42);"
	    . ' select pg_switch_wal()');
	ok(eventually(20, sub { $logical->text =~
	    /table public\.$table: INSERT: i\[integer\]:42/ }),
	    "$what: pg_recvlogical decodes a row");
	ok(eventually(20, sub { grep { !/partial/ } glob "$wal/0*" }),
	    "$what: pg_receivewal has a segment");
	$_->down('INT', 20) for $logical, $physical;
}

$pg->down;
$lab->done;
