# SPDX-License-Identifier: PostgreSQL
#
# `pgjump check` logs in as a client would: with TLS as ssl_config says and
# nothing else influences, in a session that leaves no trace, and in the time
# that it has.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Golden qw(golden);
use PgJump::Pki qw(cert cert_file key key_file);
use PgJump::Process qw(eventually run slurp spew);
use PgJump::Standby;
use PgJump::Standin;

my $lab = PgJump::Lab->new;

sub owned($file, $mode)
{
	my $to = $lab->dir . '/' . $file =~ s{.*/}{}r;

	spew($to, slurp($file), $mode);
	PgJump::Postgres::own($to);
	return $to;
}

my $secure = PgJump::Postgres->new(dir => $lab->dir, name => 'secure',
    conf => { ssl_cert_file => owned(cert_file('db'), 0644),
	ssl_key_file => owned(key_file('db'), 0600),
	ssl_ca_file => owned(cert_file('root'), 0644) },
    hba => "hostssl all app all cert\nhost all app all reject\n");

# The report on one connection, its phases by name.
sub report($connection, @arguments)
{
	my %global = ref $arguments[0] ? %{ shift @arguments } : ();
	my $daemon = $lab->new_daemon([$connection], %global);
	my $seen = $daemon->check('--json', @arguments);
	my $report = JSON::PP::decode_json($seen->{out});

	$report->{by} = { map { $_->{phase} => $_ } @{ $report->{phases} } };
	diag($report->{message}) if $ENV{PGJUMP_KEEP};
	return $report;
}

# As pasted into JSON by hand: each line end became two characters.
sub flat($text) { $text =~ s/\n/\\n/gr }

my %guest = (client_cert => cert('guest'), client_key => key('guest'));
for my $mode (qw(verify-ca verify-full)) {
	my $report = report($lab->connection('guest', port => $secure->port,
		username => 'app', password => 'not asked for',
		ssl_config => { mode => $mode, ca_cert => cert('root'),
			%guest }));
	my $tls = $report->{by}{tls};

	is($report->{status}, 'ok', "$mode, with a certificate of ours")
	    or diag($report->{message});
	is($report->{by}{login}{encrypted}, 'yes', 'the session is encrypted');
	is($tls->{subject}, 'CN=db.pgjump.test', 'whose certificate');
	is($tls->{issuer}, 'CN=root of the lab', 'by whom');
	like($tls->{expires}, qr/^20\d\d-\d\d-\d\d$/, 'until when');
	like($tls->{verified}, qr/^signed by ca_cert/, 'and what that is worth');
}

subtest 'what was damaged by pasting' => sub {
	is(report($lab->connection('pasted', port => $secure->port,
		username => 'app', password => 'not asked for',
		ssl_config => { mode => 'verify-full',
			ca_cert => flat(cert('root')),
			client_cert => flat(cert('guest')),
			client_key => flat(key('guest')) }))->{status}, 'ok',
	    'is good for libpq, too');
};

subtest 'without the certificate' => sub {
	my $report = report($lab->connection('bare', port => $secure->port,
		username => 'app', password => 'not asked for',
		ssl_config => { mode => 'require' }));

	is($report->{stage}, 'db_rejected', 'the login is rejected');
	is($report->{by}{login}{sqlstate}, '28000', 'by the database');
};

subtest 'nothing but the configuration counts' => sub {
	my $home = $lab->dir . '/home';
	my %steers = (PGSSLMODE => 'verify-full', PGUSER => 'nobody',
		PGOPTIONS => '-c nonsense=1', PGSERVICE => 'nowhere',
		PGHOST => '/nowhere', PGPASSWORD => 'wrong',
		PGREQUIREAUTH => 'none', PGGSSENCMODE => 'require');

	mkdir "$home/.postgresql";
	spew("$home/.postgresql/$_", 'no certificate')
	    for qw(root.crt postgresql.crt);
	spew("$home/.postgresql/postgresql.key", 'no key', 0600);
	my $report = report($lab->connection('steered', ssl => 'require'),
	    { env => \%steers });
	is($report->{status}, 'ok', 'neither the environment nor ~/.postgresql')
	    or diag($report->{message});
	run(['rm', '-r', "$home/.postgresql"]);
};

subtest 'no trace is left' => sub {
	my $log = $lab->postgres->process;
	my $mark = $log->mark;

	is(report($lab->connection('clean'))->{status}, 'ok', 'a good check');
	unlike($log->since($mark),
	    qr/could not|ERROR|FATAL|WARNING|unexpected EOF|incomplete/,
	    'the log of the database has no complaint');
	is_deeply([glob $lab->dir . '/home/*'], [], 'no file');
};

subtest '--no-login' => sub {
	my $mark = $lab->postgres->process->mark;
	my $report = report($lab->connection('shy'), '--no-login');

	is($report->{status}, 'ok', 'goes as far as that');
	is($report->{by}{tls}{status}, 'ok', 'TLS included');
	is($report->{by}{login}{status}, 'skipped', 'and no further');
	like($report->{by}{login}{message}, qr/--no-login/, 'for that reason');
	unlike($lab->postgres->process->since($mark), qr/authenticat/,
	    'nobody logged in');
};

