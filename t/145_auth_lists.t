# SPDX-License-Identifier: PostgreSQL
#
# auth_method as a list: its methods in their order within one SSH session, its
# keys each once, and no more tries than sshd allows; `none` where the jump box
# demands nothing; two factors out of a list.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Agent;
use PgJump::Keys qw(fingerprint key_file private public PASSPHRASE);
use PgJump::Process qw(run spew);
use PgJump::PythonBox;

my $lab = PgJump::Lab->new;
my $full = PgJump::Agent->new(dir => $lab->dir, name => 'agent-full',
    keys => [map { "agent$_" } 1 .. 7]);
my %with_agent = (env => { SSH_AUTH_SOCK => $full->path });
my %file = map {
	$_ => spew($lab->dir . "/$_.key", private($_), 0600)
} qw(ed25519 stranger rsa ecdsa agent6 ed25519-locked);
my $count = 0;

# Log in once, and return what the log of pgjump and that of sshd say of it.
sub logs_in($what, $how, $box, $tunnel, %global)
{
	my $connection = $lab->connection('lists' . $count++,
	    ref $box eq 'PgJump::JumpBox' ? (box => $box) : (),
	    ssh_tunnel => { private_key => undef, %$tunnel });
	my $daemon = $lab->daemon([$connection], %global);
	my $seen = $lab->psql($connection, 'select 1');

	is($seen->{out}, "1\n", $what) or diag($seen->{err});
	like($daemon->log_text, qr/logged in by $how/, 'the log says how');
	return $daemon;
}

# The tries that sshd has seen, in order: "Failed publickey", "Accepted none".
sub tries($box)
{
	return [$box->log_text =~ /^((?:Failed|Accepted|Partial) \S+) for /mg];
}

subtest 'an agent that is absent, then a key' => sub {
	my $daemon = logs_in('logs in', qr/key SHA256/, $lab->box,
	    { auth_method => ['agent', 'key'],
		private_key_file => $file{ed25519} });

	like($daemon->log_text, qr/tried before: agent \(SSH_AUTH_SOCK is not set\)/,
	    'and says what was missing');
};

subtest 'an agent of seven keys leaves room for a key' => sub {
	my $box = $lab->new_box;

	logs_in('logs in', qr/key SHA256/, $box, {
		auth_method => ['agent', 'key'],
		private_key_file => $file{ed25519} }, %with_agent);
	is_deeply(tries($box), [('Failed publickey') x 4, 'Accepted publickey'],
	    'by the fifth and last key');
};

subtest 'a key that the agent holds is offered by it, before its others' => sub {
	my $box = $lab->new_box(authorized => [public('agent6')]);

	logs_in('logs in', qr/agent key \Q${\ fingerprint('agent6')}/, $box, {
		auth_method => ['agent', 'key'],
		private_key_file => [@file{qw(stranger agent6)}] },
	    %with_agent);
	is_deeply(tries($box), ['Accepted publickey'], 'and nothing else');
};

subtest 'keys in their order, and a passphrase for the one that needs it' => sub {
	my $box = $lab->new_box(authorized => [public('ed25519-locked')]);

	logs_in('logs in', qr/key SHA256/, $box, { auth_method => 'key',
		private_key_file => [@file{qw(stranger rsa ed25519-locked)}],
		private_key_passphrase => PASSPHRASE });
	is_deeply(tries($box), [('Failed publickey') x 2, 'Accepted publickey'],
	    'the third is accepted');
	my ($first, $second) = map { quotemeta fingerprint($_) }
	    qw(stranger rsa);
	like($box->log_text, qr/Failed publickey .* $first\b.*Failed publickey .* $second\b/s,
	    'in the order of the configuration');
};

subtest 'texts of keys are a list as well' => sub {
	my $box = $lab->new_box;

	logs_in('logs in', qr/key SHA256/, $box, { auth_method => ['key'],
		private_key => [private('stranger'), private('ed25519')] });
	is_deeply(tries($box), ['Failed publickey', 'Accepted publickey'],
	    'the second is accepted');
};

subtest 'public keys in a list select keys of the agent' => sub {
	my $box = $lab->new_box(authorized => [public('agent7')]);

	logs_in('logs in', qr/agent key SHA256/, $box, {
		auth_method => ['agent', 'key'],
		private_key => [public('agent3'), public('agent7'),
			private('ed25519')] }, %with_agent);
	is_deeply(tries($box), ['Failed publickey', 'Accepted publickey'],
	    'the two, and no other');
};

subtest 'a connection overrides the methods of a jump box' => sub {
	my $box = $lab->new_box;
	my $connection = $lab->connection('override', ssh_tunnel => {});
	$connection->{ssh_tunnel} = { use => 'edge',
		auth_method => ['agent', 'key'],
		private_key_file => [$file{stranger}, $file{ed25519}] };
	my $daemon = $lab->daemon([$connection], jump_boxes => { edge => {
		host => '127.0.0.1', port => $box->port,
		username => $box->user, host_key => $box->pin,
		auth_method => 'key', private_key_file => $file{rsa} } });

	is($lab->psql($connection, 'select 1')->{out}, "1\n", 'logs in');
	is_deeply(tries($box), ['Failed publickey', 'Accepted publickey'],
	    'by its own keys');
};

