# SPDX-License-Identifier: PostgreSQL
#
# The ways to a database that are compared with pgjump: a direct connection,
# OpenSSH's `ssh -L`, Python's sshtunnel; and `ssh -J` and pgjump's `via` through
# a second jump box behind the first.  Each leads to the same two ports, and says
# what its processes cost.
package PgJump::Contender;

use v5.36;
use Carp qw(croak);
use IO::Socket::IP;
use List::Util qw(sum0);
use PgJump::Keys qw(key_file);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run spew);

my %make = (
	direct => \&_direct,
	'ssh -L' => \&_ssh,
	sshtunnel => \&_sshtunnel,
	pgjump => \&_pgjump,
	'2 workers' => sub ($self) { _pgjump($self, workers => 2) },
	'ssh -J' => \&_ssh_through,
	via => \&_pgjump_through,
);

# Python with the module, or nothing.
sub _python
{
	state $python = (grep {
		run([$_, '-W', 'ignore', '-c', 'import sshtunnel'])->{rc} eq '0'
	} 'python3', '/usr/bin/python3')[0] // '';
	return $python;
}

sub is_possible($name)
{
	return $name ne 'sshtunnel' || _python() ne '';
}

# name; lab; jump_port (of the jump box, or of a relay before it); to (ports on
# 127.0.0.1 behind it, a list); direct_to (the same without a jump box).  It is
# up when this returns.
sub new($class, %is)
{
	my $self = bless {%is}, $class;

	$make{ $is{name} }->($self);
	return $self;
}

sub name($self) { $self->{name} }

# The local port that leads to the first, second... of `to`.
sub port($self, $index = 0) { $self->{ports}[$index] }

sub _direct($self)
{
	$self->{ports} = $self->{direct_to};
}

# The forwarder listens after its login, so it is up once it listens.
sub _start($self, @argv)
{
	my $process = $self->{process} = PgJump::Process->new(
		name => $self->{name} =~ tr/a-zA-Z0-9/_/cr,
		dir => $self->{lab}->dir, argv => \@argv)->start;

	$process->up(sub {
		IO::Socket::IP->new(PeerHost => '127.0.0.1',
		    PeerPort => $self->{ports}[-1])
	});
}

sub _ssh($self)
{
	my ($lab, @to) = ($self->{lab}, @{ $self->{to} });
	my $known = spew($lab->dir . "/known_hosts.$self->{jump_port}",
	    $lab->box->known_line('host-ed25519', $self->{jump_port}) . "\n");

	my @ports = $self->{ports}->@* = map { reserve() } @to;
	$self->_start(qw(ssh -F none -N -o BatchMode=yes
		-o IdentitiesOnly=yes -o ExitOnForwardFailure=yes),
	    '-o', "UserKnownHostsFile=$known", '-i', key_file('ed25519'),
	    (map { ('-L', "127.0.0.1:$ports[$_]:127.0.0.1:$to[$_]") }
		0 .. $#to),
	    '-p', $self->{jump_port}, $lab->box->user . '@127.0.0.1');
}

# The second jump box of a chain.
sub _inner($self)
{
	my $lab = $self->{lab};

	return $lab->{inner_box} //= $lab->new_box(name => 'inner');
}

# ssh -J takes the names, keys and known hosts of both from one file.
sub _ssh_through($self)
{
	my ($lab, $inner) = ($self->{lab}, $self->_inner);
	my $known = spew($lab->dir . '/known_hosts.chain', join "\n",
	    $lab->box->known_line('host-ed25519', $self->{jump_port}),
	    $inner->known_line, '');
	my %port = (outer => $self->{jump_port}, inner => $inner->port);
	my $config = spew($lab->dir . '/ssh_config.chain', join "\n",
	    (map { "Host $_\nHostName 127.0.0.1\nPort $port{$_}" }
		sort keys %port),
	    'Host *', 'User ' . $lab->box->user, 'BatchMode yes',
	    'IdentityFile ' . key_file('ed25519'), 'IdentitiesOnly yes',
	    "UserKnownHostsFile $known", 'ExitOnForwardFailure yes', '');

	my @to = @{ $self->{to} };
	my @ports = $self->{ports}->@* = map { reserve() } @to;
	$self->_start('ssh', '-F', $config, '-N', '-J', 'outer',
	    (map { ('-L', "127.0.0.1:$ports[$_]:127.0.0.1:$to[$_]") }
		0 .. $#to), 'inner');
}

my $sshtunnel = <<'PYTHON';
import signal, sys, warnings
warnings.simplefilter("ignore")
import sshtunnel
port, user, key, *pairs = sys.argv[1:]
pairs = [pair.split(":") for pair in pairs]
sshtunnel.SSHTunnelForwarder(
    ("127.0.0.1", int(port)), ssh_username=user, ssh_pkey=key,
    ssh_config_file=None, allow_agent=False, host_pkey_directories=[],
    local_bind_addresses=[("127.0.0.1", int(near)) for near, far in pairs],
    remote_bind_addresses=[("127.0.0.1", int(far)) for near, far in pairs],
).start()
signal.pause()
PYTHON

sub _sshtunnel($self)
{
	my ($lab, @to) = ($self->{lab}, @{ $self->{to} });
	my @ports = $self->{ports}->@* = map { reserve() } @to;

	$self->_start(_python(), '-W', 'ignore', '-c', $sshtunnel,
	    $self->{jump_port}, $lab->box->user, key_file('ed25519'),
	    map { "$ports[$_]:$to[$_]" } 0 .. $#to);
}

sub _pgjump($self, %global)
{
	my $lab = $self->{lab};
	my @connections = map {
		$lab->connection("to_$_", port => $_, max_clients => 10_000,
		    ssh_tunnel => {
			port => $self->{jump_port},
			username => $lab->box->user,
			host_key => $lab->box->pin,
		})
	} @{ $self->{to} };

	$self->{ports} = [map { $_->{listen} } @connections];
	my $daemon = $self->{daemon} = $lab->daemon(\@connections, %global);
	$daemon->tunnel_up or croak 'pgjump does not log in';
	$self->{process} = $daemon->process;
}

sub _pgjump_through($self)
{
	my ($lab, $inner) = ($self->{lab}, $self->_inner);
	my @connections = map {
		my $is = $lab->connection("via_$_", port => $_,
		    max_clients => 10_000, box => $inner);
		$is->{ssh_tunnel}{via} = { %{ $is->{ssh_tunnel} },
			port => $self->{jump_port},
			host_key => $lab->box->pin };
		delete $is->{ssh_tunnel}{via}{enabled};
		$is;
	} @{ $self->{to} };

	$self->{ports} = [map { $_->{listen} } @connections];
	my $daemon = $self->{daemon} = $lab->daemon(\@connections);
	$self->{process} = $daemon->process;
	eventually(20, sub { $daemon->times('jump box reached') >= 2 })
	    or croak 'pgjump does not log in';
}

# Seconds of processor time of all its processes so far; nothing if it has no
# process.  That of ssh -J is two processes.
sub cpu($self)
{
	my $process = $self->{process} // return 0;

	return sum0(map { PgJump::Process::cpu({ pid => $_ }) }
	    $process->pid, $process->descendants);
}

# Their resident memory in KB.
sub memory($self)
{
	return $self->{process} ? $self->{process}->memory : 0;
}

sub down($self)
{
	($self->{daemon} // $self->{process} // return)->down;
}

1;
