# SPDX-License-Identifier: PostgreSQL
#
# The groups of tests that need more than the core of the suite, as
# contrib/setup --with=... installs it.  $PGJUMP_TEST_WITH names the groups to
# run, separated by commas, or is "all"; if it is not set, every installed group
# runs.
package PgJump::Group;

use v5.36;
use Exporter qw(import);
use Test::More ();

our @EXPORT_OK = qw(GROUPS asked wanted runs);

use constant GROUPS => qw(servers clients proxies debian monitoring);

# The groups that were asked for by name.
sub asked
{
	my $with = $ENV{PGJUMP_TEST_WITH} // '';

	return $with eq 'all' ? GROUPS : split /,/, $with;
}

# Whether tests of this group are to run.
sub wanted($group)
{
	return !defined $ENV{PGJUMP_TEST_WITH} || grep { $_ eq $group } asked();
}

# Say that something of this group is here and runs; PgJump::Harness reads it.
sub runs($group) { Test::More::note("group: $group") }

1;
