# SPDX-License-Identifier: PostgreSQL
#
# The clients of a PostgreSQL installation work through pgjump as they do
# without it, on IPv4 and IPv6, whatever each of them sends first.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $main = $lab->connection('main_jump');
my $socket = $lab->connection('to_socket', host => $pg->socket_dir);
my $daemon = $lab->daemon([$main, $socket]);
my %as_app = (user => 'app', password => undef);

sub program($name, @arguments)
{
	return PgJump::Process::run([PgJump::Postgres::bin($name),
		@arguments], dir => $lab->dir);
}

subtest 'psql' => sub {
	my $seen = $lab->psql($main, 'select current_user, 6 * 7');
	is($seen->{err}, '', 'no complaint');
	is($seen->{out}, "readonly|42\n", 'logs in with SCRAM and queries');

	is($lab->psql($main, 'select 1/0')->{err},
	    "ERROR:  division by zero\n", 'errors of queries come through');
	is($lab->psql($main, undef, stdin => "select 1;\n\\c\nselect 2;\n")
	    ->{out}, "1\n2\n", 'reconnects with \c');
	is($lab->psql($main, 'select 1', host => '::1')->{out}, "1\n",
	    'a bare port listens on ::1 too') if IPv6();
	is($lab->psql($main, 'select 1', host => 'localhost')->{out}, "1\n",
	    'localhost');
};

sub IPv6
{
	return PgJump::Process::slurp('/proc/net/if_inet6') =~ /^0+1 /m;
}

subtest 'the database sees the session as any other' => sub {
	my $seen = $lab->psql($main, q{select application_name, client_addr
	    from pg_stat_activity where pid = pg_backend_pid()}, %as_app,
	    application_name => 'lab');
	is($seen->{out}, "lab|127.0.0.1\n", 'name and address');
};

subtest 'pgbench' => sub {
	my $target = $lab->conninfo($main, %as_app);
	my $seen = program('pgbench', '-i', '-q', '-s', '1', $target);
	is($seen->{rc}, 0, 'initialises') or diag($seen->{err});
	$seen = program('pgbench', '-n', '-c', '4', '-t', '50', $target);
	is($seen->{rc}, 0, 'four clients') or diag($seen->{err});
	like($seen->{out}, qr{actually processed: 200/200}, 'all transactions');
	$seen = program('pgbench', '-n', '-S', '-C', '-c', '2', '-t', '20',
	    $target);
	is($seen->{rc}, 0, 'a connection per transaction')
	    or diag($seen->{err});
	$seen = program('pgbench', '-n', '-S', '-M', 'prepared', '-c', '2',
	    '-t', '50', $target);
	is($seen->{rc}, 0, 'prepared statements');
	is($pg->sql('select sum(abalance) = (select sum(delta) from
	    pgbench_history) from pgbench_accounts'), 't', 'sums agree');
};

subtest 'pg_dump' => sub {
	my $through = program('pg_dump', '-d', $lab->conninfo($main, %as_app));
	my $direct = program('pg_dump', '-d',
	    $lab->conninfo({ listen => $pg->port }, %as_app));
	is($through->{rc}, 0, 'dumps');
	s/^\\(?:un)?restrict .*\n//mg for $through->{out}, $direct->{out};
	is($through->{out}, $direct->{out}, 'as without pgjump');
};

subtest 'pg_isready' => sub {
	my $seen = program('pg_isready', '-h', '127.0.0.1', '-p',
	    $main->{listen});
	like($seen->{out}, qr/accepting connections/, 'accepting connections');
};

subtest 'DBD::Pg' => sub {
	require DBI;
	my $dbh = DBI->connect("dbi:Pg:host=127.0.0.1;dbname=myapp;port="
	    . $main->{listen}, 'readonly', PgJump::Postgres::PASSWORD,
	    { PrintError => 0, RaiseError => 1 });
	is_deeply($dbh->selectrow_arrayref('select $1::int + 1', {}, 41), [42],
	    'parameters');
	$dbh->disconnect;
};

subtest 'requests for encryption are relayed' => sub {
	my $direct = PgJump::Wire->new(port => $pg->port);
	is($lab->wire($main)->gssenc_request, $direct->gssenc_request,
	    'GSSENCRequest: the answer is the database\'s own');

	# a server on a Unix socket declines either kind
	my $wire = $lab->wire($socket);
	is($wire->gssenc_request, 'N', 'GSSENCRequest, N');
	is($wire->ssl_request, 'N', 'then SSLRequest, N');
	ok(PgJump::Wire::is_ready($wire->login),
	    'then a session on the same connection');
};

subtest 'a start-up packet in single bytes' => sub {
	my $wire = $lab->wire($main);
	my $packet = PgJump::Wire::startup_packet(user => 'app',
	    database => 'myapp');
	$wire->put($_) for split //, $packet;
	ok(PgJump::Wire::is_ready($wire->until('ZE')), 'is put together');
};

subtest 'a newer protocol version and options are the database\'s matter'
    => sub {
	my $wire = $lab->wire($main);
	my $messages = $wire->login(version => 3 << 16 | 2,
	    '_pq_.pgjump_lab' => '1');
	ok(PgJump::Wire::is_ready($messages), 'session');
	is($messages->[0][0], 'v', 'it negotiates itself');
};

$lab->done;
