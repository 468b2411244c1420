# SPDX-License-Identifier: PostgreSQL
#
# Start and stop, again and again, with dials, accepts and clients in flight:
# no crash, no hang, no leak, no race (500 times under ThreadSanitizer).
# $PGJUMP_TEST_STARTS says how often.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use Time::HiRes qw(sleep);

my $lab = PgJump::Lab->new;
my $threads = ($ENV{PGJUMP_SANITIZED} // '') eq 'thread';
my $times = $ENV{PGJUMP_TEST_STARTS} // ($threads ? 500 : 25);
my $hole = PgJump::Peer->black_hole;
my $silent = PgJump::Peer->new('silent');
my @connections = (
	$lab->connection('good'),
	$lab->connection('good_too', box => $lab->new_box),
	$lab->connection('direct', ssh_tunnel => 0),
	$lab->connection('to_hole', port => $hole->{port}),
	$lab->connection('to_silence', port => $silent->port),
	$lab->connection('jump_hole', port => 1, ssh_tunnel => {
		port => $hole->{port}, host_key => 'any' }),
	$lab->connection('jump_refused', port => 1, ssh_tunnel => {
		port => PgJump::Port::reserve(), host_key => 'any' }),
);
my $daemon = $lab->new_daemon(\@connections, workers => 2,
    shutdown_timeout => '100ms', log_level => 'debug');
my $packet = PgJump::Wire::startup_packet(user => 'app', database => 'myapp');

# A client of each connection, which gets as far as it can.
sub clients
{
	my @clients;

	for my $connection (@connections) {
		my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1',
		    PeerPort => $connection->{listen}, Blocking => 0) // next;
		IO::Select->new($socket)->can_write(0.5);
		syswrite $socket, $packet;
		push @clients, $socket;
	}
	return @clients;
}

my %ends;
srand 7; # the same moments every time
for my $round (1 .. $times) {
	my $mark = $daemon->mark;
	$daemon->start;
	$daemon->says($round % 3 ? qr/ready/ : qr/listening/, 20, $mark)
	    or last;
	my @clients = $round % 5 ? clients() : ();
	sleep rand(0.08) if $round % 2;
	$daemon->signal($round % 4 ? 'TERM' : 'INT');
	$daemon->signal('TERM') if $round % 7 == 0;
	push @clients, clients() if $round % 6 == 0;
	my $end = $daemon->wait_end(20);
	$ends{$end}++;
	last if $end !~ /^exit (?:130|143)$/;
}
is($ends{'exit 130'} + $ends{'exit 143'}, $times,
    "$times starts, each with an orderly end") or diag(explain(\%ends));
is($ends{'exit 130'}, int($times / 4), 'with the code of its signal');
is($daemon->complaint, undef, 'nothing to complain of');

$lab->done;
