# SPDX-License-Identifier: PostgreSQL
#
# Many clients at once in one process.  Each connects, sends its start-up
# packet, and is `ready`, `refused` (with the error's fields) or `ended`.  It
# keeps the time of that, in seconds since it began to connect, and what the
# login said.  A cancel request is a client, too, which is `ended` when it is
# over.
package PgJump::Crowd;

use v5.36;
use Carp qw(croak);
use PgJump::Loop;
use PgJump::Wire;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

sub new($class)
{
	return bless { loop => PgJump::Loop->new, clients => {} }, $class;
}

# Start one more client; returns its record.
sub add($self, $port, %parameters)
{
	return $self->_begin($port, PgJump::Wire::startup_packet(user => 'app',
		database => 'myapp', %parameters));
}

sub cancel($self, $port, $pid, $key)
{
	return $self->_begin($port, pack 'NNNN', 16, 80877102, $pid, $key);
}

sub _begin($self, $port, $packet)
{
	my $client = { port => $port, began => time, state => 'under way',
		in => '', told => {}, packet => $packet };

	socket my $socket, PF_INET, SOCK_STREAM, 0 or croak "socket: $!";
	$socket->blocking(0);
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
	connect($socket, pack_sockaddr_in($port, INADDR_LOOPBACK))
	    or $!{EINPROGRESS} or croak "connect: $!";
	$client->{socket} = $socket;
	$self->{clients}{$client} = $client;
	$self->{loop}->on_write($socket, sub {
		syswrite $socket, $client->{packet};
	});
	$self->{loop}->on_read($socket, sub { $self->_read($client) });
	return $client;
}

sub _read($self, $client)
{
	my $got = sysread $client->{socket}, $client->{in}, 65_536,
	    length $client->{in};

	if (!$got) {
		return if !defined $got && ($!{EAGAIN} || $!{EINTR});
		$self->_settle($client, 'ended')
		    if $client->{state} eq 'under way';
		$self->leave($client);
		return;
	}
	while (length $client->{in} >= 5) {
		my ($type, $length) = unpack 'a N', $client->{in};
		last if length $client->{in} < 1 + $length;
		my $message = substr $client->{in}, 0, 1 + $length, '';
		$self->_hear($client, $type, substr $message, 5);
	}
}

sub _hear($self, $client, $type, $body)
{
	if ($type eq 'S') {
		my ($name, $value) = split /\0/, $body;
		$client->{told}{$name} = $value;
	} elsif ($type eq 'K') {
		@$client{qw(pid key)} = unpack 'NN', $body;
	} elsif ($type eq 'C') {
		$client->{told}{reply} = $body =~ s/\0\z//r;
	} elsif ($type eq 'Z') {
		$client->{readies}++;
		$self->_settle($client, 'ready');
	} elsif ($type eq 'E') {
		$client->{error} = PgJump::Wire::fields($body);
		$self->_settle($client, 'refused');
	}
}

sub _settle($self, $client, $state)
{
	return if $client->{state} ne 'under way';
	@$client{qw(state seconds)} = ($state, time - $client->{began});
	delete $self->{clients}{$client};
}

sub query($self, $client, $sql)
{
	syswrite $client->{socket}, PgJump::Wire::query_packet($sql);
}

# Close; by a reset if asked to.
sub leave($self, $client, $reset = 0)
{
	my $socket = delete $client->{socket} // return;

	$self->{loop}->forget($socket);
	setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 if $reset;
	close $socket;
	$self->_settle($client, 'left');
}

sub under_way($self) { scalar keys %{ $self->{clients} } }

# Serve the clients that are ready; wait for one at most this long.
sub turn($self, $seconds) { $self->{loop}->turn($seconds) }

# Serve the clients until the condition holds (by default: none is under way),
# or the time is over.  Returns whether it holds.
sub run($self, $seconds, $holds = sub { !$self->under_way })
{
	my $end = time + $seconds * $PgJump::Process::PATIENCE;

	while (!$holds->()) {
		my $left = $end - time;
		return 0 if $left <= 0;
		$self->turn($left < 0.01 ? $left : 0.01);
	}
	return 1;
}

1;
