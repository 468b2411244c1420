# SPDX-License-Identifier: PostgreSQL
#
# Network namespaces without names: the test program runs itself again in one of
# its own, and a second one, kept alive by a process, is the network behind the
# jump box.  Nothing is left to remove.
package PgJump::Netns;

use v5.36;
use Carp qw(croak);
use PgJump::Process qw(eventually run);
use Test::More ();

# Run this test program again in a network namespace, or skip it.
sub enter($class)
{
	if (!$ENV{PGJUMP_TEST_NETNS}) {
		Test::More::plan(skip_all => 'needs root for a network namespace')
		    if $> != 0 || run(['unshare', '-nm', 'true'])->{rc} ne '0';
		local $ENV{PGJUMP_TEST_NETNS} = 1;
		exec 'unshare', '-nm', '--', $^X, $0;
	}
	_must('ip', 'link', 'set', 'lo', 'up');
}

sub _must(@argv)
{
	my $done = run(\@argv);

	croak "@argv: $done->{err}" if $done->{rc} ne '0';
}

# A router at 10.99.0.1/24, with 10.99.1.0/24 (it answers "host unreachable")
# and 10.99.2.0/24 ("administratively prohibited") behind it.
sub router($class, %is)
{
	my $process = PgJump::Process->new(name => 'router', dir => $is{dir},
	    argv => ['unshare', '-n', 'sleep', '3600'])->start;
	my $pid = $process->pid;

	my $ours = readlink '/proc/self/ns/net';
	eventually(10, sub {
		(readlink("/proc/$pid/ns/net") // $ours) ne $ours
	}) or croak 'no namespace for the router';
	my @there = ('nsenter', '-t', $pid, '-n');
	_must(qw(ip link add behind type veth peer name uplink netns), $pid);
	_must(qw(ip address add 10.99.0.2/24 dev behind));
	_must(qw(ip link set behind up));
	_must(@there, qw(ip address add 10.99.0.1/24 dev uplink));
	_must(@there, qw(ip link set uplink up));
	_must(@there, qw(sysctl -qw net.ipv4.ip_forward=1
		net.ipv4.icmp_ratelimit=0));
	_must(@there, qw(ip route add unreachable 10.99.1.0/24));
	_must(@there, qw(ip route add prohibit 10.99.2.0/24));
	_must(qw(ip route add 10.99.1.0/24 via 10.99.0.1));
	_must(qw(ip route add 10.99.2.0/24 via 10.99.0.1));
	return bless { process => $process }, $class;
}

# Like a machine without IPv6: no ::1, no address of that family.
sub without_ipv6
{
	_must(qw(sysctl -qw net.ipv6.conf.all.disable_ipv6=1
		net.ipv6.conf.default.disable_ipv6=1
		net.ipv6.conf.lo.disable_ipv6=1));
}

1;
