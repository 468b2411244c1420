# SPDX-License-Identifier: PostgreSQL
#
# A PostgreSQL that stays in recovery for ever.
package PgJump::Standby;

use v5.36;
use PgJump::Postgres;
use PgJump::Process qw(spew);

# Takes the arguments of PgJump::Postgres->new, and does not wait for it.  With
# `restore`, a restore command that never ends, it does not even get ready.
sub start($class, %is)
{
	my $restore = delete $is{restore};
	my $postgres = PgJump::Postgres->new(%is);
	my $mark = $postgres->process->mark;
	my $signal = "$postgres->{home}/data/standby.signal";

	$postgres->down('INT');
	spew($signal, '');
	PgJump::Postgres::own($signal);
	$postgres->{conf}{restore_command} = $restore if defined $restore;
	$postgres->{waits} = 0;
	$postgres->start;
	$postgres->process->up(qr/database system was shut down/, 20, $mark);
	return $postgres;
}

1;
