# SPDX-License-Identifier: PostgreSQL
#
# How long the turns of pgjump's event loops last: t/lib/turns.c is preloaded
# into pgjump and writes them to a file of the lab.
package PgJump::Turns;

use v5.36;
use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use List::Util qw(max sum0);
use PgJump::Cache qw(cached);
use PgJump::Process qw(run spew);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $source = dirname(abs_path(__FILE__)) . '/../turns.c';

# struct record of turns.c
use constant { RECORD => 'Q5', RECORD_LEN => 40, LONGEST_AT => 8 };

# A sanitizer's library must be the first of the preloaded ones.
sub possible { return !$ENV{PGJUMP_SANITIZED} }

sub _library
{
	return cached('turns', sub ($dir) {
		my $made = run(['cc', '-O2', '-Wall', '-Werror', '-shared',
			'-fPIC', '-o', "$dir/turns.so", $source, '-ldl']);
		croak $made->{err} if $made->{rc} ne '0';
	}, $source) . '/turns.so';
}

# dir
sub new($class, %is)
{
	return bless { file => spew("$is{dir}/turns", '', 0600) }, $class;
}

# The environment that pgjump needs for it.
sub env($self)
{
	return { LD_PRELOAD => _library(),
		PGJUMP_TEST_TURNS => $self->{file} };
}

# Of all threads since the last call: the number of turns, of those that held a
# thread for 10 ms, and the longest in milliseconds (held; of processor time);
# and how long the oldest turn that has not ended has lasted.
sub lap($self)
{
	open my $file, '+<:raw', $self->{file} or croak "turns: $!";
	read $file, my $bytes, -s $file;
	my @threads = map { [unpack RECORD, $_] }
	    unpack '(a' . RECORD_LEN . ')*', $bytes;

	for my $number (keys @threads) {
		seek $file, $number * RECORD_LEN + LONGEST_AT, 0;
		print $file pack 'Q2', 0, 0;
	}
	close $file or croak "turns: $!";
	my $now_ms = 1000 * clock_gettime(CLOCK_MONOTONIC);
	return {
		count => sum0(map { $_->[0] } @threads),
		cpu_ms => max(0, map { $_->[1] / 1e6 } @threads),
		held_ms => max(0, map { $_->[2] / 1e6 } @threads),
		long => sum0(map { $_->[3] } @threads),
		lasts_ms => max(0, map { $now_ms - $_->[4] / 1e6 }
			grep { $_->[4] } @threads),
	};
}

1;
