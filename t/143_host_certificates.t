# SPDX-License-Identifier: PostgreSQL
#
# Host certificates, made by ssh-keygen and shown by a real sshd: pgjump trusts
# those that ssh trusts with the same known_hosts, and no others.  Of those that
# it refuses it says what is wrong.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Certificate qw(certify sk_public sk_sign);
use PgJump::Keys qw(fingerprint key_file public);
use PgJump::Process qw(run spew);

my $is_patched = PgJump::Daemon::command(['--version'])->{out} =~
    /libssh2 \S+ bundled and patched/;
my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my @here = qw(-h -n 127.0.0.1);
my @past = qw(-V 20200101:20200201);
my @future = qw(-V 20900101:20910101);
my $authority = 'agent1';
my $print = quotemeta fingerprint($authority);

sub by($name, @names) { '@cert-authority ' . join(',', @names) . ' '
    . public($name) . "\n" }

# A certificate that is as it should be but for its options.
sub made(@options) { certify($dir, 'host-ed25519', $authority, @options) }

my $any = by($authority, '*');
my $key = public('host-ed25519');
my $other = public('host-other');
my $self = made(@here);

# name; certificate (of the key, host-ed25519 if none is said); known: the lines
# of known_hosts, HERE for the name with the port; says: why it is refused; not
# there: it is trusted, and by whom.  `alias` and `host` are settings.
my @cases = (
	{ name => 'Ed25519', certificate => $self, known => $any },
	(map { +{ name => $_->[0], key => $_->[1], known => $any,
		certificate => certify($dir, $_->[1], $authority, @here) } }
	    ['RSA', 'host-rsa'], ['ECDSA', 'host-ecdsa'],
	    ['ECDSA P-384', 'ecdsa384'], ['ECDSA P-521', 'ecdsa521']),
	(map { +{ name => "signed by $_->[0]", by => $_->[1],
		known => by($_->[1], '*'), certificate => certify($dir,
		    'host-ed25519', $_->[1], @here, @$_[2 .. $#$_]) } }
	    ['RSA and SHA-512', 'rsa'],
	    ['RSA and SHA-256', 'rsa', '-t', 'rsa-sha2-256'],
	    ['ECDSA', 'ecdsa'], ['ECDSA P-384', 'ecdsa384'],
	    ['ECDSA P-521', 'ecdsa521']),
	(map { +{ name => "signed by a security key, $_->[0]", by => $_->[1],
		print => qr/SHA256:\S+/,
		known => '@cert-authority * ' . sk_public($_->[1]) . "\n",
		certificate => sk_sign($self, $authority, $_->[1]) } }
	    ['Ed25519', 'ed25519-pkcs8'], ['ECDSA', 'ecdsa-pkcs8']),
	{ name => 'a line for the port', certificate => $self,
		known => by($authority, 'HERE') },
	{ name => 'a line for the host without a port', certificate => $self,
		known => by($authority, '127.0.0.1') },
	{ name => 'a line for another host', certificate => $self,
		known => by($authority, 'db.example.com'),
		says => qr/is not known: it shows ssh-ed25519 SHA256/ },
	{ name => 'a line that leaves the host out', certificate => $self,
		known => by($authority, '*', '!127.0.0.1', '![127.0.0.1]:*'),
		says => qr/is not known: it shows ssh-ed25519 SHA256/ },
	{ name => 'several names', known => $any,
		certificate => made('-h', '-n', 'a.example.com,127.0.0.1,b') },
	{ name => 'no name', known => $any, certificate => made('-h') },
	{ name => 'another name', known => $any,
		certificate => made('-h', '-n', 'a.example.com,b.example.com'),
		says => qr/is for another name: it is for a\.example\.com, b\.example\.com, and not for 127\.0\.0\.1/ },
	{ name => 'a name with a star', known => $any,
		certificate => made(qw(-h -n 127.0.0.*)),
		says => qr/is for another name: it is for 127\.0\.0\.\*, and not/ },
	{ name => 'a name with the port', known => $any,
		certificate => made(qw(-h -n [127.0.0.1]:22)),
		says => qr/is for another name/ },
	{ name => 'the name of an alias', known => $any,
		alias => 'bastion', certificate => made(qw(-h -n bastion)) },
	{ name => 'an alias, and the name of the host', known => $any,
		alias => 'bastion', certificate => $self,
		says => qr/is for 127\.0\.0\.1, and not for bastion/ },
	{ name => 'a host in capitals', known => $any, host => 'LOCALHOST',
		certificate => made(qw(-h -n localhost)) },
	{ name => 'an alias in capitals', known => $any, alias => 'BASTION',
		certificate => made(qw(-h -n bastion)) },
	{ name => 'a name in capitals', known => $any, alias => 'BASTION',
		certificate => made(qw(-h -n BASTION)),
		says => qr/is for BASTION, and not for bastion\b/ },
	{ name => 'expired', certificate => made(@here, @past), known => $any,
		says => qr/has expired: it was valid until 2020-0[12]-\d\d / },
	{ name => 'not valid yet', certificate => made(@here, @future),
		known => $any,
		says => qr/is not valid yet: it is valid from 20(89-12-31|90-01-01) / },
	{ name => 'of an unknown authority', known => by('stranger', '*'),
		certificate => $self,
		says => qr/an authority that is not known: CA $print, in no \@cert-authority line/ },
	{ name => 'for users', certificate => made(qw(-n 127.0.0.1)),
		known => $any, says => qr/cannot be trusted: it is a certificate for users/ },
	{ name => 'with a critical option', known => $any,
		certificate => made(@here, qw(-O critical:mind@example.com=x)),
		says => qr/it has the critical option "mind\@example\.com", which pgjump does not understand/ },
	{ name => 'with an extension', known => $any,
		certificate => made(@here, qw(-O extension:mind@example.com=x)) },
	{ name => 'signed with SHA-1', known => by('rsa', '*'),
		certificate => certify($dir, 'host-ed25519', 'rsa', @here,
		    qw(-t ssh-rsa)),
		says => qr/cannot be trusted: it is signed with SHA-1/ },
	{ name => 'its key revoked', certificate => $self,
		known => "$any\@revoked * $key\n",
		says => qr/is marked \@revoked/ },
	{ name => 'its authority revoked', certificate => $self,
		known => $any . '@revoked * ' . public($authority) . "\n",
		says => qr/is marked \@revoked/ },
	{ name => 'expired, and its key known', known => "${any}HERE $key\n",
		certificate => made(@here, @past), by => undef },
	{ name => 'of an unknown authority, and its key known',
		known => by('stranger', '*') . "HERE $key\n",
		certificate => $self, by => undef },
	{ name => 'expired, and another key known',
		known => "${any}HERE $other\n",
		certificate => made(@here, @past), says => qr/has changed/ },
	{ name => 'good, and another key known', certificate => $self,
		known => "${any}HERE $other\n" },
	{ name => 'good, and a key of another type known',
		certificate => $self,
		known => $any . 'HERE ' . public('host-rsa') . "\n" },
	{ name => 'an authority in a line for keys', certificate => $self,
		known => 'HERE ' . public($authority) . "\n",
		says => qr/has changed/ },
	{ name => 'no certificate, and an authority known', known => $any,
		says => qr/shows no host certificate: it shows ssh-ed25519/ },
);

my $boxes = 0;

sub open_box($case)
{
	my $certificate = $case->{certificate};

	$case->{box} = $lab->new_box(name => 'sshd' . $boxes++,
	    host_keys => [$case->{key} // 'host-ed25519'],
	    config => { $certificate ? (HostCertificate => $certificate) : () });
	my $here = ($case->{alias} // '') ne '' ? $case->{alias}
	    : '[127.0.0.1]:' . $case->{box}->port;
	$case->{file} = spew("$dir/known." . $boxes,
	    $case->{known} =~ s/HERE/$here/gr);
}

# What ssh says of the same sshd: 0, or 255.
sub ssh($case)
{
	my @alias = $case->{alias} ? ('-o', "HostKeyAlias=$case->{alias}") : ();
	my %set = (BatchMode => 'yes', StrictHostKeyChecking => 'yes',
		UserKnownHostsFile => $case->{file}, IdentitiesOnly => 'yes',
		GlobalKnownHostsFile => '/dev/null', IdentityAgent => 'none');
	my @set = map { ('-o', "$_=$set{$_}") } sort keys %set;

	return run(['ssh', '-F', 'none', @set, @alias, '-p', $case->{box}->port,
		'-i', key_file('ed25519'), '-l', $case->{box}->user,
		$case->{host} // '127.0.0.1', 'true'], clean_env => 1);
}

my $names = 0;

sub connection($case)
{
	my $host = $case->{host};

	return $lab->connection('c' . $names++, box => $case->{box},
	    ssh_tunnel => { host_key => undef, known_hosts => $case->{file},
		($host ? (host => $host) : ()),
		($case->{alias} ? (host_key_alias => $case->{alias}) : ()) });
}

sub hop($report)
{
	my ($hop) = grep { $_->{phase} eq 'hostkey' }
	    @{ $report->{phases} };

	return $hop // {};
}

sub verify($case, $report)
{
	my $ssh = ssh($case);
	my $is_trusted = $report->{stage} ne 'jump_hostkey';

	is($is_trusted ? 0 : 255, $ssh->{rc}, "$case->{name}: as ssh judges")
	    or diag($ssh->{err}, $report->{message});
	if (defined $case->{says}) {
		like($report->{message}, $case->{says}, 'and why not');
	} elsif (exists $case->{by} && !defined $case->{by}) {
		like(hop($report)->{message}, qr/is known by \S+:\d+/,
		    'by its key');
	} else {
		my $by = $case->{print}
		    // quotemeta fingerprint($case->{by} // $authority);
		like(hop($report)->{message},
		    qr/is certified by CA $by of \Q$case->{file}\E:\d+/,
		    'and by whom');
	}
}

sub reports(@cases)
{
	my $daemon = $lab->new_daemon([map { connection($_) } @cases],
	    handshake_timeout => '20s', auth_timeout => '20s');
	my $seen = $daemon->check('--json');

	return @{ JSON::PP::decode_json($seen->{out}) };
}

SKIP: {
	skip 'this libssh2 cannot verify host certificates', 1
	    unless $is_patched;
	open_box($_) for @cases;
	my @reports = reports(@cases);

	cmp_ok(scalar @cases, '>=', 24, 'there are enough of them');
	verify($cases[$_], $reports[$_]) for 0 .. $#cases;
}

$lab->done;
