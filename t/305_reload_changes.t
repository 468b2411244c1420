# SPDX-License-Identifier: PostgreSQL
#
# What a reload does to what it changes: clients of a removed connection are
# told, idle ones at once and busy ones within shutdown_timeout; new clients
# find new settings and the others keep theirs; a jump box is the same one as
# long as everything that names it is; and no port leads to another database by
# accident.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use IO::Socket::IP;
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually spew);

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;

sub session($connection, %is)
{
	my $wire = $lab->wire($connection);

	$wire->login(%is);
	return $wire;
}

sub types($messages) { join '', map { $_->[0] } @$messages }

sub is_refused($port)
{
	return !IO::Socket::IP->new(PeerHost => '127.0.0.1',
	    PeerPort => $port);
}

# The part of the state of a connection or jump box (SIGUSR1).
sub state_of($daemon, $message, $key, $value)
{
	my $mark = $daemon->mark;
	my @found;

	$daemon->signal('USR1');
	eventually(20, sub {
		@found = grep { $_->{$key} eq $value }
		    $daemon->events($message, $mark);
	});
	return $found[0];
}

subtest 'a connection that is removed' => sub {
	my ($stays, $goes) = map { $lab->connection($_) } qw(stays goes);
	my $daemon = $lab->daemon([$stays, $goes], shutdown_timeout => '60s');
	my ($idle, $busy) = map { session($goes) } 1, 2;
	my $long = session($goes, application_name => 'long');
	my $other = session($stays);
	$busy->query(q{select 'the answer' from pg_sleep(1)});
	$long->query('select pg_sleep(120)');
	ok(eventually(20, sub {
		$pg->sql(q{select count(*) from pg_stat_activity
		    where state = 'active' and query like '%pg_sleep(%'
		    and pid <> pg_backend_pid()}) == 2;
	}), 'has idle and busy clients');
	my $verdict = $daemon->reload({ connections => [$stays],
		shutdown_timeout => '3s' });
	is($verdict->{accepted}, 1, 'is removed');
	is($verdict->{removed}, 'goes', 'by name');
	is($verdict->{kept}, 1, 'beside one that is kept');
	is($verdict->{settings}, 'shutdown_timeout', 'and a global setting');
	ok(is_refused($goes->{listen}), 'its port is closed');
	my $fields = PgJump::Wire::fields($idle->until('E')->[-1][1]);
	is($fields->{C}, '57P01', 'an idle client gets 57P01');
	like($fields->{M}, qr/^terminating connection: .*connection goes was removed from the configuration of pgjump \[shutdown\]$/,
	    'in words of its own');
	is($idle->ended, 'eof', 'and an orderly end');
	is(types($busy->until('E')), 'TDCZE',
	    'a busy one its answer, then the end');
	isnt($long->ended, 'deadline', 'one that stays busy is ended');
	ok($daemon->says(qr/shutdown_timeout has passed connection=goes clients=\d+$/m),
	    'after shutdown_timeout, which is logged');
	$other->query('select 1');
	is(types($other->until('Z')), 'TDCZ', 'the others notice nothing');
	$verdict = $daemon->reload({ connections => [$stays, $goes] });
	is($verdict->{added}, 'goes', 'it may come back');
	is($lab->psql($goes, 'select 5')->{out}, "5\n", 'and works');
};

subtest 'a connection that is changed' => sub {
	my $was = $lab->connection('changed', ssh_tunnel => 0);
	my $daemon = $lab->daemon([$was]);
	my $old = session($was);
	my $is = { %$was, max_clients => 1, port => reserve() };
	my $verdict = $daemon->reload({ connections => [$is] });
	is($verdict->{changed}, 'changed', 'is called changed');
	$old->query('select 1');
	is(types($old->until('Z')), 'TDCZ', 'old sessions go on');
	like($lab->psql($was, 'select 1')->{err}, qr/max_clients/,
	    'and count for its new limit');
	$old->close;
	ok(eventually(20, sub {
		$lab->psql($was, 'select 1')->{err} =~ /\[db_refused\]/;
	}), 'new clients go to the new database');
	is($daemon->reload({ connections => [$was] })->{accepted}, 1,
	    'and back');
	is($lab->psql($was, 'select 6')->{out}, "6\n", 'to the old one');
};

subtest 'counters of a connection go on' => sub {
	my $is = $lab->connection('counted', ssh_tunnel => 0);
	my $daemon = $lab->daemon([$is]);
	my $wire = session($is);
	$lab->wire($is)->close;
	ok(eventually(20, sub {
		state_of($daemon, 'state of connection', 'connection',
		    'counted')->{probes} == 1;
	}), 'a probe is counted');
	$daemon->reload({ connections => [$lab->connection('new'), $is] });
	my $state = state_of($daemon, 'state of connection', 'connection',
	    'counted');
	is($state->{probes}, 1, 'and not forgotten');
	is($state->{clients}, 1, 'nor is the client');
};

