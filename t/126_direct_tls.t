# SPDX-License-Identifier: PostgreSQL
#
# Direct TLS (sslnegotiation=direct) of a real psql with a real server, which
# both have from PostgreSQL 17 on, and protocol 3.2, from 18 on: whether it
# ends at the database or at pgjump, certificates are verified, passwords are
# bound to the channel, and statements cancelled.  For older ones a stand-in is
# in 123_first_packets.t.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pki qw(cert cert_file key key_file);
use PgJump::Process qw(eventually run);
use Test::More;

PgJump::Postgres::use_newest();
my $major = PgJump::Postgres::major();
plan skip_all => "PostgreSQL $major has no direct TLS, --with=servers brings"
    . ' one that has; its stand-in is in 123' if $major < 17;

my $lab = PgJump::Lab->new;
my $pg = PgJump::Postgres->new(dir => $lab->dir, name => 'direct', conf => {
	ssl_cert_file => $lab->copy(cert_file('db')),
	ssl_key_file => $lab->copy(key_file('db')) });
my %at = (port => $pg->port);
my %door = (client_tls => 'terminate', tls_cert => cert('door'),
	tls_key => key('door'));
my %to = (
	database => $lab->connection('d_database', %at),
	pgjump => $lab->connection('d_pgjump', %at, %door),
	both => $lab->connection('d_both', %at, %door, ssl => 'require'),
	same => $lab->connection('d_same', %at, %door, ssl => 'require',
	    tls_cert => cert('db'), tls_key => key('db')),
);
my $daemon = $lab->daemon([values %to], log_level => 'debug');
my %direct = (sslnegotiation => 'direct', sslmode => 'require');
my %verify = (%direct, sslmode => 'verify-full', hostaddr => '127.0.0.1',
	sslrootcert => cert_file('root'));
my %database = (%verify, host => 'db.pgjump.test');
my %pgjump = (%verify, host => 'door.pgjump.test');
my %bound = (channel_binding => 'require');
my %unbound = (channel_binding => 'disable');

# What the database sees.
my $query = q{select coalesce((select case when ssl then version else 'plain'
    end from pg_stat_ssl where pid = pg_backend_pid()), '?')};
for my $row (
	['database', 'require', \%direct, 'TLSv1.3'],
	['database', 'verify-full', \%database, 'TLSv1.3'],
	['database', 'a bound password', { %database, %bound }, 'TLSv1.3'],
	['pgjump', 'require', \%direct, 'plain'],
	['pgjump', 'verify-full', \%pgjump, 'plain'],
	['both', 'verify-full', { %pgjump, %unbound }, 'TLSv1.3'],
	['same', 'a bound password', { %database, %bound }, 'TLSv1.3'],
) {
	my ($to, $what, $with, $expected) = @$row;
	my $mark = $daemon->mark;
	my $seen = $lab->psql($to{$to}, $query, %$with);

	is($seen->{out} . $seen->{err}, "$expected\n", "$to: $what");
	my $passed = $to eq 'database';
	is($daemon->since($mark) =~ /to=hello\b/ ? 1 : 0, $passed ? 1 : 0,
	    "$to: the ClientHello is " . ($passed ? 'passed' : 'answered'));
}

for my $to (qw(database pgjump)) {
	my %right = $to eq 'database' ? %database : %pgjump;
	like($lab->psql($to{$to}, 'select 1', %right,
	    host => 'other.pgjump.test')->{err},
	    qr/server certificate for .* does not match host name/,
	    "$to: another name is refused");
	like($lab->psql($to{$to}, 'select 1', %right,
	    sslrootcert => cert_file('stranger'))->{err},
	    qr/certificate verify failed/, "$to: another authority is refused");
	is($lab->psql($to{$to}, 'select 1', %right, dbname => 'nowhere')->{err}
	    =~ s/.* failed: //sr,
	    qq{FATAL:  database "nowhere" does not exist\n},
	    "$to: the database's own words");
	my $wire = $lab->wire($to{$to});
	ok(!$wire->start_tls(SSL_alpn_protocols => ['h2']),
	    "$to: another protocol is refused");
	like($wire->{tls_error}, qr/no application protocol/,
	    "$to: by alert 120");
	$wire = $lab->wire($to{$to});
	is($wire->ssl_request, 'S', "$to: TLS that was asked for");
	ok(!$wire->start_tls(SSL_alpn_protocols => ['h2']),
	    "$to: is refused, too, with another protocol");
	like($wire->{tls_error}, qr/no application protocol/,
	    "$to: by alert 120");
}

