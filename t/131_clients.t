# SPDX-License-Identifier: PostgreSQL
#
# Real clients work through pgjump as they do without it: in plain text and in
# TLS, up to verify-full, with the TLS of the database or of pgjump; and the
# database's own words at the end of a session come through unchanged.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Client qw(clients);
use PgJump::Lab;
use PgJump::Pki qw(cert cert_file key key_file);
use PgJump::Process qw(eventually);
use Test::More;

my $lab = PgJump::Lab->new;
my ($clients, $missing) = clients($lab->dir);
my @names = sort keys %$clients;
my $pg = PgJump::Postgres->new(dir => $lab->dir, name => 'localhost',
    conf => { ssl_cert_file => $lab->copy(cert_file('db')),
	ssl_key_file => $lab->copy(key_file('db')) });
my $direct = { listen => $pg->port };
my $through = $lab->connection('c_through', port => $pg->port);
my $ended = $lab->connection('c_ended', port => $pg->port,
    client_tls => 'terminate', tls_cert => cert('door'),
    tls_key => key('door'));
my $daemon = $lab->daemon([$through, $ended]);
my @verify = (host => 'localhost', sslmode => 'verify-full',
	root => cert_file('root'));

# --- they work --------------------------------------------------------------

# column => connection, how the client connects; `scram`: with a password
my @columns = qw(disable prefer require verify-full scram terminate);
my %column = (
	(map { $_ => [$through, sslmode => $_] } qw(disable prefer require)),
	'verify-full' => [$through, @verify],
	scram => [$through, user => 'readonly', sslmode => 'require',
		password => PgJump::Postgres::PASSWORD],
	terminate => [$ended, @verify],
);

# The session as the database sees it; "-": the client has no such mode.
my $expected = <<'TABLE';
client       disable      prefer       require      verify-full  scram        terminate
ActiveRecord plain        TLS          TLS          TLS          TLS          plain
Bun.SQL      plain        TLS          TLS          TLS          TLS          plain
DBD::Pg      plain        TLS          TLS          TLS          TLS          plain
Deno         plain        TLS          TLS          TLS          TLS          plain
Django       plain        TLS          TLS          TLS          TLS          plain
Postmodern   plain        TLS          TLS          TLS          TLS          plain
Racket       plain        TLS          TLS          TLS          -            plain
SQLAlchemy   plain        TLS          TLS          TLS          TLS          plain
Sequel       plain        TLS          TLS          TLS          TLS          plain
asyncpg      plain        TLS          TLS          TLS          TLS          plain
knex         plain        -            TLS          TLS          TLS          plain
lib/pq       plain        -            TLS          TLS          TLS          plain
node-pg      plain        -            TLS          TLS          TLS          plain
p1_pgsql     plain        -            TLS          TLS          TLS          plain
pg8000       plain        TLS          TLS          TLS          TLS          plain
pgjdbc       plain        TLS          TLS          TLS          TLS          plain
pgwire       plain        plain        TLS          TLS          TLS          plain
pgx          plain        TLS          TLS          TLS          TLS          plain
postgres.js  plain        TLS          TLS          TLS          TLS          plain
psql         plain        TLS          TLS          TLS          TLS          plain
psycopg      plain        TLS          TLS          TLS          TLS          plain
psycopg2     plain        TLS          TLS          TLS          TLS          plain
psycopg_pool plain        TLS          TLS          TLS          TLS          plain
sequelize    plain        -            TLS          TLS          TLS          plain
slonik       plain        -            TLS          TLS          TLS          plain
tdbc         plain        TLS          TLS          TLS          TLS          plain
typeorm      plain        -            TLS          TLS          TLS          plain
TABLE
# Racket 8.7 does not find what SCRAM in TLS needs of OpenSSL 3.
my $unable = qr/unsupported|EVP_MD_size/;
my $query = q{select case when ssl then 'TLS' else 'plain' end from}
    . q{ pg_stat_ssl where pid = pg_backend_pid()};
my $text = 'select md5(i::text) from generate_series(1, 20000) i';

