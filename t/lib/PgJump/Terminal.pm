# SPDX-License-Identifier: PostgreSQL
#
# A real terminal (script(1)) with a shell command on it, and a person who types
# and reads.
package PgJump::Terminal;

use v5.36;
use Carp qw(croak);
use POSIX ();
use PgJump::Process qw(eventually);
use Test::More ();

use constant SCRIPT => '/usr/bin/script';

sub possible { -x SCRIPT }

# dir, command (a line of the shell); optional: env
sub new($class, %is)
{
	state $count = 0;
	my $keys = "$is{dir}/keys" . $count++;

	POSIX::mkfifo($keys, 0600) or croak "mkfifo: $!";
	my $process = PgJump::Process->new(name => "terminal$count",
		dir => $is{dir}, stdin => $keys, clean_env => 1,
		env => { TERM => 'dumb', HOME => $is{dir},
			%{ $is{env} // {} } },
		argv => [SCRIPT, '-qefc', $is{command}, '/dev/null'])->start;
	open my $typed, '>', $keys or croak "$keys: $!";
	$typed->autoflush;
	return bless { process => $process, typed => $typed, mark => 0 },
	    $class;
}

sub type($self, $text) { print { $self->{typed} } $text }

# Whether this is printed after what was seen last.
sub sees($self, $what, $seconds = 30)
{
	my $process = $self->{process};
	my $end = eventually($seconds, sub {
		$process->since($self->{mark}) =~ $what ? $+[0] : undef });

	Test::More::diag("not seen: $what in\n"
		. $process->since($self->{mark})) unless $end;
	$self->{mark} += $end // 0;
	return defined $end;
}

sub text($self) { $self->{process}->text }

# The exit code of the command, once it has ended by itself.
sub ends($self, $seconds = 30)
{
	my $how = $self->{process}->wait_end($seconds);

	return $how =~ /^exit (\d+)/ ? $1 : $how;
}

1;
