# SPDX-License-Identifier: PostgreSQL
#
# Sockets that systemd has opened take the place of a connection's `listen`, and
# no reload closes them.  Here a wrapper opens them, as sd_listen_fds(3) says.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use IO::Socket::IP;
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually spew);

my $lab = PgJump::Lab->new;
my ($a, $b) = map { $lab->connection($_, ssh_tunnel => 0) } qw(a b);

# perl activate PID ADDRESS NAME... -- COMMAND: with sockets from descriptor 3
# on; PID 0 is its own.
my $activate = spew($lab->dir . '/activate', <<'PERL');
use IO::Socket::IP;
use IO::Socket::UNIX;
use POSIX ();
my $pid = shift;
my (@sockets, @names);
while ((my $address = shift) ne '--') {
	push @sockets, $address =~ m{^/}
	    ? IO::Socket::UNIX->new(Local => $address, Listen => 5)
	    : IO::Socket::IP->new(LocalHost => $address =~ s/:\d+$//r,
		LocalPort => $address =~ s/.*://r, Listen => 5,
		ReuseAddr => 1);
	die "$address: $!" unless $sockets[-1];
	push @names, shift;
}
for my $i (0 .. $#sockets) {
	POSIX::dup2($sockets[$i]->fileno, 100 + $i);
}
for my $i (0 .. $#sockets) {
	POSIX::dup2(100 + $i, 3 + $i);
	POSIX::close(100 + $i);
}
@ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($pid || $$,
    scalar @sockets, join ':', @names);
exec @ARGV or die "$ARGV[0]: $!";
PERL

sub daemon($sockets, $connections, %is)
{
	return $lab->new_daemon($connections, %{ $is{global} // {} }, wrap =>
	    [$^X, $activate, $is{pid} // 0, @$sockets, '--']);
}

sub is_refused($port)
{
	return !IO::Socket::IP->new(PeerHost => '127.0.0.1',
	    PeerPort => $port);
}

subtest 'sockets of a connection' => sub {
	my $port = reserve();
	my $path = $lab->dir . '/.s.PGSQL.6432';
	my $daemon = daemon(["127.0.0.1:$port", 'a', $path, 'a'],
	    [$a, $b])->up;
	my $there = { %$a, listen => $port };
	is($lab->psql($there, 'select 1')->{out}, "1\n", 'are used');
	is($lab->psql($there, 'select 2', host => $lab->dir, port => 6432)
	    ->{out}, "2\n", 'all of them');
	ok(is_refused($a->{listen}), 'instead of its own address');
	is($lab->psql($b, 'select 3')->{out}, "3\n", 'others have theirs');
	ok($daemon->says(qr/listening connection=a psql=.*port=$port/),
	    'the log says where');
	my $wire = $lab->wire($there);
	$wire->login;

	is($daemon->reload->{kept}, 2, 'a reload keeps them');
	is($daemon->reload({ connections => [$b] })->{removed}, 'a',
	    'where their connection goes');
	like($wire->until('E')->[-1][1] // '', qr/was removed/,
	    'its clients end');
	ok(!is_refused($port), 'the socket stays');
	is($daemon->reload({ connections => [$a, $b] })->{added}, 'a',
	    'and where it comes back');
	is($lab->psql($there, 'select 4')->{out}, "4\n", 'it serves again');
	is($daemon->down, 'exit 143', 'ends');
	ok(-S $path, 'and leaves the file of the Unix socket to systemd');
};

subtest 'sockets of another process' => sub {
	my $port = reserve();
	my $daemon = daemon(["127.0.0.1:$port", 'a'], [$a, $b], pid => 1)->up;
	is($lab->psql($a, 'select 1')->{out}, "1\n", 'are not touched');
	$daemon->down;
};

for my $case (
	['a name of no connection', ["127.0.0.1:0", 'c'],
	    qr/the inherited socket "c" \(127\.0\.0\.1:\d+\) has the name of no connection/],
	['a reserved name', ["127.0.0.1:0", 'admin'], qr/"admin" .*reserved/],
	['an address beyond loopback', ["0.0.0.0:0", 'a'],
	    qr/allow_from of connection "a" is required: 0\.0\.0\.0:\d+, which was inherited, is not loopback/],
) {
	my ($what, $sockets, $words) = @$case;
	my $daemon = daemon($sockets, [$a, $b])->start;
	is($daemon->wait_end, 'exit 1', "$what is an error at start");
	like($daemon->log_text, $words, 'which is told');
}

my $open = daemon(['0.0.0.0:0', 'a'], [{ %$a,
	allow_from => '127.0.0.0/8' }])->up;
ok($open, 'allow_from makes it possible');
is($open->reload({ connections => [$a] })->{accepted}, 0,
    'and a reload cannot take it away');
$lab->done;
