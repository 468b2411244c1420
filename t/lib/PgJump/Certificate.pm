# SPDX-License-Identifier: PostgreSQL
#
# Certificates of OpenSSH, made by ssh-keygen from the keys of PgJump::Keys, and
# those that it does not make here: signed by a certificate or by a security
# key, or changed afterwards.
package PgJump::Certificate;

use v5.36;
use Carp qw(croak);
use Digest::SHA qw(sha256);
use Exporter qw(import);
use MIME::Base64 qw(decode_base64 encode_base64);
use PgJump::Keys qw(key_file public);
use PgJump::Process qw(run slurp spew);

our @EXPORT_OK = qw(certify nest damage sk_public sk_sign);

# Certify a key by the key of an authority: the path of the certificate.  The
# options are those of ssh-keygen; -h makes it a host's.
sub certify($dir, $key, $authority, @options)
{
	state $count = 0;
	my $base = "$dir/certified" . $count++;

	spew("$base.pub", public($key) . "\n");
	my $done = run(['ssh-keygen', '-q', '-s', key_file($authority), '-I',
		"of $key", @options, "$base.pub"]);
	croak "ssh-keygen @options: $done->{err}" if $done->{rc} ne '0';
	return "$base-cert.pub";
}

sub _blob($file) { decode_base64((split ' ', slurp($file))[1]) }

# Beside the certificate, one with other bytes.
sub _rewrite($file, $blob)
{
	state $count = 0;
	my ($type) = split ' ', slurp($file);

	return spew($file =~ s/-cert\.pub\z//r . '-again' . $count++
	    . '-cert.pub', "$type " . encode_base64($blob, '') . " again\n");
}

# The same certificate, one letter of its name changed after it was signed.
sub damage($file)
{
	my $blob = _blob($file);

	$blob =~ s/of host/of Host/ or croak "$file: no name to change";
	return _rewrite($file, $blob);
}

# The same certificate, which rsa-pkcs8 has signed, signed by a certificate of
# that key: openssl can use it, too.
sub nest($file, $by)
{
	my $key = key_file('rsa-pkcs8');
	my $authority = pack 'N/a*', _blob("$key.pub");
	my ($signed) = _blob($file) =~ m{\A(.*)\Q$authority\E}s
	    or croak "$file: it has another authority";
	$signed .= pack 'N/a*', _blob($by);
	my $signature = "$file.signature";
	my $done = run(['openssl', 'dgst', '-sha256', '-sign', $key, '-out',
		$signature, spew("$file.data", $signed)]);
	croak "openssl: $done->{err}" if $done->{rc} ne '0';
	return _rewrite($file, $signed . pack 'N/a*',
	    pack '(N/a*)2', 'rsa-sha2-256', slurp($signature));
}

# A key that openssl can use, as if a security key held it, and how it signs
# (OpenSSH's PROTOCOL.u2f).
my %security = (
	'ed25519-pkcs8' => { type => 'sk-ssh-ed25519@openssh.com',
		with => ['pkeyutl', '-sign', '-rawin', '-inkey'], last => '-in',
		signature => sub ($raw) { $raw } },
	'ecdsa-pkcs8' => { type => 'sk-ecdsa-sha2-nistp256@openssh.com',
		with => ['dgst', '-sha256', '-sign'],
		signature => \&_numbers },
);

# The two numbers in DER are those of SSH.
sub _numbers($der)
{
	my ($r, $s) = unpack 'x2 xC/a xC/a', $der;

	return pack '(N/a*)2', $r, $s;
}

sub _sk_blob($name)
{
	my (undef, @fields) = unpack '(N/a*)*', _blob(key_file($name) . '.pub');

	return pack '(N/a*)*', $security{$name}{type}, @fields, 'ssh:';
}

sub sk_public($name)
{
	return "$security{$name}{type} " . encode_base64(_sk_blob($name), '');
}

# The same certificate, which `$was` has signed, signed by a security key.
sub sk_sign($file, $was, $name)
{
	my $is = $security{$name};
	my $authority = pack 'N/a*', _blob(key_file($was) . '.pub');
	my ($signed) = _blob($file) =~ m{\A(.*)\Q$authority\E}s
	    or croak "$file: it has another authority";
	$signed .= pack 'N/a*', _sk_blob($name);
	my $says = pack 'CN', 1, 7; # somebody touched it; a count
	my $data = spew("$file.data", sha256('ssh:') . $says . sha256($signed));
	my $done = run(['openssl', @{ $is->{with} }, key_file($name),
		$is->{last} // (), $data]);
	croak "openssl: $done->{err}" if $done->{rc} ne '0';
	return _rewrite($file, $signed . pack 'N/a*', pack('(N/a*)2',
		$is->{type}, $is->{signature}->($done->{out})) . $says);
}

1;
