# SPDX-License-Identifier: PostgreSQL
#
# A small client that shows the bytes of the protocol: the answer to each
# request of the start-up exchange, messages as they come, the fields of an
# error, and how the connection ended.  It can log in only without a password.
package PgJump::Wire;

use v5.36;
use Carp qw(croak);
use IO::Socket::IP;
use IO::Socket::SSL;
use IO::Socket::UNIX;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);

use constant SSL_REQUEST => pack 'NN', 8, 80877103;
use constant GSSENC_REQUEST => pack 'NN', 8, 80877104;

$SIG{PIPE} = 'IGNORE';

# port; optional: host, or path (of a Unix socket), seconds (for each wait),
# small (a receive buffer of a few KB).
sub new($class, %is)
{
	my $self = bless { host => '127.0.0.1', seconds => 20, in => '', %is },
	    $class;

	$self->{socket} = defined $is{path}
	    ? IO::Socket::UNIX->new(Peer => $is{path})
	    : IO::Socket::IP->new(PeerHost => $self->{host},
		PeerPort => $is{port}, Timeout => 10, $is{small} ?
		(Sockopts => [[SOL_SOCKET, SO_RCVBUF, 4096]]) : ());
	croak "connect: $@" unless $self->{socket};
	setsockopt $self->{socket}, IPPROTO_TCP, TCP_NODELAY, 1
	    unless defined $is{path};
	return $self;
}

sub socket($self) { $self->{socket} }
sub local_port($self) { $self->{socket}->sockport }

# Run with a deadline; returns nothing if it passed.
sub _timed($self, $do)
{
	my @value;
	my $in_time = eval {
		local $SIG{ALRM} = sub { die "deadline\n" };
		alarm $self->{seconds} * $PgJump::Process::PATIENCE;
		@value = $do->();
		alarm 0;
		1;
	};

	alarm 0;
	croak $@ if !$in_time && $@ ne "deadline\n";
	$self->{ended} = 'deadline' unless $in_time;
	return wantarray ? @value : $value[0];
}

sub put($self, $bytes)
{
	return $self->_timed(sub {
		while (length $bytes) {
			my $sent = syswrite $self->{socket}, $bytes;
			return 0 unless $sent;
			substr $bytes, 0, $sent, '';
		}
		1;
	});
}

# Read more; false at the end, and `ended` is then eof, reset or deadline.
sub _more($self)
{
	return 0 if $self->{ended};
	my $got = $self->_timed(sub {
		sysread($self->{socket}, my $bytes, 65_536) // do {
			$self->{ended} = $!{ECONNRESET} ? 'reset' : "$!";
			return 0;
		};
		$self->{in} .= $bytes;
		length $bytes;
	});
	$self->{ended} //= 'eof' unless $got;
	return $got;
}

sub ended($self)
{
	1 while $self->_more;
	return $self->{ended};
}

# Exactly this many bytes, or undef.
sub take($self, $length)
{
	while (length $self->{in} < $length) {
		$self->_more or return;
	}
	return substr $self->{in}, 0, $length, '';
}

sub rest($self)
{
	1 while $self->_more;
	return delete($self->{in}) . ($self->{in} = '');
}

# The one byte that answers a request for encryption.
sub ssl_request($self)
{
	$self->put(SSL_REQUEST);
	return $self->take(1);
}

sub gssenc_request($self)
{
	$self->put(GSSENC_REQUEST);
	return $self->take(1);
}

sub start_tls($self, %options)
{
	my $done = $self->_timed(sub {
		IO::Socket::SSL->start_SSL($self->{socket},
		    SSL_verify_mode => SSL_VERIFY_NONE, %options);
	});
	$self->{tls_error} = $IO::Socket::SSL::SSL_ERROR unless $done;
	return $done ? 1 : 0;
}

sub startup_packet(%parameters)
{
	my $version = delete $parameters{version} // 196_608;
	my $body = pack('N', $version) . join('', map {
		"$_\0$parameters{$_}\0"
	} sort keys %parameters) . "\0";

	return pack('N', 4 + length $body) . $body;
}

sub startup($self, %parameters)
{
	$self->put(startup_packet(user => 'app', database => 'myapp',
		%parameters));
	return $self;
}

# (type, body) or nothing at the end
sub message($self)
{
	my $head = $self->take(5) // return;
	my ($type, $length) = unpack 'a N', $head;

	my $body = $length > 4 ? $self->take($length - 4) : '';
	return ($type, $body // '');
}

# Messages up to one of this type (or the end): [[type, body], ...]
sub until($self, $wanted)
{
	my @messages;

	while (my ($type, $body) = $self->message) {
		push @messages, [$type, $body];
		last if $type =~ /^[$wanted]$/;
	}
	return \@messages;
}

sub query_packet($sql) { pack 'a N Z*', 'Q', 5 + length $sql, $sql }

sub query($self, $sql)
{
	$self->put(query_packet($sql));
	return $self;
}

# The fields of an ErrorResponse: { S, C, M, D, H, ... }
sub fields($body)
{
	my %fields;

	for (split /\0/, $body) {
		$fields{ substr $_, 0, 1 } = substr $_, 1 if length;
	}
	return \%fields;
}

# Log in; returns the messages up to ReadyForQuery or an error.
sub login($self, %parameters)
{
	$self->startup(%parameters);
	my $messages = $self->until('ZE');
	for my $message (@$messages) {
		@$self{qw(backend_pid backend_key)} = unpack 'NN', $message->[1]
		    if $message->[0] eq 'K';
	}
	return $messages;
}

sub is_ready($messages) { @$messages && $messages->[-1][0] eq 'Z' }

# Try to connect as libpq does with this sslmode; returns the error's fields,
# and `over` (plain or tls), `answer` (to SSLRequest) and `ended`.
sub refusal($class, %is)
{
	my $mode = delete $is{sslmode} // 'disable';
	my $self = $class->new(%is);
	my %seen = (over => 'plain');

	if ($mode ne 'disable') {
		$seen{answer} = $self->ssl_request // '';
		if ($seen{answer} eq 'S') {
			$self->start_tls or return { %seen, M => '',
				tls_error => $self->{tls_error} };
			$seen{over} = 'tls';
		}
	}
	$self->startup;
	while (my ($type, $body) = $self->message) {
		%seen = (%seen, %{ fields($body) }) if $type eq 'E';
		$seen{types} .= $type;
	}
	return { M => '', %seen, ended => $self->ended };
}

sub close($self) { CORE::close $self->{socket} }

# Leave with a reset instead of an orderly end.
sub abort($self)
{
	setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
	CORE::close $self->{socket};
}

1;
