# SPDX-License-Identifier: PostgreSQL
#
# What the database itself says comes through word for word, and is counted
# as the database's, not as pgjump's.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Standby;
use PgJump::Told;
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = PgJump::Postgres->new(dir => $lab->dir, conf => {
	max_connections => 10, superuser_reserved_connections => 3,
	max_wal_senders => 0 });
$lab->{postgres} = $pg;
my $main = $lab->connection('c_words');
my $direct = $lab->connection('c_words_direct', ssh_tunnel => 0);
my $daemon = $lab->daemon([$main, $direct]);

# label => 'db_rejected' is what the log says of all of these
my @cases = (
	{ name => 'a wrong password', sqlstate => '28P01',
		psql => { password => 'wrong' },
		says => qr/FATAL:  password authentication failed for user "readonly"\n/ },
	{ name => 'an unknown database', sqlstate => '3D000',
		psql => { dbname => 'nothere', user => 'app',
			password => undef },
		says => qr/FATAL:  database "nothere" does not exist\n/ },
	{ name => 'no entry in pg_hba.conf', sqlstate => '28000',
		psql => { user => 'stranger' },
		says => qr/FATAL:  no pg_hba\.conf entry for host "127\.0\.0\.1", user "stranger", database "myapp"/ },
	{ name => 'too many connections for a database', sqlstate => '53300',
		psql => { dbname => 'full', user => 'app',
			password => undef },
		says => qr/FATAL:  too many connections for database "full"\n/ },
);
for my $connection ($main, $direct) {
	passed_through($lab, $daemon, $connection, $_) for @cases;
}

subtest 'too many connections' => sub {
	my @taken = map {
		my $wire = PgJump::Wire->new(port => $pg->port);
		$wire->login;
		$wire;
	} 1 .. 7;
	passed_through($lab, $daemon, $main, {
		name => 'too many connections', sqlstate => '53300',
		psql => { user => 'app', password => undef },
		says => qr/FATAL:  (?:sorry, too many clients already|remaining connection slots are reserved .*)\n/,
	});
	$_->close for @taken;
};

subtest 'the database ends a session' => sub {
	my $wire = $lab->wire($main);
	$wire->login;
	$pg->sql("select pg_terminate_backend($wire->{backend_pid})");
	my ($error) = @{ $wire->until('E') };
	my $fields = PgJump::Wire::fields($error->[1]);
	is($fields->{M}, 'terminating connection due to administrator command',
	    'its words');
	is($fields->{C}, '57P01', 'its SQLSTATE');
	is($wire->ended, 'eof', 'its end');
};

subtest 'starting up' => sub {
	my $fifo = $lab->dir . '/history';
	PgJump::Process::run(['mkfifo', '-m', '666', $fifo]);
	my $starting = PgJump::Standby->start(dir => $lab->dir,
	    name => 'starting', restore => "cat $fifo >/dev/null; false");
	my $connection = $lab->connection('c_starting',
	    port => $starting->port);
	my $daemon = $lab->daemon([$connection]);
	passed_through($lab, $daemon, $connection, {
		name => 'starting up', sqlstate => '57P03',
		says => qr/FATAL:  the database system is starting up\n/ });
	$starting->down;
};

$lab->done;
