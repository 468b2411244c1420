# SPDX-License-Identifier: PostgreSQL
#
# What a Perl program in contrib/ does before it loads the laboratory: --help
# prints the comment at its head, pgjump is built with what the laboratory
# needs unless $PGJUMP names one, and the limit of open files is raised as far
# as it may be, for this program and what it starts.
package PgJump::Tool;

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(dirname);

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../../..');

sub import
{
	_help() if grep { $_ eq '--help' } @ARGV;
	_raise_limit();
	_set_up() unless defined $ENV{PGJUMP};
}

sub _help
{
	open my $source, '<', $0 or die "$0: $!\n";
	while (<$source>) {
		last unless /^#/;
		print s/^# ?//r if $. > 3;
	}
	exit 0;
}

# Only a shell can raise it for us, so it starts this program again.
sub _raise_limit
{
	open my $limits, '<', '/proc/self/limits' or return;
	my ($soft, $hard) = map { /^Max open files +(\d+) +(\d+)/ } <$limits>;

	return if !defined $soft || $soft == $hard;
	exec 'sh', '-c', 'ulimit -n "$1" && shift && exec "$@"', 'sh', $hard,
	    $^X, $0, @ARGV;
}

sub _set_up
{
	system("$top/contrib/setup", '--for-tests') == 0 or exit 1;
	$ENV{PGJUMP} = "$top/build/src/pgjump";
}

1;
