# SPDX-License-Identifier: PostgreSQL
#
# Loopback ports that no other test program takes: each is a file that is locked
# as long as this program lives, below the range from which the kernel chooses
# ports by itself.
package PgJump::Port;

use v5.36;
use Carp qw(croak);
use Exporter qw(import);
use Fcntl qw(:flock O_CREAT O_RDWR);
use IO::Socket::IP;
use PgJump::Cache qw(shared_dir);

our @EXPORT_OK = qw(reserve);

my ($first, $last) = (20_000, 31_999);
my $next = $first + ($$ * 37) % ($last - $first);
my @locks;

sub _dir
{
	my $dir = shared_dir() . '/ports';

	mkdir $dir, 0755;
	return $dir;
}

sub _free($address, $port)
{
	return IO::Socket::IP->new(
		LocalHost => $address, LocalPort => $port, Listen => 1,
		ReuseAddr => 1, Proto => 'tcp');
}

sub _bindable($port)
{
	return 0 unless _free('127.0.0.1', $port);
	return 1 if _free('::1', $port);
	return $!{EADDRNOTAVAIL} || $!{EAFNOSUPPORT};
}

# One port, or as many as asked for.
sub reserve($count = 1)
{
	my (@ports, $dir);

	$dir = _dir();
	for (1 .. $last - $first) {
		last if @ports == $count;
		my $port = $next;
		$next = $next == $last ? $first : $next + 1;
		sysopen my $lock, "$dir/$port", O_CREAT | O_RDWR, 0644 or next;
		flock $lock, LOCK_EX | LOCK_NB or next;
		_bindable($port) or next;
		push @locks, $lock;
		push @ports, $port;
	}
	croak 'no loopback port is free' if @ports < $count;
	return $count == 1 ? $ports[0] : @ports;
}

1;
