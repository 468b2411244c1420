# SPDX-License-Identifier: PostgreSQL
#
# A host certificate that is not to be trusted ends the dial before anything
# secret is sent, and the client is told what is wrong with it.  So does one
# that no sshd would show, and another one in a later key exchange; with the
# same one keys are exchanged as often as it takes.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use Digest::MD5 qw(md5_hex);
use PgJump::Certificate qw(certify damage nest);
use PgJump::Keys qw(fingerprint public);
use PgJump::Process qw(spew);
use PgJump::PythonBox;

my $is_patched = PgJump::Daemon::command(['--version'])->{out} =~
    /libssh2 \S+ bundled and patched/;
my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $authority = '@cert-authority * ' . public('agent1') . "\n";
my $known = spew("$dir/known", $authority);

sub made(@options) { certify($dir, 'host-ed25519', 'agent1', @options) }

sub box_of($name, $certificate)
{
	return $lab->new_box(name => $name, config => { RekeyLimit => '256K',
		LogLevel => 'DEBUG1', HostCertificate => $certificate });
}

sub trusting($name, $tunnel, $file = $known)
{
	return $lab->connection($name, connection_timeout => 40, %$tunnel,
	    ssh_tunnel => {
		%{ $tunnel->{ssh_tunnel} // {} }, host_key => undef,
		known_hosts => $file });
}

subtest 'a library that cannot verify certificates' => sub {
	plan skip_all => 'this one can' if $is_patched;
	my $main = trusting('main', { box => box_of('sshd', made('-h')) });
	my $daemon = $lab->daemon([$main]);

	told($lab, $daemon, $main, { name => 'an authority alone',
		side => 'tunnel', label => 'jump_hostkey',
		says => qr/\@cert-authority only, and this libssh2 cannot verify host certificates: it shows ssh-ed25519/,
		hint => qr/contrib\/setup --libssh2=bundled/ });
};

my @cases = (
	{ name => 'expired', options => [qw(-h -V 20200101:20200201)],
		says => qr/has expired: it was valid until 2020/,
		hint => qr/certified anew/ },
	{ name => 'not valid yet', options => [qw(-h -V 20900101:20910101)],
		says => qr/is not valid yet/, hint => qr/clock/ },
	{ name => 'for another name', options => [qw(-h -n db.example.com)],
		says => qr/is for another name: it is for db\.example\.com/,
		hint => qr/host_key_alias/ },
	{ name => 'of an unknown authority', options => ['-h'],
		known => '@cert-authority * ' . public('stranger') . "\n",
		says => qr/signed by an authority that is not known: CA SHA256/,
		hint => qr/\@cert-authority HOSTS KEY/ },
	{ name => 'of a revoked authority', options => ['-h'],
		known => "$authority\@revoked * " . public('agent1') . "\n",
		says => qr/is marked \@revoked/, hint => qr/administrator/ },
	{ name => 'for users', options => [],
		says => qr/it is a certificate for users/,
		hint => qr/ssh-keygen -s AUTHORITY -h/ },
	{ name => 'with a critical option',
		options => [qw(-h -O critical:mind@example.com)],
		says => qr/the critical option "mind\@example\.com"/,
		hint => qr/without critical options/ },
);

sub told_of(@cases)
{
	my $daemon = $lab->daemon([map { $_->{connection} } @cases],
	    handshake_timeout => '20s');

	told($lab, $daemon, $_->{connection}, { side => 'tunnel',
		label => 'jump_hostkey', %$_ }) for @cases;
}

subtest 'what sshd shows' => sub {
	plan skip_all => 'this libssh2 cannot verify them' unless $is_patched;
	for my $i (0 .. $#cases) {
		my $case = $cases[$i];
		my $file = $case->{known}
		    ? spew("$dir/known$i", $case->{known}) : $known;
		$case->{box} = box_of("sshd$i", made(@{ $case->{options} }));
		$case->{connection} = trusting("shown$i",
		    { box => $case->{box}, port => 5432 }, $file);
	}
	told_of(@cases);
	unlike($_->{box}->log_text, qr/publickey/, 'no login was tried')
	    for @cases;
};

subtest 'what no sshd shows' => sub {
	plan skip_all => 'this libssh2 cannot verify them' unless $is_patched;
	plan skip_all => 'python3-paramiko is not installed'
	    unless PgJump::PythonBox->possible('paramiko');
	my $rsa = spew("$dir/known.rsa",
	    '@cert-authority * ' . public('rsa-pkcs8') . "\n");
	my $by_rsa = certify($dir, 'host-ed25519', 'rsa-pkcs8', '-h');
	my @python = (
		{ name => 'signed by a certificate', file => $rsa,
			shows => [nest($by_rsa, certify($dir, 'host-rsa',
				'rsa-pkcs8', '-h'))],
			says => qr/it is signed by a certificate/,
			hint => qr/by a key and not by a certificate/ },
		{ name => 'changed after it was signed',
			shows => [damage(made('-h'))],
			says => qr/its signature is not that of its authority/,
			hint => qr/certified anew/ },
		{ name => 'of a key that the server does not have',
			label => 'jump_handshake',
			shows => [certify($dir, 'host-other', 'agent1', '-h')],
			says => qr/did not prove that it holds the host key/,
			hint => qr/what alters the bytes/ },
		{ name => 'another one in a later key exchange',
			label => 'tunnel_lost', shows => [made('-h'),
				made('-h', '-n', '127.0.0.1')] },
	);

	for my $i (0 .. $#python) {
		my $case = $python[$i];
		$case->{box} = PgJump::PythonBox->new(dir => $dir,
		    server => 'certified', name => "python$i",
		    arguments => $case->{shows});
		$case->{connection} = trusting("python$i", { port => 5432,
			ssh_tunnel => $case->{box}->tunnel },
		    $case->{file} // $known);
	}
	my $later = pop @python;
	told_of(@python);
	my $daemon = $lab->daemon([$later->{connection}]);
	ok($daemon->says(qr/it showed another host key in a later key exchange/),
	    $later->{name});
};

subtest 'the same one in each key exchange' => sub {
	plan skip_all => 'this libssh2 cannot verify them' unless $is_patched;
	my $box = box_of('again', made('-h'));
	my $main = trusting('again', { box => $box });
	my $daemon = $lab->daemon([$main]);
	my $bulk = $lab->psql($main,
	    'select repeat(md5(i::text), 1000) from generate_series(1, 100) i');

	is($bulk->{out}, join('', map { md5_hex($_) x 1000 . "\n" } 1 .. 100),
	    'three megabytes come unchanged');
	cmp_ok(scalar(() = $box->log_text =~ /set_newkeys: rekeying/g), '>=', 4,
	    'over several exchanges');
	is($lab->psql($main, 'select 1')->{out}, "1\n", 'and the link stays');
	like($daemon->log_text, qr/is certified by CA \S+ of \Q$known\E:1/,
	    'which its certificate opened');
};

$lab->done;