subtest 'two keys for two factors' => sub {
	my $box = $lab->new_box(authorized => [public('agent1'),
		public('ed25519')], config => {
		AuthenticationMethods => 'publickey,publickey' });

	logs_in('logs in', qr/agent key SHA256:\S+ and key SHA256/, $box, {
		auth_method => ['agent', 'key'],
		private_key_file => $file{ed25519} }, %with_agent);
	is_deeply(tries($box), ['Partial publickey', 'Accepted publickey'],
	    'one of the agent, one of the configuration');
};

subtest 'what check tells of a list' => sub {
	my $connection = $lab->connection('told', ssh_tunnel => {
		auth_method => ['agent', 'key'], private_key => undef,
		private_key_file => [@file{qw(stranger ed25519)}] });
	my $daemon = $lab->new_daemon([$connection]);
	my $seen = $daemon->check;
	my $text = $seen->{out} =~ s/\s+/ /gr;
	my $report = JSON::PP::decode_json(
	    $daemon->check('--json', 'told')->{out});
	my %phase = map { $_->{phase} => $_ } @{ $report->{phases} };
	my ($stranger, $good) = map { fingerprint($_) } qw(stranger ed25519);

	is($seen->{rc}, 0, 'all is well');
	like($text, qr/a key of the SSH agent, then key ssh-ed25519 \Q$stranger\E, then key ssh-ed25519 \Q$good/,
	    'the order that is configured');
	like($text, qr/by key \Q$good\E; tried before: agent \(SSH_AUTH_SOCK is not set\), key \Q$stranger\E \(rejected\)/,
	    'what logged in, and what was refused before');
	is_deeply($phase{config}{auth_method}, ['agent', 'key'],
	    'JSON has the methods');
	is_deeply($phase{config}{keys}, [$stranger, $good], 'the keys');
	is_deeply($phase{auth}{tried}, ['agent (SSH_AUTH_SOCK is not set)',
		"key $stranger (rejected)", "key $good (accepted)"],
	    'and what came of each');
};

SKIP: {
	skip 'python3-asyncssh is not installed', 1
	    unless PgJump::PythonBox->possible('asyncssh');
	my $box = PgJump::PythonBox->new(dir => $lab->dir, server => 'prompts',
	    name => 'open', arguments => ['null']);

	subtest 'a server that demands nothing' => sub {
		logs_in('logs in', qr/nothing but the user's name/, $box,
		    { %{ $box->tunnel }, auth_method => $_ })
		    for 'none', ['none', 'agent'];
	};
}

unless (PgJump::User::possible()) {
	note 'needs root to make a Unix user: no passwords are tested';
	$lab->done;
	exit;
}

my $user = $lab->user;
my %by_user = (user => $user->name, authorized => [public('ed25519')]);

subtest 'a key, then a password' => sub {
	my $box = $lab->new_box(%by_user, config => {
		PasswordAuthentication => 'yes' });

	logs_in('logs in', qr/password/, $box, {
		auth_method => ['key', 'password'],
		private_key_file => [@file{qw(stranger rsa)}],
		password => $user->password });
	is_deeply(tries($box), [('Failed publickey') x 2, 'Accepted password'],
	    'in this order');
};

subtest 'as many keys as are offered, then a password' => sub {
	my $box = $lab->new_box(%by_user, config => {
		PasswordAuthentication => 'yes', MaxAuthTries => 6 });

	logs_in('logs in', qr/password/, $box, {
		auth_method => ['agent', 'key', 'password'],
		private_key_file => [@file{qw(stranger rsa)}],
		password => $user->password }, %with_agent);
	is_deeply(tries($box), [('Failed publickey') x 5, 'Accepted password'],
	    'one less than MaxAuthTries is refused');
};

subtest 'a key and a password for two factors' => sub {
	for my $order ('publickey,password', 'password,publickey') {
		my $box = $lab->new_box(%by_user, config => {
			PasswordAuthentication => 'yes',
			AuthenticationMethods => $order });

		logs_in($order, qr/(?:key SHA256:\S+ and password|password and key)/,
		    $box, { auth_method => ['none', 'key', 'password'],
			private_key_file => [@file{qw(stranger ed25519)}],
			password => $user->password });
	}
};

subtest 'a user without a password' => sub {
	my $empty = PgJump::User->new(dir => $lab->dir);
	my $done = run(['passwd', '-d', $empty->name]);
	my $box = $lab->new_box(user => $empty->name, config => {
		PasswordAuthentication => 'yes', PermitEmptyPasswords => 'yes' });

	is($done->{rc}, '0', 'is made') or diag($done->{err});
	logs_in('logs in', qr/nothing but the user's name/, $box,
	    { auth_method => 'none' });
	is_deeply(tries($box), ['Accepted none'], 'by the first request');
	$empty->remove;
};

$lab->done;
