# SPDX-License-Identifier: PostgreSQL
#
# A jump box that says more than it is asked, as no real one can be made to:
# t/lib/unruly.py, with paramiko.
package PgJump::Unruly;

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PgJump::Keys qw(fingerprint key_file);
use PgJump::Port qw(reserve);
use PgJump::Process qw(run);

use constant PYTHON => '/usr/bin/python3';

sub possible($class)
{
	return -x PYTHON
	    && run([PYTHON, '-c', 'import paramiko'])->{rc} eq '0';
}

# dir (of its log), does (a word of unruly.py)
sub new($class, %is)
{
	my $port = reserve();
	my $process = PgJump::Process->new(name => "unruly_$is{does}_$port",
	    dir => $is{dir}, argv => [PYTHON,
		dirname(abs_path(__FILE__)) . '/../unruly.py', $is{does},
		$port, key_file('host-ed25519'), key_file('ed25519')]);

	$process->start->up(qr/^listening$/m);
	return bless { port => $port, process => $process }, $class;
}

# Its part of ssh_tunnel in a connection.
sub tunnel($self)
{
	return { port => $self->{port}, host_key => fingerprint('host-ed25519') };
}

# Do it to each session; returns at once.
sub act($self) { $self->{process}->signal('USR1') }

# How often its log has this, a regex.
sub said($self, $what)
{
	return scalar(() = $self->{process}->text =~ /$what/g);
}

# From now on it sends nothing and reads nothing.
sub freeze($self) { $self->{process}->signal('STOP') }

sub down($self) { $self->{process}->down('KILL') }

1;
