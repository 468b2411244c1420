# SPDX-License-Identifier: PostgreSQL
#
# A real client in its own language (t/clients/), that connects and queries as
# it is told and says what a user of it sees.  One process serves all cases of
# a test; several of them work at the same time: ask all, then hear each `answer`.  Told, a line each, its words parted by tabs:
#	connect HOST PORT USER PASSWORD DBNAME SSLMODE ROOT
#	query SQL [ARGUMENT...]		(arguments: database/sql alone)
#	begin				(psycopg, psycopg2 and pgjdbc alone,
#	commit				 by their own means)
#	close
# Answered, a line each: "ok VALUE" or "error SQLSTATE TEXT", where backslash,
# newline and tab are escaped, and SQLSTATE is empty where the client has none.
package PgJump::Client;

use v5.36;
use Carp qw(croak);
use Cwd qw(abs_path);
use Exporter qw(import);
use Fcntl qw(O_RDWR);
use File::Basename qw(dirname);
use PgJump::Cache qw(cached);
use PgJump::Group qw(wanted runs);
use PgJump::Postgres;
use PgJump::Process qw(eventually run slurp);
use POSIX qw(mkfifo);

our @EXPORT_OK = qw(clients);

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../../..');
my $sources = "$top/t/clients";
my $jar = '/usr/share/java/postgresql.jar';
my $go_path = '/usr/share/gocode';
my $node_path = $ENV{PGJUMP_TEST_NODE_MODULES} // "$top/build/node/node_modules";
my $runtime_path = $ENV{PGJUMP_TEST_NODE_MODULES}
    // "$top/build/runtimes/node_modules";

sub _works(@argv) { run(\@argv)->{rc} eq '0' }

# Each `needs` names the package to install.
sub _perl($script, $module, @arguments)
{
	return { needs => "the Perl module $module" }
	    unless _works($^X, "-M$module", '-e', '1');
	return { argv => [$^X, "$sources/$script", @arguments] };
}

# Debian's packages are for Debian's own Python, which may not be first in PATH.
# `checks` says whether it is new enough.
sub _python($module, $package = "python3-$module", $checks = '1')
{
	my %env = (PYTHONPATH => $ENV{PGJUMP_TEST_PYTHON_MODULES} // '');
	my ($python) = grep {
		run([$_, '-c', "import $module; assert $checks"],
		    env => \%env)->{rc} eq '0'
	} qw(/usr/bin/python3 python3);

	return { needs => $package } unless defined $python;
	return { argv => [$python, "$sources/python.py", $module],
		env => \%env };
}

sub _racket
{
	return { needs => 'racket' } unless _works('racket', '-l', 'db');
	return { argv => ['racket', "$sources/racket.rkt"] };
}

sub _erlang
{
	my $program = "$sources/p1_pgsql.escript";

	return { needs => 'erlang-p1-pgsql' }
	    unless _works('escript', $program, 'present');
	return { argv => ['escript', $program] };
}

# Its libraries come as source: what SBCL makes of them is kept.
sub _lisp
{
	my $source = "$sources/postmodern.lisp";

	return { needs => 'sbcl, cl-postmodern, cl-plus-ssl' }
	    if grep { !-e $_ } '/usr/bin/sbcl',
	    map { "/usr/share/common-lisp/source/$_" } qw(postmodern cl+ssl);
	my $dir = cached('postmodern', sub ($dir) {
		my $made = run(['sbcl', '--non-interactive', '--no-userinit',
			'--load', $source, '--eval',
			qq{(build "$dir/postmodern")}],
			timeout => 1800, env => { HOME => "$dir/home" });
		die $made->{err} if $made->{rc} ne '0';
		run(['rm', '-rf', "$dir/home"]);
	}, $source);
	return { argv => ["$dir/postmodern"] };
}

sub _tcl
{
	return { needs => 'tcl8.6-tdbc-postgres' } unless run(['tclsh'],
		stdin => "package require tdbc::postgres\n")->{err} eq '';
	return { argv => ['tclsh', "$sources/tdbc.tcl"] };
}

sub _ruby($library, $package)
{
	return { needs => "$package, ruby-pg" }
	    unless _works('ruby', "-r$library", '-rpg', '-e', '1');
	return { argv => ['ruby', "$sources/ruby.rb", $library] };
}

sub _node($module)
{
	my %env = (NODE_PATH => $node_path);

	return { needs => "node.js and its $module (contrib/setup --with=clients)" }
	    unless run(['node', '-e', "import(require.resolve('$module'))"],
		env => \%env)->{rc} eq '0';
	return { argv => ['node', "$sources/node/client.js", $module],
		env => \%env };
}

# Another runtime for the same program, with words of its own.  `$place` is
# where its npm package has it: one for each kind of machine.
sub _runtime($place, $module, @words)
{
	my ($path) = grep { _works($_, '--version') } glob "$runtime_path/$place";

	return { needs => "npm's $place (contrib/setup --with=clients)" }
	    unless defined $path;
	return { argv => [$path, @words, "$sources/node/client.js", $module],
		env => { NODE_PATH => $node_path } };
}

sub _java
{
	return { needs => 'libpostgresql-jdbc-java, default-jdk-headless' }
	    unless -e $jar && _works('javac', '-version');
	my $source = "$sources/java/Pgjdbc.java";
	my $dir = cached('pgjdbc', sub ($dir) {
		my $made = run(['javac', '-d', $dir, $source], timeout => 300);
		die $made->{err} if $made->{rc} ne '0';
	}, $source);
	return { argv => ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC',
		'-cp', "$dir:$jar", 'Pgjdbc'] };
}

