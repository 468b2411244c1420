# SPDX-License-Identifier: PostgreSQL
#
# A small proxy of the lab: HTTP CONNECT, in the clear or in TLS, SOCKS5 or
# SOCKS4a.  It serves each connection in a process of its own, writes down what
# it was asked, and can cut its answers into single bytes, or send them in one
# piece with what follows.  `ssh -D` is a real one.
package PgJump::Proxy;

use v5.36;
use Carp qw(croak);
use IO::Select;
use IO::Socket::IP;
use IO::Socket::SSL;
use MIME::Base64 qw(decode_base64);
use PgJump::Keys qw(key_file);
use PgJump::Peer;
use PgJump::Pki ();
use PgJump::Port qw(reserve);
use PgJump::Process qw(slurp spew);
use POSIX ();

# dir; optional: type (http, https, socks5, socks4a), login (user:password, or
# with socks4a the user), cert (of PgJump::Pki, for https), manner (bytewise,
# together), port.
sub new($class, %is)
{
	my $self = bless { type => 'http', login => '', manner => '',
		cert => 'db', port => reserve(), %is }, $class;

	$self->{log} = "$is{dir}/proxy.$self->{port}.log";
	my $listener = IO::Socket::IP->new(LocalHost => '127.0.0.1',
	    LocalPort => $self->{port}, Listen => 128, ReuseAddr => 1)
	    or croak "proxy: $@";
	$self->{owner} = $$;
	$self->{pid} = fork // croak "fork: $!";
	return $self if $self->{pid};
	$SIG{TERM} = 'DEFAULT';
	@SIG{qw(PIPE CHLD)} = qw(IGNORE IGNORE);
	for (;;) {
		my $peer = $listener->accept or next;
		if (!fork) {
			eval { $self->_serve($peer); 1 }
			    or $self->_note("died: $@");
			POSIX::_exit(0);
		}
		close $peer;
	}
}

sub port($self) { $self->{port} }

# The keys of ssh_tunnel that lead through it.
sub keys($self)
{
	my ($user, $password) = split /:/, $self->{login}, 2;

	return (proxy_host => '127.0.0.1', proxy_port => $self->{port},
		proxy_type => $self->{type},
		defined $user ? (proxy_username => $user) : (),
		defined $password ? (proxy_password => $password) : (),
		$self->{type} eq 'https'
		    ? (proxy_ca_cert => PgJump::Pki::cert('root')) : ());
}

# What it was asked: a line for each connection.
sub asked($self) { split /\n/, slurp($self->{log}) }

sub _note($self, $line)
{
	open my $log, '>>', $self->{log} or return;
	syswrite $log, "$line\n";
}

sub _serve($self, $peer)
{
	if ($self->{type} eq 'https') {
		IO::Socket::SSL->start_SSL($peer, SSL_server => 1,
		    SSL_cert_file => PgJump::Pki::cert_file($self->{cert}),
		    SSL_key_file => PgJump::Pki::key_file($self->{cert}))
		    or return $self->_note("no TLS: $SSL_ERROR");
	}
	my $ask = $self->can("_ask_" . $self->{type} =~ s/https/http/r);
	my ($far, $yes) = $self->$ask($peer) or return;
	my $early = '';
	if ($self->{manner} eq 'together') { # with the banner of sshd
		sysread $far, $early, 65_536;
	}
	$self->_answer($peer, $yes . $early);
	_relay($peer, $far);
}

sub _answer($self, $peer, $bytes)
{
	my $step = $self->{manner} eq 'bytewise' ? 1 : length $bytes;

	for (my $at = 0; $at < length $bytes; $at += $step) {
		syswrite $peer, substr($bytes, $at, $step);
		select undef, undef, undef, 0.001 if $step == 1;
	}
}

sub _read($peer, $len)
{
	my $bytes = '';

	while (length $bytes < $len) {
		sysread $peer, $bytes, $len - length $bytes, length $bytes
		    or die "cut short\n";
	}
	return $bytes;
}

# A name that nobody but this proxy resolves.
use constant NAME => 'jump.pgjump.invalid';

sub _far($host, $port)
{
	return IO::Socket::IP->new(PeerPort => $port,
	    PeerHost => $host eq NAME ? '127.0.0.1' : $host);
}

