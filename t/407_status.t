# SPDX-License-Identifier: PostgreSQL
#
# /status and pgjump status: the schema holds in every situation, what peers say
# is text, and no secret is told.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Http qw(asked);
use PgJump::Peer;
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run slurp spew);

my $lab = PgJump::Lab->new;
my $schema = "$FindBin::Bin/../src/pgjump-status.schema.json";
my $can_judge = run(['python3', '-W', 'ignore', '-c', 'import jsonschema'])
    ->{rc} eq '0';
my $hostile = q{<script>alert("1")</script>' ]]> </style> &amp; \\ \e[31m};
my $box = $lab->box;
my $foreign = PgJump::Peer->new(['accept', "$hostile\r\n", 'close']);
my $inner_box = $lab->new_box;
my %edge = (host => '127.0.0.1', port => $box->port, username => $box->user,
	auth_method => 'key', host_key => $box->pin,
	private_key => PgJump::Keys::private('ed25519'));
my $good = $lab->connection('orders', max_clients => 7);
$good->{ssh_tunnel} = 'edge';
my $refused = $lab->connection('billing', port => reserve());
$refused->{ssh_tunnel} = 'edge';
my $odd = $lab->connection('odd', ssh_tunnel => {
	port => $foreign->port, host_key => 'any', auth_method => 'password',
	private_key => undef,
	password => $lab->secret('a-password-of-a-jump-box') });
my $far = $lab->connection('far', ssh_tunnel => {
	port => $inner_box->port, username => $inner_box->user,
	host_key => $inner_box->pin, via => 'edge' });
my $near = $lab->connection('near', ssh_tunnel => 0);
my $http = reserve();
my $admin = $lab->dir . '/admin.sock';
my $daemon = $lab->daemon([$good, $refused, $odd, $far, $near],
    http => $http + 0, admin => $admin, jump_boxes => { edge => \%edge });
my @answers;

# The status; it follows the schema.
sub status($where = $http, $path = '/status')
{
	my $seen = asked($where, $path);
	is($seen->{status}, 200, $path);
	push @answers, $seen->{body};
	SKIP: {
		skip 'the schema needs python3-jsonschema', 1 unless $can_judge;
		my $judged = run(['python3', '-W', 'ignore', '-c', <<'PYTHON',
import json, sys, jsonschema
jsonschema.Draft7Validator(json.load(open(sys.argv[1]))) \
    .validate(json.load(sys.stdin))
PYTHON
			$schema], stdin => $seen->{body});
		is("$judged->{rc} $judged->{err}", '0 ', 'follows the schema');
	}
	return JSON::PP::decode_json($seen->{body});
}

# A list of objects by their names.
sub by_name($list) { return { map { $_->{name} => $_ } @$list } }

sub command(@arguments)
{
	return PgJump::Daemon::command(['-c', $daemon->file, @arguments],
	    clean_env => 1, dir => $lab->dir);
}

ok(eventually(20, sub {
	$lab->psql($good, 'select 1')->{rc} eq '0' }), 'a session');
$lab->psql($refused, 'select 1', sslmode => 'disable');
ok($daemon->says(qr/jump box not reached .*stage=jump_handshake/),
    'a jump box that is none');

subtest 'what is in it' => sub {
	my $wire = $lab->wire($good);
	$wire->login;
	my $status;
	ok(eventually(20, sub {
		$status = JSON::PP::decode_json(
		    asked($http, '/status')->{body});
		by_name($status->{connections})->{orders}{clients} == 1;
	}), 'a client is counted');
	$status = status();
	is(status($admin)->{phase}, 'running', 'on the admin address, too');
	is($status->{configuration}{file}, $daemon->file, 'its file');
	is($status->{configuration}{last_reload}, undef, 'no reload yet');
	my $jumps = by_name($status->{jump_boxes});
	my $odd_name = '127.0.0.1:' . $foreign->port . '/odd';
	my $inner_name = '127.0.0.1:' . $inner_box->port . '/far';
	is_deeply([sort keys %$jumps], [sort 'edge', $odd_name, $inner_name],
	    'the jump boxes');
	is($jumps->{$inner_name}{via}, 'edge', 'one is behind another');
	my $edge = $jumps->{edge};
	is($edge->{state}, 'up', 'one is up');
	cmp_ok($edge->{rtt_microseconds}, '>', 0, 'its round trip');
	cmp_ok($edge->{channels}, '>=', 2,
	    'its channels: a client, and an inner link of each worker');
	is($edge->{last_failure}, undef, 'it has not failed');
	like($jumps->{$odd_name}{state}, qr/^(?:down|dialling)$/, 'one is not');
	cmp_ok($jumps->{$odd_name}{attempts}, '>=', 1, 'after attempts');
	my $all = by_name($status->{connections});
	my $orders = $all->{orders};
	is($orders->{jump_box}, 'edge', 'a connection names its jump box');
	is($all->{near}{jump_box}, undef, 'or none');
	is($orders->{max_clients}, 7, 'its places');
	cmp_ok($orders->{sessions}, '>=', 2, 'its sessions');
	cmp_ok($orders->{bytes_to_client}, '>', 100, 'its bytes');
	is_deeply($orders->{minutes}, { map { $_ => [] }
		qw(clients bytes_to_database bytes_to_client failures) },
	    'no minute is over');
	my $failure = $all->{billing}{last_failure};
	is("$failure->{stage} $failure->{side}", 'db_refused database',
	    'a failure');
	like($failure->{message}, qr/refused the connection/, 'in words');
	like($failure->{hint}, qr/\w\.$/, 'with a hint');
	is_deeply($all->{billing}{failures_by_stage}, { db_refused =>
		$all->{billing}{failures} }, 'counted by stage');
	$wire->close;
};

subtest 'what peers say is text' => sub {
	my $status = status();
	my ($odd) = grep { $_->{name} =~ /odd/ } @{ $status->{jump_boxes} };
	my $said = "$odd->{last_failure}{message} $odd->{last_failure}{detail}";
	like($said, qr/<script>/, 'it was heard');
	unlike($answers[-1], qr/[<>&]/, 'and is written so that no page runs it');
	unlike($answers[-1], qr/[^\n\x20-\x7e]/, 'nor any terminal');
	for my $path ('/readiness?tunnels=all', '/metrics') {
		unlike(asked($http, $path)->{body}, qr/<script/,
		    "nothing of it in $path");
	}
	my $seen = command('status');
	unlike($seen->{out}, qr/[^\n\x20-\x7e]/, 'nor in pgjump status');
};

subtest 'some connections' => sub {
	my $status = status($http, '/status?connections=near,billing');
	is_deeply([map { $_->{name} } @{ $status->{connections} }],
	    [qw(billing near)], 'those that are named');
	is_deeply([map { $_->{name} } @{ $status->{jump_boxes} }], ['edge'],
	    'and their jump boxes');
	$status = status($http, '/status?connections=far');
	is(scalar @{ $status->{jump_boxes} }, 2, 'a chain has all its hops');
	is(asked($http, '/status?connections=near,nobody')->{status}, 404,
	    'an unknown name');
};

subtest 'pgjump status' => sub {
	my $seen = command('status');
	is("$seen->{rc} $seen->{err}", '0 ', 'exit 0');
	my @lines = split /\n/, $seen->{out};
	like($lines[0], qr{^pgjump\ \S+\ is\ running,\ up\ for\ \d+\ s;
	    \ \Q$daemon->{file}\E,\ read\ \d+\ s\ ago$}x, 'the head');
	is_deeply([split ' ', $lines[1]], [qw(CONNECTION STATE CLIENTS SESSIONS
		FAILURES BYTES WAY)], 'the titles');
	my $way = "127.0.0.1:$good->{listen} > 127.0.0.1:" . $box->port . ' > ';
	like($seen->{out}, qr{^orders\ +up\ +0/7\ +\d+\ +0\ +\d.*\ \Q$way\E}mx,
	    'a row');
	$way = join ' > ', map { '127.0.0.1:' . $_->port } $box, $inner_box;
	like($seen->{out}, qr{^far\ .*\ >\ \Q$way\E\ >\ }mx, 'a chain');
	like($seen->{out}, qr/^near\ +direct\ /mx, 'a direct connection');
	like($seen->{out}, qr/^billing\ .*\n\ \ tunnel\ is\ up,.*\[db_refused\]
	    \ \(\d+\ s\ ago\)\n\ \ \w.*\.$/mx, 'what is broken, and the hint');
	like($seen->{out}, qr/^odd\ +(?:TUNNEL\ DOWN|dialling)\ .*\n
	    \ \ tunnel\ failed:.*\[jump_handshake\]/mx, 'a tunnel that is down');
	unlike($seen->{out}, qr/\e/, 'no colour in a pipe');
	$seen = command('status', 'near');
	unlike($seen->{out}, qr/orders/, 'one connection');
	is(command('status', 'nobody')->{rc}, 1, 'an unknown one: exit 1');
	like(command('status', 'nobody')->{err}, qr/no connection/, 'it says so');
	my $json = command('status', '--json');
	is(JSON::PP::decode_json($json->{out})->{phase}, 'running', '--json');
	$seen = command('status', '--admin', $lab->dir . '/none.sock');
	is($seen->{rc}, 0, 'http answers where admin does not');
};

subtest 'on a terminal' => sub {
	plan skip_all => 'there is no script(1)'
	    unless run(['script', '--version'])->{rc} eq '0';
	my $program = PgJump::Daemon::program();
	for my $case (['', 1], ['NO_COLOR=1', 0], ['TERM=dumb', 0]) {
		my ($env, $colored) = @$case;
		my $seen = run(['script', '-qec', "env TERM=xterm $env "
			. "$program -c " . $daemon->file . ' status',
			'/dev/null'], dir => $lab->dir);
		is(!!($seen->{out} =~ /\e\[32mup/), !!$colored,
		    "$env: " . ($colored ? 'colour' : 'none'));
	}
};

subtest 'beyond loopback' => sub {
	my ($address) = grep { /^\d+\.\d+\.\d+\.\d+$/ && !/^127/ }
	    split ' ', `hostname -I 2>/dev/null`;
	plan skip_all => 'no address beyond loopback' unless $address;
	my $port = reserve();
	my $open = $lab->daemon([$lab->connection('open', ssh_tunnel => 0)],
	    http => "0.0.0.0:$port", http_status => JSON::PP::true());
	is(asked([$address, $port], '/status')->{status}, 200,
	    'with http_status');
	$open->down;
};

subtest 'no secret' => sub {
	my @secrets = (@{ $lab->{secrets} }, 'PRIVATE KEY',
		grep { length > 40 } split /\n/, $edge{private_key});
	for my $path (qw(/status /metrics /readiness?tunnels=all /liveness
	    /startup /nothing)) {
		for my $where ($http, $admin) {
			my $seen = asked($where, $path)->{body};
			is_deeply([grep { index($seen, $_) >= 0 } @secrets], [],
			    "in $path of " . ($where eq $http ? 'http' : 'admin'));
		}
	}
	my $told = command('status')->{out};
	is_deeply([grep { index($told, $_) >= 0 } @secrets], [],
	    'in pgjump status');
};

$daemon->down;
$lab->done;
