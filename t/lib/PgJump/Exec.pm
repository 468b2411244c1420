# SPDX-License-Identifier: PostgreSQL
#
# `pgjump exec` and its like with the configuration of a lab: run to the end, or
# started.
package PgJump::Exec;

use v5.36;
use PgJump::Daemon;
use PgJump::Process qw(run);

# lab, connections; optional: global (settings of the file).
sub new($class, %is)
{
	my $daemon = $is{lab}->new_daemon($is{connections},
	    %{ $is{global} // {} });

	return bless { lab => $is{lab}, file => $daemon->file,
		home => "$is{lab}{dir}/home" }, $class;
}

sub file($self) { $self->{file} }

# The words of the command line; %ENV is what a person's shell has.
sub argv($self, @arguments)
{
	return (PgJump::Daemon::program(), '-c', $self->{file}, 'exec',
		@arguments);
}

# { out, err, rc }; a hash at the end is for PgJump::Process::run(), with `wrap`
# for a command before pgjump.
sub run_to_end($self, @arguments)
{
	my %with = ref $arguments[-1] ? %{ pop @arguments } : ();
	my $wrap = delete $with{wrap} // [];

	return run([@$wrap, $self->argv(@arguments)],
	    dir => $self->{lab}->dir, timeout => 60, %with);
}

# A Process, whose text is all that it and the command print.
sub start($self, @arguments)
{
	state $count = 0;
	my %with = ref $arguments[-1] ? %{ pop @arguments } : ();
	my $wrap = delete $with{wrap} // [];

	return PgJump::Process->new(name => 'exec' . $count++,
	    dir => $self->{lab}->dir,
	    argv => [@$wrap, $self->argv(@arguments)], %with)->start;
}

# How many logins this jump box has seen.
sub logins($box)
{
	return scalar(() = $box->log_text =~ /^Accepted \w+ for /mg);
}

1;
