# SPDX-License-Identifier: PostgreSQL
#
# A chain of jump boxes, each an sshd with a host key and an authorized key of
# its own, as jump_boxes hop1, hop2, ...: each reached through the one before.
# With `relays` a relay (PgJump::Relay) stands before each of them.
package PgJump::Chain;

use v5.36;
use PgJump::Keys qw(fingerprint private public);
use PgJump::Relay;

my @host_keys = qw(host-ed25519 host-ecdsa host-rsa host-other);
my @user_keys = qw(ed25519 agent1 agent2 agent3);

# lab, hops; optional: relays (with pieces as theirs), config (sshd settings of each, by number).
sub new($class, $lab, $hops, %is)
{
	my $self = bless { lab => $lab, hops => $hops, %is }, $class;

	for my $n (1 .. $hops) {
		$self->{box}[$n] = $lab->new_box(name => "hop$n",
		    host_keys => [$host_keys[$n - 1]],
		    authorized => [public($user_keys[$n - 1])],
		    config => $is{config}{$n} // {});
		$self->{relay}[$n] = PgJump::Relay->new(
		    to => $self->{box}[$n]->port,
		    $is{pieces} ? (pieces => $is{pieces}) : ())
		    if $is{relays};
	}
	return $self;
}

sub box($self, $n) { $self->{box}[$n] }
sub relay($self, $n) { $self->{relay}[$n] }
sub hops($self) { $self->{hops} }

sub port($self, $n)
{
	return ($self->{relay}[$n] // $self->{box}[$n])->port;
}

# "127.0.0.1:PORT (hop 2 of 3, through 127.0.0.1:PORT)", as failures name it.
sub named($self, $n, $hops = $self->{hops})
{
	my $label = '127.0.0.1:' . $self->port($n);

	return $label if $hops == 1;
	return "$label (hop $n of $hops"
	    . ($n > 1 ? ', through 127.0.0.1:' . $self->port($n - 1) : '') . ')';
}

sub user_key($n) { $user_keys[$n - 1] }
sub host_key($n) { $host_keys[$n - 1] }

# One jump box of jump_boxes; undef removes a key.
sub hop($self, $n, %change)
{
	my %is = (
		host => '127.0.0.1',
		port => $self->port($n),
		username => $self->box($n)->user,
		auth_method => 'key',
		private_key => private(user_key($n)),
		host_key => $self->box($n)->pin,
		$n > 1 ? (via => 'hop' . ($n - 1)) : (),
		%change,
	);

	delete $is{$_} for grep { !defined $is{$_} } keys %is;
	return \%is;
}

# jump_boxes; the arguments change keys of some: 2 => { port => 1 }.
sub jump_boxes($self, %change)
{
	return { map { ("hop$_" => $self->hop($_, %{ $change{$_} // {} })) }
		1 .. $self->{hops} };
}

# A connection through the last hop, or through another tunnel.
sub connection($self, $name, %change)
{
	my $tunnel = delete $change{ssh_tunnel} // "hop$self->{hops}";

	return {
		%{ $self->{lab}->connection($name, box => $self->box(1),
			%change) },
		ssh_tunnel => $tunnel,
	};
}

# How often somebody logged in to a hop.
sub logins($self, $n)
{
	return scalar(() = $self->box($n)->log_text =~ /^Accepted publickey/mg);
}

1;
