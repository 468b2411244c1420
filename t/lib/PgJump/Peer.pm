# SPDX-License-Identifier: PostgreSQL
#
# Peers that are not what pgjump expects: each accepts, sends its text (at once,
# or in answer to the first bytes), and closes, resets, stays, or repeats
# itself. Also the black hole: a port whose queue of connections is full, so
# that the kernel drops further ones.
package PgJump::Peer;

use v5.36;
use Carp qw(croak);
use IO::Select;
use IO::Socket::IP;
use PgJump::Port qw(reserve);
use POSIX ();
use Socket;

my $http = "HTTP/1.1 400 Bad Request\r\nServer: nginx/1.24.0\r\n"
    . "Connection: close\r\n\r\n<html>400 Bad Request</html>";
my $mysql = pack('V', 74) . "\x0a" . "8.0.36\0" . ("\0" x 67);
my $alert = "\x15\x03\x01\x00\x02\x02\x46"; # fatal protocol_version

# name => [when it speaks (accept, data, never), what it says, what it does
# then]
my %scripts = (
	close => ['accept', '', 'close'],
	reset => ['accept', '', 'reset'],
	close_on_data => ['data', '', 'close'],
	silent => ['never', '', 'stay'],
	http => ['data', $http, 'close'],
	http_at_once => ['accept', $http, 'close'],
	tls => ['data', $alert, 'close'],
	tls_silent => ['never', '', 'stay'],
	mysql => ['accept', $mysql, 'stay'],
	ssh => ['accept', "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", 'stay'],
	ssh_and_close => ['accept', "SSH-2.0-OpenSSH_9.2p1\r\n", 'close'],
	old_ssh => ['accept', "SSH-1.5-OpenSSH_2.9\r\n", 'stay'],
	stuffed => ['data', 'SX', 'stay'],
	noise => ['data', "\x01\x02\x03garbage", 'stay'],
);

# script: a name of the table, or [when, what, then], or code to call with each
# connection in turn; optional: port, address.
sub new($class, $script, %is)
{
	my $self = bless { address => '127.0.0.1', %is }, $class;

	$self->{script} = ref $script ? $script : $scripts{$script}
	    // croak "no script $script";
	$self->{port} //= reserve();
	my $listener = IO::Socket::IP->new(LocalHost => $self->{address},
	    LocalPort => $self->{port}, Listen => 128, ReuseAddr => 1)
	    or croak "peer: $@";
	$self->{owner} = $$;
	$self->{pid} = fork // croak "fork: $!";
	if ($self->{pid} == 0) {
		eval { ref $script eq 'CODE' ? _call($listener, $script)
			: _serve($listener, @{ $self->{script} }); 1 }
		    or print STDERR "peer: $@";
		POSIX::_exit(0);
	}
	return $self;
}

sub port($self) { $self->{port} }

sub _call($listener, $script)
{
	$SIG{TERM} = 'DEFAULT';
	$SIG{PIPE} = 'IGNORE';
	while (my $peer = $listener->accept) {
		$script->($peer);
		close $peer;
	}
}

sub _serve($listener, $when, $what, $then)
{
	my $select = IO::Select->new($listener);
	my $parent = getppid;

	$SIG{TERM} = 'DEFAULT';
	$SIG{PIPE} = 'IGNORE';
	while (getppid == $parent) {
		for my $handle ($select->can_read(1)) {
			if ($handle == $listener) {
				my $peer = $listener->accept or next;
				$select->add($peer);
				_act($select, $peer, $what, $then)
				    if $when eq 'accept';
				next;
			}
			my $got = sysread $handle, my $bytes, 65_536;
			if (!$got) {
				$select->remove($handle);
				close $handle;
			} elsif ($when eq 'data') {
				_act($select, $handle, $what, $then);
			}
		}
	}
}

sub _act($select, $peer, $what, $then)
{
	syswrite $peer, $what if length $what;
	return if $then eq 'stay';
	if ($then eq 'repeat') { # until the peer has enough
		1 while syswrite $peer, $what;
	}
	$select->remove($peer);
	setsockopt $peer, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
	    if $then eq 'reset';
	if ($then eq 'close') {
		# unread bytes would turn the close into a reset
		shutdown $peer, 1;
		my $linger = IO::Select->new($peer);
		while ($linger->can_read(1)) {
			last unless sysread $peer, my $rest, 65_536;
		}
	}
	close $peer;
}

sub down($self)
{
	return unless defined $self->{pid};
	kill 'TERM', $self->{pid};
	waitpid delete $self->{pid}, 0;
}

sub DESTROY($self)
{
	return if !defined $self->{pid} || $self->{owner} != $$;
	local ($?, $!, $@);
	$self->down;
}

# A listening port that answers no SYN: its queue is full.  Keep the object.
# Optional: port, address.
sub black_hole($class, %is)
{
	my $port = $is{port} // reserve();
	my $address = $is{address} // '127.0.0.1';
	my $listener = IO::Socket::IP->new(LocalHost => $address,
	    LocalPort => $port, Listen => 1, ReuseAddr => 1)
	    or croak "black hole: $@";
	my @fill;

	listen $listener, 0;
	for (1 .. 16) {
		my $filler = IO::Socket::IP->new(PeerHost => $address,
		    PeerPort => $port, Blocking => 0);
		push @fill, $filler;
		last unless IO::Select->new($filler)->can_write(0.2);
	}
	return bless { port => $port, held => [$listener, @fill] }, $class;
}

# The listener of a black hole, which answers once somebody accepts.
sub open_up($self)
{
	return (@{ delete $self->{held} })[0];
}

1;
