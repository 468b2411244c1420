# SPDX-License-Identifier: PostgreSQL
#
# Bytes that are altered on their way from the jump box: a host key without
# proof and a packet that makes no sense are reported as such, whichever byte is
# altered and at whichever stage; no key, password or setting is blamed.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use IO::Socket::IP;
use JSON::PP ();
use PgJump::Keys qw(fingerprint);
use PgJump::Process qw(eventually);

my $lab = PgJump::Lab->new;
my $box = $lab->box;
my $relay = PgJump::Relay->new(to => $box->port);
my %through = (box => $box, ssh_tunnel => { port => $relay->port });
my $connection = $lab->connection('c_damage', %through);
my %damaged = (side => 'tunnel', says => qr/was damaged on the way/,
	hint => qr/alters bytes between this machine and the jump box/,
	sslmodes => ['disable']);

# The number of bytes that sshd sends before it is answered: its banner, which
# ends in a line feed, and its offer of algorithms, a packet that begins with
# its length.
sub greeting_len
{
	my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1',
	    PeerPort => $box->port) or die $@;
	my ($bytes, $len) = ('');

	print $socket "SSH-2.0-x\r\n";
	until (defined $len && length $bytes >= $len) {
		sysread $socket, $bytes, 65_536, length $bytes or die;
		$bytes =~ /\n(.{4})/s or next;
		$len = $+[0] + unpack 'N', $1;
	}
	return $len;
}

# The answer to the key exchange (RFC 5656, 4): length of the packet, length of
# its padding, message 31, then the strings of the host key (51 bytes), of the
# ephemeral key (32) and of the signature (83); then NEWKEYS.
my $answer = greeting_len();
my $ephemeral_key = $answer + 6 + 4 + 51 + 4;
my $sealed = $answer + 192 + 16;

# Of check's words.
sub report
{
	my $daemon = $lab->new_daemon([$connection]);
	my $seen = $daemon->check('--json', '--no-login');

	return JSON::PP::decode_json($seen->{out});
}

# The case, as clients and check meet it where that byte is altered.
sub told_of($number, %case)
{
	$relay->damage_at($number);
	my $daemon = $lab->daemon([$connection]);
	told($lab, $daemon, $connection, { %damaged, %case });
	$daemon->down;
	$relay->damage_at(-1);
}

told_of($ephemeral_key + 5, name => 'a signature of something else',
    label => 'jump_handshake',
    says => qr/did not prove that it holds the host key which it showed: ssh-ed25519 \Q${\ fingerprint('host-ed25519')}\E/,
    hint => qr/compare the fingerprint by another path/);
told_of($answer + 1, name => 'the length of a packet in the clear',
    label => 'jump_handshake');
told_of($sealed + 10, name => 'the first packet under a key',
    label => 'jump_handshake');

# Later bytes give the same error for the login, then for the tunnel; except a
# packet whose length has grown, which is waited for.
my (%damaged_in, @otherwise);
for (my $number = $sealed + 10; $number < $sealed + 1500; $number += 24) {
	$relay->damage_at($number);
	my $report = report();
	last if $report->{status} eq 'ok';
	if ($report->{message} =~ /damaged on the way/) {
		$damaged_in{ $report->{stage} }++;
	} elsif ($report->{message} !~ /silent for|within/) {
		push @otherwise, $report->{message};
	}
}
is_deeply([sort keys %damaged_in], [qw(jump_auth jump_handshake tunnel_lost)],
    'it is told in each stage');
is_deeply(\@otherwise, [], 'and nothing else is blamed');

subtest 'under clients' => sub {
	$relay->damage_at(-1);
	my $daemon = $lab->daemon([$connection]);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $wire = $lab->wire($connection)->startup;
	$wire->until('R');
	$relay->flip_bit(10);
	my $mark = $daemon->mark;
	$wire->close;
	ok($daemon->says(qr/link lost .*damaged on the way/, 20, $mark),
	    'the log names the damage');
	$daemon->down;
};

$lab->done;
