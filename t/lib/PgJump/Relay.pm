# SPDX-License-Identifier: PostgreSQL
#
# A TCP relay that misbehaves on command: it freezes (keeps connections, moves
# no byte, accepts nothing), thaws, shuts its door (refuses new connections,
# keeps the others), opens it, cuts (by RST), hangs up (by FIN), delays, alters
# a byte, passes the bytes on in random pieces, changes its far side, and
# counts.  It runs as a child process that gets its commands over a socket pair
# and confirms each, so that whatever follows a command happens after it.
package PgJump::Relay;

use v5.36;
use Carp qw(croak);
use IO::Select;
use IO::Socket::IP;
use PgJump::Port qw(reserve);
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY TCP_QUICKACK);
use Time::HiRes qw(time);

# to => port on 127.0.0.1; optional: port, address, to_address; pieces => N:
# every write, either way, is of 1 to N bytes at random, small as often as
# large, with a pause now and then, and no more is read than that (`seed` makes
# the same choices); hold => how many bytes each way may hold (1 MB).
sub new($class, %is)
{
	my $self = bless { address => '127.0.0.1', to_address => '127.0.0.1',
		seed => 1, hold => 1 << 20, %is }, $class;

	$self->{port} //= reserve();
	my $listener = _listen($self);
	socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC
	    or croak "socketpair: $!";
	my $pid = fork // croak "fork: $!";
	if ($pid == 0) {
		close $ours;
		eval { _serve($self, $listener, $theirs); 1 }
		    or print STDERR "relay: $@";
		POSIX::_exit(0);
	}
	$ours->autoflush(1);
	@$self{qw(pid control owner)} = ($pid, $ours, $$);
	return $self;
}

sub _listen($is)
{
	my $listener = IO::Socket::IP->new(LocalHost => $is->{address},
	    LocalPort => $is->{port}, Listen => 1024, ReuseAddr => 1,
	    _buffers($is)) or croak "relay: $@";

	$listener->blocking(0);
	return $listener;
}

sub port($self) { $self->{port} }

sub _tell($self, $command)
{
	syswrite $self->{control}, "$command\n";
	my $answer = readline $self->{control};
	croak "relay: no answer to $command" unless defined $answer;
	chomp $answer;
	return $answer;
}

sub freeze($self) { $self->_tell('freeze') }
sub shut($self) { $self->_tell('shut') }
# These return before anybody can connect again.
sub thaw($self) { $self->_tell('thaw') }
sub reopen($self) { $self->_tell('reopen') }
sub cut($self) { $self->_tell('cut') }
sub hang_up($self) { $self->_tell('hang_up') }
sub delay($self, $seconds) { $self->_tell("delay $seconds") }
# Freeze by itself once that many more bytes have come from the near side.
sub freeze_after($self, $bytes) { $self->_tell("freeze_after $bytes") }
# In the next bytes from the far side: flip the lowest bit of the byte at that
# offset; or flip that whole byte, and wait a moment between so many bytes and
# the rest.
sub flip_bit($self, $offset) { $self->_tell("flip_bit $offset") }
sub set_byte($self, $offset, $byte, $first)
{
	$self->_tell("set_byte $offset $byte $first");
}
# In each new connection flip the lowest bit of the far side's byte with that
# number, counted from 0; -1: of none.
sub damage_at($self, $number) { $self->_tell("damage_at $number") }
sub target($self, $port) { $self->_tell("target $port") }
# Connections accepted so far; open now; bytes from the near side, from the far
# side.
sub accepted($self) { (split ' ', $self->_tell('count'))[0] }
sub open_now($self) { (split ' ', $self->_tell('count'))[1] }
sub bytes_in($self) { (split ' ', $self->_tell('count'))[2] }
sub bytes_out($self) { (split ' ', $self->_tell('count'))[3] }

sub down($self)
{
	return unless defined $self->{pid};
	kill 'TERM', $self->{pid};
	waitpid delete $self->{pid}, 0;
}

