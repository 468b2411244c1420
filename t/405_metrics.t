# SPDX-License-Identifier: PostgreSQL
#
# The metrics: each counter moves when its cause is provoked, by as much as the
# log tells, and no other one does; both formats; names of jump boxes; no secret.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Certificate qw(certify);
use PgJump::Group qw(runs wanted);
use PgJump::Http qw(asked);
use PgJump::Metrics qw(becomes metric metrics);
use PgJump::Peer;
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run slurp spew);
use PgJump::Relay;
use PgJump::Pki;

my $lab = PgJump::Lab->new;
my $relay = PgJump::Relay->new(to => $lab->box->port);
my $silent = PgJump::Peer->new('silent');
my $hidden = $lab->secret('hidden-jump-password');
my $box = $lab->box;
my %edge = (host => '127.0.0.1', port => $relay->port,
	username => $box->user, auth_method => 'key', host_key => $box->pin,
	private_key => PgJump::Keys::private('ed25519'));
my $good = $lab->connection('orders', max_clients => 2,
    connection_timeout => '2s');
my $closed = $lab->connection('billing', port => reserve());
$_->{ssh_tunnel} = 'edge' for $good, $closed;
my $second = $lab->connection('second', ssh_tunnel => {
	port => $box->port, password => $hidden, auth_method => 'password',
	host_key => $box->pin, private_key => undef, username => 'nobody' });
my $third = $lab->connection('third', ssh_tunnel => {
	port => $box->port, host_key => $box->pin });
my $near = $lab->connection('near', ssh_tunnel => 0, port => $silent->port,
    connection_timeout => '1s');
my $http = reserve();
my $daemon = $lab->daemon([$good, $closed, $second, $third, $near],
    http => $http + 0, jump_boxes => { edge => \%edge }, workers => 2);
my $third_name = '127.0.0.1:' . $box->port . '/third';
ok(eventually(20, sub { metric($http, 'pgjump_jump_up', jump => 'edge') }),
    'the tunnel is up');

