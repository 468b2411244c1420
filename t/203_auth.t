# SPDX-License-Identifier: PostgreSQL
#
# The jump box does not let pgjump in: the error has the method, the key, and
# the methods that the server would take.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Agent;
use PgJump::Keys qw(key_file private public);
use PgJump::Process qw(slurp spew);

my $lab = PgJump::Lab->new;
my @agents = (
	full => PgJump::Agent->new(dir => $lab->dir, name => 'agent-full',
	    keys => [map { "agent$_" } 1 .. 7]),
	some => PgJump::Agent->new(dir => $lab->dir, name => 'agent-some',
	    keys => ['agent1', 'agent2']),
	empty => PgJump::Agent->new(dir => $lab->dir, name => 'agent-empty'),
);
my %agent = @agents;
my $me = quotemeta getpwuid $>;
my $here = qr/jump box 127\.0\.0\.1:\d+/;
my %by_password = (auth_method => 'password', private_key => undef,
	password => $lab->secret('a-wrong-password'));
my %by_agent = (auth_method => 'agent', private_key => undef);

# box => how sshd differs; tunnel => how the connection differs
my @cases = (
	{ name => 'the key is not authorized',
		tunnel => { private_key => private('stranger') },
		says => qr/$here rejected the key of user "$me"/,
		hint => qr/authorized_keys/ },
	{ name => 'the user does not exist',
		tunnel => { username => 'nobody-of-this-name' },
		says => qr/rejected the key of user "nobody-of-this-name"/,
		hint => qr/ssh_tunnel\.username/ },
	{ name => 'the password is wrong',
		box => { config => { PasswordAuthentication => 'yes' } },
		tunnel => { %by_password },
		says => qr/$here rejected the password of user "$me"/,
		hint => qr/ssh_tunnel\.password/ },
	{ name => 'passwords are not accepted',
		tunnel => { %by_password },
		says => qr/does not accept the configured authentication of user "$me": .*publickey/,
		hint => qr/auth_method/ },
	{ name => 'keys are not accepted',
		box => { config => { PubkeyAuthentication => 'no',
			PasswordAuthentication => 'yes' } },
		says => qr/does not accept the configured authentication of user "$me": .*password/,
		hint => qr/auth_method/ },
	{ name => 'a password is wanted as well',
		box => { config => { PasswordAuthentication => 'yes',
			AuthenticationMethods => 'publickey,password' } },
		says => qr/wants one more authentication step of user "$me": .*password/,
		hint => qr/ssh_tunnel\.private_key and ssh_tunnel\.password/ },
	{ name => 'SSH_AUTH_SOCK is not set', tunnel => { %by_agent },
		agent => undef,
		says => qr/no SSH agent .*SSH_AUTH_SOCK/,
		hint => qr/SSH_AUTH_SOCK/ },
	{ name => 'the agent is gone', tunnel => { %by_agent },
		agent => $lab->dir . '/no-agent.sock',
		says => qr/no SSH agent .*No such file/,
		hint => qr/ssh-agent/ },
	{ name => 'the agent is not at its agent_socket',
		tunnel => { %by_agent, agent_socket => '/nowhere/agent' },
		agent => $agent{full}->path,
		says => qr{no SSH agent .*/nowhere/agent: No such file},
		hint => qr/ssh_tunnel\.agent_socket/ },
	{ name => 'the agent is empty', tunnel => { %by_agent },
		agent => $agent{empty}->path,
		says => qr/agent holds no key/, hint => qr/ssh-add/ },
	{ name => 'the selected key is not in the agent',
		agent => $agent{full}->path,
		tunnel => { %by_agent, private_key => public('stranger') },
		says => qr/agent does not hold the key selected/,
		hint => qr/ssh-add/ },
	{ name => 'every key of the agent is refused',
		agent => $agent{some}->path, tunnel => { %by_agent },
		says => qr/rejected every key of the SSH agent .*offered 2 of 2/,
		hint => qr/authorized_keys/,
		offers => 2 },
	{ name => 'as many keys of the agent as are offered',
		agent => $agent{full}->path, tunnel => { %by_agent },
		says => qr/rejected the first keys of the SSH agent .*offered only 5 of 7 keys/,
		hint => qr/Select one key .*ssh_tunnel\.private_key/,
		offers => 5 },
	{ name => 'too many authentication failures',
		agent => $agent{full}->path,
		box => { config => { MaxAuthTries => 2 } },
		tunnel => { %by_agent },
		says => qr/ended the login of user "$me": .*[Tt]oo many authentication failures/,
		hint => qr/MaxAuthTries/ },
	{ name => 'a slow login',
		box => { config => { AuthorizedKeysFile => 'none',
			AuthorizedKeysCommand => '/bin/sleep 30',
			AuthorizedKeysCommandUser => $me } },
		says => qr/did not finish the login of user "$me" within 3 ?s/,
		hint => qr/auth_timeout/ },
	{ name => 'the server hangs up in the middle',
		box => { config => { AuthorizedKeysFile => 'none',
			AuthorizedKeysCommand => '/bin/sh -c "kill -9 $PPID"',
			AuthorizedKeysCommandUser => $me } },
		says => qr/closed the connection during the login of user "$me"/,
		hint => qr/log of sshd/ },
);

