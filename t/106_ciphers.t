# SPDX-License-Identifier: PostgreSQL
#
# Every cipher that pgjump offers, with each kind of MAC: words of every length
# around the blocks of a cipher, then bulk both ways at once, all cut at random
# on the way, over many key exchanges.  Not one byte may be wrong.  Also: which
# cipher is preferred, and what a packet of an impossible length costs.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Echo qw(echo);
use PgJump::Lab;
use Test::More;

use constant ETM => '-etm@openssh.com';

my $is_long = ($ENV{PGJUMP_TEST_CIPHERS} // '') eq 'long';
my $bulk = $is_long ? 64 << 20 : 1 << 20;
my $patience = $PgJump::Process::PATIENCE;
my $is_patched = PgJump::Daemon::command(['--version'])->{out} =~
    /libssh2 \S+ bundled and patched/;

# Without the patches each key exchange of AES-GCM leaks two keys.
$ENV{ASAN_OPTIONS} = join ':', $ENV{ASAN_OPTIONS} // (), 'detect_leaks=0'
    unless $is_patched;

my @with_mac = map { "$_\@openssh.com" }
    qw(chacha20-poly1305 aes128-gcm aes256-gcm);
my @macs = map { ("hmac-sha2-$_", "hmac-sha2-$_" . ETM) } 256, 512;
my @pairs = (
	(map { [$_, $macs[0]] } @with_mac),
	(map { ['aes128-ctr', $_] } @macs),
	(map { ['aes256-ctr', $_] } $is_long ? @macs : @macs[1, 2]),
);

my $lab = PgJump::Lab->new;

# A jump box that offers nothing else, with a key exchange each quarter MB.
sub box_of($cipher, $mac)
{
	return $lab->new_box(config => { Ciphers => $cipher, MACs => $mac,
		RekeyLimit => '256K', LogLevel => 'DEBUG1' });
}

sub through($box, $relay)
{
	return $lab->connection('main', box => $box,
	    ssh_tunnel => { port => $relay->port });
}

# The words of every length up to this one that came back changed.
sub wrong_words($wire, $longest)
{
	my @wrong;

	for my $length (0 .. $longest) {
		my $word = join '', map { chr ord('a') + rand 26 } 1 .. $length;
		$wire->query("select '$word'");
		my ($row) = grep { $_->[0] eq 'D' } @{ $wire->until('Z') };
		push @wrong, $length
		    if !$row || substr($row->[1], 6) ne $word;
		last unless $row;
	}
	return @wrong;
}

for my $pair (@pairs) {
	my ($cipher, $mac) = @$pair;

	subtest "$cipher, $mac" => sub {
		my $box = box_of($cipher, $mac);
		my $relay = PgJump::Relay->new(to => $box->port,
		    pieces => 16_384);
		my $connection = through($box, $relay);
		my $daemon = $lab->daemon([$connection]);
		my @wires = map { my $w = $lab->wire($connection); $w->login;
			$w } 1 .. 2;

		like($box->log_text, qr/kex: server->client cipher: \Q$cipher\E/,
		    'is in use');
		is_deeply([wrong_words($wires[0], 300)], [],
		    'words of every length');
		my @seen = echo($bulk, 20 * $patience, @wires);
		is($_->{got}, $_->{sent}, 'every byte of bulk') for @seen;
		cmp_ok($_->{bytes}, '>=', $bulk, 'to the last') for @seen;
		cmp_ok(scalar(() = $box->log_text =~ /SSH2_MSG_KEXINIT sent/g),
		    '>', 4 * $bulk / (1 << 20), 'over many key exchanges');
		unlike($daemon->log_text, qr/link lost/,
		    'the link was never lost');
		$_->close for @wires;
		$_->down for $daemon, $box;
	};
}

subtest 'preference' => sub {
	my $box = $lab->new_box(config => { LogLevel => 'DEBUG1' });
	my $connection = $lab->connection('main', box => $box);
	my $daemon = $lab->daemon([$connection])->tunnel_up;
	my $preferred = $is_patched ? 'aes128-gcm' : 'chacha20-poly1305';

	like($box->log_text, qr/kex: $_ cipher: $preferred/, "$_: $preferred")
	    for 'client->server', 'server->client';
	my $bundled = "$FindBin::Bin/../deps/lib/libssh2.a";
	ok($is_patched, 'a bundled libssh2 has the patches')
	    if -e $bundled;
};

# The length of a packet is read before the MAC can be checked.
subtest 'a packet that is not whole blocks' => sub {
	plan(skip_all => 'libssh2 is not patched: an assertion ends it')
	    unless $is_patched;
	for my $mac (@macs[0, 1]) {
		my $box = box_of('aes128-ctr', $mac);
		my $relay = PgJump::Relay->new(to => $box->port);
		my $connection = through($box, $relay);
		my $daemon = $lab->daemon([$connection]);

		is($lab->psql($connection, 'select 1')->{out}, "1\n",
		    "$mac: one client is served");
		$relay->flip_bit(3);
		$lab->psql($connection, 'select 2');
		ok($daemon->says(qr/link (?:lost|retired)/), 'costs the link');
		is($lab->psql($connection, 'select 3')->{out}, "3\n",
		    'the next client is served');
		is($daemon->process->how, 'running', 'by the same process');
		$_->down for $daemon, $box;
	}
};

# The answer has seven bytes of padding, which the length has room for.
subtest 'a packet shorter than a block, cut behind it' => sub {
	plan(skip_all => 'libssh2 is not patched: an assertion ends it')
	    unless $is_patched;
	my $box = box_of('aes128-gcm@openssh.com', $macs[0]);
	my $relay = PgJump::Relay->new(to => $box->port);
	my $connection = through($box, $relay);
	my $daemon = $lab->daemon([$connection]);
	my $wire = $lab->wire($connection);

	ok(PgJump::Wire::is_ready($wire->login), 'a client is served');
	$relay->set_byte(3, 11, 16);
	$wire->query(q{select '' "repeat"});
	ok($daemon->says(qr/link lost/), 'costs the link');
	is($lab->psql($connection, 'select 3')->{out}, "3\n",
	    'the next client is served');
	is($daemon->process->how, 'running', 'by the same process');
	$_->down for $daemon, $box;
};

$lab->done;
