# SPDX-License-Identifier: PostgreSQL
#
# Direct TLS of a real psql (from PostgreSQL 17 on) when the far side fails:
# psql is told in TLS, with the certificate that pgjump can show at that moment,
# even if the tunnel dies with its ClientHello; a psql that verifies is told
# with a certificate that it trusts.  For older ones 224 and 221 do the same by
# hand.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pki qw(cert cert_file key);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run);
use Test::More;

PgJump::Postgres::use_newest();
my $major = PgJump::Postgres::major();
plan skip_all => "PostgreSQL $major has no direct TLS, --with=servers brings"
    . ' one that has; see 221 and 224' if $major < 17;

my $lab = PgJump::Lab->new;
my $relay = PgJump::Relay->new(to => $lab->box->port);
my %relayed = (box => $lab->box, ssh_tunnel => { port => $relay->port });
my %door = (tls_cert => cert('door'), tls_key => key('door'));
my %ended = (%door, client_tls => 'terminate');
my $off = PgJump::Postgres->new(dir => $lab->dir, name => 'off',
    conf => { ssl => 'off' });
my $frozen = PgJump::Postgres->new(dir => $lab->dir, name => 'frozen');
my %closed = (port => reserve());
my %lost = (ssh_tunnel => { port => reserve(), host_key => 'any' });
my %to = (
	refused => $lab->connection('d_refused', %closed),
	'refused, tls_cert' => $lab->connection('d_cert', %closed, %door),
	'refused, terminate' => $lab->connection('d_ended', %closed, %ended),
	'no jump box' => $lab->connection('d_lost', %lost),
	'no jump box, terminate' => $lab->connection('d_lost_too', %lost,
	    %ended),
	'no TLS there' => $lab->connection('d_off', port => $off->port),
	frozen => $lab->connection('d_frozen', %relayed,
	    port => $frozen->port),
	busy => $lab->connection('d_busy', %relayed, %ended,
	    port => $off->port),
);
my $daemon = $lab->daemon([values %to], log_level => 'debug');
my %direct = (sslnegotiation => 'direct', sslmode => 'require');
my %verify = (%direct, sslmode => 'verify-full', host => 'door.pgjump.test',
	hostaddr => '127.0.0.1', sslrootcert => cert_file('root'));
my $database_side = 'tunnel is up, database failed';

sub tells($seen, $what, $side, $label)
{
	is(() = $seen =~ /FATAL:/g, 1, "$what: told once");
	like($seen, qr/FATAL:  pgjump: \Q$side\E: .*\[\Q$label\E\]$/m,
	    "$what: side and stage") or diag($seen);
	like($seen, qr/^DETAIL:  \S.*\nHINT:  [A-Z].*\.$/m,
	    "$what: facts and a hint");
}

# pg_isready knows 57P03, and no other SQLSTATE, as "rejecting connections"
sub is_rejecting($connection, $what, %with)
{
	my $seen = run([PgJump::Postgres::bin('pg_isready'), '-d',
		$lab->conninfo($connection, %with)], dir => $lab->dir);

	like($seen->{out}, qr/- rejecting connections$/, "$what: SQLSTATE");
}

my @newest = $major < 18 ? () : (min_protocol_version => '3.2');
for my $row (
	['refused', $database_side, 'db_refused', \%direct],
	['refused, tls_cert', $database_side, 'db_refused', \%verify],
	['refused, terminate', $database_side, 'db_refused', \%verify],
	['no jump box', 'tunnel failed', 'jump_connect', \%direct],
	['no jump box, terminate', 'tunnel failed', 'jump_connect', \%verify],
	['no TLS there', $database_side, 'db_closed', \%direct],
) {
	my ($to, $side, $label, $with) = @$row;
	my $seen = $lab->psql($to{$to}, 'select 1', %$with);

	is($seen->{rc}, 2, "$to: psql ends with 2");
	tells($seen->{err}, $to, $side, $label);
	like($seen->{err}, qr/^HINT:  Leave out sslnegotiation=direct/m,
	    "$to: which one") if $to eq 'no TLS there';
	is_rejecting($to{$to}, $to, %$with);
	tells($lab->psql($to{$to}, 'select 1', %$with, @newest)->{err},
	    "$to, protocol 3.2", $side, $label) if @newest;
}

subtest 'the throwaway certificate' => sub {
	my $mark = $daemon->mark;
	my $seen = $lab->psql($to{refused}, 'select 1', %verify);
	like($seen->{err}, qr/certificate verify failed/,
	    'a client that verifies shows its own error');
	ok($daemon->says(qr/client could not be told.*stage=db_refused/, 10,
	    $mark), 'the log has the cause') or diag($daemon->since($mark));
};

sub psql_begins($to, $sql, %with)
{
	return PgJump::Process->new(name => $to, dir => $lab->dir,
	    argv => [PgJump::Postgres::bin('psql'), '-X', '-d',
		$lab->conninfo($to{$to}, %with), '-c', $sql])->start;
}

subtest 'the tunnel dies with the ClientHello' => sub {
	ok($daemon->tunnel_up, 'the tunnel is up');
	$frozen->process->signal('STOP');
	my $mark = $daemon->mark;
	my $psql = psql_begins('frozen', 'select 1', %direct);
	ok($daemon->says(qr/to=hello\b/, 10, $mark), 'it is on its way');
	$relay->cut;
	is($psql->wait_end, 'exit 2', 'psql ends');
	tells($psql->text, 'frozen', 'tunnel failed', 'tunnel_lost');
	$frozen->process->signal('CONT');
};

subtest 'the tunnel dies in mid-session' => sub {
	ok(eventually(20, sub {
		$lab->psql($to{busy}, 'select 1', %verify)->{rc} eq '0';
	}), 'the tunnel is up again');
	my $psql = psql_begins('busy', 'select pg_sleep(60)', %verify);
	ok(eventually(20, sub { $off->sql(q{select count(*) from
	    pg_stat_activity where wait_event = 'PgSleep'}) }), 'it is busy');
	$relay->cut;
	is($psql->wait_end, 'exit 1', 'psql ends');
	like($psql->text, qr/FATAL:  terminating connection: pgjump: tunnel lost: .*\[tunnel_lost\]$/m,
	    'told in its TLS');
};

$off->down; # it would wait for who sleeps
$lab->done;
