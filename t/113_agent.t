# SPDX-License-Identifier: PostgreSQL
#
# Logins through an SSH agent: with the one key that is selected, or with the
# first of at most five that fits; the agent's socket may come back later.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Agent;
use PgJump::Keys qw(public);

my $lab = PgJump::Lab->new;
my $agent = PgJump::Agent->new(dir => $lab->dir,
    keys => [map { "agent$_" } 1 .. 7]);
my $rsa_agent = PgJump::Agent->new(dir => $lab->dir, name => 'agent-rsa',
    keys => ['rsa', 'ecdsa']);
my %env = (env => { SSH_AUTH_SOCK => $agent->path });

sub agent_connection($name, $box, $selected = undef)
{
	return $lab->connection($name, box => $box, ssh_tunnel => {
		auth_method => 'agent',
		private_key => defined $selected ? public($selected) : undef,
	});
}

subtest 'the fifth key of seven fits' => sub {
	my $box = $lab->new_box(authorized => [public('agent5')]);
	my $connection = agent_connection('jump_fifth', $box);
	my $daemon = $lab->daemon([$connection], %env);
	is($lab->psql($connection, 'select 1')->{out}, "1\n", 'logs in');
};

subtest 'the seventh is selected' => sub {
	my $box = $lab->new_box(authorized => [public('agent7')]);
	my $connection = agent_connection('jump_seventh', $box, 'agent7');
	my $daemon = $lab->daemon([$connection], %env);
	is($lab->psql($connection, 'select 1')->{out}, "1\n", 'logs in');
	unlike($box->log_text, qr/Failed publickey/, 'no other was offered');
};

subtest 'agents by their sockets, one for each jump box' => sub {
	my @agents = ($agent, $rsa_agent);
	my @keys = qw(agent1 rsa);
	my @connections = map {
		my $box = $lab->new_box(authorized => [public($keys[$_])]);
		$lab->connection("by_socket_$_", box => $box, ssh_tunnel => {
			auth_method => 'agent', private_key => undef,
			agent_socket => $agents[$_]->path })
	} 0 .. 1;
	for my $elsewhere ({}, { SSH_AUTH_SOCK => '/nowhere' }, $env{env}) {
		my $daemon = $lab->daemon(\@connections, env => $elsewhere);
		my $where = $elsewhere->{SSH_AUTH_SOCK} // 'nowhere at all';
		is($lab->psql($_, 'select 1')->{out}, "1\n",
		    "$_->{name}, SSH_AUTH_SOCK is $where") for @connections;
		$daemon->down;
	}
};

for my $type (qw(rsa ecdsa)) {
	my $box = $lab->new_box(authorized => [public($type)]);
	my $connection = agent_connection("jump_$type", $box, $type);
	my $daemon = $lab->daemon([$connection],
	    env => { SSH_AUTH_SOCK => $rsa_agent->path });
	is($lab->psql($connection, 'select 1')->{out}, "1\n",
	    "an $type key signs");
}

$lab->done;