sub _ask_http($self, $peer)
{
	my $head = '';

	while ($head !~ /\r\n\r\n\z/) {
		sysread $peer, $head, 65_536, length $head or return;
	}
	my ($host, $port) = $head =~ /^CONNECT (\S+):(\d+) HTTP\/1\.1\r\n/;
	my ($login) = $head =~ /^Proxy-Authorization: Basic (\S+)\r$/m;
	my $is_known = decode_base64($login // '') eq $self->{login};
	$self->_note("CONNECT $host:$port "
		. ($is_known ? 'known' : 'unknown'));
	my $no = $is_known ? '503 Service Unavailable'
	    : '407 Proxy Authentication Required';
	my $far = $is_known && _far($host =~ s/[][]//gr, $port);
	$self->_answer($peer, "HTTP/1.1 $no\r\nProxy-Authenticate: Basic "
		. "realm=\"lab, of pgjump\"\r\nContent-Length: 4\r\n\r\nno.\n")
	    if !$far;
	return $far ? ($far, "HTTP/1.1 200 Connection established\r\n"
		. "Proxy-Agent: lab\r\n\r\n") : ();
}

sub _ask_socks5($self, $peer)
{
	my ($user, $password) = split /:/, $self->{login}, 2;
	my $methods = substr(_read($peer, 2), 1);
	my $wanted = length $self->{login} ? "\2" : "\0";

	if (index(_read($peer, ord $methods), $wanted) < 0) {
		$self->_answer($peer, "\5\xff");
		return;
	}
	$self->_answer($peer, "\5$wanted");
	if ($wanted eq "\2") {
		my @got = map { _read($peer, ord _read($peer, 1)) }
		    (_read($peer, 1)) x 2;
		my $is_known = "@got" eq "$user $password";
		$self->_answer($peer, $is_known ? "\1\0" : "\1\1");
		return if !$is_known;
	}
	my ($type) = unpack 'x3 C', _read($peer, 4);
	my $host = $type == 1 ? join '.', unpack 'C4', _read($peer, 4)
	    : $type == 3 ? _read($peer, ord _read($peer, 1))
	    : die "type $type\n";
	my $port = unpack 'n', _read($peer, 2);
	$self->_note("SOCKS5 type $type $host:$port");
	my $far = _far($host, $port);
	# the reply to a name has a name, which makes it longer
	my $bound = $type == 3 ? pack 'C C/a n', 3, $host, $port
	    : pack 'C N n', 1, 0, 0;
	$self->_answer($peer, "\5\5\0$bound") if !$far;
	return $far ? ($far, "\5\0\0$bound") : ();
}

sub _until_zero($peer)
{
	my $text = '';

	while ((my $byte = _read($peer, 1)) ne "\0") {
		$text .= $byte;
	}
	return $text;
}

sub _ask_socks4a($self, $peer)
{
	my ($port, @address) = unpack 'x2 n C4', _read($peer, 8);
	my $user = _until_zero($peer);
	my $host = "@address" eq '0 0 0 1' ? _until_zero($peer)
	    : join '.', @address;

	$self->_note("SOCKS4 $host:$port $user");
	my $far = $user eq $self->{login} && _far($host, $port);
	$self->_answer($peer, "\0\x5b" . "\0" x 6) if !$far;
	return $far ? ($far, "\0\x5a" . "\0" x 6) : ();
}

sub _relay($near, $far)
{
	my $select = IO::Select->new($near, $far);

	for (;;) {
		my @ready = $near->can('pending') && $near->pending
		    ? ($near) : $select->can_read;
		for my $from (@ready) {
			my $to = $from == $near ? $far : $near;
			my $got = sysread $from, my $bytes, 65_536;

			return if !$got;
			my $done = 0;
			while ($done < $got) {
				$done += (syswrite $to, $bytes, $got - $done,
					$done) // return;
			}
		}
	}
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

# A proxy that has only texts: it answers each message of a connection with the
# next one, and after the last one it closes or stays.
sub saying($class, $then, @texts)
{
	return PgJump::Peer->new(sub ($peer) {
		local $SIG{CHLD} = 'IGNORE';
		return if fork;
		for my $text (@texts) {
			sysread $peer, my $asked, 65_536 or last;
			syswrite $peer, $text;
		}
		if ($then eq 'close') { # without a reset
			sysread $peer, my $unread, 65_536
			    if IO::Select->new($peer)->can_read(0.05);
			shutdown $peer, 1;
		}
		1 while sysread $peer, my $rest, 65_536;
		POSIX::_exit(0);
	});
}

# `ssh -D` to a jump box of the lab: its port speaks SOCKS4, 4a and 5.
sub of_ssh($class, %is)
{
	my $self = bless { port => reserve() }, $class;
	my $known = spew("$is{dir}/proxy.known_hosts",
	    $is{box}->known_line . "\n");
	my $key = spew("$is{dir}/proxy.key", slurp(key_file('ed25519')), 0600);

	$self->{process} = PgJump::Process->new(name => 'ssh',
	    dir => $is{dir}, argv => ['ssh', '-v', '-N', '-F', 'none',
		'-o', 'BatchMode=yes', '-o', "UserKnownHostsFile=$known",
		'-i', $key, '-D', "127.0.0.1:$self->{port}",
		'-p', $is{box}->port, $is{box}->user . '@127.0.0.1']);
	$self->{process}->start->up(qr/Entering interactive session/, 30);
	return $self;
}

1;
