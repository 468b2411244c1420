# SPDX-License-Identifier: PostgreSQL
#
# A jump box behind a proxy of each type: the proxy resolves the name, the bytes
# come through exactly, however the proxy cuts its answer; and no password is
# told to anybody but the proxy.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use Digest::MD5 qw(md5_hex);
use JSON::PP ();
use List::Util qw(uniq);
use PgJump::Pki qw(cert cert_file);
use PgJump::Process qw(spew);
use PgJump::Proxy;

my $lab = PgJump::Lab->new;
my $box = $lab->box;
my $secret = $lab->secret('pass: of the "proxy"');
my $name = PgJump::Proxy::NAME;
my $where = "$name:" . $box->port;

my @alive;

sub proxy(%is)
{
	push @alive, PgJump::Proxy->new(dir => $lab->dir, %is);
	return $alive[-1];
}

sub through($label, $proxy, %tunnel)
{
	return $lab->connection($label, ssh_tunnel => { host => $name,
		host_key => $box->pin, port => $box->port, $proxy->keys,
		%tunnel });
}

my %proxies = (
	http => proxy(),
	http_login => proxy(login => "app:$secret"),
	https => proxy(type => 'https', login => "app:$secret"),
	socks5 => proxy(type => 'socks5'),
	socks5_login => proxy(type => 'socks5', login => "app:$secret"),
	socks4a => proxy(type => 'socks4a', login => 'app'),
);
my %asked = (
	(map { $_ => "CONNECT $where known" } qw(http http_login https)),
	(map { $_ => "SOCKS5 type 3 $where" } qw(socks5 socks5_login)),
	socks4a => "SOCKS4 $where app",
);
my %at = map { $_ => through($_, $proxies{$_}) } keys %proxies;
my $daemon = $lab->daemon([map { $at{$_} } sort keys %at]);

for my $type (sort keys %proxies) {
	my $proxy = $proxies{$type};

	is($lab->psql($at{$type}, 'select 42')->{out}, "42\n", $type);
	# by each worker
	is_deeply([uniq($proxy->asked)], [$asked{$type}],
	    'is asked for the name');
	my $port = $proxy->port;
	ok(scalar(grep { $_->{proxy} && $_->{proxy} eq "127.0.0.1:$port" }
		$daemon->events('jump box reached')), 'the log names it');
}

# The tunnel as a whole: rekeys, more than one record of TLS, both directions.
subtest 'bulk' => sub {
	my $busy = $lab->new_box(config => { RekeyLimit => '1M' });
	my @types = qw(http https socks5);
	my @connections = map {
		through("bulk_$_", proxy(type => $_), port => $busy->port,
		    host_key => $busy->pin)
	} @types;
	my $carrier = $lab->daemon(\@connections);
	my $text = join '', map { md5_hex($_) . "\n" } 1 .. 200_000;

	for my $connection (@connections) {
		my $seen = $lab->psql($connection, 'select md5(i::text) from '
			. 'generate_series(1, 200000) i');
		is(md5_hex($seen->{out}), md5_hex($text),
		    "$connection->{name}: out");
		$seen = $lab->psql($connection, undef, stdin =>
			"create temp table t (x text);\ncopy t from stdin;\n"
			. "$text\\.\nselect md5(string_agg(x || chr(10), '' "
			. "order by ordinality)) from (select x, ctid as "
			. "ordinality from t) as o;\n", user => 'app',
		    password => undef);
		is($seen->{out}, md5_hex($text) . "\n",
		    "$connection->{name}: in") or diag($seen->{err});
	}
	$carrier->down;
};

subtest 'how the answer comes' => sub {
	my @connections;

	for my $type (qw(http https socks5 socks4a)) {
		push @connections, map {
			through("${type}_$_", proxy(type => $type,
				manner => $_)) } qw(bytewise together);
	}
	my $other = $lab->daemon(\@connections);
	is($lab->psql($_, 'select 7')->{out}, "7\n", $_->{name})
	    for @connections;
	$other->down;
};

# Records of TLS that are cut anywhere, both ways.
subtest 'in pieces' => sub {
	my $proxy = proxy(type => 'https');
	my $relay = PgJump::Relay->new(to => $proxy->port, pieces => 3000);
	my $connection = through('pieces', $proxy,
	    proxy_port => $relay->port);
	my $other = $lab->daemon([$connection]);
	my $text = join '', map { md5_hex($_) . "\n" } 1 .. 20_000;

	is(md5_hex($lab->psql($connection, 'select md5(i::text) from '
		. 'generate_series(1, 20000) i')->{out}), md5_hex($text),
	    'out');
	is($lab->psql($connection, undef,
		stdin => "select md5(\$q\$$text\$q\$);\n")->{out},
	    md5_hex($text) . "\n", 'in');
	# what was held must not be asked for again and again
	my $before = $relay->bytes_in;
	sleep 1;
	cmp_ok($relay->bytes_in - $before, '<', 3000, 'then it is quiet');
	$other->down;
};