# At the same time: connect, ask, ask for 640 KB and back.
my %asked;
for my $name (@names) {
	my $client = $clients->{$name};
	for my $column (@columns) {
		my ($connection, @with) = @{ $column{$column} };
		$asked{$name}{$column} = [$client->connect($connection, @with),
			$client->query($query),
			$client->query("select string_agg(m, '') from ($text)"
				. ' as t(m)')];
	}
	$client->close;
}
my @lines;
for my $name (@names) {
	my @cells;
	for my $column (@columns) {
		my ($connected, $seen, $big) = map {
			$clients->{$name}->answer($_, 60)
		} @{ $asked{$name}{$column} };
		push @cells, $connected->{ok} ? $seen->{value} // $seen->{text}
		    : $connected->{text} =~ /$unable/ ? '-'
		    : $connected->{text};
		is(length($big->{value} // ''), 640_000,
		    "$name, $column: a large value") if $connected->{ok};
	}
	push @lines, sprintf('%-13s' x @columns . "%s\n", $name, @cells);
}
my ($head, @rows) = $expected =~ /^(.*\n)/mg;
is(join('', $head, @lines), join('', $head, grep {
	$clients->{ (split ' ')[0] } } @rows), 'every mode of TLS');

# --- the database ends the session ------------------------------------------

# A statement that lasts while there is a row in `busy`: lib/pq repeats it.
my $lasting = 'select pg_sleep(case when exists (select from busy)'
    . ' then 60 else 0 end)';
$pg->sql('create table busy(); grant select on busy to app');

# What each client reports then, once all are busy or idle.
sub at_end($connection, $mode, $is_busy)
{
	my %asked = map { $_ => $clients->{$_}->connect($connection,
		sslmode => $mode) } @names;
	my %seen = map { $_ => $clients->{$_}->answer($asked{$_}) } @names;
	my @in = grep { $seen{$_}{ok} } @names;
	my $mark = $daemon->mark;
	my $ask = sub ($sql) { map { $_ => $clients->{$_}->query($sql) } @in };
	if ($is_busy) {
		$pg->sql('insert into busy default values');
		%asked = $ask->($lasting);
		eventually(20, sub { @in == $pg->sql(q{select count(*)
		    from pg_stat_activity where wait_event = 'PgSleep'}) });
	}
	$pg->sql('delete from busy');
	$pg->sql(q{select pg_terminate_backend(pid, 10000)
	    from pg_stat_activity where usename = 'app'});
	if (!$is_busy) {
		eventually(20, sub {
			@in == $daemon->times('client closed', $mark)
		}) if $connection != $direct;
		%asked = $ask->('select 42');
	}
	%seen = map { $_ => $clients->{$_}->answer($asked{$_}) } @in;
	$_->{text} =~ s/:$connection->{listen}\b/:PORT/
	    for grep { defined $_->{text} } values %seen;
	return %seen;
}

for my $is_busy (1, 0) {
	for my $mode (qw(disable require)) {
		my $what = $mode . ($is_busy ? ', busy' : ', idle');
		my %without = at_end($direct, $mode, $is_busy);
		my %with = at_end($through, $mode, $is_busy);
		is(scalar keys %with, scalar @names, "$what: all connect");
		is_deeply($with{$_}, $without{$_}, "$what: $_ says the same")
		    for grep { $without{$_} } sort keys %with;
		like($with{psql}{text}, qr/^FATAL:  terminating connection due to administrator command$/m,
		    "$what: the database's own words") if $is_busy;
	}
}

subtest 'a fast shutdown of the database' => sub {
	my @two = grep { $clients->{$_} } qw(psql DBD::Pg);
	my ($others) = clients($lab->dir, @two);
	my @sides = ([$others, $direct], [$clients, $through]);
	my (@asked, @seen);

	for my $side (@sides) {
		my ($by, $to) = @$side;
		ok($by->{$_}->told('connect', $to, sslmode => 'require')->{ok},
		    "$_ connects") for @two;
		push @asked, { map { $_ => $by->{$_}->query(
			'select pg_sleep(60)') } @two };
	}
	ok(eventually(20, sub { 2 * @two == $pg->sql(q{select count(*)
	    from pg_stat_activity where wait_event = 'PgSleep'}) }),
	    'all are busy');
	$pg->down('INT');
	for my $side (@sides) {
		my $asked = shift @asked;
		push @seen, { map { $_ => $side->[0]{$_}->answer(
			$asked->{$_}) } @two };
	}
	is_deeply($seen[1], $seen[0], 'is told as it is without pgjump');
	like($seen[1]{$_}{text}, qr/terminating connection due to administrator command/,
	    "$_ shows the database's own words") for @two;
};

SKIP: {
	skip join('; ', map { $missing->{$_} } sort keys %$missing), 1
	    if %$missing;
	pass('every client is here');
}
$lab->done;
