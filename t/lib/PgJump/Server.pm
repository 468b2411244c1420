# SPDX-License-Identifier: PostgreSQL
#
# A jump box with another SSH server than OpenSSH.  Each gets the same
# arguments: a port on 127.0.0.1, host keys of three types, the keys that may
# log in, a password for every user, and whether it permits forwards.  Most of
# those made of a library (t/servers/) exchange keys again and again, and log
# that; dropbear is a program, for users of the machine.
package PgJump::Server;

use v5.36;
use Carp qw(croak);
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use PgJump::Cache qw(cached);
use PgJump::Group qw(runs wanted);
use PgJump::Keys qw(fingerprint key_file public);
use PgJump::Port qw(reserve);
use PgJump::Process qw(run slurp spew);
use PgJump::User;

our @EXPORT_OK = qw(servers);

use constant PASSWORD => 'Of-the-j7mp-box'; # of every library's users

my @types = qw(ed25519 ecdsa rsa);

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../../..');
my $sources = "$top/t/servers";
my $python = '/usr/bin/python3'; # Debian's own, whose packages these are
my $go_path = '/usr/share/gocode';
my $node_path = $ENV{PGJUMP_TEST_NODE_MODULES} // "$top/build/node/node_modules";

sub _works(@argv) { run(\@argv)->{rc} eq '0' }

sub _python($script, $module, $package)
{
	return { needs => $package }
	    unless _works($python, '-W', 'ignore', '-c', "import $module");
	return { argv => [$python, '-W', 'ignore', "$sources/$script"] };
}

sub _go
{
	return { needs => 'golang-go, golang-github-gliderlabs-ssh-dev' }
	    unless -d "$go_path/src/github.com/gliderlabs/ssh"
	    && _works('go', 'version');
	my $source = "$sources/gliderlabs_server.go";
	my $dir = cached('go-gliderlabs', sub ($dir) {
		my $made = run(['go', 'build', '-trimpath', '-o',
			"$dir/server", $source], timeout => 600, env => {
				GO111MODULE => 'off', GOPATH => $go_path,
				GOCACHE => "$dir/cache" });
		die $made->{err} if $made->{rc} ne '0';
		run(['rm', '-rf', "$dir/cache"]);
	}, $source);
	return { argv => ["$dir/server"] };
}

sub _libssh
{
	return { needs => 'libssh-dev, pkgconf and a C compiler' }
	    unless _works('pkgconf', '--exists', 'libssh')
	    && _works('cc', '--version');
	my $source = "$sources/libssh_server.c";
	my @with = split ' ', run(['pkgconf', '--cflags', '--libs',
		'libssh'])->{out};
	my $dir = cached('libssh-server', sub ($dir) {
		my $made = run(['cc', '-std=c11', '-D_GNU_SOURCE', '-O1', '-o',
			"$dir/server", $source, @with], timeout => 120);
		die $made->{err} if $made->{rc} ne '0';
	}, $source, run(['pkgconf', '--modversion', 'libssh'])->{out});
	return { argv => ["$dir/server"] };
}

sub _node($script, @modules)
{
	my %env = (NODE_PATH => $node_path);
	my $loaded = join '; ', map { "require('$_')" } @modules;

	return { needs => "node.js and its @modules" }
	    unless run(['node', '-e', $loaded], env => \%env)->{rc} eq '0';
	return { argv => ['node', "$sources/$script"], env => \%env };
}

sub _dropbear
{
	my ($program) = grep { -x } qw(/usr/sbin/dropbear
		/usr/local/sbin/dropbear);

	return { needs => 'dropbear-bin' }
	    unless defined $program && _works('sh', '-c', 'command -v dropbearconvert');
	return { needs => 'root, which can make a Unix user' }
	    unless PgJump::User::possible();
	return { argv => \&_dropbear_argv, program => $program,
		is_program => 1, is_steady => 1 };
}

# Its host keys have a format of their own.
sub _dropbear_argv($self, $keys)
{
	for my $type (@types) {
		next if -e "$keys/dropbear_$type";
		my $made = run(['dropbearconvert', 'openssh', 'dropbear',
			"$keys/ssh_host_${type}_key", "$keys/dropbear_$type"]);
		croak $made->{err} if $made->{rc} ne '0';
	}
	return ($self->{how}{program}, '-F', '-E', '-p',
	    "127.0.0.1:$self->{port}", '-P', "$keys/$self->{port}.pid",
	    $self->{policy} eq 'deny' ? '-j' : (),
	    map { ('-r', "$keys/dropbear_$_") } @types);
}

