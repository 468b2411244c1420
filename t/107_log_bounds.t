# SPDX-License-Identifier: PostgreSQL
#
# What strangers can do to the log: a flood of clients neither fills the disk
# nor hides anything, and whatever they send is shown as text.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

my $lab = PgJump::Lab->new;

# Clients that send this, one after another, as fast as possible.
sub flood($connection, $count, $bytes)
{
	for (1 .. $count) {
		my $wire = $lab->wire($connection);
		$wire->put($bytes);
		$wire->close;
	}
}

# As many lines of a message were written as may be written in this time.
sub is_thinned($what, @events)
{
	my @times = map { /T(\d\d):(\d\d):([\d.]+)Z/
	    ? $1 * 3600 + $2 * 60 + $3 : () } map {
	    $_->{time} // $_->{timestamp} } @events;
	my @written = grep { defined $_->{client} } @events;
	my $seconds = $times[-1] - $times[0];

	$seconds += 86_400 if $seconds < 0;
	cmp_ok(scalar @written, '<=', 10 * (1 + $seconds),
	    "$what: ten lines a second");
	cmp_ok(scalar @written, '>=', 10, "$what: and not fewer");
	my @told = grep { defined $_->{repeated} } @events;
	cmp_ok(scalar @told, '>=', 1, "$what: and a count");
	is(scalar(grep { $_->{connection} ne 'flooded'
	    || $_->{level} ne $written[0]{level}
	    || $_->{stage} ne $written[0]{stage} } @told), 0,
	    "$what: which says of what");
}

for my $format (qw(text json)) {
	subtest "a flood, as $format" => sub {
		my $flooded = $lab->connection('flooded', port =>
		    PgJump::Port::reserve());
		my $daemon = $lab->daemon([$flooded], log_format => $format);
		ok($daemon->says(qr/jump box reached/), 'the tunnel is up');
		flood($flooded, 150, "GET / HTTP/1.0\r\n\r\n");
		$lab->psql($flooded, 'select 1');
		flood($flooded, 150, "GET / HTTP/1.0\r\n\r\n");
		for my $message ('client refused', 'client closed') {
			my @events;
			ok(PgJump::Process::eventually(20, sub {
				@events = grep { $_->{stage} eq 'client_protocol' }
				    $daemon->events($message);
				PgJump::Daemon::stand_for(@events) >= 300;
			}), "$message: counts come by themselves");
			is(PgJump::Daemon::stand_for(@events), 300,
			    "$message: no line is lost");
			is_thinned($message, @events);
		}
		my ($failed) = grep { $_->{stage} eq 'db_refused' }
		    $daemon->events('client refused');
		ok($failed, 'a failure of another stage is not hidden');
	};
}

subtest 'a flood that the end cuts short' => sub {
	my $flooded = $lab->connection('flooded', ssh_tunnel => 0);
	my $daemon = $lab->daemon([$flooded], workers => 1);
	flood($flooded, 40, "GET / HTTP/1.0\r\n\r\n");
	ok($daemon->says(qr/(?:client refused.*){10}/s), 'lines are written');
	is($daemon->down, 'exit 143', 'stops');
	is($daemon->times('client closed'), 40,
	    'every line is told by then');
	like($daemon->log_text, qr/ stopped \S+\n\z/, 'before the last one');
};

subtest 'at debug every line is written' => sub {
	my $flooded = $lab->connection('flooded', ssh_tunnel => 0);
	my $daemon = $lab->daemon([$flooded], log_level => 'debug');
	flood($flooded, 40, "GET / HTTP/1.0\r\n\r\n");
	ok(PgJump::Process::eventually(20, sub {
		(() = $daemon->events('client closed')) == 40;
	}), 'of all clients');
	unlike($daemon->log_text, qr/ repeated=/, 'and nothing is counted');
};

# Everything that a line may not hold, in the words of a database.
my $words = "f\xfcr Zo\xc3\xab \xc2\x9b31m \x9b31m \033[1m \xe2\x80\xae\x7f";
my $shown = "f\x{fffd}r Zo\x{eb} \x{9b}31m \x{fffd}31m \033[1m \x{202e}\x7f";
for my $format (qw(text json)) {
	subtest "what a database says, as $format" => sub {
		my $code = "2\x9b\033P1";
		my $body = "SFATAL\0VFATAL\0C$code\0M$words\0\0";
		my $peer = PgJump::Peer->new(['data',
			pack('a N a*', 'E', 4 + length $body, $body), 'close']);
		my $hostile = $lab->connection('hostile', port => $peer->port,
		    ssh_tunnel => 0);
		my $daemon = $lab->daemon([$hostile], log_format => $format);
		my $wire = $lab->wire($hostile)->startup;
		like($wire->rest, qr/\Q$words\E/, 'reaches the client as it is');
		ok($daemon->says(qr/client closed/), 'the client is gone');
		my $log = $daemon->log_text;
		ok(utf8::decode($log), 'the log is UTF-8');
		unlike($log, qr/[\x00-\x09\x0b-\x1f\x7f-\x9f\x{202e}]/,
		    'without control characters');
		my ($event) = $daemon->events('database refused client');
		is($event->{error}, $shown, 'and can be read back');
		is($event->{sqlstate}, '?', 'without a SQLSTATE that is none');
		is(($daemon->events('client closed'))[0]{sqlstate}, '?',
		    'in the closing line, too');
	};
}

subtest 'a name in another script' => sub {
	my $connection = $lab->connection('named', ssh_tunnel => 0);
	my $daemon = $lab->daemon([$connection]);
	my $name = "Zo\xc3\xab \xe6\xb1\xba";
	my $wire = $lab->wire($connection)->startup(user => $name);
	like($wire->rest, qr/\Q$name\E/, 'is in what PostgreSQL says');
	ok($daemon->says(qr/database refused client .*error='[^']*"$name"/),
	    'and in the log as it is');
};

$lab->done;
