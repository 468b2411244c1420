# SPDX-License-Identifier: PostgreSQL
#
# What a Perl program in contrib/ does before it loads the laboratory: it prints
# the comment at its head for --help; raises the limit of open files as far as
# it may, for itself and for what it starts; sets up pgjump and what the
# laboratory needs, unless $PGJUMP names a program; and says in one line what to
# run where a Perl module of the laboratory is missing nevertheless.
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
	_demand_modules();
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

# Only a shell can raise the limit for us, so it starts this program again.
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

# The modules that do not come with perl: contrib/setup alone does not install
# them.
sub _demand_modules
{
	return if eval { require DBD::Pg; require IO::Socket::SSL; 1 };
	my ($missing) = $@ =~ /^Can't locate (\S+)\.pm in \@INC/ or die $@;
	say STDERR "$0: Perl's ", $missing =~ s{/}{::}gr, ' is missing: run ',
	    'contrib/setup --for-tests first';
	exit 1; # die would add a line for each file that is being compiled
}

1;
