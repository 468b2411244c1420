# SPDX-License-Identifier: PostgreSQL
#
# The log: one line per event, as text or as JSON with the same keys; one id per
# client from accept to close; a closing line that says how much went each way,
# how long it took and how it ended.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

my $lab = PgJump::Lab->new;
for my $format (qw(text json)) {
	subtest $format => sub {
		my $good = $lab->connection('good_one');
		my $bad = $lab->connection('bad_one', port =>
		    PgJump::Port::reserve());
		my $daemon = $lab->daemon([$good, $bad],
		    log_format => $format, log_level => 'debug');
		my $client = $lab->wire($good);
		my $port = $client->local_port;

		$client->login;
		$client->query(q{select repeat('x', 100000)})->until('Z');
		$client->put(pack 'aN', 'X', 4);
		$client->ended;
		$client->close;
		$lab->psql($bad, 'select 1');
		$daemon->says(qr/db_refused/);
		$daemon->says(qr/client closed.*\n.*client closed/s);
		$daemon->down;

		my @lines = split /\n/, $daemon->log_text;
		my @events = $daemon->events;
		is(@events, @lines, 'every line can be parsed');
		is(scalar(grep { !defined $_->{message} || !defined $_->{level} }
		    @events), 0, 'each has a message and a level');
		if ($format eq 'json') {
			is(scalar(grep { !/^\d{4}-\d\d-\d\dT/ } map {
				$_->{timestamp} } @events), 0, 'and a time');
			is(scalar(grep { !/^(?:ERROR|WARNING|INFO|DEBUG)$/ }
			    map { $_->{severity} } @events), 0,
			    'and a severity');
		}

		my ($accepted) = grep { ($_->{peer} // '') eq '127.0.0.1'
		    && ($_->{port} // 0) == $port } @events;
		ok($accepted, 'a line shows the address of the client');
		my $id = $accepted->{client};
		ok(defined $id, 'and gives it an id');
		my @of_client = grep { ($_->{client} // '') eq $id } @events;
		my $last = $of_client[-1];
		like($last->{message}, qr/^client closed/, 'a closing line');
		is($last->{connection}, 'good_one', 'names the connection');
		is($last->{peer}, '127.0.0.1', 'and the client');
		cmp_ok($last->{to_database} // 0, '>', 50, 'bytes from the client');
		cmp_ok($last->{to_database}, '<', 1000, 'as few as they were');
		cmp_ok($last->{to_client} // 0, '>', 100_000,
		    'bytes to the client');
		cmp_ok($last->{to_client}, '<', 110_000, 'not more');
		like($last->{duration_ms} // '', qr/^\d+$/, 'duration');
		ok(length($last->{how} // ''), 'how it ended');
		my ($failed) = grep { ($_->{stage} // '') eq 'db_refused' }
		    @events;
		is($failed->{connection}, 'bad_one',
		    'a refused client names its connection');
		isnt($failed->{client}, $id, 'and has an id of its own');
		like($failed->{peer}, qr/^(?:127\.0\.0\.1|::1)$/,
		    'and its address');
	};
}

subtest 'a client that leaves in TLS is no failure' => sub {
	my $direct = $lab->connection('direct_tls', ssh_tunnel => 0);
	my $through = $lab->connection('through_tls');
	my $daemon = $lab->daemon([$direct, $through]);
	$lab->psql($_, 'select 1', sslmode => 'require') for $direct, $through;
	$daemon->says(qr/client closed.*\n.*client closed/s, 3);
	# it may be gone before the database's farewell reaches it
	is(scalar(grep { $_->{how} =~ /^client (?:closed|lost)$/ }
	    $daemon->events('client closed')), 2, 'it closed, and at once');
	is_deeply([$daemon->events('session ended')], [], 'and nothing else');
};

subtest 'levels' => sub {
	my $connection = $lab->connection('quiet');
	my %lines;
	for my $level (qw(debug info warning error)) {
		my $daemon = $lab->new_daemon([$connection],
		    log_level => $level)->start;
		ok(PgJump::Process::eventually(20, sub {
			$lab->psql($connection, 'select 1')->{rc} eq '0';
		}), "$level: serves");
		$daemon->down;
		$lines{$level} = [$daemon->events];
	}
	cmp_ok(@{ $lines{debug} }, '>', @{ $lines{info} }, 'debug says more');
	is(scalar(grep { $_->{level} eq 'debug' } @{ $lines{info} }), 0,
	    'info leaves debug out');
	is(scalar(grep { $_->{level} =~ /debug|info/ } @{ $lines{warning} }), 0,
	    'warning leaves info out');
	is_deeply($lines{error}, [], 'error is silent where nothing is wrong');
};

subtest 'no secret at the finest level' => sub {
	my $locked = $lab->connection('locked', ssh_tunnel => {
		private_key => PgJump::Keys::private('rsa-locked'),
		private_key_passphrase => PgJump::Keys::PASSPHRASE });
	my $password = $lab->secret('a-wrong-password-in-the-file');
	my $refused = $lab->connection('refused', ssh_tunnel => {
		auth_method => 'password', private_key => undef,
		password => $password });
	my $daemon = $lab->daemon([$locked, $refused], log_level => 'debug');
	$lab->psql($_, 'select 1') for $locked, $refused;
	# PgJump::Lab::done looks for secrets
	ok($daemon->says(qr/jump_auth/), 'after a failed login, too');
};

$lab->done;
