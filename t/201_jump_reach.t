# SPDX-License-Identifier: PostgreSQL
#
# The jump box cannot be reached, or the peer there is no SSH server: the client
# is told that the tunnel failed, where, and the peer's words.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Port qw(reserve);

my $lab = PgJump::Lab->new;
my @peers; # kept alive
my $hint_sshd = qr/ssh_tunnel\.port|sshd/;

sub peer($script)
{
	push @peers, PgJump::Peer->new($script);
	return $peers[-1]->port;
}

my $hole = PgJump::Peer->black_hole;
my $closed = reserve();
my $old_cipher = $lab->new_box(config => { Ciphers => 'aes256-cbc' });

my @cases = (
	{ name => 'nothing listens', port => $closed,
		label => 'jump_connect',
		says => qr/jump box 127\.0\.0\.1:$closed refused the connection/,
		hint => qr/ssh_tunnel\.port/ },
	{ name => 'a black hole', port => $hole->{port},
		label => 'jump_connect',
		says => qr/127\.0\.0\.1:$hole->{port} did not accept a connection within 300 ms/,
		hint => qr/firewall/ },
	{ name => 'HTTP', port => peer('http'),
		label => 'jump_handshake',
		says => qr/is not an SSH server, it answered: .*HTTP\/1\.1 400 Bad Request/,
		hint => $hint_sshd },
	{ name => 'HTTP that speaks first', port => peer('http_at_once'),
		label => 'jump_handshake',
		says => qr/it answered: .*HTTP\/1\.1 400 Bad Request/,
		hint => $hint_sshd },
	{ name => 'a TLS service', port => peer('tls'),
		label => 'jump_handshake',
		says => qr/not an SSH server, it answered in TLS: .*(?:15 ?03 ?01|alert)/i,
		hint => qr/TLS service/ },
	{ name => 'MySQL', port => peer('mysql'),
		label => 'jump_handshake',
		says => qr/not an SSH server, it answered: .*8\.0\.36/,
		hint => $hint_sshd },
	{ name => 'silence', port => peer('silent'),
		label => 'jump_handshake',
		says => qr/sent no SSH banner within 300 ms/,
		hint => qr/load balancer/ },
	{ name => 'closes at once', port => peer('close'),
		label => 'jump_handshake',
		says => qr/closed the connection before the SSH handshake/,
		hint => qr/log of sshd/ },
	{ name => 'resets when it is spoken to',
		port => peer(['data', '', 'reset']),
		label => 'jump_handshake',
		says => qr/closed the connection before the SSH handshake/,
		hint => qr/log of sshd/ },
	{ name => 'closes after its banner', port => peer('ssh_and_close'),
		label => 'jump_handshake',
		says => qr/closed the connection before the SSH handshake/,
		hint => qr/log of sshd/ },
	{ name => 'closes in the midst of its banner',
		port => peer(['accept', 'SSH-2.0-OpenS', 'close']),
		label => 'jump_handshake',
		says => qr/closed the connection before the SSH handshake/,
		detail => qr/its banner broke off after "SSH-2\.0-OpenS"/,
		hint => qr/log of sshd/ },
	{ name => 'closes at the beginning of its banner, after a text',
		port => peer(['accept', "Welcome\r\nSS", 'close']),
		label => 'jump_handshake',
		says => qr/closed the connection before the SSH handshake/,
		detail => qr/its banner broke off after "SS"/,
		hint => qr/log of sshd/ },
	{ name => 'stops in the midst of its banner',
		port => peer(['accept', 'SSH-2.0-OpenS', 'stay']),
		label => 'jump_handshake',
		says => qr/did not finish the SSH handshake within 300 ms/,
		detail => qr/its banner broke off after "SSH-2\.0-OpenS"/,
		hint => qr/handshake_timeout/ },
	{ name => 'stops after its banner', port => peer('ssh'),
		label => 'jump_handshake',
		says => qr/did not finish the SSH handshake within 300 ms/,
		hint => qr/handshake_timeout/ },
	{ name => 'SSH protocol 1', port => peer('old_ssh'),
		label => 'jump_handshake',
		says => qr/SSH-1\.5-OpenSSH_2\.9/,
		hint => qr/./ },
	{ name => 'a ban told in plain words',
		port => peer(['accept', "Not allowed at this time\r\n",
			'close']),
		label => 'jump_handshake',
		says => qr/turned this machine away: .*Not allowed at this time/,
		hint => qr/PerSourcePenalties/ },
	{ name => 'MaxStartups told in plain words',
		port => peer(['accept', "Exceeded MaxStartups\r\n", 'close']),
		label => 'jump_handshake',
		says => qr/turned this machine away: .*Exceeded MaxStartups/,
		hint => qr/MaxStartups/ },
	{ name => 'text without end',
		port => peer(['accept', "Hello!\r\n" x 1000, 'repeat']),
		label => 'jump_handshake',
		says => qr/not an SSH server, it answered: "Hello! Hello!/,
		hint => $hint_sshd },
	{ name => 'a line without end',
		port => peer(['accept', 'Hello!' x 1000, 'repeat']),
		label => 'jump_handshake',
		says => qr/not an SSH server, it answered: "Hello!Hello!/,
		hint => $hint_sshd },
	{ name => 'packets without end',
		port => peer(['accept', "SSH-2.0-x\r\n"
			. pack('N C C x1010', 1012, 10, 2) x 1000, 'repeat']),
		label => 'jump_handshake',
		says => qr/it sent more than a handshake needs/,
		hint => qr/log of the SSH server/ },
	{ name => 'no cipher in common', port => $old_cipher->port,
		label => 'jump_handshake',
		says => qr/no SSH algorithm in common/,
		hint => qr/sshd_config/ },
);

my @connections = map {
	$lab->connection("c_reach_$_", port => 5432, ssh_tunnel => {
		port => $cases[$_]{port}, host_key => 'any' })
} 0 .. $#cases;
# Short limits for the cases that wait in vain; the others keep theirs.
my @daemons;
for my $hurried (0, 1) {
	my @few = grep { $hurried == ($cases[$_]{says} =~ /within/) }
	    0 .. $#cases;
	my %limits = map { $_ => '300ms' } qw(connect_timeout
	    handshake_timeout);
	my $daemon = $lab->daemon([@connections[@few]],
	    $hurried ? %limits : ());
	$daemons[$_] = $daemon for @few;
}

for my $i (0 .. $#cases) {
	my $case = $cases[$i];
	told($lab, $daemons[$i], $connections[$i], { side => 'tunnel',
		detail => qr/attempt \d+; $PgJump::Told::next_try\z/, %$case });
}

$lab->done;
