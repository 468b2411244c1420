# SPDX-License-Identifier: PostgreSQL
#
# A stand-in for a database with thousands of sessions: it lets everybody in at
# once, and its login, and the answer to each query, have its own name and the
# application_name of the client.  It runs as a child process.
package PgJump::Standin;

use v5.36;
use Carp qw(croak);
use IO::Socket::IP;
use PgJump::Loop;
use PgJump::Port qw(reserve);
use PgJump::Wire;
use POSIX ();
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);

# name; optional: port, address, or listener (a socket to take over); pieces, a
# list of bytes that answer each query instead, each in a packet of its own;
# login, bytes that answer the startup packet instead; answer, code that makes
# the bytes from each query; alone (one session at a time, and others are
# reset).
sub new($class, $name, %is)
{
	my $self = bless { name => $name, address => '127.0.0.1', %is }, $class;

	$self->{listener} //= IO::Socket::IP->new(Listen => 4096,
	    LocalHost => $self->{address}, ReuseAddr => 1,
	    LocalPort => $self->{port} //= reserve())
	    or croak "stand-in: $@";
	$self->{port} //= $self->{listener}->sockport;
	socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC
	    or croak "socketpair: $!";
	@$self{qw(control owner)} = ($ours, $$);
	$self->{pid} = fork // croak "fork: $!";
	if ($self->{pid} == 0) {
		close $ours;
		@SIG{qw(TERM PIPE)} = ('DEFAULT', 'IGNORE');
		eval { _serve($self, $theirs); 1 }
		    or print STDERR "stand-in: $@";
		POSIX::_exit(0);
	}
	delete $self->{listener};
	return $self;
}

sub port($self) { $self->{port} }

# Sessions accepted so far; open now.
sub _counts($self)
{
	syswrite $self->{control}, "\n";
	return split ' ', readline($self->{control}) // '';
}
sub accepted($self) { ($self->_counts)[0] }
sub open_now($self) { ($self->_counts)[1] }

sub _serve($self, $control)
{
	my $state = { name => $self->{name}, loop => PgJump::Loop->new,
		%$self{qw(pieces login answer alone)},
		accepted => 0, open => 0 };
	my $listener = $self->{listener};

	$listener->blocking(0);
	$state->{loop}->on_read($listener, sub {
		_accept($state, $listener);
	});
	$state->{loop}->on_read($control, sub {
		sysread $control, my $order, 64 or POSIX::_exit(0);
		syswrite $control, "$state->{accepted} $state->{open}\n";
	});
	$state->{loop}->turn(undef) while 1;
}

sub _accept($state, $listener)
{
	while (accept my $socket, $listener) {
		my $session = { socket => $socket, in => '' };

		if ($state->{alone} && $state->{open} > 0) {
			setsockopt $socket, SOL_SOCKET, SO_LINGER,
			    pack 'ii', 1, 0;
			close $socket;
			next;
		}
		$socket->blocking(0);
		setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
		$state->{accepted}++;
		$state->{open}++;
		$state->{loop}->on_read($socket, sub {
			_read($state, $session);
		});
	}
}

sub _read($state, $session)
{
	my $socket = $session->{socket};
	my $got = sysread $socket, $session->{in}, 65_536,
	    length $session->{in};

	if (!$got) {
		return if !defined $got && ($!{EAGAIN} || $!{EINTR});
		$state->{open}--;
		$state->{loop}->forget($socket);
		close $socket;
		return;
	}
	1 while _answer($state, $session);
}

sub message($type, $body) { pack 'a N a*', $type, 4 + length $body, $body }

# Answer the first complete message, if there is one.
sub _answer($state, $session)
{
	my $head = defined $session->{token} ? 1 : 0;

	return 0 if length $session->{in} < $head + 4;
	my $length = $head + unpack "x$head N", $session->{in};
	return 0 if length $session->{in} < $length;
	my $message = substr $session->{in}, 0, $length, '';
	_say($session->{socket}, $head ? _reply($state, $session, $message)
	    : $message eq PgJump::Wire::SSL_REQUEST ? 'N'
	    : _login($state, $session, $message));
	return 1;
}

# A pause, so that the reader comes to the end of what is there.
sub _say($socket, @pieces)
{
	for my $index (keys @pieces) {
		select undef, undef, undef, 0.2 if $index > 0;
		syswrite $socket, $pieces[$index];
	}
}

sub _login($state, $session, $startup)
{
	my %asked = split /\0/, substr $startup, 8;

	$session->{token} = $asked{application_name} // '';
	return $state->{login} if defined $state->{login};
	return message('R', pack 'N', 0)
	    . message('S', "database\0$state->{name}\0")
	    . message('S', "application_name\0$session->{token}\0")
	    . message('Z', 'I');
}

sub _reply($state, $session, $message)
{
	return '' if $message !~ /\AQ/;
	return $state->{answer}->(unpack 'x5 Z*', $message)
	    if $state->{answer};
	return @{ $state->{pieces} } if $state->{pieces};
	return message('C', "$state->{name} $session->{token}\0")
	    . message('Z', 'I');
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

1;