sub DESTROY($self)
{
	return if ($self->{owner} // 0) != $$;
	local ($?, $!, $@);
	$self->down;
}

# --- the child ------------------------------------------------------------

# If bytes go on in pieces, read them in pieces too: a full socket makes the
# writes of its peers short.
sub _buffers($is)
{
	return $is->{pieces} ? (Sockopts => [[SOL_SOCKET, SO_RCVBUF, 16_384]])
	    : ();
}

# The largest length of the next piece.
sub _piece($state)
{
	return $state->{pieces} ? int exp rand log 1 + $state->{pieces}
	    : 65_536;
}

# One direction of one connection: `buffer` holds [due time, bytes] pairs.
sub _serve($self, $listener, $control)
{
	my %state = (
		to => $self->{to}, to_address => $self->{to_address},
		delay => 0, damage_at => -1, accepted => 0, bytes => [0, 0], ways => {},
		pieces => $self->{pieces}, hold => $self->{hold},
		address => $self->{address}, port => $self->{port},
		listener => $listener,
	);

	srand $self->{seed};
	@SIG{qw(TERM PIPE)} = ('DEFAULT', 'IGNORE');
	$control->blocking(0);
	for (;;) {
		_turn(\%state, $control) or return;
	}
}

sub _turn($state, $control)
{
	my ($reads, $writes) = (IO::Select->new($control), IO::Select->new);
	my $listener = $state->{listener};
	my $pause;

	if (!$state->{frozen}) {
		$reads->add($listener) if $listener;
		$pause = _select_ways($state, $reads, $writes);
	}
	my ($readable, $writable) =
	    IO::Select::select($reads, $writes, undef, $pause);
	for my $handle (@{ $readable // [] }) {
		if ($handle == $control) {
			return 0 unless _obey($state, $control);
			return 1;
		} elsif ($listener && $handle == $listener) {
			_accept($state, $listener);
		} else {
			_read($state, $handle);
		}
		return 1 if $state->{frozen};
	}
	_flush($state);
	return 1;
}

sub _select_ways($state, $reads, $writes)
{
	my ($now, $pause) = (time);

	for my $way (values %{ $state->{ways} }) {
		$reads->add($way->{from})
		    if !$way->{eof} && $way->{held} < $state->{hold};
		my $first = $way->{buffer}[0] or next;
		if ($first->[0] <= $now) {
			$writes->add($way->{to});
		} else {
			my $left = $first->[0] - $now;
			$pause = $left if !defined $pause || $left < $pause;
		}
	}
	return $pause;
}

sub _accept($state, $listener)
{
	my $near = $listener->accept or return;

	$state->{accepted}++;
	my $far = IO::Socket::IP->new(PeerHost => $state->{to_address},
	    PeerPort => $state->{to}, Timeout => 5, _buffers($state));
	if (!$far) {
		_reset($near);
		return;
	}
	setsockopt $_, IPPROTO_TCP, TCP_NODELAY, 1 for $near, $far;
	$_->blocking(0) for $near, $far;
	my @ends = ($near, $far);
	for my $i (0, 1) {
		$state->{ways}{ fileno $ends[$i] } = {
			from => $ends[$i], to => $ends[1 - $i], side => $i,
			buffer => [], held => 0,
			damage_in => $i == 1 ? $state->{damage_at} : -1,
		};
	}
}

sub _reset($socket)
{
	setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
	close $socket;
}

sub _drop($state, $way)
{
	my $back = $state->{ways}{ fileno $way->{to} };

	delete $state->{ways}{ fileno $way->{from} };
	delete $state->{ways}{ fileno $way->{to} };
	_reset($way->{from});
	_reset($back->{from}) if $back;
}

sub _read($state, $handle)
{
	my $way = $state->{ways}{ fileno($handle) // -1 } or return;
	my $got = sysread $handle, my $bytes, _piece($state);

	if (!defined $got) {
		_drop($state, $way) unless $!{EAGAIN} || $!{EINTR};
	} elsif ($got == 0) {
		$way->{eof} = 1;
		push @{ $way->{buffer} }, [time + $state->{delay}, undef];
	} else {
		_acknowledge($handle);
		$state->{bytes}[ $way->{side} ] += $got;
		$way->{held} += $got;
		_damage($way, \$bytes);
		my $first = $way->{side} == 1 ? _alter($state, \$bytes) : $got;
		my $due = time + $state->{delay};
		push @{ $way->{buffer} }, [$due, substr $bytes, 0, $first];
		push @{ $way->{buffer} }, [$due + 0.05, substr $bytes, $first]
		    if $first < $got;
		_count_down($state, $got) if $way->{side} == 0;
	}
}

# A relay is part of the network, which delays no acknowledgement: sshd, with
# Nagle's algorithm on, would send one packet for each late one.
sub _acknowledge($handle)
{
	setsockopt $handle, IPPROTO_TCP, TCP_QUICKACK, 1;
}

sub _damage($way, $bytes)
{
	my $len = length $$bytes;

	substr($$bytes, $way->{damage_in}, 1) ^.= "\1"
	    if $way->{damage_in} >= 0 && $way->{damage_in} < $len;
	$way->{damage_in} -= $len;
}

# The number of bytes that go first.
sub _alter($state, $bytes)
{
	my $alter = delete $state->{alter} // return length $$bytes;
	my ($offset, $byte, $first) = @$alter;
	my $here = \substr $$bytes, $offset, 1;

	$$here = defined $byte ? chr $byte : $$here ^. "\1";
	return $first // length $$bytes;
}

sub _count_down($state, $got)
{
	return unless defined $state->{freeze_after};
	$state->{freeze_after} -= $got;
	return if $state->{freeze_after} > 0;
	delete $state->{freeze_after};
	$state->{frozen} = 1;
}

sub _flush($state)
{
	my $now = time;

	my @ways = values %{ $state->{ways} };
	for my $way (@ways) {
		next unless defined fileno $way->{from}; # dropped by its twin
		while (my $first = $way->{buffer}[0]) {
			last if $first->[0] > $now;
			last unless _write($state, $way, $first);
		}
	}
	for my $way (grep { $_->{done} } @ways) {
		my $back = $state->{ways}{ fileno($way->{to}) // -1 } or next;
		next unless $back->{done};
		delete $state->{ways}{ fileno $_->{from} } for $way, $back;
		close $_->{from} for $way, $back;
	}
}

# Whether this piece is gone and the next one may be tried.
sub _write($state, $way, $piece)
{
	if (!defined $piece->[1]) {
		shutdown $way->{to}, 1;
		shift @{ $way->{buffer} };
		$way->{done} = 1;
		return 1;
	}
	my $put = syswrite $way->{to}, $piece->[1], _piece($state);
	if (!defined $put) {
		_drop($state, $way) unless $!{EAGAIN} || $!{EINTR};
		return 0;
	}
	$way->{held} -= $put;
	substr $piece->[1], 0, $put, '';
	if (length $piece->[1]) {
		$piece->[0] = time + rand 0.001
		    if $state->{pieces} && rand() < 0.01;
		return 0;
	}
	shift @{ $way->{buffer} };
	return 1;
}

my %obey = (
	freeze => sub ($state) { $state->{frozen} = 1; 'ok' },
	freeze_after => sub ($state, $bytes) {
		$state->{freeze_after} = $bytes;
		'ok';
	},
	thaw => sub ($state) { $state->{frozen} = 0; time },
	shut => sub ($state) { close delete $state->{listener}; 'ok' },
	reopen => sub ($state) {
		my $now = time;
		$state->{listener} = _listen($state);
		$now;
	},
	delay => sub ($state, $seconds) { $state->{delay} = $seconds; 'ok' },
	flip_bit => sub ($state, $offset) { $state->{alter} = [$offset]; 'ok' },
	set_byte => sub ($state, @is) { $state->{alter} = [@is]; 'ok' },
	damage_at => sub ($state, $number) {
		$state->{damage_at} = $number;
		'ok';
	},
	target => sub ($state, $port) { $state->{to} = $port; 'ok' },
	cut => sub ($state) {
		while (my ($way) = values %{ $state->{ways} }) {
			_drop($state, $way);
		}
		'ok';
	},
	hang_up => sub ($state) {
		close $_->{from} for values %{ $state->{ways} };
		$state->{ways} = {};
		'ok';
	},
	count => sub ($state) {
		join ' ', $state->{accepted},
		    scalar(keys %{ $state->{ways} }) / 2,
		    @{ $state->{bytes} };
	},
);

sub _obey($state, $control)
{
	my $got = sysread $control, my $text, 4096;

	return 1 if !defined $got;
	return 0 if $got == 0;
	for my $line (split /\n/, $text) {
		my ($verb, @arguments) = split ' ', $line;
		syswrite $control, $obey{$verb}->($state, @arguments) . "\n";
	}
	return 1;
}

1;
