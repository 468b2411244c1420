# SPDX-License-Identifier: PostgreSQL
#
# A private key is judged when the configuration is read: the error at its line
# says what it is instead, or what is wrong with it.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(PASSPHRASE private public);
use PgJump::Process qw(spew);

my $lab = PgJump::Lab->new;
my $putty = <<'PPK';
PuTTY-User-Key-File-3: ssh-ed25519
Encryption: none
Comment: lab
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
AAAA
Private-Lines: 1
AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
PPK
my $certificate = PgJump::Process::slurp(
    PgJump::Postgres::root_certificate());
my $half = substr private('rsa'), 0, 700;
my $flipped = private('ed25519') =~ s/^(b3Bl.{20})..../$1!!!!/mr;

# what is given, the passphrase, the error
my @cases = (
	['a public key', public('ed25519'), undef,
		qr/public key.*without \.pub/],
	['a public key in PEM', "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"
		. 'A' x 43 . "=\n-----END PUBLIC KEY-----\n", undef,
		qr/public key/],
	['a PuTTY key', $putty, undef, qr/PuTTY format.*puttygen/],
	['a DSA key', private('dsa'), undef, qr/DSA key/],
	['an encrypted key without passphrase', private('ed25519-locked'),
		undef, qr/encrypted; set private_key_passphrase/],
	['an encrypted PKCS#1 key without passphrase',
		private('rsa-pkcs1-locked'), undef, qr/encrypted; set/],
	['an encrypted PKCS#8 key without passphrase',
		private('rsa-pkcs8-locked'), undef, qr/encrypted; set/],
	['a wrong passphrase', private('ed25519-locked'), 'wrong',
		qr/private_key_passphrase does not open it/],
	['a wrong passphrase, PKCS#1', private('rsa-pkcs1-locked'), 'wrong',
		qr/does not open it/],
	['a wrong passphrase, PKCS#8', private('rsa-pkcs8-locked'), 'wrong',
		qr/does not open it/],
	['a key that is cut off', $half, undef, qr/cut off/],
	['a placeholder', "-----BEGIN OPENSSH PRIVATE KEY-----\n...", undef,
		qr/cut off|damaged/],
	['a damaged key', $flipped, undef, qr/damaged/],
	['a cipher that libssh2 cannot read safely',
		private('ed25519-chacha'), PASSPHRASE,
		qr/cipher that cannot be read safely/],
	['a certificate', $certificate, undef, qr/certificate/],
	['a path', '/home/me/.ssh/id_ed25519', undef, qr/not a private key/],
);

for my $case (@cases) {
	my ($what, $key, $passphrase, $says) = @$case;
	subtest $what => sub {
		my $connection = $lab->connection('judged', port => 5432,
		    ssh_tunnel => { port => 22, private_key => $key,
			private_key_passphrase => $passphrase });
		my $text = JSON::PP->new->canonical->pretty
		    ->encode($connection);
		my $file = spew($lab->dir . '/key.yaml', $text, 0600);
		my ($before) = $text =~ /\A(.*)"private_key" :/s;
		my $line = 1 + ($before =~ tr/\n//);
		my $seen = PgJump::Daemon::command(['-c', $file, 'config'],
		    dir => $lab->dir);

		is($seen->{rc}, 1, 'exit 1');
		like($seen->{err}, qr/^\Q$file\E:$line:\d+: .*private_key.*/m,
		    'names the line and the key') or diag($seen->{err});
		like($seen->{err}, $says, 'and what is wrong');
		my @long = grep { length > 30 } split /\n/, $key;
		ok(!(grep { index($seen->{err}, $_) >= 0 } @long),
		    'without the key');
	};
}

subtest 'every wrong key of a file at once' => sub {
	my @connections = map {
		$lab->connection("judged_$_", port => 5432, ssh_tunnel => {
			port => 22, private_key => $cases[$_][1],
			private_key_passphrase => $cases[$_][2] })
	} 0 .. 5;
	my $daemon = $lab->new_daemon(\@connections)->start;
	is($daemon->wait_end, 'exit 1', 'the daemon does not start');
	my $count = () = $daemon->log_text =~ /:\d+:\d+: .*private_key/g;
	is($count, 6, 'and tells all of them');
};

subtest 'an empty key is none' => sub {
	my $connection = $lab->connection('empty', port => 5432,
	    ssh_tunnel => { port => 22, private_key => '' });
	my $file = spew($lab->dir . '/empty.yaml',
	    JSON::PP->new->encode($connection), 0600);
	like(PgJump::Daemon::command(['-c', $file, 'config'],
		dir => $lab->dir)->{err}, qr/private_key.* is required/,
	    'and one is required');
};

subtest 'with auth_method agent the public key is right' => sub {
	my $connection = $lab->connection('selected', port => 5432,
	    ssh_tunnel => { port => 22, auth_method => 'agent',
		private_key => public('ed25519') });
	my $file = spew($lab->dir . '/agent.yaml',
	    JSON::PP->new->encode($connection), 0600);
	is(PgJump::Daemon::command(['-c', $file, 'config'],
		dir => $lab->dir)->{rc}, 0, 'valid');
};

$lab->done;
