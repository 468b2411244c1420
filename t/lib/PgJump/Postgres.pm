# SPDX-License-Identifier: PostgreSQL
#
# A throwaway PostgreSQL on one loopback port, a copy of a cluster made once.
# It never runs as root.  It speaks TLS with a certificate for db.pgjump.test
# from a throwaway authority, asks for SCRAM, and holds:
#	database myapp, analytics; full (no connection allowed)
#	role readonly (password), app (trusted, owns what tests write),
#	postgres (superuser, Unix socket)
package PgJump::Postgres;

use v5.36;
use Carp qw(croak);
use PgJump::Cache qw(cached);
use PgJump::Embedded;
use PgJump::Port qw(reserve);
use PgJump::Process qw(run slurp spew);

use constant PASSWORD => 'db-password-here';
use constant TLS_NAME => 'db.pgjump.test';

my $account = $> != 0 ? undef
    : defined getpwnam('postgres') ? 'postgres' : 'nobody';

my $programs; # the directory of those in use

sub _installed
{
	my @dirs = sort {
		($a =~ m{/(\d+)/bin})[0] <=> ($b =~ m{/(\d+)/bin})[0]
	} glob '/usr/lib/postgresql/*/bin';
	@dirs = run(['pg_config', '--bindir'])->{out} =~ s/\n//r unless @dirs;
	return $dirs[-1];
}

sub _programs { $programs //= _installed() }

sub bin($program) { _programs() . "/$program" }

# The version of what `bin` finds.
sub major
{
	return (run([bin('postgres'), '--version'])->{out} =~ /\) (\d+)/)[0];
}

# For a test of something new in PostgreSQL: use npm's from now on, if the
# machine has it and its own is older.  npm's has no pg_dump and no pgbench.
sub use_newest
{
	my $embedded = PgJump::Embedded::programs(bin('psql')) // return;

	$programs = $embedded if PgJump::Embedded::MAJOR > major();
}

# The command, run as a user that may run PostgreSQL.
sub as_owner(@argv)
{
	return @argv unless defined $account;
	my $group = (getpwnam $account)[3];
	return ('setpriv', "--reuid=$account", "--regid=$group",
	    '--clear-groups', '--pdeathsig=QUIT', '--', @argv);
}

sub own(@paths)
{
	return unless defined $account;
	chown((getpwnam $account)[2, 3], @paths) == @paths
	    or croak "chown @paths: $!";
}

sub _must($argv, %with)
{
	my $done = run($argv, %with);

	croak "@$argv: $done->{out}$done->{err}" if $done->{rc} ne '0';
	return $done->{out};
}

sub _certificates($dir)
{
	my @new_key = qw(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes);

	_must(['openssl', 'req', '-x509', @new_key, '-days', '3650',
		'-subj', '/CN=throwaway authority', '-addext',
		'basicConstraints=critical,CA:TRUE',
		'-keyout', "$dir/ca.key", '-out', "$dir/ca.crt"]);
	_must(['openssl', 'req', @new_key, '-subj', '/CN=' . TLS_NAME,
		'-keyout', "$dir/server.key", '-out', "$dir/server.csr"]);
	spew("$dir/san", 'subjectAltName=DNS:' . TLS_NAME . "\n");
	_must(['openssl', 'x509', '-req', '-in', "$dir/server.csr", '-days',
		'3650', '-CA', "$dir/ca.crt", '-CAkey', "$dir/ca.key",
		'-set_serial', '2', '-extfile', "$dir/san", '-out',
		"$dir/server.crt"]);
	unlink "$dir/server.csr", "$dir/san", "$dir/ca.key";
}

my $sql = sprintf <<'SQL', PASSWORD;
CREATE ROLE readonly LOGIN PASSWORD '%s';
CREATE ROLE app LOGIN;
CREATE DATABASE myapp OWNER app;
CREATE DATABASE analytics OWNER app;
CREATE DATABASE "full" OWNER app CONNECTION LIMIT 0;
SQL

