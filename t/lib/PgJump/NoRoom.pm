# SPDX-License-Identifier: PostgreSQL
#
# A jump box that refuses every channel for want of resources, which no real
# one can be told to: t/lib/no_room.py, by paramiko.
package PgJump::NoRoom;

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

# dir (of its log)
sub new($class, %is)
{
	my $port = reserve();
	my $process = PgJump::Process->new(name => 'no_room', dir => $is{dir},
	    argv => [PYTHON, dirname(abs_path(__FILE__)) . '/../no_room.py',
		$port, key_file('host-ed25519')]);

	$process->start->up(qr/^listening$/m);
	return bless { port => $port, process => $process }, $class;
}

# What a connection says of it in ssh_tunnel.
sub tunnel($self)
{
	return { port => $self->{port}, host_key => fingerprint('host-ed25519') };
}

1;