subtest 'an end on the way' => sub {
	my @cut = map { proxy(type => $_) } qw(http https);
	my @connections = map { through("cut_$_->{type}", $_) } @cut;
	my $other = $lab->daemon(\@connections);

	for my $connection (@connections) {
		my $wire = $lab->wire($connection);
		$wire->login;
		$wire->query('select pg_sleep(30)');
		PgJump::Process::eventually(20, sub {
			$lab->postgres->sql(q{select count(*) from
			    pg_stat_activity where query like '%pg_sleep(30)'
			    and state = 'active' and pid <> pg_backend_pid()})
		});
		$box->kill_sessions;
		my ($error) = grep { $_->[0] eq 'E' } @{ $wire->until('Z') };
		like($error->[1], qr/tunnel lost: .* broke: closed by the jump box, or by the proxy/,
		    "$connection->{name} may be the proxy's");
		ok(PgJump::Process::eventually(20, sub {
			$lab->psql($connection, 'select 1')->{out} eq "1\n"
		}), 'and the tunnel is made again');
	}
	$other->down;
};

subtest 'addresses' => sub {
	my @proxies = map { proxy(type => $_) } qw(http socks5 socks4a);
	my @connections = map {
		through("address_$_->{type}", $_, host => '127.0.0.1')
	} @proxies;
	my $other = $lab->daemon(\@connections);

	is($lab->psql($_, 'select 8')->{out}, "8\n", $_->{name})
	    for @connections;
	my $port = $box->port;
	is_deeply([map { uniq($_->asked) } @proxies],
	    ["CONNECT 127.0.0.1:$port known", "SOCKS5 type 1 127.0.0.1:$port",
		    "SOCKS4 127.0.0.1:$port "], 'go as addresses');
	$other->down;
};

subtest 'the first hop of a chain' => sub {
	my $outer = $lab->new_box;
	my $proxy = proxy(type => 'https');
	my %edge = %{ $lab->connection('edge', box => $outer, ssh_tunnel => {
		host => $name, host_key => $outer->pin, $proxy->keys })
	    ->{ssh_tunnel} };
	delete $edge{enabled};
	my $connection = $lab->connection('behind',
	    ssh_tunnel => { via => \%edge });
	my $other = $lab->daemon([$connection]);

	is($lab->psql($connection, 'select 3')->{out}, "3\n",
	    'is reached through its proxy');
	is_deeply([uniq($proxy->asked)],
	    ["CONNECT $name:${\ $outer->port} known"],
	    'which is asked for nothing else');
	my $seen = $other->check('--json', 'behind');
	is($seen->{rc}, 0, 'check') or diag($seen->{out});
	is((grep { $_->{phase} eq 'proxy' } @{ JSON::PP::decode_json(
		$seen->{out})->{phases} })[0]{status}, 'ok', 'has its phase');
	$other->down;
};

subtest 'ssh -D' => sub {
	my $ssh = PgJump::Proxy->of_ssh(dir => $lab->dir, box => $box);
	my @connections = map {
		$lab->connection("ssh_$_", ssh_tunnel => {
			host => 'localhost', host_key => $box->pin,
			port => $box->port, proxy_host => 'localhost',
			proxy_port => $ssh->port, proxy_type => $_ })
	} qw(socks5 socks4a);
	my $other = $lab->daemon(\@connections);

	is($lab->psql($_, 'select 9')->{out}, "9\n", $_->{name})
	    for @connections;
	$other->down;
};

subtest 'a proxy that the system trusts' => sub {
	my $other = $lab->daemon([through('trusted', $proxies{https},
		proxy_ca_cert => undef)],
	    env => { SSL_CERT_FILE => cert_file('root') });

	is($lab->psql($at{https}, 'select 5')->{out}, "5\n",
	    'needs no proxy_ca_cert');
	$other->down;
};

subtest 'a password in a file' => sub {
	my $file = spew($lab->dir . '/proxy.password', "$secret\n", 0600);
	my $proxy = proxy(login => "app:$secret");
	my $connection = through('file', $proxy, proxy_password => undef,
	    proxy_password_file => $file);
	my $other = $lab->daemon([$connection]);

	is($lab->psql($connection, 'select 6')->{out}, "6\n",
	    'is read without its line end');
	spew($file, "not-this-one\n", 0600);
	$box->kill_sessions;
	like($lab->psql($connection, 'select 6')->{err},
	    qr/rejected the user or the password/, 'and at each dial');
	spew($file, "$secret\n", 0600);
	ok(PgJump::Process::eventually(20, sub {
		$lab->psql($connection, 'select 6')->{out} eq "6\n" }),
	    'a new one is tried at once');
	$other->down;
};

subtest 'config --print' => sub {
	my $seen = PgJump::Daemon::command(['-c', $daemon->file, 'config',
		'--print'], dir => $lab->dir);

	is($seen->{rc}, 0, 'succeeds') or diag($seen->{err});
	unlike($seen->{out}, qr/\Q$secret\E/, 'without the password');
	for my $type (sort keys %proxies) {
		my %keys = $proxies{$type}->keys;
		like($seen->{out}, qr/proxy_host:\ "127\.0\.0\.1"\n
			\s+proxy_port:\ $keys{proxy_port}\n
			\s+proxy_type:\ $keys{proxy_type}\n/x, "with $type");
	}
	like($seen->{out}, qr/proxy_password: "<redacted>"/, 'which is left out');
	my $again = spew($lab->dir . '/again.yaml', $seen->{out}, 0600);
	is(PgJump::Daemon::command(['-c', $again, 'config', '--print'],
		dir => $lab->dir)->{out}, $seen->{out}, 'is read back');
};

$lab->done;
