# SPDX-License-Identifier: PostgreSQL
#
# HTTP as a probe, a scraper or an attacker speaks it: raw bytes to a port of
# loopback or to a Unix socket, and what comes back.
package PgJump::Http;

use v5.36;
use Exporter qw(import);
use IO::Select;
use IO::Socket::IP;
use IO::Socket::UNIX;
use Socket qw(SHUT_WR SOCK_STREAM);
use Time::HiRes qw(time);

our @EXPORT_OK = qw(asked dialled head heard said);

# A connection to a port, a path, or [address, port].
sub dialled($where)
{
	return IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $where)
	    if !ref $where && $where =~ m{^/};
	my ($host, $port) = ref $where ? @$where : ('127.0.0.1', $where);
	return IO::Socket::IP->new(PeerAddr => $host, PeerPort => $port,
	    Proto => 'tcp', Timeout => 20);
}

# All that comes until the end, at most within so many seconds.
sub heard($socket, $seconds = 30)
{
	my $end = time + $seconds * $PgJump::Process::PATIENCE;
	my ($text, $select) = ('', IO::Select->new($socket));

	while (time < $end && $select->can_read($end - time)) {
		my $got = sysread $socket, $text, 65536, length $text;
		last unless $got;
	}
	return $text;
}

# An answer as { status, type, headers, body }, from its bytes.
sub head($text)
{
	my ($head, $body) = split /\r\n\r\n/, $text, 2;
	my ($status) = ($head // '') =~ m{\AHTTP/1\.1 (\d{3}) [^\r\n]+};
	my %headers = map { /^([\w-]+): (.*)$/ ? (lc $1 => $2) : () }
	    split /\r\n/, $head // '';

	return { status => $status // '', headers => \%headers,
		type => $headers{'content-type'}, body => $body // '' };
}

# These bytes sent as they are, and the answer.
sub said($where, $bytes, $seconds = 30)
{
	my $socket = dialled($where) or return { status => "no: $!" };

	local $SIG{PIPE} = 'IGNORE';
	while (length $bytes) {
		my $sent = syswrite $socket, $bytes or last;
		substr($bytes, 0, $sent) = '';
	}
	return head(heard($socket, $seconds));
}

# A request: method (GET), headers (a list of lines), body.
sub asked($where, $path, %with)
{
	my $method = $with{method} // 'GET';
	my @lines = ("$method $path HTTP/1.1",
		@{ $with{headers} // [] });

	push @lines, 'Host: localhost' unless grep { /^Host:/i } @lines;
	push @lines, 'Content-Length: ' . length $with{body}
	    if defined $with{body};
	return said($where, join("\r\n", @lines, '', '')
		. ($with{body} // ''), $with{seconds} // 30);
}

1;