my $hba = <<'HBA';
local all all trust
host all app 0.0.0.0/0 trust
host all app ::/0 trust
host all nobody_enters 0.0.0.0/0 reject
host all readonly 0.0.0.0/0 scram-sha-256
host all readonly ::/0 scram-sha-256
HBA

my $settings = <<'CONF';
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 320
ssl = on
password_encryption = 'scram-sha-256'
log_connections = on
log_line_prefix = '%m [%p] %u@%d '
lc_messages = 'C'
autovacuum = off
CONF

sub _make_cluster($programs, $dir)
{
	my $data = "$dir/data";
	my @single = ("$programs/postgres", '--single', '-D', $data);

	mkdir $data, 0700 or croak "$data: $!";
	own($dir, $data);
	_must([as_owner("$programs/initdb", '-D', $data, '-N', '-A', 'trust', '-U',
		'postgres', '--locale=C', '-E', 'UTF8', '--wal-segsize=1')],
	    cwd => '/');
	_must([as_owner(@single, 'postgres')], stdin => $sql, cwd => '/');
	_certificates($dir);
	_must(['cp', "$dir/server.crt", "$dir/server.key", "$dir/ca.crt", $data]);
	unlink "$dir/server.key";
	chmod 0600, "$data/server.key";
	spew("$data/pg_hba.conf", $hba);
	spew("$data/postgresql.conf", slurp("$data/postgresql.conf") . $settings);
	own(map { "$data/$_" } qw(server.crt server.key ca.crt));
}

sub _template($programs)
{
	state %dirs;

	return $dirs{$programs} //= cached('cluster', sub ($dir) {
		_make_cluster($programs, $dir);
	}, __FILE__, $programs, $account // '');
}

# The certificate of the authority, for sslmode=verify-full.
sub root_certificate { _template(_programs()) . '/ca.crt' }

# Start it, and return when it is ready.  dir; optional: name, conf (a hash of
# settings), port, waits => 0 (return at once), addresses (listen_addresses),
# hba (first lines), programs (another directory of them).
sub new($class, %is)
{
	my $self = bless { name => 'postgres', conf => {}, waits => 1,
		programs => _programs(), %is }, $class;
	my $home = $self->{home} = "$is{dir}/$self->{name}";

	$self->{port} //= reserve();
	mkdir $home, 0755 or croak "$home: $!";
	_must(['cp', '-a', '--reflink=auto', _template($self->{programs}) . '/data',
		"$home/data"]);
	own($home);
	spew("$home/data/pg_hba.conf", "$is{hba}\n$hba") if $is{hba};
	$self->start;
	return $self;
}

sub start($self)
{
	my $home = $self->{home};
	my %conf = (
		port => $self->{port},
		listen_addresses => $self->{addresses} // '127.0.0.1,::1',
		unix_socket_directories => $home,
		%{ $self->{conf} },
	);

	my $mark = -s "$self->{dir}/$self->{name}.log" // 0;
	$self->{process} = PgJump::Process->new(
		name => $self->{name},
		dir => $self->{dir},
		cwd => '/',
		argv => [as_owner("$self->{programs}/postgres", '-D', "$home/data",
			map { ('-c', "$_=$conf{$_}") } sort keys %conf)],
	)->start;
	$self->{process}->up(qr/ready to accept connections/, 60, $mark)
	    if $self->{waits};
	return $self;
}

sub port($self) { $self->{port} }
sub socket_dir($self) { $self->{home} }
sub process($self) { $self->{process} }
sub log_text($self) { $self->{process}->text }

# Run SQL as superuser over the Unix socket, not through pgjump; returns the
# output, trimmed.
sub sql($self, $statement, $database = 'myapp')
{
	return _must([bin('psql'), '-XAtq', '-h', $self->socket_dir, '-p',
		$self->port, '-U', 'postgres', '-d', $database, '-c',
		$statement]) =~ s/\n\z//r;
}

# SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
sub down($self, $signal = 'QUIT')
{
	return $self->{process}->down($signal, 30);
}

1;
