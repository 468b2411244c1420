# SPDX-License-Identifier: PostgreSQL
#
# pgjump dsn: what it prints works when it is pasted into psql, whatever is in
# the names and the password, and with the certificate verified through the
# tunnel.  Other clients: 631_dsn_clients.t.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pki qw(cert_file key_file);
use PgJump::Process qw(run spew);
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = PgJump::Postgres->new(dir => $lab->dir, name => 'localhost',
    hba => 'host all all samehost scram-sha-256',
    conf => { ssl_cert_file => $lab->copy(cert_file('db')),
	ssl_key_file => $lab->copy(key_file('db')) });
my $name = q{o'r d"e\r:s@a/b?c%d&e=f+g h};
my $password = q{p'w "\:@/?#[]{}%&=+;$`!x};
my $quoted = sub ($text) { '"' . $text =~ s/"/""/gr . '"' };
$pg->sql("create role " . $quoted->($name) . " login password '"
	. $password =~ s/'/''/gr . "'");
$pg->sql('create database ' . $quoted->($name));
$lab->secret($password);
my @at = (host => 'localhost', port => $pg->port);
my $plain = $lab->connection('plain', @at);
my $odd = $lab->connection('odd', @at, database => $name,
    username => $name, password => $password);
my $verified = $lab->connection('verified', @at,
    ssl_config => { mode => 'verify-full',
	ca_cert_file => cert_file('root') });
my $socket = $lab->connection('socket', @at, listen => $lab->dir . '/run');
mkdir $lab->dir . '/run';
my $daemon = $lab->daemon([$plain, $odd, $verified, $socket]);
my $psql = PgJump::Postgres::bin('psql');
my $file = $daemon->file;

sub dsn(@arguments)
{
	return PgJump::Daemon::command(['-c', $file, 'dsn', @arguments],
	    dir => $lab->dir);
}

my $sql = "select current_user || '|' || current_database() || '|' || ssl"
    . ' from pg_stat_ssl where pid = pg_backend_pid()';

# What psql answers to it, with this environment and these arguments.
sub psql($env, @arguments)
{
	return run([$psql, '-XAtqw', '-c', $sql, @arguments], env => {
		PGSSLCERT => '/nonexistent', %$env }, dir => $lab->dir);
}

# How each of libpq's forms is used.
my %used = (
	uri => sub ($text) { psql({}, '-d', $text =~ s/\n\z//r) },
	keyword => sub ($text) { psql({}, '-d', $text =~ s/\n\z//r) },
	env => sub ($text) {
		run(['sh', '-c', "$text\nexec \"\$@\"", 'sh', $psql, '-XAtqw',
			'-c', $sql], dir => $lab->dir);
	},
	service => sub ($text) {
		my $path = spew($lab->dir . '/service', $text, 0600);
		my ($service) = $text =~ /^\[(.*)\]/;

		psql({ PGSERVICEFILE => $path, PGSERVICE => $service });
	},
);
my %answer = (
	plain => "readonly|myapp|true\n",
	odd => "$name|$name|true\n",
	verified => "readonly|myapp|true\n",
	socket => "readonly|myapp|false\n",
);

for my $connection (sort keys %answer) {
	subtest "$connection: libpq's forms" => sub {
		for my $format (sort keys %used) {
			my $text = dsn($connection, '--format', $format,
			    '--with-password');
			is($text->{rc}, 0, "$format: exit 0")
			    or diag($text->{err});
			my $seen = $used{$format}->($text->{out});
			is($seen->{out}, $answer{$connection}, 'works')
			    or diag($text->{out}, $seen->{err});
		}
	};
}

subtest 'a password file' => sub {
	for my $connection (qw(plain odd verified socket)) {
		my $pass = spew($lab->dir . '/pgpass', dsn($connection,
			'--format', 'pgpass', '--with-password')->{out}, 0600);
		my $text = dsn($connection, '--format', 'keyword');
		my $seen = psql({ PGPASSFILE => $pass }, '-d',
		    $text->{out} =~ s/\n\z//r);

		is($seen->{out}, $answer{$connection}, $connection)
		    or diag($seen->{err});
	}
	my $text = dsn('plain', '--format', 'pgpass');
	is($text->{rc}, 1, 'needs --with-password');
	is($text->{out}, '', 'and prints nothing');
	like($text->{err}, qr/--with-password/, 'but says so');
};

subtest 'no password unless it is asked for' => sub {
	for my $format (qw(uri keyword jdbc odbc env service sqlalchemy npgsql
		go)) {
		my $text = dsn('plain', '--format', $format);

		is($text->{rc}, 0, "$format: exit 0");
		unlike($text->{out}, qr/db-password|passw|pwd/i, 'none');
		like(dsn('plain', '--format', $format, '--with-password')
		    ->{out}, qr/db-password-here/, 'asked for');
	}
	is(dsn('plain')->{out}, dsn('plain', '--format', 'uri')->{out},
	    'a URI is the default');
};

subtest 'the certificate is verified, or a remark says why not' => sub {
	for my $format (qw(uri keyword env service odbc sqlalchemy)) {
		my $text = dsn('verified', '--format', $format);

		like($text->{out}, qr/verify-full/, "$format: the name, too");
		like($text->{out}, qr/hostaddr\W/i, 'at the address of pgjump');
	}
	for my $format (qw(jdbc npgsql go)) {
		my $text = dsn('verified', '--format', $format);

		like($text->{out}, qr/verify-?ca/i, "$format: not the name");
		like($text->{err}, qr/cannot compare the name/, 'a remark');
	}
	my $text = dsn('verified', '--format', 'keyword', '--with-password')
	    ->{out} =~ s/\n\z//r;
	my $other = spew($lab->dir . '/other.pem',
	    PgJump::Process::slurp(PgJump::Postgres::root_certificate()));
	like(psql({}, '-d', "$text sslrootcert=$other")->{err},
	    qr/certificate verify failed/, 'another authority is refused');
	is(dsn('plain', '--format', 'uri')->{err}, '', 'else no remark');
};

subtest 'errors' => sub {
	my $seen = dsn('plain', '--format', 'yaml');
	is($seen->{rc}, 1, 'an unknown format: exit 1');
	like($seen->{err}, qr/the formats are uri, keyword, jdbc/, 'lists them');
	$seen = dsn('palin');
	is($seen->{rc}, 1, 'an unknown connection: exit 1');
	like($seen->{err}, qr/did you mean "plain"/, 'which may be meant');
	$seen = dsn('socket', '--format', 'jdbc');
	is($seen->{rc}, 1, 'a Unix socket in JDBC: exit 1');
	like($seen->{err}, qr/Unix sockets/, 'says so');
};

$lab->done;
