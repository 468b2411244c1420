# SPDX-License-Identifier: PostgreSQL
#
# The harness with which prove runs the suite: it prints the names of skipped
# tests, and fails if nothing ran at all, or nothing of a group that was asked
# for.
package PgJump::Harness;

use v5.36;
use parent 'TAP::Harness';
use File::Basename qw(basename);
use List::Util qw(uniq);
use PgJump::Group qw(asked);

sub new($class, @arguments)
{
	my $self = $class->SUPER::new(@arguments);

	$self->{skipped} = [];
	$self->callback(made_parser => sub ($parser, $job) {
		my $name = basename($job->[0]);
		$parser->callback(ALL => sub ($result) {
			$self->_hear($name, $result->as_string);
		});
	});
	return $self;
}

# A line of TAP, which may be that of a subtest, or one of SKIP_UNLESS.
sub _hear($self, $name, $line)
{
	push @{ $self->{skipped} }, "$name: $1"
	    if $line =~ /^\s*(?:(?:ok \d+|1\.\.0) )?# skip\S* (.+)/i;
	$self->{runs}{$1} = 1 if $line =~ /^\s*# group: (\w+)$/;
}

# Why this run proves less than it was asked to prove.
sub _faults($self, $aggregate)
{
	return ($aggregate->total ? () : 'no test ran', map {
		"--with=$_: everything was skipped"
	} grep { !$self->{runs}{$_} } asked());
}

sub runtests($self, @tests)
{
	my $aggregate = $self->SUPER::runtests(@tests);
	my @faults = $self->_faults($aggregate);

	say "Failed: $_" for @faults;
	exit 1 if @faults;
	return $aggregate;
}

sub summary($self, $aggregate, $interrupted = 0)
{
	my @skipped = uniq(@{ $self->{skipped} });

	say "Skipped:\n", map { "  $_\n" } @skipped if @skipped;
	$self->SUPER::summary($aggregate, $interrupted);
}

1;