# One daemon for each agent (or none), since the variable belongs to the
# process.
my %groups;
for my $i (0 .. $#cases) {
	my $case = $cases[$i];
	$case->{with} = $lab->new_box(%{ $case->{box} // {} });
	$case->{connection} = $lab->connection("c_auth_$i",
	    box => $case->{with}, port => 5432,
	    ssh_tunnel => $case->{tunnel} // {});
	push @{ $groups{ $case->{agent} // '' } }, $case;
}
for my $agent (sort keys %groups) {
	my @group = @{ $groups{$agent} };
	my $daemon = $lab->daemon([map { $_->{connection} } @group],
	    auth_timeout => '3s',
	    env => $agent ne '' ? { SSH_AUTH_SOCK => $agent } : {});
	for my $case (@group) {
		told($lab, $daemon, $case->{connection}, { side => 'tunnel',
			label => 'jump_auth', %$case });
		next unless defined $case->{offers};
		my $log = $case->{with}->log_text;
		my $offered = () = $log =~ /^Failed publickey/mg;
		is($offered, 2 * $case->{offers},
		    'no more keys are offered than that, by check neither');
	}
}

subtest 'rejected credentials are not tried again and again' => sub {
	my $box = $lab->new_box;
	my $connection = $lab->connection('c_patience', box => $box,
	    port => 5432, ssh_tunnel => { private_key => private('stranger') });
	my $daemon = $lab->daemon([$connection]);
	$lab->psql($connection, 'select 1') for 1 .. 10;
	my $tries = () = $box->log_text =~ /^Failed publickey/mg;
	is($tries, 1, 'ten clients, one login');
};

subtest 'a key file that vanishes' => sub {
	my $box = $lab->new_box;
	my $file = spew($lab->dir . '/vanishing', private('ed25519'), 0600);
	my $connection = $lab->connection('c_vanish', box => $box,
	    port => 5432, ssh_tunnel => { private_key => undef,
		private_key_file => $file });
	my $daemon = $lab->daemon([$connection]);
	ok($daemon->tunnel_up, 'is read at first');
	unlink $file;
	$box->kill_sessions;
	ok($daemon->says(qr/jump_auth/), 'is missed at the next dial');
	told($lab, $daemon, $connection, {
		name => 'the key file is gone',
		side => 'tunnel', label => 'jump_auth',
		says => qr/secret for jump box \S+ cannot be read: .*\Q$file\E/,
		hint => qr/path or the permissions/,
		sslmodes => ['disable'],
		check => 0, # which reads the configuration anew
	});
	spew($file, private('ed25519'), 0600);
	my $mark = $daemon->mark;
	ok($daemon->tunnel_up(5, $mark),
	    'a file that is back is tried at once');
};

$lab->done;
