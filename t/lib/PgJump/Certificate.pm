# SPDX-License-Identifier: PostgreSQL
#
# Certificates of OpenSSH, made by ssh-keygen from the keys of PgJump::Keys, and
# those that it does not make: signed by a certificate, or changed afterwards.
package PgJump::Certificate;

use v5.36;
use Carp qw(croak);
use Exporter qw(import);
use MIME::Base64 qw(decode_base64 encode_base64);
use PgJump::Keys qw(key_file public);
use PgJump::Process qw(run slurp spew);

our @EXPORT_OK = qw(certify nest damage);

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

1;
