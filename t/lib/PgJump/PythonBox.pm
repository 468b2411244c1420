# SPDX-License-Identifier: PostgreSQL
#
# A jump box in Python, t/lib/SERVER.py, with Debian's libraries for its own
# Python, which may not be first in PATH.
package PgJump::PythonBox;

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PgJump::Keys qw(fingerprint key_file);
use PgJump::Port qw(reserve);
use PgJump::Process qw(run);

use constant PYTHON => '/usr/bin/python3';

# Whether there is such a library.
sub possible($class, $module)
{
	return -x PYTHON && run([PYTHON, '-c', "import $module"])->{rc} eq '0';
}

# dir (of its log), server; optional: name, arguments (after the port and the
# file of the host key)
sub new($class, %is)
{
	my $port = reserve();
	my $process = PgJump::Process->new(name => $is{name} // $is{server},
	    dir => $is{dir},
	    argv => [PYTHON, dirname(abs_path(__FILE__)) . "/../$is{server}.py",
		$port, key_file('host-ed25519'), @{ $is{arguments} // [] }]);

	$process->start->up(qr/^listening$/m);
	return bless { port => $port, process => $process }, $class;
}

# Its part of ssh_tunnel in a connection.
sub tunnel($self)
{
	return { port => $self->{port},
		host_key => fingerprint('host-ed25519') };
}

sub process($self) { $self->{process} }

1;
