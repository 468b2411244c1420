# SPDX-License-Identifier: PostgreSQL
#
# A hundred clients and a jump box that does not let pgjump in: however often
# they come back, only one dial at a time is made, and not before its time, and
# each client is told the remembered cause.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;
use Time::HiRes qw(time);

use PgJump::Crowd;
use PgJump::Keys qw(private);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually spew);
use PgJump::Told;

use constant CLIENTS => 100;

my $lab = PgJump::Lab->new;

sub count($text, $what) { scalar(() = $text =~ /$what/g) }

# A hundred clients at once; a refused one comes back at once, for this many
# seconds.  Returns all refused ones with their errors; `$look` is called
# meanwhile.
sub press($connection, $seconds, $look = sub { })
{
	my $crowd = PgJump::Crowd->new;
	my @clients = map { $crowd->add($connection->{listen}) } 1 .. CLIENTS;
	my $end = time + $seconds;

	$crowd->run(60, sub {
		$look->();
		return $crowd->under_way == 0 if time >= $end;
		push @clients, $crowd->add($connection->{listen})
		    while $crowd->under_way < CLIENTS;
		0;
	}) or die 'clients are left hanging';
	$crowd->leave($_) for @clients;
	return @clients;
}

# All were refused by this stage; one of the errors.
sub refused_by($label, @clients)
{
	my @other = grep { ($_->{error}{M} // '') !~ / \[$label\]$/ } @clients;

	is(@other, 0, "every client hears of $label")
	    or diag($other[0]{error}{M} // $other[0]{state});
	cmp_ok(scalar @clients, '>=', CLIENTS, 'a hundred of them at least');
	return $clients[-1]{error};
}

subtest 'nobody listens' => sub {
	my $connection = $lab->connection('c_closed', port => 5432,
	    ssh_tunnel => { port => reserve() });
	my $daemon = $lab->daemon([$connection]);
	my $error = refused_by('jump_connect', press($connection, 3));
	my @tries = $daemon->events('jump box not reached');
	my @ms = map { s/.*:(\d\d):([\d.]+)Z/$1 * 60_000 + $2 * 1000/er }
	    map { $_->{time} } @tries;
	my @gaps = sort { $a <=> $b } map {
		($ms[$_] - $ms[ $_ - 1 ]) % 3_600_000
	} 1 .. $#ms;

	cmp_ok(scalar @tries, '>=', 3, 'it is tried again');
	cmp_ok($gaps[0], '>=', 240, 'a quarter of a second later at the soonest');
	like($error->{D}, qr/failed [\d.]+ s ago, attempt \d+/,
	    'DETAIL has age and attempts of the cause');
	like($error->{D}, qr/; $PgJump::Told::next_try\z/,
	    'and the next try');
	$daemon->down;
};

subtest 'it was reached, and hangs in the handshake now' => sub {
	my $box = $lab->new_box;
	my $peer = PgJump::Peer->new('silent');
	my $relay = PgJump::Relay->new(to => $box->port);
	my $connection = $lab->connection('c_hangs', box => $box,
	    connection_timeout => 3, ssh_tunnel => { port => $relay->port });
	my $daemon = $lab->daemon([$connection], handshake_timeout => '1s',
	    workers => 2);
	my ($at_once, $began) = (0, time);

	ok(eventually(20, sub {
		$daemon->events('jump box reached') == 2;
	}), 'each worker has a link');
	$relay->target($peer->port);
	$relay->cut;
	my $before = $relay->accepted;
	refused_by('jump_handshake', press($connection, 3, sub {
		my $now = $relay->open_now;
		$at_once = $now if $now > $at_once;
	}));
	is($at_once, 1, 'one dial at a time, of two workers');
	cmp_ok($relay->accepted - $before, '<=', 1 + (time - $began) / 1.25,
	    'each after the time-out of the last');
	$daemon->down;
};

subtest 'it refuses the key' => sub {
	my $box = $lab->new_box;
	my $file = spew($lab->dir . '/key', private('stranger'), 0600);
	my $connection = $lab->connection('c_stranger', box => $box,
	    ssh_tunnel => { private_key => undef,
		private_key_file => $file });
	my $daemon = $lab->daemon([$connection]);
	my $error = refused_by('jump_auth', press($connection, 3));
	my ($left) = $error->{D} =~ /next try in ([\d.]+) s/;

	is(count($box->log_text, qr/^Connection from/m), 1, 'one dial');
	is(count($box->log_text, qr/^Failed publickey/m), 1, 'one login');
	cmp_ok($left, '>=', 20, 'the next one comes after half a minute');
	cmp_ok($left, '<=', 30, 'and not much later');
	my $mark = $daemon->mark;
	spew($file, private('ed25519'), 0600);
	ok($daemon->tunnel_up(10, $mark), 'a changed key is tried at once');
	is(count($box->log_text, qr/^Connection from/m), 2, 'by one dial');
	is($lab->psql($connection, 'select 1')->{out}, "1\n", 'and serves');
	$daemon->down;
};

subtest 'it is slow to accept the key' => sub {
	my $box = $lab->new_box(config => { AuthorizedKeysFile => 'none',
		AuthorizedKeysCommand => '/bin/sh -c "sleep 1; cat '
		    . $lab->dir . '/sshd2.authorized_keys"',
		AuthorizedKeysCommandUser => scalar getpwuid $> });
	my $connection = $lab->connection('c_slow', box => $box);
	my $daemon = $lab->daemon([$connection]);
	my $crowd = PgJump::Crowd->new;
	my @clients = map { $crowd->add($connection->{listen}) } 1 .. CLIENTS;

	ok($crowd->run(20), 'nobody is left hanging');
	is((grep { $_->{state} eq 'ready' } @clients), CLIENTS,
	    'all are served');
	my ($before) = $box->log_text =~ /\A(.*?)^Accepted publickey/ms;
	is(count($before // '', qr/^Connection from/m), 1,
	    'one dial until the first was accepted');
	$crowd->leave($_) for @clients;
	$daemon->down;
};

$lab->done;
