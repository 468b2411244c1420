# SPDX-License-Identifier: PostgreSQL
#
# Throwaway certificates, made once and shared: two authorities, servers and
# clients signed by them, and wrong ones.  Each name has NAME.crt and NAME.key;
# the table has the names of hosts.
package PgJump::Pki;

use v5.36;
use Carp qw(croak);
use Exporter qw(import);
use PgJump::Cache qw(cached);
use PgJump::Process qw(run slurp spew);

our @EXPORT_OK = qw(cert_file key_file cert key);

# name => subject, signer (nobody: itself), days, alternative names
my @certificates = (
	[root => '/CN=root of the lab', undef, 3650, undef],
	[stranger => '/CN=root of strangers', undef, 3650, undef],
	[door => '/CN=pgjump', 'root', 3650,
		'DNS:localhost,DNS:door.pgjump.test,IP:127.0.0.1,IP:::1'],
	[door2 => '/CN=pgjump, renewed', 'root', 3650,
		'DNS:localhost,DNS:door.pgjump.test,IP:127.0.0.1,IP:::1'],
	[db => '/CN=db.pgjump.test', 'root', 3650,
		'DNS:db.pgjump.test,DNS:localhost,IP:127.0.0.1'],
	[elsewhere => '/CN=elsewhere.pgjump.test', 'root', 3650,
		'DNS:elsewhere.pgjump.test,DNS:*.pool.pgjump.test'],
	[expired => '/CN=db.pgjump.test', 'root', 0, 'IP:127.0.0.1'],
	[own => '/CN=db.pgjump.test', undef, 3650, 'IP:127.0.0.1'],
	[guest => '/CN=app', 'root', 3650, undef],
	[intruder => '/CN=app', 'stranger', 3650, undef],
);

sub _must(@argv)
{
	my $done = run(\@argv);

	croak "@argv: $done->{out}$done->{err}" if $done->{rc} ne '0';
}

sub _sign($dir, $name, $subject, $signer, $days, $names)
{
	my @by = defined $signer
	    ? ('-CA', "$dir/$signer.crt", '-CAkey', "$dir/$signer.key",
		'-set_serial', 2 + int rand 1e9)
	    : ('-signkey', "$dir/$name.key");
	# strict verifiers insist on these, such as Python 3.13's
	my $extensions = "subjectKeyIdentifier=hash\n"
	    . "authorityKeyIdentifier=keyid\n";
	$extensions .= "basicConstraints=critical,CA:TRUE\n"
	    . "keyUsage=critical,keyCertSign\n"
	    if $name =~ /^(?:root|stranger)$/;
	$extensions .= "subjectAltName=$names\n" if defined $names;

	_must('openssl', 'req', '-new', '-newkey', 'ec', '-pkeyopt',
		'ec_paramgen_curve:P-256', '-nodes', '-subj', $subject,
		'-keyout', "$dir/$name.key", '-out', "$dir/$name.csr");
	spew("$dir/$name.ext", $extensions);
	_must('openssl', 'x509', '-req', '-in', "$dir/$name.csr", '-days',
		$days, '-extfile', "$dir/$name.ext", @by, '-out',
		"$dir/$name.crt");
	unlink "$dir/$name.csr", "$dir/$name.ext";
	chmod 0644, "$dir/$name.key";
}

sub _make($dir)
{
	_sign($dir, @$_) for @certificates;
	_must('openssl', 'pkey', '-in', "$dir/door.key", '-aes128',
		'-passout', 'pass:secret', '-out', "$dir/locked.key");
	chmod 0644, "$dir/locked.key";
}

sub _dir { state $dir = cached('pki', \&_make, __FILE__) }

sub cert_file($name) { _dir() . "/$name.crt" }
sub key_file($name) { _dir() . "/$name.key" }
sub cert($name) { slurp(cert_file($name)) }
sub key($name) { slurp(key_file($name)) }

1;
