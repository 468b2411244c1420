# SPDX-License-Identifier: PostgreSQL
#
# Signals: pgjump stops accepting, ends idle sessions with a message, waits for
# busy ones as long as it is told to, and exits as shells expect; SIGHUP and
# SIGUSR2 do no harm.  302 has the output of SIGUSR1.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use Time::HiRes qw(time);

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $main = $lab->connection('main_jump');

sub logged_in(%is)
{
	my $wire = $lab->wire($main);
	if ($is{tls}) {
		$wire->ssl_request;
		$wire->start_tls;
	}
	$wire->login(application_name => $is{application} // 'lab');
	return $wire;
}

sub running($application)
{
	return PgJump::Process::eventually(20, sub {
		$pg->sql("select count(*) from pg_stat_activity where state =
		    'active' and application_name = '$application'") == 1;
	});
}

sub refuses_connections
{
	return PgJump::Process::eventually(10, sub {
		!IO::Socket::IP->new(PeerHost => '127.0.0.1',
		    PeerPort => $main->{listen});
	});
}

for my $case (['TERM', 'exit 143'], ['INT', 'exit 130'],
    ['QUIT', 'exit 131']) {
	my ($signal, $code) = @$case;
	subtest "SIG$signal with an idle session" => sub {
		my $daemon = $lab->daemon([$main]);
		my $wire = logged_in();
		$wire->query('select 1')->until('Z');
		my $started = time;
		$daemon->signal($signal);
		my $messages = $wire->until('E');
		is(join('', map { $_->[0] } @$messages), 'E',
		    'one ErrorResponse, no ReadyForQuery');
		my $fields = PgJump::Wire::fields($messages->[-1][1]);
		is($fields->{C}, '57P01', 'SQLSTATE');
		is($fields->{S}, 'FATAL', 'severity');
		like($fields->{M}, qr/^terminating connection: pgjump: .*shutting down.*\[shutdown\]$/,
		    'message');
		is($wire->ended, 'eof', 'an orderly end');
		$wire->close;
		is($daemon->wait_end, $code, $code);
		cmp_ok(time - $started, '<', 5, 'without waiting');
	};
}

subtest 'a busy session is waited for' => sub {
	my $daemon = $lab->daemon([$main], shutdown_timeout => '30s');
	my $wire = logged_in(application => 'busy');
	$wire->query(q{select 'the answer' from pg_sleep(1)});
	ok(running('busy'), 'a statement runs');
	$daemon->signal('TERM');
	ok(refuses_connections(), 'nobody is accepted any more');
	my $messages = $wire->until('E');
	is(join('', map { $_->[0] } @$messages), 'TDCZE',
	    'gets its answer, then the end');
	$wire->close;
	is($daemon->wait_end, 'exit 143', 'and pgjump ends');
};

subtest 'not for ever' => sub {
	my $daemon = $lab->daemon([$main], shutdown_timeout => '500ms');
	my $wire = logged_in(application => 'long');
	$wire->query('select pg_sleep(60)');
	ok(running('long'), 'a statement runs');
	my $started = time;
	$daemon->signal('TERM');
	is($daemon->wait_end(10), 'exit 143', 'pgjump ends');
	cmp_ok(time - $started, '>=', 0.5, 'after shutdown_timeout');
	isnt($wire->ended, 'deadline', 'and the session with it');
};

subtest 'a transaction in progress counts as busy' => sub {
	my $daemon = $lab->daemon([$main], shutdown_timeout => '30s');
	my $wire = logged_in();
	$wire->query('begin')->until('Z');
	$daemon->signal('TERM');
	ok(refuses_connections(), 'pgjump is stopping');
	$wire->query('select 1');
	is(join('', map { $_->[0] } @{ $wire->until('ZE') }), 'TDCZ',
	    'the transaction goes on');
	$wire->query('commit');
	is(join('', map { $_->[0] } @{ $wire->until('E') }), 'CZE',
	    'to its end');
	$wire->close;
	is($daemon->wait_end, 'exit 143', 'then pgjump ends');
};

subtest 'a TLS session cannot be looked into: busy' => sub {
	my $daemon = $lab->daemon([$main], shutdown_timeout => '500ms');
	my $wire = logged_in(tls => 1);
	$daemon->signal('TERM');
	is($daemon->wait_end(10), 'exit 143', 'pgjump ends in time');
	isnt($wire->ended, 'deadline', 'and the session with it');
};

subtest 'a second signal' => sub {
	my $daemon = $lab->daemon([$main], shutdown_timeout => '60s');
	my $wire = logged_in(application => 'second');
	$wire->query('select pg_sleep(60)');
	ok(running('second'), 'a statement runs');
	$daemon->signal('TERM');
	ok(refuses_connections(), 'waits after the first');
	$daemon->signal('TERM');
	is($daemon->wait_end(5), 'exit 143', 'ends at once');
	isnt($wire->ended, 'deadline', 'with the session');
};

subtest 'SIGQUIT waits for nobody' => sub {
	my $daemon = $lab->daemon([$main], shutdown_timeout => '60s');
	my $wire = logged_in(application => 'quit');
	$wire->query('select pg_sleep(60)');
	ok(running('quit'), 'a statement runs');
	$daemon->signal('QUIT');
	is($daemon->wait_end(5), 'exit 131', 'ends at once');
	is(join('', map { $_->[0] } @{ $wire->until('E') }), 'E',
	    'the session is told');
	isnt($wire->ended, 'deadline', 'and ends');
	like($daemon->log_text, qr/: stopping at once signal=SIGQUIT clients=1$/m,
	    'the log says why');
};

subtest 'SIGQUIT while pgjump waits' => sub {
	my $daemon = $lab->daemon([$main], shutdown_timeout => '60s');
	my $wire = logged_in(application => 'then_quit');
	$wire->query('select pg_sleep(60)');
	ok(running('then_quit'), 'a statement runs');
	$daemon->signal('TERM');
	ok(refuses_connections(), 'stopping');
	$daemon->signal('QUIT');
	is($daemon->wait_end(5), 'exit 143', 'ends at once');
};

subtest 'the first signal decides the code' => sub {
	my $daemon = $lab->daemon([$main], shutdown_timeout => '60s');
	my $wire = logged_in(application => 'mixed');
	$wire->query('select pg_sleep(60)');
	ok(running('mixed'), 'a statement runs');
	$daemon->signal('INT');
	ok(refuses_connections(), 'stopping');
	$daemon->signal('TERM');
	is($daemon->wait_end(5), 'exit 130', '130 after SIGINT and SIGTERM');
};

subtest 'stopping while everything hangs' => sub {
	my $hole = PgJump::Peer->black_hole;
	my $silent = PgJump::Peer->new('silent');
	my @hanging = (
		$lab->connection('jump_hole', port => 1, ssh_tunnel => {
			port => $hole->{port}, host_key => 'any' }),
		$lab->connection('jump_silent', port => 1, ssh_tunnel => {
			port => $silent->port, host_key => 'any' }),
		$lab->connection('db_hole', port => $hole->{port}),
		$lab->connection('near_hole', port => $hole->{port},
		    ssh_tunnel => 0),
	);
	my $daemon = $lab->daemon(\@hanging, shutdown_timeout => '60s',
	    log_level => 'debug');
	my @wires = map { $lab->wire($_)->startup } @hanging;
	ok($daemon->says(qr/(?:\bto=opening\b.*){4}/s), 'four clients wait');
	my $started = time;
	$daemon->signal('TERM');
	is($daemon->wait_end(10), 'exit 143', 'ends');
	cmp_ok(time - $started, '<', 3, 'without waiting for any of it');
};

for my $case (['HUP', qr/configuration reloaded\b.* kept=1$/m],
    ['USR2', qr/signal ignored signal=SIGUSR2/]) {
	my ($signal, $line) = @$case;
	subtest "SIG$signal" => sub {
		my $daemon = $lab->daemon([$main]);
		my $wire = logged_in();
		$daemon->signal($signal);
		ok($daemon->says($line), 'is logged');
		$wire->query('select 1');
		ok(PgJump::Wire::is_ready($wire->until('Z')),
		    'sessions live on');
		is($lab->psql($main, 'select 1')->{out}, "1\n",
		    'clients are served');
		is($daemon->down, 'exit 143', 'and it can be stopped');
	};
}

subtest 'SIGPIPE' => sub {
	my $daemon = $lab->daemon([$main]);
	$daemon->signal('PIPE');
	is($lab->psql($main, 'select 1')->{out}, "1\n", 'is ignored');
};

$lab->done;