# --- Cancel requests --------------------------------------------------------

sub sleeps($application)
{
	return eventually(20, sub {
		$pg->sql("select count(*) from pg_stat_activity where
		    application_name = '$application' and
		    wait_event = 'PgSleep'") == 1;
	});
}

sub is_cancelled($to, $what, %with)
{
	my $name = "$to $what" =~ s/\W+/_/gr;
	my $psql = PgJump::Process->new(name => $name, dir => $lab->dir,
	    argv => [PgJump::Postgres::bin('psql'), '-X', '-d',
		$lab->conninfo($to{$to}, %with, application_name => $name),
		'-c', 'select pg_sleep(120)'])->start;

	ok(sleeps($name), "$to: $what: psql runs a statement")
	    or diag($psql->text);
	$psql->signal('INT');
	is($psql->wait_end, 'exit 1', "$to: $what: Ctrl-C ends it");
	like($psql->text, qr/canceling statement due to user request/,
	    "$to: $what: by the database");
}

is_cancelled($_, 'direct TLS', %direct) for qw(database pgjump);

# psql cancels in the clear; the libpq of dblink as its session is encrypted.
SKIP: {
	skip 'dblink is not installed', 6 if $pg->sql(q{select count(*) from
	    pg_available_extensions where name = 'dblink'}) == 0;
	$pg->sql('create extension dblink');
	for my $to (qw(database pgjump)) {
		# the server may not look for one where root has its own
		my $far = $lab->conninfo($to{$to}, %direct, user => 'app',
		    sslcert => '/nonexistent', application_name => "far_$to")
		    =~ s/'/''/gr;
		my $mark = $daemon->mark;
		my $seen = run([PgJump::Postgres::bin('psql'), '-XAtq',
			'-h', $pg->socket_dir, '-p', $pg->port,
			'-U', 'postgres', '-d', 'myapp',
			'-v', 'ON_ERROR_STOP=1'], stdin => <<~"SQL");
			select dblink_connect('far', '$far');
			select dblink_send_query('far', 'select pg_sleep(120)');
			do \$\$ begin loop
				exit when exists (select from pg_stat_activity
				    where application_name = 'far_$to'
				    and wait_event = 'PgSleep');
				perform pg_stat_clear_snapshot();
			end loop; end \$\$;
			select dblink_cancel_query('far');
			select * from dblink_get_result('far', false)
			    as t(slept text);
			SQL
		is($seen->{out}, "OK\n1\nOK\n",
		    "$to: a driver's cancel request");
		like($seen->{err}, qr/canceling statement due to user request/,
		    "$to: is delivered");
		is(() = $daemon->since($mark) =~ /to=hello\b/g,
		    $to eq 'database' ? 2 : 0, "$to: in direct TLS");
	}
}

# --- Protocol 3.2 -----------------------------------------------------------

SKIP: {
	skip "PostgreSQL $major has no protocol 3.2; its stand-in is in 123",
	    12 if $major < 18;
	my %newest = (min_protocol_version => '3.2');
	my %way = ('plain' => { sslmode => 'disable' },
		'TLS' => { sslmode => 'require' }, 'direct TLS' => \%direct);
	for my $to (qw(database pgjump)) {
		is($lab->psql($to{$to}, 'select 1', %{ $way{$_} },
		    %newest)->{out}, "1\n", "$to: protocol 3.2, $_")
		    for sort keys %way;
		is_cancelled($to, 'protocol 3.2', %direct, %newest);
	}
}

$lab->done;
