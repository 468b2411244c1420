# SPDX-License-Identifier: PostgreSQL
#
# client_tls: terminate.  The client's TLS ends at pgjump, asked for or direct,
# whether the database is reached in TLS or not; queries, COPY, large results
# and cancel requests pass, and the client verifies tls_cert.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pki qw(cert cert_file key key_file);
use PgJump::Process qw(eventually slurp spew);
use Test::More;

my $lab = PgJump::Lab->new;
$lab->secret($_) for grep { length > 40 } map { split /\n/, key($_) }
    qw(door guest);
my $hba = "hostssl all app 127.0.0.1/32 cert\n"
    . "hostssl all readonly 127.0.0.1/32 scram-sha-256\n";
my $plain = PgJump::Postgres->new(dir => $lab->dir, name => 'plain',
    conf => { ssl => 'off' });
my $strict = PgJump::Postgres->new(dir => $lab->dir, name => 'strict',
    hba => $hba . "hostnossl all all 127.0.0.1/32 reject\n", conf => {
	ssl_cert_file => cert_copy('db'), ssl_key_file => key_copy('db'),
	ssl_ca_file => cert_copy('root') });

# Owned as PostgreSQL demands.
sub copy_of($file, $mode)
{
	my $to = $lab->dir . '/' . $file =~ s{.*/}{}r;

	spew($to, slurp($file), $mode);
	PgJump::Postgres::own($to);
	return $to;
}
sub cert_copy($name) { copy_of(cert_file($name), 0644) }
sub key_copy($name) { copy_of(key_file($name), 0600) }

my @ours = (client_tls => 'terminate', tls_cert => cert('door'),
    tls_key => key('door'));
my %to = (
	# inside the tunnel TLS is off by default
	default => $lab->connection('t_default', @ours, port => $strict->port,
	    host => '127.0.0.1'),
	plain => $lab->connection('t_plain', @ours, port => $plain->port),
	prefer => $lab->connection('t_prefer', @ours, ssl => 'prefer',
	    port => $plain->port),
	require => $lab->connection('t_require', @ours, ssl => 'true',
	    port => $strict->port),
	full => $lab->connection('t_full', @ours, port => $strict->port,
	    ssl_config => { mode => 'verify-full', ca_cert => cert('root'),
		client_cert => cert('guest'), client_key => key('guest') }),
	direct => $lab->connection('t_direct', @ours, port => $plain->port,
	    ssh_tunnel => { enabled => PgJump::Lab::false() }),
	same => $lab->connection('t_same', port => $strict->port,
	    client_tls => 'terminate', tls_cert => cert('db'),
	    tls_key => key('db'), ssl => 'require'),
);
my $daemon = $lab->daemon([values %to], log_level => 'debug');
my @verifying = (sslmode => 'verify-full', host => 'door.pgjump.test',
    hostaddr => '127.0.0.1', sslrootcert => cert_file('root'));
my @unbound = (channel_binding => 'disable');

# What the database sees, and how psql fared; [options of psql] => result
my $query = q{select coalesce((select case when ssl then version else 'plain'
    end from pg_stat_ssl where pid = pg_backend_pid()), '?')};
my $no_pair = qr/"SSL" was required|SSL was required/;
for my $row (
	['plain, disable', plain => [sslmode => 'disable'], 'plain'],
	['plain, require', plain => [sslmode => 'require'], 'plain'],
	['plain, verify-full', plain => \@verifying, 'plain'],
	['prefer, a database without TLS', prefer => \@verifying, 'plain'],
	['require', require => [@verifying, @unbound], 'TLSv1.3'],
	['require, a client in the clear', require => [sslmode => 'disable'],
		'TLSv1.3'],
	['verify-full, client certificate', full => [@verifying, user => 'app'],
		'TLSv1.3'],
	['without a tunnel', direct => \@verifying, 'plain'],
) {
	my ($what, $to, $options, $expected) = @$row;
	my $seen = $lab->psql($to{$to}, $query, @$options);

	is($seen->{out} . $seen->{err}, "$expected\n", $what);
}

subtest 'the client verifies tls_cert' => sub {
	my $seen = $lab->psql($to{plain}, 'select 1', @verifying,
	    host => 'other.pgjump.test');
	like($seen->{err}, qr/server certificate for .* does not match host name/,
	    'its names');
	my $mark = $daemon->mark;
	$seen = $lab->psql($to{plain}, 'select 1', @verifying,
	    sslrootcert => cert_file('stranger'));
	like($seen->{err}, qr/certificate verify failed/, 'its authority');
	ok($daemon->says(qr/TLS with client failed.*unknown CA/, 10, $mark),
	    'the log says what the client could not be told')
	    or diag($daemon->since($mark));
};

