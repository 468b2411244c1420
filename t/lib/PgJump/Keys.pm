# SPDX-License-Identifier: PostgreSQL
#
# Throwaway SSH keys in every format that people paste, made once by ssh-keygen
# and openssl.  The name of a key says what it is: "rsa-pkcs1", "ed25519",
# "ed25519-locked" (encrypted with the passphrase below).
package PgJump::Keys;

use v5.36;
use Carp qw(croak);
use Exporter qw(import);
use MIME::Base64 qw(encode_base64);
use PgJump::Cache qw(cached);
use PgJump::Process qw(run slurp spew);

our @EXPORT_OK = qw(private public key_file fingerprint security_key
    PASSPHRASE);

use constant PASSPHRASE => 'correct horse $battery "staple"';

# name => arguments of ssh-keygen
my %made = (
	'ed25519' => '-t ed25519',
	'rsa' => '-t rsa -b 2048',
	'rsa1024' => '-t rsa -b 1024',
	'ecdsa' => '-t ecdsa -b 256',
	'ecdsa384' => '-t ecdsa -b 384',
	'ecdsa521' => '-t ecdsa -b 521',
	'rsa-pkcs1' => '-t rsa -b 2048 -m PEM',
	'rsa-pkcs8' => '-t rsa -b 2048 -m PKCS8',
	'ecdsa-sec1' => '-t ecdsa -b 256 -m PEM',
	'ecdsa-pkcs8' => '-t ecdsa -b 256 -m PKCS8',
	'ed25519-locked' => '-t ed25519 -a 4 LOCKED',
	'rsa-locked' => '-t rsa -b 2048 -a 4 LOCKED',
	'rsa-pkcs1-locked' => '-t rsa -b 2048 -m PEM LOCKED',
	'rsa-pkcs8-locked' => '-t rsa -b 2048 -m PKCS8 LOCKED',
	'ecdsa-sec1-locked' => '-t ecdsa -b 256 -m PEM LOCKED',
	'ed25519-chacha' => '-t ed25519 -a 4 -Z chacha20-poly1305@openssh.com LOCKED',
	'ed25519-gcm' => '-t ed25519 -a 4 -Z aes256-gcm@openssh.com LOCKED',
	(map { ("agent$_" => '-t ed25519') } 1 .. 7),
	'stranger' => '-t ed25519',
	'host-ed25519' => '-t ed25519',
	'host-rsa' => '-t rsa -b 2048',
	'host-ecdsa' => '-t ecdsa -b 256',
	'host-other' => '-t ed25519',
);

sub _must($argv)
{
	my $done = run($argv);

	croak "@$argv: $done->{out}$done->{err}" if $done->{rc} ne '0';
	return $done->{out};
}

sub _ssh_string($bytes) { pack 'N/a*', $bytes }

# ssh-keygen cannot write PKCS#8 for Ed25519, openssl can.
sub _ed25519_pkcs8($file)
{
	_must(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', $file]);
	my $der = _must(['openssl', 'pkey', '-in', $file, '-pubout',
		'-outform', 'DER']);
	my $blob = _ssh_string('ssh-ed25519') . _ssh_string(substr $der, -32);
	spew("$file.pub",
	    'ssh-ed25519 ' . encode_base64($blob, '') . " lab\n");
}

sub _make($dir)
{
	for my $name (sort keys %made) {
		my @arguments = map { $_ eq 'LOCKED' ? ('-N', PASSPHRASE) : $_ }
		    split ' ', $made{$name};
		push @arguments, '-N', '' unless $made{$name} =~ /LOCKED/;
		_must(['ssh-keygen', '-q', '-C', 'lab', '-f', "$dir/$name",
			@arguments]);
	}
	_ed25519_pkcs8("$dir/ed25519-pkcs8");
	_must(['openssl', 'dsaparam', '-genkey', '-noout', '-out', "$dir/dsa",
		'1024']);
	chmod 0600, grep { !/\.pub$/ } glob "$dir/*";
}

sub _dir { state $dir = cached('keys', \&_make, __FILE__) }

sub key_file($name) { _dir() . "/$name" }

# The PEM text of the private key; the line of the public key.
sub private($name) { slurp(key_file($name)) }
sub public($name) { slurp(key_file($name) . '.pub') =~ s/\n\z//r }

# The file of an Ed25519 key on hardware, which no hardware holds: an agent takes
# it, and could not sign with it.  The number makes it another one.
sub security_key($number)
{
	my $public = _ssh_string('sk-ssh-ed25519@openssh.com')
	    . _ssh_string(chr($number) x 32) . _ssh_string('ssh:');
	my $private = pack('NN', 7, 7) . $public . "\x01"
	    . _ssh_string('handle') . _ssh_string('') . _ssh_string('lab');

	$private .= chr for 1 .. -length($private) % 8;
	return "-----BEGIN OPENSSH PRIVATE KEY-----\n"
	    . encode_base64("openssh-key-v1\0" . _ssh_string('none') x 2
		. _ssh_string('') . pack('N', 1) . _ssh_string($public)
		. _ssh_string($private))
	    . "-----END OPENSSH PRIVATE KEY-----\n";
}

# SHA256:... as ssh-keygen prints it
sub fingerprint($name)
{
	return (split ' ', _must(['ssh-keygen', '-lf',
		key_file($name) . '.pub']))[1];
}

1;
