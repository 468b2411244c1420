# SPDX-License-Identifier: PostgreSQL
#
# Whatever the far side does, a client that asks for TLS is answered within 4 s,
# and a login ends within 8 s.  As long as no byte of the database's own TLS was
# passed on, the client is still told what has failed, including that there is
# no direct TLS.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Eighteen;
use PgJump::InTime qw(in_time);
use PgJump::Lab;
use PgJump::Process qw(eventually);
use POSIX ();
use Test::More;

my $lab = PgJump::Lab->new;

# --- the tunnel dies between SSLRequest and TLS -----------------------------

my $relay = PgJump::Relay->new(to => $lab->box->port);
my @through = (box => $lab->box, ssh_tunnel => { port => $relay->port });

# Cut the tunnel once `$when` holds, while the test waits for something else.
sub cut_when($when)
{
	my $pid = fork // die "fork: $!";

	return $pid if $pid;
	$relay->cut if eventually(20, $when);
	POSIX::_exit(0);
}

sub is_told($wire, $what)
{
	my ($error) = @{ $wire->startup->until('E') };
	my $fields = PgJump::Wire::fields($error->[1] // '');

	like($fields->{M}, qr/^pgjump: tunnel failed: tunnel lost: .*\[tunnel_lost\]$/,
	    "$what: told in TLS");
	is($fields->{C}, '57P03', "$what: SQLSTATE");
}

for my $moment ('before S', 'after S', 'after ClientHello', 'direct') {
	my $peer = $moment eq 'before S' ? PgJump::Peer->new('silent')
	    : PgJump::Eighteen->new(dir => $lab->dir, after => 'silent',
		name => $moment =~ s/ /_/gr);
	my $connection = $lab->connection('d_' . $moment =~ s/ /_/gr,
	    @through, port => $peer->port);
	my $daemon = $lab->daemon([$connection], log_level => 'debug');
	my $negotiates = sub { $daemon->log_text =~ /to=negotiating/ };
	my $heard = sub { $peer->heard('hello') };
	ok($daemon->tunnel_up, "$moment: the tunnel is up");
	my $wire = $lab->wire($connection);
	my $pid = cut_when($moment eq 'before S' ? $negotiates : $heard)
	    if $moment ne 'after S';
	is($wire->ssl_request, 'S', "$moment: S") if $moment ne 'direct';
	if ($moment eq 'after S') {
		$relay->cut;
		ok($daemon->says(qr/link lost/), "$moment: the link is lost");
	}
	ok($wire->start_tls(SSL_alpn_protocols => ['postgresql']),
	    "$moment: a handshake") or diag($wire->{tls_error});
	is_told($wire, $moment);
	waitpid $pid, 0 if $pid;
	$wire->close;
	$daemon->down;
}

# --- a server without direct TLS, because it is old or has no TLS -----------

my $off = PgJump::Postgres->new(dir => $lab->dir, name => 'off',
    conf => { ssl => 'off' });
{
	my $connection = $lab->connection('d_off', port => $off->port);
	my $daemon = $lab->daemon([$connection]);
	my $wire = $lab->wire($connection);
	ok($wire->start_tls(SSL_alpn_protocols => ['postgresql']),
	    'no direct TLS there: a handshake') or diag($wire->{tls_error});
	my ($error) = @{ $wire->startup->until('E') };
	my $fields = PgJump::Wire::fields($error->[1] // '');
	like($fields->{M}, qr/^pgjump: tunnel is up, database failed: .* closed it at the first bytes of direct TLS \[db_closed\]$/,
	    'no direct TLS there: told in TLS');
	like($fields->{H}, qr/^Leave out sslnegotiation=direct/,
	    'no direct TLS there: what to do');
	$daemon->down;
}

# --- deadlines --------------------------------------------------------------

my $mute = PgJump::Peer->new('silent');
my $hole = PgJump::Peer->black_hole;
my $half = PgJump::Eighteen->new(dir => $lab->dir, after => 'silent',
    name => 'half');
my $any = { host_key => 'any' };
my %far = (
	'a jump box without a word' => [qr/jump_handshake/,
		ssh_tunnel => { %$any, port => $mute->port }],
	'a jump box behind a firewall' => [qr/jump_connect/,
		ssh_tunnel => { %$any, port => $hole->{port} }],
	'a database behind a firewall' => [qr/db_timeout/,
		port => $hole->{port}],
	'a database without a word' => [qr/db_silent/, port => $mute->port],
	'a database stuck in TLS' => [qr/db_silent/, port => $half->port],
	'the same without a tunnel' => [qr/db_silent/, port => $mute->port,
		ssh_tunnel => 0],
);
my %to;
my $number = 0;
for my $what (sort keys %far) {
	my (undef, %is) = @{ $far{$what} };
	$to{$what} = $lab->connection('s_' . $number++, %is);
}
my $daemon = $lab->daemon([values %to]);
# in the clear the one that is stuck in TLS lets everybody in
in_time($lab, map {
	[$_, $to{$_}, $far{$_}[0], /stuck in TLS/ ? () : 'disable', 'require']
} sort keys %to);

$lab->done;
