# SPDX-License-Identifier: PostgreSQL
#
# A private ssh-agent that holds some of the lab's keys.
package PgJump::Agent;

use v5.36;
use Carp qw(croak);
use PgJump::Keys qw(key_file);
use PgJump::Process qw(eventually run);

# dir; optional: name, keys, confirm (asks before each signature), askpass (the
# program that is asked; by default it says no)
sub new($class, %is)
{
	my $self = bless { name => 'agent', keys => [],
		askpass => '/bin/false', %is }, $class;

	$self->{path} = "$is{dir}/$self->{name}.sock";
	$self->{process} = PgJump::Process->new(name => $self->{name},
	    dir => $is{dir}, env => { SSH_ASKPASS_REQUIRE => 'force',
		SSH_ASKPASS => $self->{askpass} },
	    argv => ['ssh-agent', '-D', '-a', $self->{path}])->start;
	# Its socket is there before it listens, so it is asked: 1 means "no keys".
	$self->{process}->up(sub { -S $self->{path}
		    && run(['ssh-add', '-l'],
			env => { SSH_AUTH_SOCK => $self->{path} })->{rc} <= 1 });
	$self->add($_) for @{ $self->{keys} };
	return $self;
}

sub path($self) { $self->{path} }

sub add($self, $key) { $self->add_file(key_file($key)) }

# A key by its file, with the certificate beside it.  If it is encrypted, askpass
# is asked.
sub add_file($self, $file)
{
	my @confirm = $self->{confirm} ? '-c' : ();
	my $done = run(['ssh-add', '-q', @confirm, $file],
	    env => { SSH_AUTH_SOCK => $self->{path},
		SSH_ASKPASS_REQUIRE => 'force',
		SSH_ASKPASS => $self->{askpass} });
	croak "ssh-add: $done->{err}" if $done->{rc} ne '0';
}

sub process($self) { $self->{process} }
sub down($self) { $self->{process}->down }

1;