subtest 'a jump box of another user is another one' => sub {
	my $box = $lab->new_box;
	my ($one, $two) = map { $lab->connection($_, box => $box) } qw(one two);
	my %one_link = (max_links => 1, workers => 1);
	my $daemon = $lab->daemon([$one, $two], %one_link);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my ($mine, $other) = map { session($_) } $one, $two;
	my $links = () = $box->log_text =~ /Accepted publickey/g;
	is($links, 1, 'one link for both');
	my $mark = $daemon->mark;
	$daemon->reload({ %one_link, connections => [$one, { %$two, ssh_tunnel => {
		%{ $two->{ssh_tunnel} }, known_hosts => '/nonexistent' } }] });
	ok($daemon->tunnel_up(20, $mark), 'a changed jump box is dialled');
	is($lab->psql($two, 'select 8')->{out}, "8\n", 'and used');
	for my $wire ($mine, $other) {
		$wire->query('select 1');
		is(types($wire->until('Z')), 'TDCZ', 'the old link carries on');
	}
	is($daemon->times('link (?:retired|lost)', $mark), 0,
	    'as the other connection needs it');
	$mark = $daemon->mark;
	my $changed = { %$one, ssh_tunnel => { %{ $one->{ssh_tunnel} },
		known_hosts => '/nonexistent' } };
	my $changed_two = { %$two, ssh_tunnel => { %{ $two->{ssh_tunnel} },
		known_hosts => '/nonexistent' } };
	$daemon->reload({ %one_link,
		connections => [$changed, $changed_two] });
	for my $wire ($mine, $other) {
		$wire->query('select 1');
		is(types($wire->until('Z')), 'TDCZ',
		    'a link that nobody names any more carries on');
	}
	ok($daemon->says(qr/link retired/, 20, $mark), 'but has retired');
	is($box->session_pids > 0, 1, 'until its last session ends');
	$_->close for $mine, $other;
	ok(eventually(20, sub {
		my $closed = () = $box->log_text =~ /Received disconnect|Connection closed|Disconnected from/g;
		$closed >= 1;
	}), 'which closes it');
	is($lab->psql($one, 'select 9')->{out}, "9\n", 'the new one serves');
};

subtest 'a jump box that sleeps because of its key' => sub {
	my $key = spew($lab->dir . '/sleeper', PgJump::Keys::private('rsa'),
	    0600);
	my $box = $lab->new_box;
	my $sleeper = $lab->connection('sleeper', box => $box, ssh_tunnel => {
		private_key => undef, private_key_file => $key });
	$box->authorize(PgJump::Keys::public('ecdsa'));
	my $daemon = $lab->daemon([$sleeper]);
	ok($daemon->says(qr/jump box not reached.*\[jump_auth\]|stage=jump_auth/),
	    'its key is rejected');
	spew($key, PgJump::Keys::private('ecdsa'), 0600);
	my $mark = $daemon->mark;
	is($daemon->reload->{accepted}, 1, 'a reload with another key');
	ok($daemon->tunnel_up(20, $mark), 'wakes it at once');
	is($lab->psql($sleeper, 'select 3')->{out}, "3\n", 'and it works');
};

subtest 'no port leads to another database by accident' => sub {
	my ($a, $b, $c) = map {
		my $is = $lab->connection($_, port => reserve(),
		    ssh_tunnel => 0);
		delete $is->{listen};
		$is;
	} qw(a b c);
	# default ports are the same in every test, so the address is not
	my $host = '127.77.' . ($$ >> 8 & 0xff) . '.' . ($$ & 0xff);
	my %host = (listen_host => $host);
	for ($a, $b, $c) { $_->{allow_from} = '127.0.0.0/8' }
	my $daemon = $lab->daemon([$a, $b], %host);
	my $verdict = $daemon->reload({ %host, connections => [$b] });
	is($verdict->{accepted}, 0,
	    'the first of two connections cannot just be taken out');
	like($verdict->{errors}, qr/:\d+:\d+: connection "b" would get \Q$host\E:6432 by its position in the file, where clients reach "a" now; write "listen: 6433" in "b" to keep its port, or "listen: 6432" to move that port on purpose/,
	    'both are named, and what to write');
	$verdict = $daemon->reload({ %host, connections => [$c, $a, $b] });
	is($verdict->{accepted}, 0, 'nor can one be inserted before them');
	like($verdict->{errors}, qr/"c" would get .*6432.*write a "listen" with a port of its own in "c"/,
	    'the new one is named as well');
	$verdict = $daemon->reload({ %host, connections => [{ %$b,
		listen => 6433 }] });
	is($verdict->{accepted}, 1, 'what is written is accepted');
	$verdict = $daemon->reload({ %host, connections => [{ %$a,
		listen => 6433 }] });
	is($verdict->{accepted}, 1, 'as is a move on purpose');
	my ($moved) = $daemon->events('address moved to another connection');
	is("$moved->{listen} $moved->{from} $moved->{to}",
	    "$host:6433 b a", 'which is logged');
	$verdict = $daemon->reload({ %host, connections => [$a, { %$a,
		name => 'renamed', listen => 6433 }] });
	is($verdict->{accepted}, 1, 'another name for the same database, too');
	$verdict = $daemon->reload({ %host, connections => [{ %$a,
		name => 'z' }] });
	is($verdict->{accepted}, 1, 'even at a port by position');
};

$lab->done;
