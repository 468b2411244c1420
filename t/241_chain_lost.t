# SPDX-License-Identifier: PostgreSQL
#
# A hop of a chain is killed, or falls silent: the sessions through it hear
# which one it was, and so do new clients; the hops behind it are not blamed.
# When it is back, the chain is.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Chain;
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(eventually);
use Time::HiRes qw(sleep time);

my $lab = PgJump::Lab->new;
my $chain = PgJump::Chain->new($lab, 3, relays => 1);
my $patience = $PgJump::Process::PATIENCE;
my $connection = $chain->connection('c_three',
    connection_timeout => 4 * $patience);
my $one = $chain->connection('c_one', ssh_tunnel => 'hop1');

sub enter($to = $connection)
{
	my $wire = $lab->wire($to);

	PgJump::Wire::is_ready($wire->login) or die 'no login';
	return $wire;
}

sub last_words($wire)
{
	my ($error) = grep { $_->[0] eq 'E' } @{ $wire->until('!') };

	return PgJump::Wire::fields($error->[1] // '');
}

sub works
{
	return eventually(40, sub {
		$lab->psql($connection, 'select 1')->{out} eq "1\n" });
}

for my $n (1 .. 3) {
	subtest "hop $n is killed" => sub {
		my $daemon = $lab->daemon([$connection, $one],
		    jump_boxes => $chain->jump_boxes);
		my ($wire, $other) = (enter(), enter($one));
		$wire->query('select pg_sleep(60)');
		$chain->box($n)->kill_sessions;
		my $told = last_words($wire);
		is($told->{C}, '08006', 'a query in flight: SQLSTATE');
		like($told->{M}, qr/^terminating\ connection:\ pgjump:
		    \ tunnel\ lost:\ .*jump\ box\ \Q@{[$chain->named($n)]}\E
		    \ .*\[tunnel_lost\]$/x, 'names the hop');
		ok(works(), 'it comes back');
		if ($n > 1) {
			$other->query('select 1');
			ok(PgJump::Wire::is_ready($other->until('Z')),
			    'what needs less of the chain notices nothing');
		}
		my @lost = $daemon->events('link lost');
		is(scalar(@lost), 4 - $n, 'so many links end');
		$daemon->down;
	};
}

for my $n (1 .. 3) {
	subtest "hop $n is silent" => sub {
		my $daemon = $lab->daemon([$connection],
		    jump_boxes => $chain->jump_boxes, open_timeout => '2s',
		    keepalive_interval => '1s', keepalive_count => 3);
		ok(works(), 'it works');
		my $wire = enter();
		my $named = $chain->named($n);
		$wire->query('select pg_sleep(60)');
		$chain->relay($n)->freeze;
		my $new = PgJump::Wire->refusal(port => $connection->{listen});
		like($new->{M}, qr/jump box \Q$named\E .*\[tunnel_lost\]$/,
		    'a new client hears whose silence it is');
		my $told = last_words($wire);
		like($told->{M}, qr/jump box \Q$named\E has been silent for .*\[tunnel_lost\]$/,
		    'a query in flight ends, and names the hop');
		$chain->relay($n)->thaw;
		ok(works(), 'it comes back');
		$daemon->down;
	};
}

# The session of hop 2 is handed to a worker while its carrier is gone already.
subtest 'hop 1 dies as soon as hop 2 has let pgjump in' => sub {
	my $two = $chain->connection('c_two');
	my $seen = $chain->logins(2);
	my $daemon = $lab->daemon([$two], jump_boxes => $chain->jump_boxes);

	for my $round (1 .. 9) {
		my $end = time + 5;

		sleep 0.0005 while $chain->logins(2) <= $seen && time < $end;
		$seen = $chain->logins(2);
		$chain->box(1)->kill_sessions;
		$lab->psql($two, 'select 1') if $round % 3 == 0;
	}
	ok(eventually(40, sub {
		$lab->psql($two, 'select 1')->{out} eq "1\n" }),
	    'pgjump goes on, and comes back');
	$daemon->down;
};

$lab->done;
