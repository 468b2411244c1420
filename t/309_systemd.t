# SPDX-License-Identifier: PostgreSQL
#
# What a pgjump of Type=notify tells systemd: that it is ready, reloads (also
# when that is refused), stops, how its tunnels are, and that its workers turn.
# The socket is the test's own; sd_notify(3) has the protocol.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use IO::Socket::UNIX;
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually slurp);
use Socket qw(SOCK_DGRAM);

my $lab = PgJump::Lab->new;
my $good = $lab->connection('good');
my $bad = $lab->connection('bad', ssh_tunnel => { port => reserve() });

# A socket like systemd's, and all that was said to it.
sub listener($path)
{
	my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
	    Local => $path) or die "$path: $!";
	$socket->blocking(0);
	return { socket => $socket, path => $path, heard => [] };
}

sub heard($listener)
{
	while (defined $listener->{socket}->recv(my $text, 4096)) {
		push @{ $listener->{heard} }, $text;
	}
	return @{ $listener->{heard} };
}

sub hears($listener, $text, $from = 0)
{
	return eventually(20, sub {
		my @all = heard($listener);
		grep { $_ =~ $text } @all[$from .. $#all];
	});
}

sub daemon($listener, %change)
{
	return $lab->new_daemon([$good, $bad], %{ $change{global} // {} },
	    env => { NOTIFY_SOCKET => $listener->{path},
		%{ $change{env} // {} } });
}

subtest 'from start to end' => sub {
	my $listener = listener($lab->dir . '/notify');
	my $daemon = daemon($listener)->up;
	ok(hears($listener, qr/^READY=1$/), 'ready');
	ok(hears($listener, qr/^STATUS=1 of 2 tunnels up, 0 clients$/),
	    'which tunnels are up');
	my $wire = $lab->wire($good);
	$wire->login;
	ok(hears($listener, qr/^STATUS=1 of 2 tunnels up, 1 clients$/),
	    'how many clients there are');

	my $count = heard($listener);
	is($daemon->reload->{accepted}, 1, 'a reload');
	ok(hears($listener, qr/^READY=1$/, $count), 'ready again');
	my @told = map { /^(\w+)=/ ? $1 : $_ }
	    grep { !/^STATUS/ } (heard($listener))[$count .. $#{
		$listener->{heard} }];
	is("@told", 'RELOADING READY', 'after it was announced');
	my ($usec) = map { /^MONOTONIC_USEC=(\d+)$/m } heard($listener);
	my ($uptime) = slurp('/proc/uptime') =~ /^([\d.]+)/;
	cmp_ok(abs($uptime - $usec / 1e6), '<', 300, 'with its time');

	$count = heard($listener);
	is($daemon->reload('connections: [')->{accepted}, 0, 'a bad file');
	ok(hears($listener, qr/^READY=1$/, $count), 'ready all the same');
	ok(hears($listener, qr/, last reload refused$/, $count),
	    'and the status says so');
	ok(!grep({ /WATCHDOG/ } heard($listener)), 'no watchdog was asked for');
	my $env = slurp('/proc/' . $daemon->pid . '/environ');
	$daemon->signal('TERM');
	ok(hears($listener, qr/^STOPPING=1$/), 'stopping');
	is($daemon->wait_end, 'exit 143', 'and gone');
};

subtest 'in the abstract name space' => sub {
	my $name = "pgjump-test-$$";
	my $listener = listener("\0$name");
	$listener->{path} = "\@$name";
	my $daemon = daemon($listener)->up;
	ok(hears($listener, qr/^READY=1$/), 'ready');
	$daemon->down;
};

subtest 'a watchdog' => sub {
	my $listener = listener($lab->dir . '/notify3');
	my $daemon = daemon($listener, env => { WATCHDOG_USEC => 400_000 })->up;
	ok(eventually(20, sub {
		3 <= grep { $_ eq 'WATCHDOG=1' } heard($listener);
	}), 'hears again and again that the workers turn');
	$daemon->down;
	$listener = listener($lab->dir . '/notify4');
	$daemon = daemon($listener, env => { WATCHDOG_USEC => 400_000,
		WATCHDOG_PID => 1 })->up;
	ok(hears($listener, qr/^STATUS/), 'that of another process');
	$daemon->down;
	ok(!grep({ /WATCHDOG/ } heard($listener)), 'hears nothing');
};

subtest 'nobody there' => sub {
	my $daemon = daemon({ path => $lab->dir . '/nobody' })->up;
	ok($daemon->says(qr/systemd cannot be told/), 'is logged');
	is($lab->psql($good, 'select 1')->{out}, "1\n", 'and no harm');
	$daemon->down;
};

$lab->done;