# Compiled with Debian's driver, of which there may be several versions.
sub _go($package, %drivers)
{
	my ($name) = grep { -d "$go_path/src/$drivers{$_}" }
	    reverse sort keys %drivers;

	return { needs => "golang-go, $package" }
	    unless defined $name && _works('go', 'version');
	my @sources = map { "$sources/go/$_.go" } 'client', $name;
	my $dir = cached("go-$name", sub ($dir) {
		my $made = run(['go', 'build', '-trimpath', '-o',
			"$dir/$name", @sources], timeout => 600, env => {
				GO111MODULE => 'off', GOPATH => $go_path,
				GOCACHE => "$dir/cache" });
		die $made->{err} if $made->{rc} ne '0';
		run(['rm', '-rf', "$dir/cache"]);
	}, $sources[0], slurp($sources[1]));
	return { argv => ["$dir/$name"], driver => $name };
}

# Not among the clients of every test, since it repeats what failed.
my %apart = (
	'DBIx::Class' => sub { _perl('dbix_class.pl', 'DBIx::Class') },
);

my %how = (
	'psql' => sub { _perl('psql.pl', 'IPC::Open2',
		PgJump::Postgres::bin('psql')) },
	'DBD::Pg' => sub { _perl('dbd_pg.pl', 'DBD::Pg') },
	'psycopg2' => sub { _python('psycopg2') },
	'psycopg' => sub { _python('psycopg') },
	'asyncpg' => sub { _python('asyncpg') },
	'pg8000' => sub { _python('pg8000', 'python3-pg8000 1.16',
		q{hasattr(pg8000, 'dbapi')}) },
	'SQLAlchemy' => sub { _python('sqlalchemy',
		'python3-sqlalchemy 2.0, python3-psycopg',
		q{sqlalchemy.__version__ >= '2' and __import__('psycopg')}) },
	'psycopg_pool' => sub { _python('psycopg_pool',
		'python3-psycopg-pool') },
	'Django' => sub {
		my $how = _python('django', 'python3-django, python3-psycopg2');
		$how->{driver} = 'django 4.1' unless _python('django', 'it',
			'django.VERSION >= (4, 1)')->{needs};
		return $how;
	},
	'Racket' => \&_racket,
	'Postmodern' => \&_lisp,
	'p1_pgsql' => \&_erlang,
	'tdbc' => \&_tcl,
	'Sequel' => sub { _ruby('sequel', 'ruby-sequel') },
	'ActiveRecord' => sub { _ruby('active_record', 'ruby-activerecord') },
	'pgjdbc' => \&_java,
	'node-pg' => sub { _node('pg') },
	'postgres.js' => sub { _node('postgres') },
	'knex' => sub { _node('knex') },
	'sequelize' => sub { _node('sequelize') },
	'typeorm' => sub { _node('typeorm') },
	'slonik' => sub { _node('slonik') },
	'pgwire' => sub { _node('pgwire') },
	'Bun.SQL' => sub { _runtime('@oven/bun-*/bin/bun', 'bun') },
	'Deno' => sub { _runtime('@deno/*/deno', 'postgres',
		qw(run --allow-all)) },
	'lib/pq' => sub { _go('golang-github-lib-pq-dev',
		lib_pq => 'github.com/lib/pq') },
	'pgx' => sub { _go('golang-github-jackc-pgx-v4-dev',
		pgx_v4 => 'github.com/jackc/pgx/v4',
		pgx_v5 => 'github.com/jackc/pgx/v5') },
);

