# SPDX-License-Identifier: PostgreSQL
#
# User certificates, made by ssh-keygen: with the same key and certificate, sshd
# lets pgjump in where it lets ssh in, and nowhere else.  From a file, as text,
# or beside an agent; of every type; renewed while pgjump runs.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use File::Copy qw(copy);
use JSON::PP ();
use PgJump::Agent;
use PgJump::Certificate qw(certify);
use PgJump::Keys qw(PASSPHRASE fingerprint key_file private public);
use PgJump::Process qw(run slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $user = getpwuid $>;
my $authority = 'agent1';
my $ca = quotemeta fingerprint($authority);

# sshd trusts the authority and one of its other keys, and no key by itself but
# that of the last cases.
my $box = $lab->new_box(authorized => [public('rsa1024'),
	'cert-authority,principals="ops" ' . public('agent2')],
    config => { TrustedUserCAKeys => key_file($authority) . '.pub',
	RevokedKeys => key_file('ecdsa521') . '.pub',
	RequiredRSASize => 1024 });

sub made($key, @options) { certify($dir, $key, $authority, @options) }

my @for = ('-n', $user);

# name; key; certificate; says: why it is rejected; not there: who let us in.
my @cases = (
	(map { +{ name => $_->[0], key => $_->[1],
		certificate => made($_->[1], @for) } }
	    ['Ed25519', 'ed25519'], ['RSA', 'rsa'], ['ECDSA', 'ecdsa'],
	    ['ECDSA P-384', 'ecdsa384'], ['RSA in PKCS#1', 'rsa-pkcs1'],
	    ['ECDSA in SEC1', 'ecdsa-sec1']),
	# ssh itself cannot use these two: no format, and no passphrase
	{ name => 'Ed25519 in PKCS#8', key => 'ed25519-pkcs8', ssh => 0,
		certificate => made('ed25519-pkcs8', @for) },
	{ name => 'an encrypted key', key => 'ed25519-locked',
		certificate => made('ed25519-locked', @for), ssh => 0 },
	{ name => 'several principals',
		certificate => made('ed25519', '-n', "somebody,$user") },
	{ name => 'valid for ever', certificate => made('ed25519', @for) },
	{ name => 'valid now', ends => 1,
		certificate => made('ed25519', @for, '-V', '-9h:+1h') },
	{ name => 'of an authority in authorized_keys, for a role',
		certificate => certify($dir, 'ed25519', 'agent2', '-n', 'ops'),
		by => 'agent2' },
	{ name => 'a command and no terminal',
		certificate => made('ed25519', @for, '-O', 'no-pty') },
	{ name => 'from this address', certificate => made('ed25519', @for,
		'-O', 'source-address=127.0.0.0/8') },
	{ name => 'expired', certificate => made('ed25519', @for, '-V',
		'20200101:20200201'),
		says => qr/which has expired: it was valid until 2020-/ },
	{ name => 'not valid yet', certificate => made('ed25519', @for, '-V',
		'20900101:20910101'),
		says => qr/which is not valid yet: it is valid from 20/ },
	{ name => 'for another user',
		certificate => made('ed25519', '-n', 'somebody,else'),
		says => qr/which is for others: it is for somebody, else/ },
	{ name => 'for nobody', certificate => made('ed25519'),
		says => qr/which is for others: it names no user/ },
	{ name => 'from another address', certificate => made('ed25519', @for,
		'-O', 'source-address=192.0.2.0/24'),
		says => qr/limited by critical options: source-address/ },
	{ name => 'with an unknown critical option',
		certificate => made('ed25519', @for, '-O',
		    'critical:mind@example.com=x'),
		says => qr/limited by critical options: mind\@example\.com/ },
	{ name => 'of an unknown authority',
		certificate => certify($dir, 'ed25519', 'stranger', @for),
		says => qr/rejected the certificate of user "\Q$user\E" \[/ },
	{ name => 'of a role that the authority may not give',
		certificate => certify($dir, 'ed25519', 'agent2', '-n', $user),
		says => qr/rejected the certificate of user "\Q$user\E" \[/ },
	{ name => 'of a revoked key', key => 'ecdsa521',
		certificate => made('ecdsa521', @for),
		says => qr/rejected the certificate of user "\Q$user\E" \[/ },
	{ name => 'signed with SHA-1', certificate => certify($dir, 'ed25519',
		'rsa-pkcs8', @for, '-t', 'ssh-rsa'),
		says => qr/rejected the certificate of user "\Q$user\E" \[/ },
	{ name => 'expired, and the key is known', key => 'rsa1024',
		certificate => made('rsa1024', @for, '-V',
		    '20200101:20200201'), by_key => 1 },
	{ name => 'of an unknown authority, and the key is known',
		key => 'rsa1024', by_key => 1,
		certificate => certify($dir, 'rsa1024', 'stranger', @for) },
);
$_->{key} //= 'ed25519' for @cases;

my $names = 0;

sub connection($case, %change)
{
	return $lab->connection('u' . $names++, box => $box, ssh_tunnel => {
		private_key => private($case->{key}),
		private_key_passphrase => $case->{key} =~ /locked/
		    ? PASSPHRASE : undef,
		certificate_file => $case->{certificate}, %change });
}

# What the same sshd says to ssh: 0, or 255.
sub ssh($case)
{
	my %set = (BatchMode => 'yes', StrictHostKeyChecking => 'no',
		UserKnownHostsFile => '/dev/null', IdentitiesOnly => 'yes',
		IdentityAgent => 'none', LogLevel => 'ERROR',
		CertificateFile => $case->{certificate});
	my @set = map { ('-o', "$_=$set{$_}") } sort keys %set;
	my $key = spew("$dir/identity", private($case->{key}), 0600);
	spew("$key.pub", public($case->{key}) . "\n");

	return run(['ssh', '-F', 'none', @set, '-p', $box->port, '-i', $key,
		'-l', $user, '127.0.0.1', 'true'], clean_env => 1)->{rc};
}

sub hop($report)
{
	my ($hop) = grep { $_->{phase} eq 'auth' } @{ $report->{phases} };

	return $hop->{message} // '';
}

sub verify($case, $report)
{
	my $ssh = $case->{ssh} // ssh($case);
	my $is_in = $report->{stage} ne 'jump_auth';

	is($is_in ? 0 : 255, $ssh, "$case->{name}: as for ssh")
	    or diag($report->{message});
	if ($case->{says}) {
		like($report->{message}, $case->{says}, 'and why not');
		return;
	}
	if ($case->{by_key}) {
		like(hop($report), qr/by key SHA256/, 'by its key');
		like($report->{detail} . "@{ $report->{remarks} }" . hop($report),
		    qr/certificate of SHA256:\S+ \(rejected\)/, 'after it');
		return;
	}
	my $by = quotemeta fingerprint($case->{by} // $authority);
	like(hop($report), qr/by certificate of SHA256:\S+ \(CA $by, valid (for ever|until 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC)\)/,
	    'and by which certificate');
	my $remarks = "@{ $report->{remarks} }";
	if ($case->{ends}) {
		like($remarks, qr/Soon: the certificate of SHA256:\S+ is valid until/,
		    'whose end is near');
	} else {
		unlike($remarks, qr/valid until/, 'whose end is far');
	}
}

cmp_ok(scalar @cases, '>=', 24, 'there are enough of them');
my $daemon = $lab->new_daemon([map { connection($_) } @cases],
    handshake_timeout => '20s', auth_timeout => '20s');
my $reports = JSON::PP::decode_json($daemon->check('--json')->{out});
verify($cases[$_], $reports->[$_]) for 0 .. $#cases;

subtest 'as text, or beside an agent' => sub {
	my $certificate = made('rsa', @for);
	my $agent = PgJump::Agent->new(dir => $dir);
	$agent->add('rsa');
	my %is = (key => 'rsa', certificate => $certificate);
	my $text = connection(\%is, certificate => slurp($certificate),
	    certificate_file => undef);
	my $beside = connection(\%is, auth_method => 'agent',
	    private_key => undef);
	my $both = connection(\%is, auth_method => ['agent', 'key']);
	my $other = connection({ key => 'ecdsa', certificate => made('ecdsa',
		@for) }, auth_method => ['agent', 'key']);
	my $daemon = $lab->daemon([$text, $beside, $both, $other],
	    env => { SSH_AUTH_SOCK => $agent->path });

	for ([$text, 'text'], [$beside, 'agent'], [$both, 'both'],
	    [$other, 'the agent has another key']) {
		is($lab->psql($_->[0], 'select 1')->{out}, "1\n", $_->[1]);
	}
	my $told = $daemon->log_text;
	is(scalar(() = $told =~ /by certificate of/g), 2, 'by the key');
	is(scalar(() = $told =~ /by agent certificate of/g), 2, 'by the agent');
};

subtest 'one of two keys has a certificate' => sub {
	my %is = (key => 'ed25519', certificate => made('ecdsa', @for));
	my $main = connection(\%is, private_key => [private('ed25519'),
		private('ecdsa')]);
	my $daemon = $lab->daemon([$main]);

	is($lab->psql($main, 'select 1')->{out}, "1\n", 'it logs in');
	like($daemon->log_text, qr/by certificate of /, 'by it');
};

subtest 'renewed while pgjump runs' => sub {
	my $file = "$dir/renewed-cert.pub";
	copy(made('ed25519', @for, '-V', '20200101:20200201'), $file);
	my $main = connection({ key => 'ed25519', certificate => $file });
	my $daemon = $lab->daemon([$main]);
	my $told = $lab->psql($main, 'select 1')->{err};

	like($daemon->log_text, qr/certificate_file: the certificate has expired, at 2020-/,
	    'its end is told at start');
	like($told, qr/which has expired/, 'and to a client');
	my $mark = $daemon->mark;
	copy(made('ed25519', @for), "$file.new");
	rename "$file.new", $file;
	ok($daemon->says(qr/jump box reached/, 20, $mark), 'a new one is tried at once');
	is($lab->psql($main, 'select 1')->{out}, "1\n", 'and logs in');
};

subtest 'an end that is near' => sub {
	my $main = connection({ key => 'ed25519',
		certificate => made('ed25519', @for, '-V', '-60d:+6d') });
	my $daemon = $lab->daemon([$main]);

	is($lab->psql($main, 'select 1')->{out}, "1\n", 'it logs in');
	like($daemon->log_text, qr/certificate_file: the certificate ends soon, at 20/,
	    'a warning at start');
	like($daemon->log_text, qr/certificate ends soon.* valid_until="?20/,
	    'and at the login');
};

$lab->done;
