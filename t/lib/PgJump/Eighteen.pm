# SPDX-License-Identifier: PostgreSQL
#
# A stand-in for PostgreSQL 18 on a machine that has an older one: direct TLS
# that insists on ALPN (with the certificate `db` of PgJump::Pki), SSLRequest,
# protocol 3.2 with a cancel key of 256 bytes.  It lets everybody in and answers
# each query with an empty command; `heard` looks for a packet, in hexadecimal,
# among those that came.  Each connection is a child process.
package PgJump::Eighteen;

use v5.36;
use Carp qw(croak);
use IO::Socket::IP;
use IO::Socket::SSL;
use PgJump::Pki qw(cert_file key_file);
use PgJump::Port qw(reserve);
use PgJump::Process qw(slurp);
use POSIX ();
use Socket qw(MSG_PEEK);

# dir (of its log); optional: name, port, after (what it does after a
# ClientHello: TLS, or `silent`: nothing, or `close`).
sub new($class, %is)
{
	my $self = bless { after => 'TLS', name => 'eighteen', %is }, $class;

	$self->{log} = "$is{dir}/$self->{name}.log";

	$self->{port} //= reserve();
	my $listener = IO::Socket::IP->new(LocalHost => '127.0.0.1',
	    LocalPort => $self->{port}, Listen => 128, ReuseAddr => 1)
	    or croak "eighteen: $@";
	$self->{owner} = $$;
	$self->{pid} = fork // croak "fork: $!";
	if ($self->{pid} == 0) {
		$SIG{TERM} = 'DEFAULT';
		$SIG{CHLD} = 'IGNORE';
		POSIX::setpgid(0, 0);
		while (my $client = $listener->accept) {
			next if fork;
			eval { _serve($self, $client) };
			POSIX::_exit(0);
		}
		POSIX::_exit(0);
	}
	return $self;
}

sub port($self) { $self->{port} }

sub _note($self, $line)
{
	open my $log, '>>', $self->{log} or croak "$self->{log}: $!";
	print $log "$line\n";
}

sub heard($self, $hex)
{
	return -e $self->{log} && slurp($self->{log}) =~ /^\Q$hex\E$/m;
}

sub _read($client, $length)
{
	my $bytes = '';

	while (length $bytes < $length) {
		sysread $client, $bytes, $length - length $bytes, length $bytes
		    or die "end\n";
	}
	return $bytes;
}

sub _start_tls($self, $client, $direct)
{
	$self->_note('hello');
	sleep 600 if $self->{after} eq 'silent';
	die "close\n" if $self->{after} eq 'close';
	IO::Socket::SSL->start_SSL($client, SSL_server => 1,
	    SSL_cert_file => cert_file('db'), SSL_key_file => key_file('db'),
	    $direct ? (SSL_alpn_protocols => ['postgresql']) : ())
	    or die "tls\n";
}

sub _serve($self, $client)
{
	recv $client, my $first, 1, MSG_PEEK;
	if ($first eq "\x16") {
		# OpenSSL itself would go on without ALPN
		recv $client, my $hello, 4096, MSG_PEEK;
		if (index($hello, "\x0apostgresql") < 0) {
			syswrite $client, "\x15\x03\x03\0\2\2\x78";
			return;
		}
		$self->_start_tls($client, 1);
	}
	while (1) {
		my $length = unpack 'N', my $head = _read($client, 4);
		my $packet = $head . _read($client, $length - 4);
		my $code = unpack 'x4 N', $packet;

		$self->_note(unpack 'H*', $packet);
		return if $code == 80877102;
		return _session($client) if $code >> 16 == 3;
		syswrite $client, $code == 80877103 ? 'S' : 'N';
		next unless $code == 80877103;
		recv $client, my $hello, 1, MSG_PEEK;
		$self->_start_tls($client, 0);
	}
}

sub _message($type, $body) { pack 'a N a*', $type, 4 + length $body, $body }

sub _session($client)
{
	my $ready = _message('Z', 'I');

	syswrite $client, _message('R', "\0\0\0\0")
	    . _message('K', pack('N', 4711) . 'k' x 256) . $ready;
	while (1) {
		my ($type, $length) = unpack 'a N', _read($client, 5);
		_read($client, $length - 4) if $length > 4;
		return if $type eq 'X';
		syswrite $client, _message('C', "SELECT 0\0") . $ready
		    if $type =~ /[QS]/;
	}
}

sub DESTROY($self)
{
	return if !defined $self->{pid} || $self->{owner} != $$;
	local ($?, $!, $@);
	kill 'TERM', -$self->{pid};
	waitpid delete $self->{pid}, 0;
}

1;