subtest 'a standby' => sub {
	my $standby = PgJump::Standby->start(dir => $lab->dir,
	    name => 'standby');

	$standby->process->up(qr/ready to accept read-only connections/);
	is(report($lab->connection('standby', port => $standby->port))
	    ->{by}{server}{in_recovery}, 'yes', 'is in recovery');
	$standby->down;
};

subtest 'a database that starts' => sub {
	my $fifo = $lab->dir . '/history';
	run(['mkfifo', '-m', '666', $fifo]);
	my $starting = PgJump::Standby->start(dir => $lab->dir,
	    name => 'starting', restore => "cat $fifo >/dev/null; false");
	my $report = report($lab->connection('starting',
		port => $starting->port));

	is($report->{by}{login}{sqlstate}, '57P03', 'says so');
	like($report->{hint}, qr/^Wait until/, 'and is to be waited for');
	$starting->down;
};

# A server that says it is PostgreSQL, and how it answers queries.
sub message($type, $body) { PgJump::Standin::message($type, $body) }
my $columns = message('T', pack 'n (Z* N n N n N n)4',
    4, map { ($_, 0, 0, 25, 65_535, 0, 0) } 'a' .. 'd');
my $row = message('D', pack 'n (N/a*)4', 4, '17', 'f', '1', '2');
my ($done, $ready) = (message('C', "SELECT 1\0"), message('Z', 'I'));
my $notice = message('N', "SNOTICE\0C00000\0M\e]0;title\a\0\0");
for my $case (
	['no row', qr/does not answer a query as/, "$columns$done$ready"],
	['no column', qr/does not answer a query as/, message('T', "\0\0")
	    . message('D', "\0\0") . $done . $ready],
	# to the second query it says too much
	['its end is late', qr/does not answer a query as/,
	    "$columns$row$done", $ready],
	['no end', qr/did not answer within 1 s/, "$columns$row$done"],
	['rows without end', qr/its answer does not end/, $columns, $row x 100_000],
	['notices', qr/does not answer a query as/,
	    "$notice$columns$row$done$ready"],
) {
	my ($what, $said, @pieces) = @$case;
	subtest "an answer: $what" => sub {
		my $strange = PgJump::Standin->new('strange',
		    pieces => \@pieces);
		my $seen = $lab->new_daemon([$lab->connection('strange',
			port => $strange->port, ssl => 'disable',
			connection_timeout => 1)])->check;

		like($seen->{out}, qr/^  failed .* server\n.*$said/m, 'told');
		unlike($seen->{out} . $seen->{err}, qr/[^\n -~]/,
		    'no terminal obeys its words');
		$strange->down;
	};
}

# A server that offers no TLS, and breaks the protocol at the login.
my $sasl = message('R', pack 'N Z* x', 10, 'SCRAM-SHA-256');
for my $case (
	['another protocol', qr/received H/, "HTTP/1.1 400 Bad Request\r\n\r\n"],
	['a length that cannot be', qr/lost synchronization/,
	    message('R', pack 'N', 0) . pack('a N', 'X', 1)],
	['no SCRAM', qr/malformed SCRAM/, $sasl . message('R', pack 'N a*', 11,
		'nonsense')],
) {
	my ($what, $said, $login) = @$case;
	subtest "a login answered with $what" => sub {
		my $strange = PgJump::Standin->new('strange', login => $login);
		my $report = report($lab->connection('strange',
			port => $strange->port, ssl => 'disable'));

		is($report->{stage}, 'db_not_postgres', 'the stage');
		is($report->{by}{login}{status}, 'failed', 'the phase');
		like($report->{message}, $said, 'what was wrong with it');
		$strange->down;
	};
}

# A verifier that PostgreSQL accepts and no client can compute, while the other
# cases need neither a password nor a patience of their own.
my $endless = q(SCRAM-SHA-256$2000000000:) . 'c2FsdA==$' . 'A' x 43 . '=:'
    . 'A' x 43 . '=';
$lab->postgres->sql("update pg_authid set rolpassword = '$endless'
	where rolname = 'readonly'");

subtest 'a login that is computed without an end' => sub {
	my @endless = map { $lab->connection("endless$_",
		connection_timeout => 1) } 1 .. 8;
	my $daemon = $lab->new_daemon([@endless, $lab->connection('good',
		username => 'app')], open_timeout => '1s');
	my $seen = $daemon->check('--timeout', '1s', 'endless1');

	is($seen->{rc}, 26, 'exit code');
	golden($lab, 'check/endless1.txt', $seen->{out});

	$seen = $daemon->check('--json');
	my $all = JSON::PP::decode_json($seen->{out});
	is($seen->{rc}, 26, 'without --timeout the connection has its own');
	is_deeply([map { $_->{stage} } @$all], [('db_silent') x 8, ''],
	    'and who waits for a thread has its turn');

	my $check = $lab->new_daemon([$lab->connection('endless',
		connection_timeout => 300)])->start_check;
	$check->up(qr/^  ok .* tls /m);
	my $before = $check->cpu;
	ok(eventually(20, sub { $check->cpu > $before + 0.5 }), 'it computes');
	$check->signal('INT');
	is($check->wait_end(10), 'exit 130', 'Ctrl-C ends it');
	like($check->text, qr/^  interrupted .* login\n/m, 'and is told');
};

$lab->done;
