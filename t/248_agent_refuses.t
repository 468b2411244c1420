# SPDX-License-Identifier: PostgreSQL
#
# Agents that cannot help: a person says no, by a real SSH_ASKPASS program; only
# keys on hardware; selected keys that the agent does not hold.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Agent;
use PgJump::Keys qw(fingerprint private public security_key);
use PgJump::Process qw(slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $count = 0;

sub fails($agent, $case)
{
	my $connection = $lab->connection('refuses' . $count++, port => 5432,
	    ssh_tunnel => { auth_method => 'agent', private_key => undef,
		%{ $case->{tunnel} // {} } },
	    $case->{with} ? (box => $case->{with}) : ());
	my $daemon = $lab->daemon([$connection],
	    env => { SSH_AUTH_SOCK => $agent->path });

	told($lab, $daemon, $connection, { side => 'tunnel',
		label => 'jump_auth', sslmodes => ['disable'], %$case });
	return $daemon;
}

my $person = spew("$dir/person",
    "#!/bin/sh\necho \"\$*\" >>\$0.asked\nexit 1\n", 0755);
my $guarded = PgJump::Agent->new(dir => $dir, name => 'agent-guarded',
    confirm => 1, askpass => $person, keys => ['agent1', 'ed25519']);

fails($guarded, { name => 'a person says no', check => 0,
	says => qr/the SSH agent did not sign for jump box \S+: it refused/,
	hint => qr/confirm the key/ });
is(() = slurp("$person.asked") =~ /^Allow use/mg, 1,
    'and was asked once, for one dial and two clients');

my $box = $lab->new_box(authorized => [public('ed25519')]);
fails($guarded, { name => 'a person says no, and no other way is accepted',
	with => $box, check => 0,
	tunnel => { auth_method => ['agent', 'key'],
		private_key => private('stranger') },
	says => qr/accepted nothing that user "\S+" has: agent key \S+ \(rejected\), agent key \Q${\ fingerprint('ed25519')}\E \(it refused\), key \S+ \(rejected\)/,
	hint => qr/authorized_keys/ });

my $hardware = PgJump::Agent->new(dir => $dir, name => 'agent-hardware');
$hardware->add_file(spew("$dir/sk", security_key(1), 0600));
fails($hardware, { name => 'only a key on hardware',
	says => qr/the SSH agent holds no key/, hint => qr/ssh-add/,
	detail => qr/cannot use: sk-ssh-ed25519\@openssh\.com/ });

my $some = PgJump::Agent->new(dir => $dir, name => 'agent-some',
    keys => ['agent1', 'agent2']);
fails($some, { name => 'several are selected, and it holds none',
	tunnel => { private_key => [public('agent3'), public('agent4')] },
	says => qr/does not hold the key selected .*\Q${\ fingerprint('agent3')}/,
	hint => qr/ssh-add/ });
fails($some, { name => 'several are selected, and all are rejected',
	tunnel => { private_key => [public('agent2'), public('agent4')] },
	says => qr/rejected every key of the SSH agent .*offered 1 of 2 keys: \Q${\ fingerprint('agent2')}/,
	hint => qr/authorized_keys/ });

subtest 'a key on hardware is selected' => sub {
	my $line = 'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5z';
	my $daemon = $lab->new_daemon([$lab->connection('selected',
		ssh_tunnel => { auth_method => 'agent', private_key => $line })]);
	my $seen = PgJump::Daemon::command(['-c', $daemon->file, 'config'],
	    dir => $dir);

	is($seen->{rc}, 1, 'is an error at start');
	like($seen->{err}, qr/private_key: it is a key on hardware/,
	    'and named for what it is');
};

$lab->done;
