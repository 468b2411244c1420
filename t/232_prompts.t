# SPDX-License-Identifier: PostgreSQL
#
# Prompts that no configured secret answers: a prompt for a code of a second
# factor, in any order and round, gets no answer, least of all the password;
# each has an error of its own.  Passwords that have expired.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use JSON::PP qw(encode_json);
use PgJump::Keys qw(private public);
use PgJump::Pam;
use PgJump::Process qw(run);
use PgJump::PythonBox;

my $lab = PgJump::Lab->new;
my $password = $lab->secret('Right horse$1');
my %by_password = (auth_method => 'password', private_key => undef,
	password => $password);
my %second_factor = (
	says => qr/asks user "\S+" what neither a key nor the password answers: it asks "Verification code:"/,
	hint => qr/second factor.*method without one/);
my $count = 0;

sub fails($case, $tunnel, $box = undef)
{
	my $connection = $lab->connection('prompts' . $count++,
	    defined $box ? (box => $box) : (), ssh_tunnel => $tunnel);
	my $daemon = $lab->daemon([$connection]);

	told($lab, $daemon, $connection, { side => 'tunnel',
		label => 'jump_auth', sslmodes => ['disable'], %$case });
	return { seen => $daemon->check, log => $daemon->log_text };
}

# What AsyncSSH asks, by rounds => the error.
my $no = $lab->false;
my @password = ['Password: ', $no, $password];
my @code = ['Verification code: ', $no, '123456'];
my @shown = ['Verification code: ', $lab->true, '123456'];
my @cases = (
	['a code alone', [[@code]], %second_factor],
	['a code before the password', [[@code], [@password]], %second_factor],
	['a code behind the password', [[@password], [@code]], %second_factor],
	['a code that is shown', [[@password], [@shown]], %second_factor],
	['a code in the same round', [[@password, @code]], %second_factor],
	['a code that is shown in it', [[@password, @shown]], %second_factor],
	['something that no word tells', [[@password],
			[['Favourite colour?', $no, 'blue']]],
		says => qr/it asks "Favourite colour\?"/, hint => qr/\S/],
	['something that no word tells, in the same round', [[@password,
			['Favourite colour?', $no, 'blue']]],
		says => qr/it asks "Favourite colour\?"/, hint => qr/\S/],
	['for a code in its instruction', [{ prompts => [['> ', $no, '123456']],
			instruction => 'Enter the code that we have sent.' }],
		says => qr/it asks ">"/, hint => qr/second factor/],
	['nothing but what its instruction says', [[@password], { prompts =>
			[['', $no, 'x']], instruction => 'Which floor?' }],
		says => qr/it asks "Which floor\?"/, hint => qr/\S/],
	['for a third password', [[@password],
			[['LDAP Password: ', $no, $password]],
			[['Other Password: ', $no, $password]]],
		says => qr/rejected the password/, hint => qr/password/],
	['the same once more', [[['Password: ', $no, 'another']], [@password]],
		says => qr/rejected the password/, hint => qr/password/],
	['for a new password', [[@password], [['New password: ', $no, 'new'],
			['Retype new password: ', $no, 'new']]],
		says => qr/password of user "\S+" on jump box \S+ has expired: it asks "New password:"/,
		hint => qr/to change the password/],
);

for my $case (@cases) {
	my ($what, $rounds, %told) = @$case;

	last unless PgJump::PythonBox->possible('asyncssh');
	my $box = PgJump::PythonBox->new(dir => $lab->dir, server => 'prompts',
	    name => 'asking' . $count, arguments => [encode_json($rounds)]);

	fails({ name => "it asks $what", %told },
	    { %{ $box->tunnel }, %by_password });
	unlike($box->process->text, qr/answer to (?!(?:LDAP )?Password)/,
	    'nothing is answered to that');
}

unless (PgJump::Pam::possible()) {
	$lab->done;
	exit;
}

my $user = $lab->user;
my %key = (private_key => private('ed25519'), auth_method => 'key');
my @account = map { "$_ required pam_unix.so" } qw(account session password);
my $unix = PgJump::Pam->new(dir => $lab->dir, lines => [
	'auth required pam_unix.so', @account]);
my $both = 'publickey,keyboard-interactive';

fails({ name => 'PAM asks a password, and none is configured',
	says => qr/wants one more .*: it accepted key SHA256:\S+ and now asks "Password:"/,
	hint => qr/private_key and ssh_tunnel\.password/ }, { %key },
    $lab->new_box($unix->box(AuthenticationMethods => $both),
	user => $user->name));
fails({ name => 'PAM alone asks, and no password is configured',
	says => qr/it offers only keyboard-interactive, and asks "Password:"/,
	hint => qr/auth_method/ }, { %key },
    $lab->new_box($unix->box(PubkeyAuthentication => 'no'),
	user => $user->name));

my $deny = PgJump::Pam->new(dir => $lab->dir, lines => [
	'auth required pam_deny.so', @account]);
fails({ name => 'PAM refuses without a prompt',
	says => qr/it refused keyboard-interactive without a prompt/,
	hint => qr/\S/ }, { %key },
    $lab->new_box($deny->box(AuthenticationMethods => $both),
	user => $user->name));

SKIP: {
	skip 'libpam-google-authenticator is not installed', 1
	    unless PgJump::Pam::has_module('pam_google_authenticator.so');
	my $secret = 'A' x 26 . "\n\" TOTP_AUTH\n";
	$user->write('.google_authenticator', $secret);
	my $code = PgJump::Pam->new(dir => $lab->dir, lines => [
		'auth required pam_google_authenticator.so',
		'auth required pam_unix.so', @account]);
	fails({ name => 'pam_google_authenticator before pam_unix',
		%second_factor },
	    { %by_password, password => $user->password },
	    $lab->new_box($code->box, user => $user->name));
	fails({ name => 'a key that is rejected, then the same', %second_factor,
		detail => qr/tried before: key SHA256:\S+ \(rejected\)/ },
	    { auth_method => ['key', 'password'],
		private_key => private('stranger'),
		password => $user->password },
	    $lab->new_box($code->box, user => $user->name));
	fails({ name => 'pam_google_authenticator behind a key',
		%second_factor }, { %key, password => $user->password },
	    $lab->new_box($code->box(AuthenticationMethods => $both),
		user => $user->name));
}

run(['chage', '-d', '0', $user->name]);
my $expired = fails({ name => 'a password that has expired',
	says => qr/password of user "\S+" on jump box \S+ has expired: it asks "You are required to change your password/,
	hint => qr/to change the password/ },
    { %by_password, password => $user->password },
    $lab->new_box($unix->box, user => $user->name));
like($expired->{seen}{out}, qr/chage -l \Q${\ $user->name}\E$/m,
    'check names the command that shows it');

subtest 'a key logs in, and the expired password denies every forward' => sub {
	my $box = $lab->new_box($unix->box, user => $user->name);
	my $seen = $lab->new_daemon([$lab->connection('expired', box => $box,
		ssh_tunnel => { %key })])->check;
	my $text = $seen->{out} =~ s/\s+/ /gr;

	is($seen->{rc}, 16, 'the forward is denied');
	like($text, qr/user "\Q${\ $user->name}\E" only: the password may have expired/,
	    'and check says what may be the cause');
};

$lab->done;