# Small enough to be in the core of the suite; the others are a group.
my %core = map { $_ => 1 } qw(psql DBD::Pg psycopg2 psycopg asyncpg);

# The command that starts this client, or what it needs.
sub _how($name)
{
	my $how = $how{$name} // $apart{$name} // croak "no client $name";

	return $how->() if $core{$name};
	return { needs => 'contrib/test --with=clients' }
	    unless wanted('clients');
	my $is = $how->();
	runs('clients') unless $is->{needs};
	return $is;
}

# The ones of these clients (default: all) that this machine has, by name, and a
# word for each of the others.
sub clients($dir, @names)
{
	my (%found, %missing);

	for my $name (@names ? @names : sort keys %how) {
		my $how = _how($name);
		if ($how->{needs}) {
			$missing{$name} = "$name needs $how->{needs}";
		} else {
			$found{$name} = _start($dir, $name, %$how);
		}
	}
	return (\%found, \%missing);
}

sub _start($dir, $name, %how)
{
	state $count = 0;
	my $base = "$dir/client" . ++$count . '-' . $name =~ s/\W+/_/gr;

	mkfifo("$base.in", 0600) or croak "$base.in: $!";
	# for reading, too: so neither side waits for the other to open it
	sysopen my $in, "$base.in", O_RDWR or croak "$base.in: $!";
	$in->autoflush(1);
	my $self = bless { name => $name, in => $in, out => "$base.out",
		asked => 0, heard => 0, lines => [],
		driver => delete $how{driver} // $name }, __PACKAGE__;
	$self->{process} = PgJump::Process->new(%how, name => $name,
	    log => "$base.log", stdin => "$base.in", stdout => "$base.out",
	    cwd => $dir, clean_env => 1, env => { HOME => "$dir/home",
		PATH => $ENV{PATH}, LC_ALL => 'C.UTF-8',
		%{ $how{env} // {} } })->start;
	return $self;
}

sub name($self) { $self->{name} }
# Its version, of several.
sub driver($self) { $self->{driver} }

# Ask, and return the number of the question, from 0.  Several questions may be
# asked before any answer is read.
sub ask($self, @words)
{
	print { $self->{in} } join("\t", @words), "\n";
	return $self->{asked}++;
}

sub query($self, @words) { $self->ask('query', @words) }
sub close($self) { $self->ask('close') }
sub begin($self) { $self->ask('begin') }
sub commit($self) { $self->ask('commit') }

# connection: of the lab, or { listen => port }; change: any of host, user,
# password, dbname, sslmode, root.
sub connect($self, $connection, %change)
{
	my %is = (host => '127.0.0.1', user => 'app', password => 'unused',
		dbname => 'myapp', sslmode => 'prefer', root => '', %change);

	return $self->ask('connect', $is{host}, $connection->{listen},
	    @is{qw(user password dbname sslmode root)});
}

# How many questions have been answered.
sub answered($self)
{
	open my $out, '<:raw', $self->{out} or return 0;
	seek $out, $self->{heard}, 0;
	while (my $line = readline $out) {
		last unless $line =~ s/\n\z//; # it is being written
		push @{ $self->{lines} }, $line;
		$self->{heard} = tell $out;
	}
	return scalar @{ $self->{lines} };
}

# The answer to the question with this number: { ok, value } or { state, text }.
sub answer($self, $number, $seconds = 30)
{
	my $unescape = { '\\' => '\\', n => "\n", t => "\t" };

	eventually($seconds, sub {
		$self->answered > $number || $self->{process}->ended;
	});
	my $line = $self->{lines}[$number];
	return { state => '', text => 'no answer: ' . $self->{process}->text }
	    if !defined $line;
	my ($what, @fields) = map { s/\\(.)/$unescape->{$1}/gr }
	    split /\t/, $line, -1;
	return $what eq 'ok' ? { ok => 1, value => $fields[0] }
	    : { state => $fields[0], text => $fields[1] };
}

# Ask, and wait for the answer.
sub told($self, $what, @with)
{
	return $self->answer($self->$what(@with));
}

1;
