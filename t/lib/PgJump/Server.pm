# SPDX-License-Identifier: PostgreSQL
#
# A jump box with another SSH server than OpenSSH (t/servers/), each told the
# same way: a port on 127.0.0.1, host keys of three types, the keys that may
# enter, a password for every user, and whether forwards are permitted.
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

use constant PASSWORD => 'Of-the-j7mp-box';

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

sub _node
{
	my %env = (NODE_PATH => $node_path);

	return { needs => 'node.js and its ssh2' }
	    unless run(['node', '-e', "require('ssh2')"], env => \%env)->{rc}
	    eq '0';
	return { argv => ['node', "$sources/ssh2_server.js"], env => \%env };
}

sub _erlang
{
	return { needs => 'erlang-ssh' } unless _works('escript',
		"$sources/erlang_probe.escript");
	return { argv => ['escript', "$sources/erlang_server.escript"],
		keys_in_directory => 1 };
}

my %how = (
	asyncssh => sub { _python('asyncssh_server.py', 'asyncssh',
		'python3-asyncssh') },
	conch => sub { _python('conch_server.py', 'twisted.conch.ssh',
		'python3-twisted') },
	erlang => \&_erlang,
	gliderlabs => \&_go,
	paramiko => sub { _python('paramiko_server.py', 'paramiko',
		'python3-paramiko') },
	ssh2 => \&_node,
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

# The host keys and the keys that may enter, where all servers find them.
sub _keys($dir)
{
	mkdir "$dir/server_keys", 0755 or return;
	for my $type (qw(ed25519 ecdsa rsa)) {
		my $file = "$dir/server_keys/ssh_host_${type}_key";

		spew($file, slurp(key_file("host-$type")), 0600);
		spew("$file.pub", public("host-$type") . "\n");
	}
	spew("$dir/server_keys/authorized_keys",
	    join '', map { public($_) . "\n" } qw(ed25519 ecdsa rsa));
}

# dir, name, how (of servers()), policy (permit, deny)
sub new($class, %is)
{
	my $port = reserve();
	my ($how, $keys) = ($is{how}, "$is{dir}/server_keys");
	my $authorized = $how->{keys_in_directory} ? $keys
	    : "$keys/authorized_keys";

	_keys($is{dir});
	my $self = bless { port => $port, process => PgJump::Process->new(
		name => "$is{name}_$is{policy}", dir => $is{dir},
		argv => [@{ $how->{argv} }, $port, $keys, $authorized,
			PASSWORD, $is{policy}],
		env => { HOME => $is{dir}, %{ $how->{env} // {} } }) }, $class;
	return $self->start;
}

sub start($self)
{
	my $process = $self->{process};
	my $mark = $process->mark;

	$process->start->up(qr/^listening$/m, 30, $mark);
	return $self;
}

sub process($self) { $self->{process} }

# What a connection says of it in ssh_tunnel.
sub tunnel($self)
{
	return { port => $self->{port},
		host_key => [map { fingerprint("host-$_") }
			qw(ed25519 ecdsa rsa)] };
}

1;
