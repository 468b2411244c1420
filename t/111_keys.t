# SPDX-License-Identifier: PostgreSQL
#
# Private keys in every format that people paste, and damaged in the ways that
# pasting damages them, log in; so do keys from files and from the environment.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(PASSPHRASE key_file private public);

my $lab = PgJump::Lab->new;
my @plain = qw(ed25519 rsa ecdsa ecdsa384 ecdsa521 rsa-pkcs1 rsa-pkcs8
	ecdsa-sec1 ecdsa-pkcs8 ed25519-pkcs8);
my @locked = qw(ed25519-locked rsa-locked rsa-pkcs1-locked rsa-pkcs8-locked
	ecdsa-sec1-locked ed25519-gcm);
# A server that takes RSA with SHA-2 only, whatever its release takes by
# default.
my $box = $lab->new_box(authorized => [map { public($_) } @plain, @locked],
	config => { PubkeyAcceptedAlgorithms => 'rsa-sha2-512,rsa-sha2-256,'
		. 'ssh-ed25519,ecdsa-sha2-*' });

# Damage from pasting that pgjump repairs.
my %damage = (
	'a literal \n for each line end' => sub { s/\n/\\n/gr },
	'CRLF' => sub { s/\n/\r\n/gr },
	'no final newline' => sub { s/\n\z//r },
	'indentation' => sub { s/^/    /gmr },
	'blank lines around' => sub { "\n\n$_\n\n" },
	'spaces at line ends' => sub { s/\n/  \n/gr },
);

my (@cases, %env);
sub add($what, %tunnel)
{
	my $connection = $lab->connection('jump_' . @cases, box => $box,
	    ssh_tunnel => \%tunnel);
	push @cases, [$what, $connection];
}

add($_, private_key => private($_)) for @plain;
add($_, private_key => private($_), private_key_passphrase => PASSPHRASE)
    for @locked;
for my $what (sort keys %damage) {
	for my $name (qw(ed25519 rsa-pkcs1)) {
		local $_ = private($name);
		add("$name with $what", private_key => $damage{$what}->());
	}
}
add('from a file', private_key => undef,
    private_key_file => key_file('rsa'));
add('passphrase from a file', private_key => private('rsa-locked'),
    private_key_passphrase_file =>
	PgJump::Process::spew($lab->dir . '/passphrase', PASSPHRASE . "\n",
	    0600));
add('from the environment', private_key => '${LAB_KEY}');
add('from the environment\'s default', private_key_passphrase =>
    '${LAB_NOTHING:-' . PASSPHRASE . '}', private_key =>
    private('ed25519-locked'));

my $daemon = $lab->daemon([map { $_->[1] } @cases],
    env => { LAB_KEY => private('ecdsa') });
for my $case (@cases) {
	my ($what, $connection) = @$case;
	my $seen = $lab->psql($connection, 'select 1');
	is($seen->{out}, "1\n", $what) or diag($seen->{err});
}

$lab->done;
