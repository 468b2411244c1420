# SPDX-License-Identifier: PostgreSQL
#
# Databases and poolers that only speak like PostgreSQL: the ones that this
# machine has, each started with what it needs, and what a test must know of
# each.
package PgJump::Alike;

use v5.36;
use Carp qw(croak);
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use PgJump::Embedded;
use PgJump::Group qw(runs wanted);
use PgJump::Pgbouncer;
use PgJump::Pki qw(cert_file key_file);
use PgJump::Port qw(reserve);
use PgJump::Postgres;
use PgJump::Process qw(run spew);

our @EXPORT_OK = qw(alikes);

use constant PASSWORD => 'Of-the-a1ikes';

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../../..');
my $node_path = $ENV{PGJUMP_TEST_ALIKES} // "$top/build/alikes/node_modules";
my $jar = '/usr/share/java/h2.jar';

sub _program($name)
{
	my ($found) = grep { -x } map { "$_/$name" }
	    split(/:/, $ENV{PATH} // ''), '/usr/sbin';

	return $found;
}

my @running; # until the test program ends

sub _start($lab, $name, $ready, @argv)
{
	push @running, PgJump::Process->new(name => $name, dir => $lab->dir,
	    argv => \@argv, env => { NODE_PATH => $node_path,
		HOME => $lab->dir })->start->up($ready, 120);
}

# A directory of the user that PostgreSQL runs as.
sub _home($lab, $name, %files)
{
	my $home = $lab->dir . "/$name";

	mkdir $home, 0755 or croak "$home: $!";
	spew("$home/$_", $files{$_}) for keys %files;
	PgJump::Postgres::own($home);
	return $home;
}

# --- poolers in front of the lab's PostgreSQL ----------------------------------

sub _pgbouncer($lab, $tls)
{
	push @running, PgJump::Pgbouncer->new(dir => $lab->dir,
	    to => $lab->postgres->port, conf => {
		client_tls_sslmode => 'allow',
		client_tls_cert_file => $tls->{cert},
		client_tls_key_file => $tls->{key} });
	return $running[-1]->port;
}

sub _pgpool($lab, $tls)
{
	my $port = reserve();
	my $home = _home($lab, 'pgpool', 'pcp.conf' => '', 'hba.conf' => '');
	my %conf = (
		backend_clustering_mode => 'raw',
		listen_addresses => '127.0.0.1',
		port => $port,
		pcp_listen_addresses => '',
		pcp_port => reserve(),
		socket_dir => $home,
		pcp_socket_dir => $home,
		pid_file_name => "$home/pid",
		logdir => $home,
		num_init_children => 8,
		enable_pool_hba => 'off',
		pool_passwd => '',
		backend_hostname0 => '127.0.0.1',
		backend_port0 => $lab->postgres->port,
		ssl => 'on',
		ssl_cert => $tls->{cert},
		ssl_key => $tls->{key},
	);

	spew("$home/pgpool.conf",
	    join '', map { "$_ = '$conf{$_}'\n" } sort keys %conf);
	_start($lab, 'pgpool', qr/pgpool-II successfully started/,
	    PgJump::Postgres::as_owner(_program('pgpool'), '-n',
		'-f', "$home/pgpool.conf", '-F', "$home/pcp.conf",
		'-a', "$home/hba.conf"));
	return $port;
}

sub _odyssey($lab, $tls)
{
	my $port = reserve();
	my $to = $lab->postgres->port;
	my $home = _home($lab, 'odyssey', 'odyssey.conf' => <<~"CONF");
		daemonize no
		log_to_stdout yes
		log_format "%p %t %l [%i %s] (%c) %m\\n"
		workers 1
		resolvers 1
		storage "postgres" {
			type "remote"
			host "127.0.0.1"
			port $to
		}
		database "myapp" {
			user default {
				authentication "none"
				storage "postgres"
				pool "session"
			}
		}
		listen {
			host "127.0.0.1"
			port $port
			tls "allow"
			tls_cert_file "$tls->{cert}"
			tls_key_file "$tls->{key}"
		}
		CONF
	_start($lab, 'odyssey', sub { _listens($port) },
	    PgJump::Postgres::as_owner(_program('odyssey'),
		"$home/odyssey.conf"));
	return $port;
}

sub _listens($port)
{
	return defined IO::Socket::IP->new(PeerHost => '127.0.0.1',
	    PeerPort => $port);
}

# --- databases ------------------------------------------------------------------

sub _h2($lab, $tls)
{
	my $port = reserve();
	my $home = _home($lab, 'h2');
	my @java = ('java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC',
		'-Dh2.bindAddress=127.0.0.1', '-cp', $jar);

	# its first user may do everything
	my $made = run([@java, 'org.h2.tools.Shell', '-user', 'app',
		'-url', "jdbc:h2:$home/myapp;MODE=PostgreSQL;"
		. 'DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH',
		'-password', PASSWORD, '-sql', 'create alias pg_sleep for'
		. ' "java.lang.Thread.sleep(long)"'], dir => $lab->dir);
	croak "$made->{out}$made->{err}" if $made->{rc} ne '0';
	PgJump::Postgres::own(glob "$home/*");
	_start($lab, 'h2', qr/PG server running/, @java,
	    'org.h2.tools.Server', '-pg', '-pgPort', $port, '-baseDir', $home);
	return $port;
}

my $pglite;

# All at once, since PGlite takes its time to come up.
sub _pglite($lab, $tls, $which)
{
	state @ports;

	if (!@ports) {
		@ports = map { reserve() } 1 .. 3;
		_start($lab, 'pglite', qr/^listening$/m, 'node',
		    "$top/t/alikes/pglite.js", $tls->{cert}, $tls->{key},
		    PASSWORD, @ports);
		$pglite = $running[-1];
	}
	return $ports[$which];
}

# Between the two lines it has looked at what came before them.
sub _pglite_is_free
{
	my $mark = $pglite->mark;

	$pglite->up(qr/^0 in socket\n0 in socket\n/m, 60, $mark);
}

sub _embedded_programs
{
	return PgJump::Embedded::programs(PgJump::Postgres::bin('psql'));
}

sub _embedded($lab, $tls)
{
	push @running, PgJump::Postgres->new(dir => $lab->dir,
	    name => 'embedded', programs => _embedded_programs());
	return $running[-1]->port;
}

sub _has_node
{
	return run(['node', '-e', "require.resolve('pg-gateway')"],
	    env => { NODE_PATH => $node_path })->{rc} eq '0';
}

my $needs_npm = 'node.js and what npm has (contrib/setup --with=servers)';

# has: whether the machine has it, else what it `needs`; start: returns the
# port; asks: who logs in; wrong: who is refused, nothing if everybody may
# enter; settles: waits until it takes another client; sleeps: a statement that
# lasts; no_copy_in: COPY FROM STDIN hangs or breaks off.
my %how = (
	pgbouncer => {
		core => 1,
		has => sub { defined PgJump::Pgbouncer::program() },
		needs => 'pgbouncer',
		start => \&_pgbouncer,
		asks => { user => 'app' },
		wrong => { database => 'nothere' },
	},
	pgpool => {
		has => sub { defined _program('pgpool') },
		needs => 'pgpool2',
		start => \&_pgpool,
		asks => { user => 'app' },
		wrong => { database => 'nothere' },
	},
	odyssey => {
		has => sub { defined _program('odyssey') },
		needs => 'odyssey',
		start => \&_odyssey,
		asks => { user => 'app' },
		wrong => { database => 'nothere' },
	},
	H2 => {
		has => sub { -e $jar && defined _program('java') },
		needs => 'libh2-java, default-jre-headless',
		start => \&_h2,
		asks => { user => 'app', password => PASSWORD },
		wrong => { password => 'wrong' },
		sleeps => 'call pg_sleep(2000)',
	},
	'pglite-socket' => {
		has => \&_has_node,
		needs => $needs_npm,
		start => sub { _pglite(@_, 0) },
		settles => \&_pglite_is_free,
		no_copy_in => 1,
		asks => { user => 'app' },
		sleeps => 'select pg_sleep(2)',
	},
	'pglite-server' => {
		has => \&_has_node,
		needs => $needs_npm,
		start => sub { _pglite(@_, 1) },
		no_copy_in => 1,
		asks => { user => 'app' },
		sleeps => 'select pg_sleep(2)',
	},
	'pg-gateway' => {
		has => \&_has_node,
		needs => $needs_npm,
		start => sub { _pglite(@_, 2) },
		no_copy_in => 1,
		asks => { user => 'app', password => PASSWORD },
		wrong => { password => 'wrong' },
		sleeps => 'select pg_sleep(2)',
	},
	embedded => {
		has => sub { defined _embedded_programs() },
		needs => $needs_npm,
		start => \&_embedded,
		asks => { user => 'app' },
		wrong => { database => 'nothere' },
	},
);

# The ones of these (default: all) that this machine has, by name, and a word
# for each of the others.
sub alikes(@names)
{
	my (%found, %missing);

	for my $name (@names ? @names : sort keys %how) {
		my $how = $how{$name};
		if (!$how->{core} && !wanted('servers')) {
			$missing{$name} = "$name needs --with=servers";
		} elsif (!$how->{has}->()) {
			$missing{$name} = "$name needs $how->{needs}";
		} else {
			runs('servers') unless $how->{core};
			$found{$name} = { sleeps => 'select pg_sleep(30)',
				settles => sub {}, %$how };
		}
	}
	return (\%found, \%missing);
}

1;
