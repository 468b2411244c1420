# SPDX-License-Identifier: PostgreSQL
#
# A private sshd on one loopback port with its own host keys, configuration
# and authorized_keys.  It serves the user who runs the tests, or a throwaway
# one (PgJump::User).
package PgJump::JumpBox;

use v5.36;
use Carp qw(croak);
use PgJump::Keys qw(fingerprint key_file public);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run spew);

# $PGJUMP_TEST_SSHD is another sshd to test with, by its full path.
sub program { $ENV{PGJUMP_TEST_SSHD} // '/usr/sbin/sshd' }

sub version
{
	state $version = do {
		my $done = run([program(), '-V']);
		"$done->{out}$done->{err}" =~ /OpenSSH_(\d+\.\d+)/ ? $1 : 0;
	};
	return $version;
}

sub _is_at_least($wanted_major, $wanted_minor)
{
	my ($major, $minor) = split /\./, version();

	return $major > $wanted_major
	    || ($major == $wanted_major && $minor >= $wanted_minor);
}

sub has_penalties { _is_at_least(9, 8) } # PerSourcePenalties
sub has_pam_service_name { _is_at_least(9, 8) } # PAMServiceName

sub has_required_rsa_size { _is_at_least(9, 1) } # RequiredRSASize

# ChannelTimeout and UnusedConnectionTimeout
sub has_channel_timeouts { _is_at_least(9, 2) }

# sshd refuses to start without this directory when it is root.
sub _separation_directory
{
	return if $> != 0 || -d '/run/sshd';
	mkdir '/run/sshd', 0755;
}

my %standard = (
	AllowTcpForwarding => 'yes',
	ClientAliveInterval => '0',
	KbdInteractiveAuthentication => 'no',
	LogLevel => 'VERBOSE',
	LoginGraceTime => '60',
	MaxStartups => '2000',
	PasswordAuthentication => 'no',
	PermitRootLogin => 'yes',
	PrintMotd => 'no',
	StrictModes => 'no',
	UseDNS => 'no',
	UsePAM => 'no',
);

# dir; optional: name, port, address, config (settings of sshd_config added to
# the standard ones; a list repeats one), authorized (lines; default: every key
# of the lab that may enter), host_keys (names), user, program, last_lines (the
# end of sshd_config, such as a Match block).
sub new($class, %is)
{
	my $self = bless {
		name => 'sshd', address => '127.0.0.1', config => {},
		host_keys => ['host-ed25519'],
		program => program(),
		user => scalar getpwuid $>,
		authorized => [public('ed25519')],
		%is,
	}, $class;

	_separation_directory();
	$self->{port} //= reserve();
	$self->authorize(@{ $self->{authorized} });
	$self->start;
	return $self;
}

sub authorize($self, @lines)
{
	spew($self->_path('authorized_keys'), join '', map { "$_\n" } @lines);
}

sub _path($self, $what) { "$self->{dir}/$self->{name}.$what" }

sub _config($self)
{
	my %config = (
		%standard,
		has_penalties() ? (PerSourcePenalties => 'no') : (),
		AuthorizedKeysFile => $self->_path('authorized_keys'),
		HostKey => [map { key_file($_) } @{ $self->{host_keys} }],
		ListenAddress => $self->{address},
		PidFile => 'none',
		Port => $self->{port},
		%{ $self->{config} },
	);
	my @lines;

	for my $key (sort keys %config) {
		my $value = $config{$key};
		push @lines, map { "$key $_\n" } ref $value ? @$value : $value;
	}
	return join '', @lines, map { "$_\n" } @{ $self->{last_lines} // [] };
}

sub start($self)
{
	my $config = spew($self->_path('config'), $self->_config);

	$self->{process} = PgJump::Process->new(
		name => $self->{name},
		dir => $self->{dir},
		argv => [$self->{program}, '-D', '-e', '-f', $config],
		env => $self->{env} // {},
	);
	my $mark = $self->{process}->mark;
	$self->{process}->start
	    ->up(qr/Server listening on \S+ port $self->{port}/, 20, $mark);
	return $self;
}

sub port($self) { $self->{port} }
sub user($self) { $self->{user} }
sub process($self) { $self->{process} }
sub log_text($self) { $self->{process}->text }

# A line of known_hosts for one of its keys; its fingerprint as a pin.
sub known_line($self, $key = $self->{host_keys}[0], $port = $self->{port})
{
	return "[$self->{address}]:$port " . public($key);
}
sub pin($self) { fingerprint($self->{host_keys}[0]) }

# Pids of the processes that serve logged-in sessions.
sub session_pids($self) { $self->{process}->descendants }

# Kill the listener and every session at once.
sub kill_all($self)
{
	my @pids = $self->session_pids;

	$self->{process}->signal('KILL');
	kill 'KILL', @pids;
	$self->{process}->wait_end;
	eventually(20, sub { !grep { kill 0, $_ } @pids });
	return $self;
}

# Kill every session, not the listener.
sub kill_sessions($self)
{
	my @pids = $self->session_pids;

	kill 'KILL', @pids;
	eventually(20, sub { !grep { kill 0, $_ } @pids })
	    or croak 'sessions of sshd do not end';
	return scalar @pids;
}

sub down($self) { $self->{process}->down }

1;
