# SPDX-License-Identifier: PostgreSQL
#
# Logins by a list of methods or keys that the jump box refuses: the error names
# each try and what came of it, and sshd has seen no try more than that.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use JSON::PP qw(encode_json);
use PgJump::Agent;
use PgJump::Keys qw(fingerprint key_file private public);
use PgJump::Process qw(spew);
use PgJump::PythonBox;

my $lab = PgJump::Lab->new;
my $agent = PgJump::Agent->new(dir => $lab->dir, keys => [qw(agent1 agent2)]);
my $me = quotemeta getpwuid $>;
my $wrong = $lab->secret('a-wrong-password');
my %file = map {
	$_ => spew($lab->dir . "/$_.key", private($_), 0600)
} qw(stranger rsa ecdsa agent3 agent4 agent5);
my %print = map { $_ => quotemeta fingerprint($_) }
    qw(stranger rsa ecdsa agent1 agent2 agent3 agent4 agent5);
my %passwords = (config => { PasswordAuthentication => 'yes' });
my $nothing = qr/accepted nothing that user "$me" has:/;
my $authorize = qr/authorized_keys/;

# tries: how many refusals sshd has logged for one login
my @cases = (
	{ name => 'an agent that is absent, and a key that is rejected',
		tunnel => { auth_method => ['agent', 'key'],
			private_key_file => $file{stranger} },
		says => qr/$nothing agent \(SSH_AUTH_SOCK is not set\), key $print{stranger} \(rejected\) /,
		hint => $authorize, tries => 1 },
	{ name => 'keys of the agent and of a file', agent => 1,
		tunnel => { auth_method => ['agent', 'key'],
			private_key_file => [@file{qw(stranger rsa)}] },
		says => qr/$nothing agent key $print{agent1} \(rejected\), agent key $print{agent2} \(rejected\), key $print{stranger} \(rejected\), key $print{rsa} \(rejected\) /,
		hint => $authorize, tries => 4 },
	{ name => 'as many keys as are offered, all of them named',
		tunnel => { auth_method => 'key', private_key_file =>
			[@file{qw(stranger ecdsa agent3 agent4 agent5)}] },
		says => qr/$nothing key $print{stranger} \(rejected\), .*key $print{agent5} \(rejected\) /,
		hint => $authorize, tries => 5 },
	{ name => 'a key and a password', box => { %passwords },
		tunnel => { auth_method => ['key', 'password'],
			private_key_file => $file{stranger},
			password => $wrong },
		says => qr/$nothing key $print{stranger} \(rejected\), password \(rejected\) /,
		hint => qr/auth_method/, tries => 2 },
	{ name => 'a password that is not on offer',
		tunnel => { auth_method => ['password', 'key'],
			private_key_file => $file{stranger},
			password => $wrong },
		says => qr/rejected the key of user "$me"/,
		detail => qr/tried key $print{stranger} \(rejected\), password \(the jump box does not offer it\)/,
		hint => $authorize, tries => 1 },
	{ name => 'five keys and a password, as many as sshd allows',
		box => { %passwords },
		tunnel => { auth_method => ['key', 'password'],
			private_key_file =>
			    [@file{qw(stranger ecdsa agent3 agent4 agent5)}],
			password => $wrong },
		says => qr/$nothing key .*key $print{agent5} \(rejected\), password \(rejected\) /,
		hint => $authorize, tries => 6 },
	{ name => 'more keys than sshd allows',
		box => { config => { MaxAuthTries => 2 } },
		tunnel => { auth_method => 'key', private_key_file =>
			[@file{qw(stranger rsa ecdsa)}] },
		says => qr/ended the login of user "$me": too many authentication failures after key $print{stranger} \(rejected\), key $print{rsa} \(rejected\) /,
		hint => qr/Offer fewer keys.*MaxAuthTries/, tries => 2 },
	{ name => 'none, and the jump box demands a key',
		tunnel => { auth_method => 'none' },
		says => qr/does not accept the configured authentication of user "$me": it offers only publickey/,
		hint => qr/auth_method/, tries => 0 },
	{ name => 'none, then a key', tunnel => { auth_method => ['none', 'key'],
			private_key_file => $file{stranger} },
		says => qr/rejected the key of user "$me"/,
		detail => qr/tried none \(rejected\), key $print{stranger} \(rejected\)/,
		hint => $authorize, tries => 1 },
	{ name => 'nothing is left for the second factor',
		box => { config => { PasswordAuthentication => 'yes',
			AuthenticationMethods => 'publickey,password' },
			authorized => [public('rsa')] },
		tunnel => { auth_method => ['agent', 'key'],
			private_key_file => [@file{qw(stranger rsa)}] },
		says => qr/wants one more .*: it accepted key $print{rsa} and now asks for password/,
		hint => qr/ssh_tunnel\.password/, tries => 1 },
	{ name => 'the second factor is rejected',
		box => { config => { PasswordAuthentication => 'yes',
			AuthenticationMethods => 'publickey,password' },
			authorized => [public('rsa')] },
		tunnel => { auth_method => ['key', 'password'],
			private_key_file => [@file{qw(stranger rsa)}],
			password => $wrong },
		says => qr/rejected the password of user "$me"/,
		detail => qr/it accepted key $print{rsa}/,
		hint => qr/ssh_tunnel\.password/, tries => 2 },
);

