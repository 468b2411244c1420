# SPDX-License-Identifier: PostgreSQL
#
# Agents that hold more than pgjump can use: keys on hardware and certificates
# of others do not stop the keys behind them.  An agent that asks a person by a
# real SSH_ASKPASS program asks once, for the key that the jump box accepts.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Agent;
use PgJump::Keys qw(fingerprint private public security_key);
use PgJump::Process qw(run slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $count = 0;

# Log in once through this agent; returns the daemon.
sub logs_in($what, $how, $box, $agent, %tunnel)
{
	my $connection = $lab->connection('agents' . $count++, box => $box,
	    ssh_tunnel => { auth_method => 'agent', private_key => undef,
		%tunnel });
	my $daemon = $lab->daemon([$connection],
	    env => { SSH_AUTH_SOCK => $agent->path });
	my $seen = $lab->psql($connection, 'select 1');

	is($seen->{out}, "1\n", $what) or diag($seen->{err});
	like($daemon->log_text, qr/logged in by $how/, 'the log says how');
	return $daemon;
}

sub refused($box) { scalar(() = $box->log_text =~ /^Failed publickey/mg) }

# A key and its certificate by an authority of its own, as files.
sub certified($name)
{
	my $key = spew("$dir/$name", private($name), 0600);

	spew("$key.pub", public($name) . "\n");
	run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f',
		"$key.authority"]);
	my $done = run(['ssh-keygen', '-q', '-s', "$key.authority", '-I', 'x',
		'-n', scalar getpwuid $>, "$key.pub"]);
	is($done->{rc}, '0', 'certified') or diag($done->{err});
	return $key;
}

subtest 'security keys and certificates before the key that fits' => sub {
	my $agent = PgJump::Agent->new(dir => $dir, name => 'agent-mixed');
	my $box = $lab->new_box;

	$agent->add_file(spew("$dir/sk$_", security_key($_), 0600)) for 1 .. 6;
	$agent->add_file(certified('agent1'));
	$agent->add('ed25519');
	logs_in('logs in', qr/agent key \Q${\ fingerprint('ed25519')}/, $box,
	    $agent);
	is(refused($box), 2, 'no security key was offered');
};

subtest 'seven keys, and two are selected' => sub {
	my $agent = PgJump::Agent->new(dir => $dir, name => 'agent-seven',
	    keys => [map { "agent$_" } 1 .. 7]);
	my $box = $lab->new_box(authorized => [public('agent7')]);

	logs_in('logs in', qr/agent key \Q${\ fingerprint('agent7')}/, $box,
	    $agent, private_key => [public('stranger'), public('agent6'),
		public('agent7')]);
	is(refused($box), 1, 'only these were offered');
};

# Someone who is asked, answers so, and notes each question.
sub person($name, $answer)
{
	return spew("$dir/$name",
	    "#!/bin/sh\nprintf '%s\\n' \"\$*\" >>\$0.asked\n$answer\n", 0755);
}

sub questions($person)
{
	return [grep { /\S/ } split /^(?=Allow use)/m,
	    -e "$person.asked" ? slurp("$person.asked") : ''];
}

subtest 'a person who says yes' => sub {
	my $person = person('yes', 'exit 0');
	my $agent = PgJump::Agent->new(dir => $dir, name => 'agent-yes',
	    confirm => 1, askpass => $person,
	    keys => [qw(stranger agent1 ed25519 agent2)]);

	logs_in('logs in', qr/agent key SHA256/, $lab->new_box, $agent);
	my $asked = questions($person);
	is(@$asked, 1, 'was asked once');
	like($asked->[0], qr/\Q${\ fingerprint('ed25519')}/,
	    'for the key that the jump box accepts');
};

subtest 'a person who says no, and another key' => sub {
	my $person = person('no', 'exit 1');
	my $agent = PgJump::Agent->new(dir => $dir, name => 'agent-no',
	    confirm => 1, askpass => $person);
	my $box = $lab->new_box(authorized => [public('agent2'),
		public('ed25519')], config => { TrustedUserCAKeys =>
			"$dir/agent2.authority.pub" });

	$agent->add_file(certified('agent2'));
	my $daemon = logs_in('logs in', qr/key SHA256/, $box, $agent,
	    auth_method => ['agent', 'key'], private_key => private('ed25519'));
	is(@{ questions($person) }, 1,
	    'was asked once for a key and its certificate');
	like($daemon->log_text, qr/tried before: agent \S+ (?:of )?\Q${\ fingerprint('agent2')}\E \(it refused\)/,
	    'and the log says that the agent refused');
};

$lab->done;
