# SPDX-License-Identifier: PostgreSQL
#
# The tunnel breaks or freezes: new clients are told tunnel_lost and the
# database is never blamed; a session in flight gets what was received and a
# reset, never an orderly end, after which some drivers run the statement again.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $box = $lab->box;
my $relay = PgJump::Relay->new(to => $box->port);
my $hole = PgJump::Peer->black_hole;
my %through = (box => $box, ssh_tunnel => { port => $relay->port },
	connection_timeout => 2 * $PgJump::Process::PATIENCE);
my $main = $lab->connection('c_main', %through);
my $far = $lab->connection('c_far', %through, port => $hole->{port});
my %lost = (label => 'tunnel_lost', side => 'tunnel',
	says => qr/tunnel lost: .*jump box 127\.0\.0\.1:/,
	hint => qr/network to the jump box/);

sub fresh($connections, %global)
{
	my $daemon = $lab->daemon($connections, %global);
	ok($daemon->tunnel_up, 'the tunnel is up');
	return $daemon;
}

subtest 'frozen in the middle of an open' => sub {
	my $daemon = fresh([$far], open_timeout => '2s');
	my $before = $relay->bytes_in;
	my $wire = $lab->wire($far)->startup;
	ok(PgJump::Process::eventually(10, sub {
		$relay->bytes_in > $before;
	}), 'the open is on its way to a black hole');
	$relay->freeze;
	my ($error) = @{ $wire->until('E') };
	my $fields = PgJump::Wire::fields($error->[1] // '');
	like($fields->{M}, qr/^pgjump: tunnel failed: .*\[tunnel_lost\]$/,
	    'the tunnel is blamed');
	unlike($fields->{M}, qr/database failed|db_timeout/,
	    'not the database');
	is($fields->{C}, '57P03', 'SQLSTATE');
	like($fields->{H}, $lost{hint}, 'HINT');
	$wire->close;
	$relay->thaw;
	$daemon->down;
};

subtest 'frozen before the client comes' => sub {
	my $daemon = fresh([$main, $far], open_timeout => '1s',
	    max_links => 1);
	$relay->freeze;
	# check meets the silence at once, as it dials
	told($lab, $daemon, $main, { name => 'a good database', %lost,
		sslmodes => [qw(disable require)], check => 0 });
	told($lab, $daemon, $far, { name => 'a bad one', %lost,
		sslmodes => ['disable'], check => 0 });
	$relay->thaw;
	$daemon->down;
};

subtest 'an honest black hole' => sub {
	my $daemon = fresh([$far], open_timeout => '2s');
	told($lab, $daemon, $far, { name => 'the tunnel lives',
		label => 'db_timeout', side => 'database',
		says => qr/did not accept a connection from jump box/,
		hint => qr/firewall/, sslmodes => ['disable'] });
	$daemon->down;
};

subtest 'a client that gives up sooner than an open would' => sub {
	my $hasty = $lab->connection('c_hasty', %through,
	    port => $hole->{port}, connection_timeout => 1);
	my $daemon = fresh([$hasty], open_timeout => '8s');
	my $error = PgJump::Wire->refusal(port => $hasty->{listen});
	like($error->{M}, qr/^pgjump: tunnel is up, .*\[db_timeout\]$/,
	    'the tunnel is asked in time, and not blamed');
	$daemon->down;
};

subtest 'frozen before the database answers' => sub {
	my $silent = PgJump::Peer->new('silent');
	my $mute = $lab->connection('c_mute', %through, port => $silent->port,
	    connection_timeout => 4 * $PgJump::Process::PATIENCE);
	my $daemon = fresh([$mute], log_level => 'debug');
	my $wire = $lab->wire($mute)->startup;
	ok($daemon->says(qr/client=1 .*to=login/), 'the forward is open');
	$relay->freeze;
	my ($error) = @{ $wire->until('E') };
	my $fields = PgJump::Wire::fields($error->[1] // '');
	like($fields->{M}, qr/^pgjump: tunnel failed: .*\[tunnel_lost\]$/,
	    'the tunnel is blamed');
	unlike($fields->{D}, qr/is up/, 'and DETAIL does not praise it');
	$wire->close;
	$relay->thaw;
	$daemon->down;
};

subtest 'a frozen tunnel is noticed and dialled again' => sub {
	my $daemon = fresh([$main], keepalive_interval => '300ms',
	    keepalive_count => 2);
	my $wire = $lab->wire($main);
	$wire->login;
	my $mark = $daemon->mark;
	$relay->freeze;
	ok($daemon->says(qr/tunnel_lost/, 10, $mark), 'is noticed');
	isnt($wire->ended, 'deadline', 'its session ends');
	$wire->close;
	$relay->thaw;
	ok(PgJump::Process::eventually(20, sub {
		$lab->psql($main, 'select 1')->{out} eq "1\n";
	}), 'a new one comes');
	$daemon->down;
};

for my $how (qw(cut kill)) {
	for my $mode (qw(disable require)) {
		subtest "mid-session, $how, sslmode=$mode" => sub {
			my $daemon = fresh([$main]);
			my $wire = $lab->wire($main);
			if ($mode eq 'require') {
				$wire->ssl_request;
				$wire->start_tls;
			}
			$wire->login;
			$wire->query('select pg_sleep(60)');
			my $mark = $daemon->mark;
			$how eq 'cut' ? $relay->cut : $box->kill_sessions;
			my $messages = $wire->until('Z');
			my ($error) = grep { $_->[0] eq 'E' } @$messages;
			# either the text and then the end, or a reset
			if ($error) {
				is($mode, 'disable', 'text in the clear only');
				like(PgJump::Wire::fields($error->[1])->{M},
				    qr/^terminating connection: pgjump: tunnel lost/,
				    'the text');
			} else {
				is($wire->ended, 'reset',
				    'never an orderly end');
			}
			ok($daemon->says(qr/tunnel_lost/, 10, $mark),
			    'the log names the stage');
			$wire->close;
			is($lab->psql($main, 'select 1')->{out}, "1\n",
			    'the next client finds a new tunnel');
			$daemon->down;
		};
	}
}

subtest 'what was received is delivered before the end' => sub {
	my $daemon = fresh([$main]);
	my $wire = $lab->wire($main, small => 1);
	$wire->login;
	my ($start, $stood) = ($relay->bytes_out, 0);
	$wire->query(q{select repeat('x', 1000)
	    from generate_series(1, 20000)});
	# until everything on the way is full
	ok(PgJump::Process::eventually(20, sub {
		my $now = $relay->bytes_out;
		my $stands = $now == $stood && $now > $start + 100_000;
		$stood = $now;
		$stands;
	}), 'a client that does not read yet');
	$relay->cut;
	ok($daemon->says(qr/ tunnel_lost\b|=tunnel_lost\b/), 'the tunnel dies');
	my $got = 0;
	while (my $more = length $wire->take(1) // '') {
		$got += $more + length delete $wire->{in};
		$wire->{in} = '';
	}
	is($wire->ended, 'reset', 'the end is a reset');
	cmp_ok($got, '>', ($stood - $start) * 0.9,
	    'what came through the tunnel before comes first');
	$daemon->down;
};

subtest 'psql says so' => sub {
	my $daemon = fresh([$main]);
	my $psql = PgJump::Process->new(name => 'psql', dir => $lab->dir,
	    argv => [PgJump::Postgres::bin('psql'), '-X', '-d',
		$lab->conninfo($main, sslmode => 'require'), '-c',
		'select pg_sleep(61)'])->start;
	ok(PgJump::Process::eventually(20, sub {
		$pg->sql(q{select count(*) from pg_stat_activity
		    where query = 'select pg_sleep(61)'
		    and state = 'active'}) == 1
	}), 'a statement runs');
	$relay->cut;
	is($psql->wait_end, 'exit 2', 'the connection is lost');
	like($psql->text, qr/Connection reset by peer|SSL error|unexpectedly/,
	    'and psql knows');
	$daemon->down;
};

$lab->done;