# One daemon without an agent and one with it.
for my $with_agent (0, 1) {
	my @group = grep { ($_->{agent} // 0) == $with_agent } @cases;
	for my $case (@group) {
		state $count = 0;
		$case->{with} = $lab->new_box(%{ $case->{box} // {} });
		$case->{connection} = $lab->connection('lists' . $count++,
		    box => $case->{with}, port => 5432, ssh_tunnel => {
			private_key => undef, %{ $case->{tunnel} } });
	}
	my $daemon = $lab->daemon([map { $_->{connection} } @group],
	    env => $with_agent ? { SSH_AUTH_SOCK => $agent->path } : {});
	for my $case (@group) {
		told($lab, $daemon, $case->{connection}, { side => 'tunnel',
			label => 'jump_auth', sslmodes => ['disable'],
			%$case });
		my $tries = () = $case->{with}->log_text =~
		    /^Failed (?:publickey|password)/mg;
		# A slow machine leaves serve the time for a second dial.
		ok($case->{tries} == 0 ? $tries == 0
		    : $tries >= 2 * $case->{tries}
			&& $tries % $case->{tries} == 0,
		    "$case->{name}: tries of serve and of check")
		    or diag "$tries are not a multiple of $case->{tries}";
	}
}

subtest 'what check tells of it' => sub {
	my $connection = $lab->connection('told', ssh_tunnel => {
		auth_method => ['agent', 'key'], private_key => undef,
		private_key_file => [@file{qw(stranger rsa)}] });
	my $daemon = $lab->new_daemon([$connection]);
	my $text = $daemon->check->{out} =~ s/\s+/ /gr;
	my $report = JSON::PP::decode_json(
	    $daemon->check('--json', 'told')->{out});
	my ($auth) = grep { $_->{phase} eq 'auth' } @{ $report->{phases} };
	my $line = quotemeta public('stranger');

	like($text, qr/restrict,port-forwarding,permitopen="\S+" $line/,
	    'the line that authorizes the first key');
	like($text, qr/passwd -S $me/, 'what to look at on the jump box');
	is_deeply($auth->{tried}, ['agent (SSH_AUTH_SOCK is not set)',
		map { 'key ' . fingerprint($_) . ' (rejected)' }
		    qw(stranger rsa)], 'JSON has each try');
};

SKIP: {
	skip 'python3-asyncssh is not installed', 1
	    unless PgJump::PythonBox->possible('asyncssh');
	my $box = PgJump::PythonBox->new(dir => $lab->dir, server => 'prompts',
	    name => 'asking', arguments => [encode_json(
		[[['Verification code: ', $lab->false, '123456']]])]);
	my $connection = $lab->connection('c_asks', ssh_tunnel => {
		%{ $box->tunnel }, auth_method => ['agent', 'key', 'password'],
		password => $wrong });

	told($lab, $lab->daemon([$connection]), $connection, {
		name => 'a code, at the end of a list', side => 'tunnel',
		label => 'jump_auth', sslmodes => ['disable'],
		says => qr/what neither a key nor the password answers: it asks "Verification code:"/,
		hint => qr/second factor/ });
	unlike($box->process->text, qr/answer to/, 'nothing is answered');
}

$lab->done;
