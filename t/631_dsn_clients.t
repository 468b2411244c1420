# SPDX-License-Identifier: PostgreSQL
#
# Real clients of several languages take what pgjump dsn prints, with every
# awkward character; and find the database under pgjump exec, by themselves or
# by --set.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Cache qw(cached);
use PgJump::Exec;
use PgJump::Group qw(wanted runs);
use PgJump::Lab;
use PgJump::Pki qw(cert_file key_file);
use PgJump::Process qw(run slurp);
use Test::More;

plan skip_all => 'the group "clients" is not asked for'
    unless wanted('clients');
my $sources = "$FindBin::Bin/clients/dsn";
my $lab = PgJump::Lab->new;
my $pg = PgJump::Postgres->new(dir => $lab->dir, name => 'localhost',
    hba => 'host all all samehost scram-sha-256',
    conf => { ssl_cert_file => $lab->copy(cert_file('db')),
	ssl_key_file => $lab->copy(key_file('db')) });

# Two characters are left out of the database's name: node-pg decodes neither
# %3F nor %23 there.
my $name = q{o'r d"e\r:s@a/b%c&d=e+f};
my $password = q{p'w "\:@/?#[]{}%&=+;$`!x};
my $quoted = sub ($text) { '"' . $text =~ s/"/""/gr . '"' };
$pg->sql("create role " . $quoted->($name) . " login password '"
	. $password =~ s/'/''/gr . "'");
$pg->sql('create database ' . $quoted->($name));
$lab->secret($password);
my %odd = (host => 'localhost', port => $pg->port, database => $name,
	username => $name, password => $password);
my $odd = $lab->connection('odd', %odd);
my $verified = $lab->connection('verified', %odd, ssl_config => {
	mode => 'verify-full', ca_cert_file => cert_file('root') });
my $plain = $lab->connection('plain', host => 'localhost', port => $pg->port);
my $daemon = $lab->daemon([$odd, $verified, $plain]);
my $exec = PgJump::Exec->new(lab => $lab,
    connections => [$odd, $verified, $plain]);
delete $ENV{PGSSLROOTCERT}; # of the lab: pgx reads it in every mode
my $sql = "select current_user || '|' || current_database() || '|' || ssl"
    . ' from pg_stat_ssl where pid = pg_backend_pid()';

sub dsn(@arguments)
{
	my $seen = PgJump::Daemon::command(['-c', $daemon->file, 'dsn',
		@arguments, '--with-password'], dir => $lab->dir);
	return $seen->{out} =~ s/\n\z//r;
}

# --- The clients of this machine ---------------------------------------------

my $node_path = $ENV{PGJUMP_TEST_NODE_MODULES}
    // "$FindBin::Bin/../build/node/node_modules";
my $jar = '/usr/share/java/postgresql.jar';
my $gocode = '/usr/share/gocode';

sub _python($module)
{
	my ($python) = grep { run([$_, '-c', "import $module"])->{rc} eq '0' }
	    qw(/usr/bin/python3 python3);

	return defined $python ? [$python, "$sources/python.py", $module]
	    : undef;
}

sub _node
{
	return if run(['node', '-e', "require('pg')"],
		env => { NODE_PATH => $node_path })->{rc} ne '0';
	return ['env', "NODE_PATH=$node_path", 'node', "$sources/node.js"];
}

sub _java
{
	return unless -e $jar && run(['javac', '-version'])->{rc} eq '0';
	return ['java', '-XX:TieredStopAtLevel=1', '-cp', $jar,
		"$sources/Jdbc.java"];
}

sub _go($driver)
{
	return unless -d "$gocode/src/github.com/jackc/pgx/v4"
	    && -d "$gocode/src/github.com/lib/pq"
	    && run(['go', 'version'])->{rc} eq '0';
	my $dir = cached('go-dsn', sub ($dir) {
		my $made = run(['go', 'build', '-o', "$dir/dsn",
			"$sources/go.go"], timeout => 600, env => {
				GO111MODULE => 'off', GOPATH => $gocode,
				GOCACHE => "$dir/cache" });
		die $made->{err} if $made->{rc} ne '0';
		run(['rm', '-rf', "$dir/cache"]);
	}, slurp("$sources/go.go"));
	return ["$dir/dsn", $driver];
}

# name => how to run it, the format that it reads, whether it compares the name
# in a certificate through a tunnel, and the connection that it finds by itself
# under exec (asyncpg undoes no backslash of a password file)
my @clients = (
	['psycopg', _python('psycopg'), 'uri', 1, 'odd'],
	['psycopg2', _python('psycopg2'), 'keyword', 1, 'odd'],
	['SQLAlchemy', _python('sqlalchemy'), 'sqlalchemy', 1, 0],
	['asyncpg', _python('asyncpg'), 'go', 0, 'plain'],
	['node-pg', _node(), 'go', 0, 'odd'],
	['pgjdbc', _java(), 'jdbc', 0, 0],
	['lib/pq', _go('postgres'), 'go', 0, 0],
	['pgx', _go('pgx'), 'go', 0, 0],
);

for my $client (@clients) {
	my ($who, $argv, $format, $compares, $finds) = @$client;
	subtest $who => sub {
		plan skip_all => "no $who" unless $argv;
		runs('clients');
		my $seen = run([@$argv, $sql, dsn('odd', '--format', $format)],
		    dir => $lab->dir);
		like($seen->{out}, qr/^\Q$name|$name\E\|(?:true|false)$/,
		    "takes the form $format") or diag($seen->{err});
		$seen = run([@$argv, $sql, dsn('verified', '--format',
			$format)], dir => $lab->dir);
		is($seen->{out}, "$name|$name|true\n", $compares
		    ? 'with the certificate and its name verified'
		    : 'with the certificate verified') or diag($seen->{err});
		$seen = $exec->run_to_end('--set', "DSN=$format", 'odd', 'sh',
		    '-c', 'exec "$@" "$DSN"', 'sh', @$argv, $sql);
		like($seen->{out}, qr/^\Q$name|$name|\E/, 'exec --set')
		    or diag($seen->{err});
		return unless $finds;
		$seen = $exec->run_to_end($finds, @$argv, $sql);
		like($seen->{out}, $finds eq 'odd' ? qr/^\Q$name|$name|\E/
		    : qr/^readonly\|myapp\|/, 'exec alone: no argument')
		    or diag($seen->{err});
	};
}

subtest 'psqlODBC, by unixODBC' => sub {
	plan skip_all => 'it is not installed (unixodbc, odbc-postgresql)'
	    if run(['odbcinst', '-q', '-d'])->{out} !~ /^\[PostgreSQL Unicode\]/m;
	my $seen = run(['isql', '-v', '-b', '-k', dsn('odd', '--format', 'odbc')],
	    dir => $lab->dir, stdin => "$sql;\n");
	like($seen->{out}, qr/\Q$name|$name|\E/, 'reads every character')
	    or diag($seen->{out}, $seen->{err});
};

$lab->done;