sub _erlang
{
	return { needs => 'erlang-ssh' } unless _works('escript',
		"$sources/erlang_probe.escript");
	return { argv => ['escript', "$sources/erlang_server.escript"],
		keys_in_directory => 1, is_steady => 1 };
}

my %how = (
	asyncssh => sub { _python('asyncssh_server.py', 'asyncssh',
		'python3-asyncssh') },
	conch => sub { _python('conch_server.py', 'twisted.conch.ssh',
		'python3-twisted') },
	devtunnels => sub { _node('dev_tunnels_server.js', 'ssh2',
		'@microsoft/dev-tunnels-ssh',
		'@microsoft/dev-tunnels-ssh-tcp') },
	dropbear => \&_dropbear,
	erlang => \&_erlang,
	gliderlabs => \&_go,
	libssh => \&_libssh,
	paramiko => sub { _python('paramiko_server.py', 'paramiko',
		'python3-paramiko') },
	ssh2 => sub { _node('ssh2_server.js', 'ssh2') },
);

# What this machine has, by name, and a word for each of the others.
sub servers
{
	my (%found, %missing);

	return ({}, { all => 'needs contrib/test --with=servers' })
	    unless wanted('servers');
	for my $name (sort keys %how) {
		my $how = $how{$name}->();
		if ($how->{needs}) {
			$missing{$name} = "$name needs $how->{needs}";
		} else {
			runs('servers');
			$found{$name} = $how;
		}
	}
	return (\%found, \%missing);
}

# The host keys and the keys that may log in, in files that all servers can
# read.
sub _keys($dir)
{
	mkdir "$dir/server_keys", 0755 or return;
	for my $type (@types) {
		my $file = "$dir/server_keys/ssh_host_${type}_key";

		spew($file, slurp(key_file("host-$type")), 0600);
		spew("$file.pub", public("host-$type") . "\n");
	}
	spew("$dir/server_keys/authorized_keys",
	    join '', map { public($_) . "\n" } @types);
}

# The arguments of a server of t/servers.
sub _argv($self, $keys)
{
	return (@{ $self->{how}{argv} }, $self->{port}, $keys,
	    $self->{how}{keys_in_directory} ? $keys : "$keys/authorized_keys",
	    PASSWORD, $self->{policy});
}

# The user who may log in.
sub _account($self, $lab, $keys)
{
	if ($self->{how}{is_program}) {
		my $user = $lab->user;

		$user->write('.ssh/authorized_keys',
		    slurp("$keys/authorized_keys"));
		return ($user->name, $user->password);
	}
	return ('tunnel', $lab->secret(PASSWORD));
}

# lab, name, how (of servers()), policy (permit, deny; Erlang's is also restless)
sub new($class, %is)
{
	my ($lab, $how) = @is{qw(lab how)};
	my $keys = $lab->dir . '/server_keys';
	my $self = bless { port => reserve(), how => $how,
		policy => $is{policy} }, $class;

	_keys($lab->dir);
	@$self{qw(username password)} = _account($self, $lab, $keys);
	$self->{process} = PgJump::Process->new(
		name => "$is{name}_$is{policy}", dir => $lab->dir,
		argv => [ref $how->{argv} eq 'CODE'
			? $how->{argv}->($self, $keys) : _argv($self, $keys)],
		env => { HOME => $lab->dir, %{ $how->{env} // {} } });
	return $self->start;
}

sub start($self)
{
	my $process = $self->{process};
	my $mark = $process->mark;

	$process->start->up($self->{how}{is_program} ? qr/Not backgrounding/
	    : qr/^listening$/m, 60, $mark);
	return $self;
}

# Kill it and the processes that serve its sessions.
sub kill_all($self)
{
	my @below = $self->{process}->descendants;

	$self->{process}->signal('KILL')->wait_end;
	kill 'KILL', @below;
}

sub process($self) { $self->{process} }
sub password($self) { $self->{password} }

# Whether it exchanges no keys while a test lasts.
sub is_steady($self) { $self->{how}{is_steady} }

# How many key exchanges its log has from a mark on.
sub exchanges($self, $mark)
{
	return scalar(() = $self->{process}->since($mark)
	    =~ /^keys exchanged$/mg);
}

# Its part of ssh_tunnel in a connection.
sub tunnel($self)
{
	return { port => $self->{port}, username => $self->{username},
		host_key => [map { fingerprint("host-$_") } @types] };
}

1;