# What changed between two scrapes, for counters only.
sub moved($before, $after)
{
	my %moved;

	for my $key (grep { !/_seconds|process_/ } keys %$after) {
		next unless $key =~ /_total\b/;
		my $by = $after->{$key} - ($before->{$key} // 0);
		$moved{$key} = $by if $by;
	}
	return \%moved;
}

# The counters that a deed moves: { name{labels} => by how much }.
sub moves($deed, $done)
{
	my $before = metrics($http);
	$deed->();
	my $after;
	eventually(20, sub {
		$after = metrics($http);
		$done->(moved($before, $after));
	});
	# dials of the box that refuses us go on by themselves
	my $moved = moved($before, $after);
	delete @$moved{ grep { /second"/ } keys %$moved };
	return $moved;
}

sub of($name, $connection, %more)
{
	return "pgjump_$name\{" . join(',', qq(connection="$connection"),
		map { qq($_="$more{$_}") } sort { ($a eq 'side')
			<=> ($b eq 'side') } keys %more) . '}';
}

my $has = sub ($key) { sub ($moved) { $moved->{$key} } };

subtest 'a session' => sub {
	my $open = metric($http, 'pgjump_open_seconds_count',
	    connection => 'orders');
	my $bytes = metric($http, 'pgjump_bytes_total', connection => 'orders',
	    direction => 'to_client');
	my $wire = $lab->wire($good);
	$wire->login;
	is(becomes($http, 1, 'pgjump_clients', connection => 'orders'), 1,
	    'clients');
	is(metric($http, 'pgjump_clients_max', connection => 'orders'), 2,
	    'clients_max');
	is(becomes($http, 1, 'pgjump_sessions_total',
		connection => 'orders'), 1, 'sessions_total');
	is(metric($http, 'pgjump_open_seconds_count',
		connection => 'orders'), $open + 1, 'open_seconds');
	is(becomes($http, 1, 'pgjump_jump_channels', jump => 'edge'), 1,
	    'jump_channels');
	cmp_ok(metric($http, 'pgjump_jump_links', jump => 'edge'), '>=', 1,
	    'jump_links');
	cmp_ok(metric($http, 'pgjump_jump_rtt_seconds', jump => 'edge'),
	    '>', 0, 'jump_rtt_seconds');
	$wire->query("select repeat('x', 100000)")->until('Z');
	my $seen;
	ok(eventually(20, sub {
		$seen = metric($http, 'pgjump_bytes_total',
		    connection => 'orders', direction => 'to_client');
		$seen > $bytes + 100000;
	}), 'bytes move while the session lives');
	$wire->close;
	is(becomes($http, 0, 'pgjump_clients', connection => 'orders'), 0,
	    'no client');
	my ($closed) = grep { $_->{to_client} > 100000 }
	    $daemon->events('client closed');
	is(metric($http, 'pgjump_bytes_total', connection => 'orders',
		direction => $_), $closed->{$_}, "bytes $_ as in the log")
	    for qw(to_client to_database);
};

my $wrong = of('database_errors_total', 'orders', sqlstate_class => '28');
my $absent = of('database_errors_total', 'orders', sqlstate_class => '3D');
is(moves(sub { $lab->psql($good, 'select 1', password => 'wrong',
		sslmode => 'disable') },
	$has->($wrong))->{$wrong}, 1, 'database_errors_total: a password');
is(moves(sub { $lab->psql($good, 'select 1', dbname => 'nowhere',
		sslmode => 'disable') },
	$has->($absent))->{$absent}, 1, '... a database that is not there');

my $refused = of('failures_total', 'billing', stage => 'db_refused',
    side => 'database');
is_deeply(moves(sub {
	$lab->wire($closed)->startup->rest;
}, $has->($refused)), { $refused => 1 }, 'failures_total: db_refused, alone');

my $limit = of('failures_total', 'orders', stage => 'client_limit',
    side => 'client');
my @full = map { my $wire = $lab->wire($good); $wire->login; $wire } 1, 2;
is_deeply(moves(sub { $lab->wire($good)->startup->rest }, $has->($limit)),
    { $limit => 1 }, '... client_limit, alone');
$_->close for @full;

my $protocol = of('failures_total', 'third', stage => 'client_protocol',
    side => 'client');
is_deeply(moves(sub {
	my $wire = $lab->wire($third);
	$wire->put("GET / HTTP/1.1\r\n\r\n");
	$wire->rest;
}, $has->($protocol)), { $protocol => 1 }, '... client_protocol, alone');

my $quiet = of('failures_total', 'near', stage => 'db_silent',
    side => 'database');
my $sent = of('bytes_total', 'near', direction => 'to_database');
my $moved = moves(sub {
	my $wire = $lab->wire($near)->startup;
	is(becomes($http, 0, 'pgjump_clients_waiting', connection => 'near'),
	    0, 'nobody waits for a dial that is over');
	$wire->rest;
}, sub ($moved) { $moved->{$quiet} && $moved->{$sent} });
is($moved->{$quiet}, 1, '... db_silent');
is_deeply([sort keys %$moved], [sort $quiet, $sent], 'and the bytes it got');

subtest 'clients_waiting' => sub {
	my $wire = $lab->wire($second)->startup;
	my $stuck = PgJump::Peer->new('silent');
	my $slow = $lab->connection('slow', ssh_tunnel => {
		port => $stuck->port, host_key => 'any' });
	my $port = reserve();
	my $other = $lab->daemon([$slow], http => $port + 0);
	my $waits = $lab->wire($slow)->startup;
	is(becomes($port, 1, 'pgjump_clients_waiting', connection => 'slow'),
	    1, 'one waits for the tunnel');
	$waits->close;
	is(becomes($port, 0, 'pgjump_clients_waiting', connection => 'slow'),
	    0, 'until it goes');
	$other->down;
};

subtest 'cancels_total' => sub {
	my $wire = $lab->wire($good);
	$wire->login;
	my $delivered = of('cancels_total', 'orders', result => 'delivered');
	my $seen = moves(sub {
		my $cancel = $lab->wire($good);
		$cancel->put(pack 'NNNN', 16, 80877102,
		    $wire->{backend_pid}, $wire->{backend_key});
		$cancel->rest;
	}, $has->($delivered));
	is($seen->{$delivered}, 1, 'delivered');
	is(scalar(grep { /sessions|failures/ } keys %$seen), 0,
	    'it is no session');
	my $failed = of('cancels_total', 'billing', result => 'failed');
	$seen = moves(sub {
		my $cancel = $lab->wire($closed);
		$cancel->put(pack 'NNNN', 16, 80877102, 1, 2);
		$cancel->rest;
	}, $has->($failed));
	is($seen->{$failed}, 1, 'failed');
	my $unanswered = of('cancels_total', 'near', result => 'unanswered');
	$seen = moves(sub {
		my $cancel = $lab->wire($near);
		$cancel->put(pack 'NNNN', 16, 80877102, 1, 2);
		$cancel->rest;
	}, $has->($unanswered));
	is($seen->{$unanswered}, 1, 'unanswered');
	$wire->close;
};

subtest 'a jump box that is lost' => sub {
	my $idle = $lab->wire($good);
	$idle->login;
	my $busy = $lab->wire($good);
	$busy->login;
	$busy->query('select pg_sleep(60)');
	my $lost = 'pgjump_jump_failures_total{jump="edge",'
	    . 'stage="tunnel_lost"}';
	my $ok = 'pgjump_jump_dials_total{jump="edge",result="ok"}';
	my $links = metric($http, 'pgjump_jump_links', jump => 'edge');
	my $seen = moves(sub { $relay->cut }, sub ($moved) {
		$moved->{$lost} && ($moved->{$ok} // 0) >= 1
		    && $moved->{ of('sessions_lost_total', 'orders',
			    how => 'idle') };
	});
	is($seen->{$lost}, $links, 'jump_failures_total: each link');
	is($seen->{ of('sessions_lost_total', 'orders', how => $_) }, 1,
	    "sessions_lost_total: $_") for qw(idle busy);
	is($seen->{ of('failures_total', 'orders', stage => 'tunnel_lost',
		    side => 'tunnel') }, 2, 'failures_total');
	is(scalar($daemon->events('session ended')), 2, 'as in the log');
	is(scalar($daemon->events('link lost')), $links, 'links as well');
	$relay->shut;
	my $failed = 'pgjump_jump_dials_total{jump="edge",result="failed"}';
	my $connect = 'pgjump_jump_failures_total{jump="edge",'
	    . 'stage="jump_connect"}';
	$seen = moves(sub { $relay->cut }, sub ($moved) {
		$moved->{$failed} && $moved->{$connect} });
	ok($seen->{$failed}, 'jump_dials_total: failed');
	is(becomes($http, 0, 'pgjump_jump_up', jump => 'edge'), 0,
	    'jump_up is 0');
	ok(eventually(20, sub {
		metric($http, 'pgjump_jump_next_try_seconds', jump => 'edge');
	}), 'jump_next_try_seconds');
	$relay->reopen;
	is(becomes($http, 1, 'pgjump_jump_up', jump => 'edge'), 1,
	    'jump_up is 1 again');
};

subtest 'counts agree with the log' => sub {
	my $seen = metrics($http);
	my %log;
	for my $event ($daemon->events('client refused|session ended')) {
		$log{"$event->{connection} $event->{stage}"} +=
		    $event->{repeated} // 1;
	}
	my %counted = map {
		/^pgjump_failures_total\{connection="(\w+)",stage="(\w+)"/
		    && $seen->{$_} ? ("$1 $2" => $seen->{$_}) : ()
	} keys %$seen;
	is_deeply(\%counted, \%log, 'every failure, by stage');
	my $dials = 0;
	$dials += $seen->{$_}
	    for grep { /dials_total.*"failed"/ } keys %$seen;
	cmp_ok(PgJump::Daemon::stand_for(
		$daemon->events('jump box not reached')), '>=', $dials,
	    'every dial that failed');
};

subtest 'names of jump boxes' => sub {
	my %names = map { /jump="([^"]+)"/ ? ($1 => 1) : () }
	    keys %{ metrics($http) };
	is_deeply([sort keys %names], [sort 'edge', $third_name,
		'127.0.0.1:' . $box->port . '/second'],
	    'two logins at one host are two');
};

subtest 'both formats' => sub {
	my $text = asked($http, '/metrics');
	is($text->{type}, 'text/plain; version=0.0.4; charset=utf-8', 'text');
	unlike($text->{body}, qr/# EOF/, 'no end');
	my $open = asked($http, '/metrics', headers => ['Accept: '
		. 'application/openmetrics-text;version=1.0.0;q=0.9,*/*']);
	is($open->{type}, 'application/openmetrics-text; version=1.0.0; '
	    . 'charset=utf-8', 'OpenMetrics');
	like($open->{body}, qr/\n# EOF\n\z/, 'its end');
	like($open->{body}, qr/^# TYPE pgjump_sessions counter$/m,
	    'a counter without its suffix');
	like($open->{body}, qr/^pgjump_sessions_total\{/m, 'a sample with it');
	for my $secret (@{ $lab->{secrets} }, PgJump::Postgres::PASSWORD,
		'myapp', 'readonly', 'PRIVATE KEY') {
		is(index($text->{body} . $open->{body}, $secret), -1,
		    'no secret, no name of a database or user');
	}
};

subtest 'certificates' => sub {
	my $cert = PgJump::Pki::cert_file('door');
	my $seconds;
	my $tls = $lab->connection('tls', ssh_tunnel => 0,
	    client_tls => 'terminate', tls_cert_file => $cert,
	    tls_key_file => $lab->copy(PgJump::Pki::key_file('door')));
	my $port = reserve();
	my $signed = $lab->connection('signed', ssh_tunnel => {
		port => $box->port, host_key => $box->pin,
		certificate_file => certify($lab->dir, 'ed25519', 'agent2',
			'-V', '20200101:20990102') });
	my $other = $lab->daemon([$tls, $signed], http => $port + 0);
	$seconds = metric($port, 'pgjump_certificate_expiry_timestamp_seconds',
	    jump => '127.0.0.1:' . $box->port . '/signed',
	    what => 'certificate');
	like(run(['date', '-d', "\@$seconds", '+%F'])->{out},
	    qr/^2099-01-02$/, 'that of a login');
	my $ends = run(['openssl', 'x509', '-noout', '-enddate', '-dateopt',
		'iso_8601', '-in', $cert])->{out};
	$seconds = metric($port,
	    'pgjump_certificate_expiry_timestamp_seconds',
	    connection => 'tls', what => 'tls_cert');
	my ($date) = $ends =~ /notAfter=(\S+ \S+)Z/;
	is(run(['date', '-u', '-d', "\@$seconds", '+%F %T'])->{out},
	    "$date\n", 'its end');
	$other->down;
};

SKIP: {
	skip 'promtool needs contrib/test --with=monitoring', 1
	    unless wanted('monitoring') && run(['promtool', '--version'])->{rc} eq '0';
	runs('monitoring');
	my $seen = run(['promtool', 'check', 'metrics'],
	    stdin => asked($http, '/metrics')->{body});
	is("$seen->{rc} $seen->{out}$seen->{err}", '0 ',
	    'promtool check metrics is content');
}

$daemon->down;
$lab->done;
