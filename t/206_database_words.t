# SPDX-License-Identifier: PostgreSQL
#
# The database's own words come through unchanged, and are counted as the
# database's, not as pgjump's.
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

# No driver reads an error in answer to SSLRequest, so pgjump reports it.
# Words: what every text must have; hint: what to do.
sub rejected($daemon, $connection, $name, $words, $hint, @modes)
{
	for my $mode (@modes) {
		my $seen = $lab->psql($connection, 'select 1',
		    sslmode => $mode);

		is($seen->{rc}, 2, "$name, $mode: psql ends with 2");
		like($seen->{err}, qr/database failed: \S+ rejected the (?:session before any login|request for TLS): $words.*\[db_rejected\]/,
		    "$name, $mode: the server's own words");
		like($seen->{err}, $hint, "$name, $mode: and what to do");
	}
	my $seen = $daemon->check($connection->{name});
	is($seen->{rc}, 29, "$name: check has the exit code");
	like($seen->{out}, $words, "$name: and the words");
	like($seen->{out}, $hint, "$name: and the hint");
}

# prlimit(1) belongs to util-linux.
subtest 'a postmaster that cannot fork' => sub {
	my $full = PgJump::Postgres->new(dir => $lab->dir, name => 'full');
	my $connection = $lab->connection('c_full', port => $full->port);
	my $daemon = $lab->daemon([$connection]);
	my $limit = sub ($count) {
		PgJump::Process::run([PgJump::Postgres::as_owner('prlimit',
			'--pid', $full->process->pid,
			"--nproc=$count")])->{rc} eq '0';
	};

	plan skip_all => 'no prlimit here' unless $limit->('1:');
	rejected($daemon, $connection, 'no process', qr/could not fork new process for connection: Resource temporarily unavailable/,
	    qr/memory and the limit of processes/, qw(disable prefer require));
	$limit->('10000:') or die 'prlimit';
	is($lab->psql($connection, 'select 1')->{out}, "1\n",
	    'with room again it is served again');
};

subtest 'something in front of the database already speaks TLS' => sub {
	my ($stunnel) = grep { -x } '/usr/bin/stunnel', '/usr/bin/stunnel4';
	plan skip_all => 'stunnel4 is not installed' unless defined $stunnel;
	my $port = PgJump::Port::reserve();
	my $connection = $lab->connection('c_stunnel', port => $port,
	    ssl_config => { mode => 'require' });
	my $daemon = $lab->daemon([$connection]);
	my $config = PgJump::Process::spew($lab->dir . '/stunnel.conf',
	    "foreground = yes\npid =\n[pg]\nclient = yes\nprotocol = pgsql\n"
	    . "accept = 127.0.0.1:$port\nconnect = 127.0.0.1:"
	    . $pg->port . "\n");
	my $process = PgJump::Process->new(name => 'stunnel',
	    dir => $lab->dir, argv => [$stunnel, $config])->start;

	ok(PgJump::Process::eventually(20, sub {
		IO::Socket::IP->new(PeerHost => '127.0.0.1',
		    PeerPort => $port);
	}), 'stunnel listens');
	is($lab->psql($connection, 'select 1', sslmode => 'disable',
		user => 'app', password => undef)->{out}, "1\n",
	    'in the clear it is served');
	rejected($daemon, $connection, 'stunnel',
	    qr/.*1234\.5679.*SQLSTATE 0A000/, qr/sslmode=disable/,
	    qw(prefer require));
	$process->down;
};

# PostgreSQL up to 11 answers GSSENCRequest this way and closes; no release has
# a package any more.
subtest 'a server that does not know GSSENCRequest' => sub {
	my $unknown = pack 'a N/a*', 'E', pack 'x![N]Z*Z*Z*x', 'SFATAL',
	    'C0A000', 'Munsupported frontend protocol 1234.5680';
	my $eleven = PgJump::Peer->new(sub ($peer) {
		sysread $peer, my $first, 65_536 or return;
		return syswrite $peer, $unknown
		    if $first eq PgJump::Wire::GSSENC_REQUEST;
		my $server = IO::Socket::IP->new(PeerHost => '127.0.0.1',
		    PeerPort => $pg->port) or die "no server: $!";
		syswrite $server, $first;
		my $both = IO::Select->new($peer, $server);
		while (1) {
			for my $from ($both->can_read) {
				my $to = $from == $peer ? $server : $peer;
				sysread $from, my $bytes, 65_536 or return;
				syswrite $to, $bytes;
			}
		}
	});
	my $connection = $lab->connection('c_eleven', port => $eleven->port);
	$lab->daemon([$connection]);

	for my $mode (qw(disable require)) {
		my $wire = $lab->wire($connection, user => 'app');
		is($wire->gssenc_request, 'N', "$mode: the client reads N");
		if ($mode eq 'require') {
			is($wire->ssl_request, 'S', 'TLS is offered');
			$wire->start_tls or die 'no TLS';
		}
		is($wire->login->[-1][0], 'Z', "$mode: and logs in");
		$wire->close;
	}
	$eleven->down;
};

$lab->done;
