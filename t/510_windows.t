# SPDX-License-Identifier: PostgreSQL
#
# Fifty clients that do not read, or whose database does not, on a session with
# others: memory is bounded, and the others keep their rate.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use List::Util qw(max);
use PgJump::Lab;
use Test::More;
use Time::HiRes qw(time);

use constant STALLED => 50;
use constant MEMORY_MAX => 60 * 1024; # KB
# Of their speed.  A client that starves its neighbours leaves them next to
# nothing, and other work of the machine may take a third of either side.
use constant KEEPS => 0.5;
use constant ROUNDS => 10; # at most; three when the figures are clear

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $relay = PgJump::Relay->new(to => $lab->box->port);
my ($alone, $beside) = map { $lab->connection($_) } qw(alone beside);
my $far = $lab->connection('far', box => $lab->box,
    ssh_tunnel => { port => $relay->port });
my $script = PgJump::Process::spew($lab->dir . '/one.sql', "select 1;\n");
my %as_app = (user => 'app', password => undef, sslmode => 'disable');

# --- The stalled ----------------------------------------------------------

sub logged_in($connection, %is)
{
	my @wires = map { $lab->wire($connection, %is)->startup } 1 .. STALLED;

	$_->until('Z') for @wires;
	return @wires;
}

# Wait until a count has not changed for this long.
sub stands_still($seconds, $count)
{
	my $end = time + 60 * $PgJump::Process::PATIENCE;

	while (time < $end) {
		my $last = $count->();
		return 1 if !PgJump::Process::eventually($seconds, sub {
			$count->() != $last;
		});
	}
	return 0;
}

# They ask for 100 MB each and read nothing of it; one after the other, since
# the window of a client grows most when it is alone.
sub downloads($connection)
{
	my @wires = logged_in($connection, small => 1);

	for my $wire (@wires) {
		$wire->query(q{select repeat('x', 100000)
		    from generate_series(1, 1000)});
		stands_still(0.05, sub { $relay->bytes_out });
	}
	return @wires;
}

# They send to a database that sleeps, until nothing more is taken.
sub uploads($connection)
{
	my @wires = logged_in($connection);
	my $word = PgJump::Wire::query_packet("select '" . 'x' x 99_991 . "'");
	my ($taken, %left) = (0);

	for my $wire (@wires) {
		$wire->query('select pg_sleep(600)');
		$wire->socket->blocking(0);
	}
	ok(stands_still(0.3, sub {
		$taken += push_on($_->socket, $word, \$left{$_}) for @wires;
		return $taken;
	}), 'what is taken from them has an end');
	return @wires;
}

# Send as much as is taken now, and return the number of bytes.
sub push_on($socket, $word, $left)
{
	my $taken = 0;

	for (;;) {
		$$left = $word unless length($$left // '');
		my $put = syswrite $socket, $$left or return $taken;
		substr $$left, 0, $put, '';
		$taken += $put;
	}
}

sub release(@wires)
{
	$_->abort for @wires;
	$pg->sql(q{select pg_terminate_backend(pid) from pg_stat_activity
	    where usename = 'app'});
	return PgJump::Process::eventually(20, sub {
		$pg->sql(q{select count(*) from pg_stat_activity
		    where usename = 'app'}) == 0;
	});
}

# --- Their neighbours -----------------------------------------------------

sub transactions($connection)
{
	my $done = PgJump::Process::run([PgJump::Postgres::bin('pgbench'), '-n',
		'-f', $script, '-c', '2', '-t', '1000',
		$lab->conninfo($connection, %as_app)], dir => $lab->dir);
	return ($done->{out} =~ /tps = ([\d.]+)/)[0] // 0;
}

# MB a second of a download.
sub bulk($connection, $mb)
{
	my $wire = $lab->wire($connection);
	$wire->login;
	my ($start, $bytes) = (time, 0);
	$wire->query("select repeat('y', 100000)
	    from generate_series(1, $mb * 10)");
	while (my ($type, $body) = $wire->message) {
		$bytes += length $body;
		last if $type eq 'Z';
	}
	my $seconds = time - $start;
	$wire->close;
	return $bytes / 1e6 / $seconds;
}

my %kinds = ('transactions a second' => \&transactions,
	'MB a second' => sub ($connection) { bulk($connection, 100) });

sub median(@values) { (sort { $a <=> $b } @values)[$#values / 2] }

# Alternate between a session of its own and the one with stalled clients, since
# the machine has other work too: the median of the ratios counts.
sub compare
{
	my %rates;

	for my $round (1 .. ROUNDS) {
		for my $kind (keys %kinds) {
			push @{ $rates{$kind} },
			    [map { $kinds{$kind}->($_) } $alone, $beside];
		}
		last if $round >= 3
		    && !grep { kept($_) < KEEPS } values %rates;
	}
	for my $kind (sort keys %kinds) {
		note(sprintf '%-22s %s', $kind, join ', ',
		    map { sprintf '%.0f : %.0f', @$_ } @{ $rates{$kind} });
		cmp_ok(kept($rates{$kind}), '>=', KEEPS,
		    "neighbours keep at least half of their $kind");
	}
}

sub kept($pairs)
{
	return median(map { $_->[0] ? $_->[1] / $_->[0] : 0 } @$pairs);
}

sub bounded($memory)
{
	note(sprintf 'memory %.1f MB', $memory / 1024);
 SKIP: {
		skip 'memory is that of a sanitizer', 1
		    if $ENV{PGJUMP_SANITIZED};
		cmp_ok($memory, '<=', MEMORY_MAX, 'memory is bounded');
	}
}

# sshd itself has work with every channel, idle or not, so compare stalled
# clients with as many idle ones on the same session.
for my $case (['downloads, one session', \&downloads, \&logged_in, max_links => 1],
	['uploads, one session', \&uploads, \&logged_in, max_links => 1],
	['downloads', \&downloads, sub { }]) {
	my ($name, $stall, $rest, @global) = @$case;
	subtest $name => sub {
		my @daemons = map { $lab->daemon([$_], @global) }
		    $alone, $beside;
		my @clients = ($rest->($alone), $stall->($beside));
		compare();
		bounded($daemons[1]->memory);
		ok(release(@clients), 'all are gone');
		$_->down for @daemons;
	};
}

# A window of 256 KB would pass no more than 2.6 MB in the second.
subtest 'a window grows with the way' => sub {
	$relay->delay(0.05);
	my $daemon = $lab->daemon([$far], max_links => 1);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $rate = bulk($far, 30);
	note(sprintf '%.1f MB a second', $rate);
	cmp_ok($rate, '>=', 5.2, 'twice what its beginning allows at least');
	$relay->delay(0);
	$daemon->down;
};

# If the round trip grows after the session began, windows are too large for it
# at first, and go on growing.
for my $case (['downloads', \&downloads], ['uploads', \&uploads]) {
	my ($name, $stall) = @$case;
	subtest "$name far away" => sub {
		my $daemon = $lab->daemon([$far], max_links => 1);
		ok($daemon->tunnel_up, 'the tunnel is up');
		$relay->delay(0.01);
		my @stalled = $stall->($far);
		my $memory = 0;
		ok(stands_still(0.3, sub {
			$memory = max($memory, $daemon->memory);
			return $relay->bytes_in + $relay->bytes_out;
		}), 'they stand still');
		bounded($memory);
		$relay->delay(0);
		ok(release(@stalled), 'all are gone');
		$daemon->down;
	};
}

$lab->done;