subtest 'there is no TLS within TLS' => sub {
	my $wire = $lab->wire($to{plain});
	$wire->start_tls(SSL_alpn_protocols => ['postgresql']);
	$wire->put(PgJump::Wire::SSL_REQUEST);
	my ($error) = @{ $wire->until('E') };
	my $fields = PgJump::Wire::fields($error->[1] // '');
	is($fields->{C}, '08P01', 'an SSLRequest in TLS is refused');
	like($fields->{M}, qr/where TLS was agreed/, 'and the client told');
};

subtest 'bytes pass' => sub {
	my $text = 'x' x 1_000_000;
	my $seen = $lab->psql($to{full}, <<~'SQL', @verifying, user => 'app');
		create temp table b(t text);
		insert into b select repeat(md5(i::text), 1000)
		    from generate_series(1, 300) i;
		copy b to stdout
		SQL
	is(length $seen->{out}, 300 * 32_001, '9.6 MB down, through two TLS')
	    or diag($seen->{err});
	$seen = $lab->psql($to{full}, undef, @verifying, user => 'app',
	    stdin => "create temp table b(t text);\ncopy b from stdin;\n"
		. "$text\n" x 20 . "\\.\n"
		. "select count(*), sum(length(t)) from b;\n");
	is($seen->{out}, "20|20000000\n", '20 MB up') or diag($seen->{err});
};

subtest 'half of a client that does not read' => sub {
	my $wire = $lab->wire($to{plain}, small => 1);
	is($wire->ssl_request, 'S', 'S');
	$wire->start_tls;
	ok(PgJump::Wire::is_ready($wire->login), 'login');
	$wire->query(
	    q{select repeat('x', 1000) from generate_series(1, 100000)});
	ok(eventually(10, sub { $plain->sql(
	    q{select count(*) from pg_stat_activity where wait_event =
	    'ClientWrite'}) }), 'the database waits for it');
	my $rows = grep { $_->[0] eq 'D' } @{ $wire->until('Z') };
	is($rows, 100_000, 'nothing is lost');
};

subtest 'requests' => sub {
	my $wire = $lab->wire($to{plain});
	is($wire->gssenc_request, 'N', 'GSSENCRequest is answered with no');
	is($wire->ssl_request, 'S', 'SSLRequest with yes');
	$wire->start_tls;
	ok(PgJump::Wire::is_ready($wire->login), 'and TLS begins');

	$wire = $lab->wire($to{plain});
	$wire->start_tls(SSL_alpn_protocols => ['postgresql']);
	ok(PgJump::Wire::is_ready($wire->login), 'direct TLS');
	is($wire->socket->alpn_selected, 'postgresql', 'with ALPN');

	$wire = $lab->wire($to{plain});
	ok(!$wire->start_tls, 'direct TLS without ALPN');
	like($wire->{tls_error}, qr/no application protocol/, 'gets alert 120');

	for my $version (qw(TLSv1_2 TLSv1_3)) {
		$wire = $lab->wire($to{plain});
		$wire->ssl_request;
		ok($wire->start_tls(SSL_version => $version,
		    SSL_alpn_protocols => ['h2', 'postgresql']),
		    "TLS that was asked for, $version, offers ALPN");
		is($wire->socket->alpn_selected, 'postgresql', 'and gets it');
		my $mark = $daemon->mark;
		$wire = $lab->wire($to{plain});
		$wire->ssl_request;
		ok(!$wire->start_tls(SSL_version => $version,
		    SSL_alpn_protocols => ['h2', 'http/1.1']),
		    'or offers other protocols');
		like($wire->{tls_error}, qr/no application protocol/,
		    'and gets alert 120');
		ok($daemon->says(
		    qr/TLS with client failed.*no application protocol/, 10,
		    $mark), 'as the log says') or diag($daemon->since($mark));
	}

	$wire = $lab->wire($to{plain});
	is($wire->ssl_request, 'S', 'S');
	$wire->start_tls;
	$wire->put(PgJump::Wire::SSL_REQUEST);
	isnt($wire->ended, 'deadline', 'SSLRequest within TLS is refused');
};

subtest 'a cancel request inside TLS' => sub {
	for my $to (['plain', $plain], ['full', $strict]) {
		my ($name, $database) = @$to;
		my $wire = $lab->wire($to{$name});
		is($wire->ssl_request, 'S', "$name: S");
		$wire->start_tls;
		ok(PgJump::Wire::is_ready($wire->login), 'login');
		$wire->query('select pg_sleep(60)');
		ok(eventually(10, sub { $database->sql(
		    q{select count(*) from pg_stat_activity
			where wait_event = 'PgSleep'}) }), 'a query runs');
		my $cancel = $lab->wire($to{$name});
		$cancel->ssl_request;
		$cancel->start_tls;
		$cancel->put(pack 'NNNN', 16, 80877102,
		    @$wire{qw(backend_pid backend_key)});
		is($cancel->ended, 'eof', 'the request is taken');
		my ($error) = grep { $_->[0] eq 'E' } @{ $wire->until('Z') };
		is(PgJump::Wire::fields($error->[1])->{C}, '57014',
		    'the query is cancelled');
	}
};

subtest 'channel binding' => sub {
	my $seen = $lab->psql($to{plain}, 'select 1', @verifying,
	    channel_binding => 'require');
	like($seen->{err}, qr{channel binding is required, but server did not offer},
	    'is not offered: the client says so itself');
	my $mark = $daemon->mark;
	$seen = $lab->psql($to{require}, 'select 1', @verifying,
	    channel_binding => 'require');
	like($seen->{err}, qr/FATAL:  pgjump: refused: the client chose SCRAM channel binding, which client_tls: terminate cannot give \[client_protocol\]/,
	    'is offered, and chosen: refused in words');
	like($seen->{err}, qr/HINT:  Set channel_binding=disable/, 'with a hint');
	like($daemon->since($mark), qr/stage=client_protocol/, 'and logged');
	is($lab->psql($to{require}, 'select 1', @verifying, @unbound)->{out},
	    "1\n", 'which helps');
	$seen = $lab->psql($to{same}, 'select 1', sslmode => 'verify-full',
	    host => 'db.pgjump.test', hostaddr => '127.0.0.1',
	    sslrootcert => cert_file('root'), channel_binding => 'require');
	is($seen->{out} . $seen->{err}, "1\n",
	    'holds where both show one certificate');
};

$lab->done;
