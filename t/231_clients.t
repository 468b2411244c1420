# SPDX-License-Identifier: PostgreSQL
#
# What the users of real clients see of a failure, in every mode of TLS:
# everything that their client can show of pgjump's text.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Client qw(clients);
use PgJump::Keys qw(private);
use PgJump::Lab;
use PgJump::Pki qw(cert cert_file key key_file);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually);
use Test::More;

my $lab = PgJump::Lab->new;
my ($clients, $missing) = clients($lab->dir);
my @names = sort keys %$clients;

# --- no session comes about -------------------------------------------------

# stage => what is wrong with the connection
my $silent = PgJump::Peer->new('silent');
my %fault = (
	jump_auth => { ssh_tunnel => { private_key => private('stranger') } },
	jump_connect => { ssh_tunnel => { port => reserve(),
		host_key => 'any' } },
	db_refused => { port => reserve() },
	db_resolve => { host => 'nowhere.pgjump.invalid' },
	db_silent => { port => $silent->port, connection_timeout => 1 },
);
my @stages = qw(jump_auth jump_connect db_refused db_resolve db_silent);

# mode => how the client connects, what the connection has
my @show = (tls_cert => cert('door'), tls_key => key('door'));
my @verify = (host => 'localhost', sslmode => 'verify-full',
	root => cert_file('root'));
my %mode = (
	(map { $_ => [[sslmode => $_], []] } qw(disable prefer require)),
	'verify-full' => [\@verify, []],
	tls_cert => [\@verify, \@show],
	terminate => [\@verify, [@show, client_tls => 'terminate']],
);
my @modes = qw(disable prefer require verify-full tls_cert terminate);

# M, D, H: the client shows message, DETAIL and HINT, once; "certificate": it
# only says that it does not trust the certificate; "-": it has no such mode.
# SQLSTATE is the one that its users can see.
my $expected = <<'TABLE';
client       sslmode      jump_auth    jump_connect db_refused   db_resolve   db_silent    SQLSTATE
ActiveRecord disable      MDH          MDH          MDH          MDH          MDH          -
ActiveRecord prefer       MDH          MDH          MDH          MDH          MDH          -
ActiveRecord require      MDH          MDH          MDH          MDH          MDH          -
ActiveRecord verify-full  certificate  certificate  certificate  certificate  certificate  -
ActiveRecord tls_cert     MDH          MDH          MDH          MDH          MDH          -
ActiveRecord terminate    MDH          MDH          MDH          MDH          MDH          -
Bun.SQL      disable      M            M            M            M            M            57P03
Bun.SQL      prefer       M            M            M            M            M            57P03
Bun.SQL      require      M            M            M            M            M            57P03
Bun.SQL      verify-full  certificate  certificate  certificate  certificate  certificate  -
Bun.SQL      tls_cert     M            M            M            M            M            57P03
Bun.SQL      terminate    M            M            M            M            M            57P03
DBD::Pg      disable      MDH          MDH          MDH          MDH          MDH          08006
DBD::Pg      prefer       MDH          MDH          MDH          MDH          MDH          08006
DBD::Pg      require      MDH          MDH          MDH          MDH          MDH          08006
DBD::Pg      verify-full  certificate  certificate  certificate  certificate  certificate  -
DBD::Pg      tls_cert     MDH          MDH          MDH          MDH          MDH          08006
DBD::Pg      terminate    MDH          MDH          MDH          MDH          MDH          08006
Deno         disable      M            M            M            M            M            57P03
Deno         prefer       M            M            M            M            M            57P03
Deno         require      M            M            M            M            M            57P03
Deno         verify-full  certificate  certificate  certificate  certificate  certificate  -
Deno         tls_cert     M            M            M            M            M            57P03
Deno         terminate    M            M            M            M            M            57P03
Django       disable      MDH          MDH          MDH          MDH          MDH          -
Django       prefer       MDH          MDH          MDH          MDH          MDH          -
Django       require      MDH          MDH          MDH          MDH          MDH          -
Django       verify-full  certificate  certificate  certificate  certificate  certificate  -
Django       tls_cert     MDH          MDH          MDH          MDH          MDH          -
Django       terminate    MDH          MDH          MDH          MDH          MDH          -
Postmodern   disable      MDH          MDH          MDH          MDH          MDH          57P03
Postmodern   prefer       MDH          MDH          MDH          MDH          MDH          57P03
Postmodern   require      MDH          MDH          MDH          MDH          MDH          57P03
Postmodern   verify-full  certificate  certificate  certificate  certificate  certificate  -
Postmodern   tls_cert     MDH          MDH          MDH          MDH          MDH          57P03
Postmodern   terminate    MDH          MDH          MDH          MDH          MDH          57P03
Racket       disable      M            M            M            M            M            57P03
Racket       prefer       M            M            M            M            M            57P03
Racket       require      M            M            M            M            M            57P03
Racket       verify-full  certificate  certificate  certificate  certificate  certificate  -
Racket       tls_cert     M            M            M            M            M            57P03
Racket       terminate    M            M            M            M            M            57P03
SQLAlchemy   disable      MDH          MDH          MDH          MDH          MDH          -
SQLAlchemy   prefer       MDH          MDH          MDH          MDH          MDH          -
SQLAlchemy   require      MDH          MDH          MDH          MDH          MDH          -
SQLAlchemy   verify-full  certificate  certificate  certificate  certificate  certificate  -
SQLAlchemy   tls_cert     MDH          MDH          MDH          MDH          MDH          -
SQLAlchemy   terminate    MDH          MDH          MDH          MDH          MDH          -
Sequel       disable      MDH          MDH          MDH          MDH          MDH          -
Sequel       prefer       MDH          MDH          MDH          MDH          MDH          -
Sequel       require      MDH          MDH          MDH          MDH          MDH          -
Sequel       verify-full  certificate  certificate  certificate  certificate  certificate  -
Sequel       tls_cert     MDH          MDH          MDH          MDH          MDH          -
Sequel       terminate    MDH          MDH          MDH          MDH          MDH          -
asyncpg      disable      MDH          MDH          MDH          MDH          MDH          57P03
asyncpg      prefer       MDH          MDH          MDH          MDH          MDH          57P03
asyncpg      require      MDH          MDH          MDH          MDH          MDH          57P03
asyncpg      verify-full  certificate  certificate  certificate  certificate  certificate  -
asyncpg      tls_cert     MDH          MDH          MDH          MDH          MDH          57P03
asyncpg      terminate    MDH          MDH          MDH          MDH          MDH          57P03
knex         disable      M            M            M            M            M            57P03
knex         prefer       -            -            -            -            -            -
knex         require      M            M            M            M            M            57P03
knex         verify-full  certificate  certificate  certificate  certificate  certificate  -
knex         tls_cert     M            M            M            M            M            57P03
knex         terminate    M            M            M            M            M            57P03
lib/pq       disable      M            M            M            M            M            57P03
lib/pq       prefer       -            -            -            -            -            -
lib/pq       require      M            M            M            M            M            57P03
lib/pq       verify-full  certificate  certificate  certificate  certificate  certificate  -
lib/pq       tls_cert     M            M            M            M            M            57P03
lib/pq       terminate    M            M            M            M            M            57P03
node-pg      disable      M            M            M            M            M            57P03
node-pg      prefer       -            -            -            -            -            -
node-pg      require      M            M            M            M            M            57P03
node-pg      verify-full  certificate  certificate  certificate  certificate  certificate  -
node-pg      tls_cert     M            M            M            M            M            57P03
node-pg      terminate    M            M            M            M            M            57P03
p1_pgsql     disable      MDH          MDH          MDH          MDH          MDH          57P03
p1_pgsql     prefer       -            -            -            -            -            -
p1_pgsql     require      MDH          MDH          MDH          MDH          MDH          57P03
p1_pgsql     verify-full  certificate  certificate  certificate  certificate  certificate  -
p1_pgsql     tls_cert     MDH          MDH          MDH          MDH          MDH          57P03
p1_pgsql     terminate    MDH          MDH          MDH          MDH          MDH          57P03
pg8000       disable      MDH          MDH          MDH          MDH          MDH          57P03
pg8000       prefer       MDH          MDH          MDH          MDH          MDH          57P03
pg8000       require      MDH          MDH          MDH          MDH          MDH          57P03
pg8000       verify-full  certificate  certificate  certificate  certificate  certificate  -
pg8000       tls_cert     MDH          MDH          MDH          MDH          MDH          57P03
pg8000       terminate    MDH          MDH          MDH          MDH          MDH          57P03
pgjdbc       disable      MDH          MDH          MDH          MDH          MDH          57P03
pgjdbc       prefer       MDH          MDH          MDH          MDH          MDH          57P03
pgjdbc       require      MDH          MDH          MDH          MDH          MDH          57P03
pgjdbc       verify-full  certificate  certificate  certificate  certificate  certificate  -
pgjdbc       tls_cert     MDH          MDH          MDH          MDH          MDH          57P03
pgjdbc       terminate    MDH          MDH          MDH          MDH          MDH          57P03
pgwire       disable      M            M            M            M            M            57P03
pgwire       prefer       M            M            M            M            M            57P03
pgwire       require      M            M            M            M            M            57P03
pgwire       verify-full  certificate  certificate  certificate  certificate  certificate  -
pgwire       tls_cert     M            M            M            M            M            57P03
pgwire       terminate    M            M            M            M            M            57P03
pgx          disable      M            M            M            M            M            57P03
pgx          prefer       M            M            M            M            M            57P03
pgx          require      M            M            M            M            M            57P03
pgx          verify-full  certificate  certificate  certificate  certificate  certificate  -
pgx          tls_cert     M            M            M            M            M            57P03
pgx          terminate    M            M            M            M            M            57P03
postgres.js  disable      M            M            M            M            M            57P03
postgres.js  prefer       M            M            M            M            M            57P03
postgres.js  require      M            M            M            M            M            57P03
postgres.js  verify-full  certificate  certificate  certificate  certificate  certificate  -
postgres.js  tls_cert     M            M            M            M            M            57P03
postgres.js  terminate    M            M            M            M            M            57P03
psql         disable      MDH          MDH          MDH          MDH          MDH          -
psql         prefer       MDH          MDH          MDH          MDH          MDH          -
psql         require      MDH          MDH          MDH          MDH          MDH          -
psql         verify-full  certificate  certificate  certificate  certificate  certificate  -
psql         tls_cert     MDH          MDH          MDH          MDH          MDH          -
psql         terminate    MDH          MDH          MDH          MDH          MDH          -
psycopg      disable      MDH          MDH          MDH          MDH          MDH          -
psycopg      prefer       MDH          MDH          MDH          MDH          MDH          -
psycopg      require      MDH          MDH          MDH          MDH          MDH          -
psycopg      verify-full  certificate  certificate  certificate  certificate  certificate  -
psycopg      tls_cert     MDH          MDH          MDH          MDH          MDH          -
psycopg      terminate    MDH          MDH          MDH          MDH          MDH          -
psycopg2     disable      MDH          MDH          MDH          MDH          MDH          -
psycopg2     prefer       MDH          MDH          MDH          MDH          MDH          -
psycopg2     require      MDH          MDH          MDH          MDH          MDH          -
psycopg2     verify-full  certificate  certificate  certificate  certificate  certificate  -
psycopg2     tls_cert     MDH          MDH          MDH          MDH          MDH          -
psycopg2     terminate    MDH          MDH          MDH          MDH          MDH          -
sequelize    disable      M            M            M            M            M            57P03
sequelize    prefer       -            -            -            -            -            -
sequelize    require      M            M            M            M            M            57P03
sequelize    verify-full  certificate  certificate  certificate  certificate  certificate  -
sequelize    tls_cert     M            M            M            M            M            57P03
sequelize    terminate    M            M            M            M            M            57P03
slonik       disable      M            M            M            M            M            57P03
slonik       prefer       -            -            -            -            -            -
slonik       require      M            M            M            M            M            57P03
slonik       verify-full  certificate  certificate  certificate  certificate  certificate  -
slonik       tls_cert     M            M            M            M            M            57P03
slonik       terminate    M            M            M            M            M            57P03
tdbc         disable      MDH          MDH          MDH          MDH          MDH          HY000
tdbc         prefer       MDH          MDH          MDH          MDH          MDH          HY000
tdbc         require      MDH          MDH          MDH          MDH          MDH          HY000
tdbc         verify-full  certificate  certificate  certificate  certificate  certificate  -
tdbc         tls_cert     MDH          MDH          MDH          MDH          MDH          HY000
tdbc         terminate    MDH          MDH          MDH          MDH          MDH          HY000
typeorm      disable      M            M            M            M            M            57P03
typeorm      prefer       -            -            -            -            -            -
typeorm      require      M            M            M            M            M            57P03
typeorm      verify-full  certificate  certificate  certificate  certificate  certificate  -
typeorm      tls_cert     M            M            M            M            M            57P03
typeorm      terminate    M            M            M            M            M            57P03
TABLE

sub line(@cells) { sprintf('%-13s' x @cells, @cells) =~ s/ +$//r . "\n" }

# The rows of the clients that are here, and the words for the others.
sub is_table($lines, $expected, $what)
{
	my ($head, @rows) = $expected =~ /^(.*\n)/mg;
	my %here = map { (split ' ')[0] => 1 } @$lines;

	is(join('', $head, @$lines), join('', $head,
		grep { $here{ (split ' ')[0] } } @rows), $what);
}

# Which parts of pgjump's text the user sees; `$start` and `$stage` are how its
# message begins and ends.
sub parts($text, $start, $stage)
{
	my $times = () = $text =~ /\b$start: .*\[$stage\]/g;

	return unless $times;
	return join '', $times == 1 ? 'M' : "${times}M",
	    $text =~ /^\s*detail:\s+\S/im ? 'D' : (),
	    $text =~ /^\s*hint:\s+[A-Z].*\.$/im ? 'H' : ();
}

sub refused($name, $answer, $stage)
{
	return 'ok' if $answer->{ok};
	my $text = $answer->{text};
	return '-' if $text =~ /unsupported sslmode/;
	return 'certificate' if $text =~ /certificate|PKIX|SELF_SIGNED/;
	my $parts = parts($text, $stage =~ /^jump/ ? 'pgjump: tunnel failed'
	    : 'pgjump: tunnel is up, database failed', $stage);
	# pgx 5 and psycopg 3.3 tell of all their attempts
	$parts =~ s/^\dM/M/ if defined $parts && $name =~ /^(?:pgx|psycopg)$/;
	return $parts // $text =~ s/\n.*//sr;
}

my %to;
my $number = 0;
for my $stage (@stages) {
	for my $show ([], \@show, $mode{terminate}[1]) {
		$to{$stage}{@$show} = $lab->connection('f_' . $number++,
		    %{ $fault{$stage} }, @$show);
	}
}
my $failing = $lab->daemon([map { values %$_ } values %to]);

# A pool that connects by itself writes the error to its log, and does not tell
# its user.
my @askers = grep { $_ ne 'psycopg_pool' } @names;

# Each client has an order of its own, so that they do not crowd one listener.
my %asked;
my $turn = 0;
for my $name (@askers) {
	my @cases = map { my $mode = $_; map { [$mode, $_] } @stages } @modes;
	push @cases, splice @cases, 0, 7 * $turn++ % @cases;
	for my $case (@cases) {
		my ($mode, $stage) = @$case;
		my ($with, $has) = @{ $mode{$mode} };
		$asked{$name}{$mode}{$stage} = $clients->{$name}->connect(
		    $to{$stage}{@$has}, @$with);
	}
}
my @lines;
for my $name (@askers) {
	for my $mode (@modes) {
		my (@cells, %states);
		for my $stage (@stages) {
			my $answer = $clients->{$name}->answer(
			    $asked{$name}{$mode}{$stage}, 60);
			push @cells, refused($name, $answer, $stage);
			$states{ $answer->{state} || '-' } = 1
			    if $cells[-1] =~ /^M/;
		}
		push @lines, line($name, $mode, @cells,
		    join('/', sort keys %states) || '-');
	}
}
is_table(\@lines, $expected, 'no session comes about');
$failing->down;

# --- the tunnel dies in mid-session -----------------------------------------

# busy: while a query runs; idle: before the next one.  "lost": the client's own
# words for a lost connection; "ok": it connected again by itself. then: how
# many queries fail after the one that was cut, until it connects by itself;
# "-": it never does.
my $lost = <<'TABLE';
client       sslmode      busy         SQLSTATE     then         idle         SQLSTATE
ActiveRecord disable      MDH          08006        0            ok           -
ActiveRecord require      lost         -            0            ok           -
ActiveRecord terminate    MDH          08006        0            ok           -
Bun.SQL      disable      M            08006        0            ok           -
Bun.SQL      require      lost         -            0            ok           -
Bun.SQL      terminate    M            08006        0            ok           -
DBD::Pg      disable      MDH          08006        -            MDH          08000
DBD::Pg      require      lost         -            -            lost         -
DBD::Pg      terminate    MDH          08006        -            MDH          08000
Deno         disable      M            08006        0            ok           -
Deno         require      lost         -            0            ok           -
Deno         terminate    M            08006        0            ok           -
Django       disable      MDH          08006        0            lost         -
Django       require      lost         -            0            lost         -
Django       terminate    MDH          08006        0            lost         -
Postmodern   disable      MDH          08006        -            MDH          57P01
Postmodern   require      lost         -            -            lost         -
Postmodern   terminate    MDH          08006        -            MDH          57P01
Racket       disable      M            08006        1            M            57P01
Racket       require      lost         -            0            lost         -
Racket       terminate    M            08006        1            M            57P01
SQLAlchemy   disable      MDH          08006        0            ok           -
SQLAlchemy   require      lost         -            0            ok           -
SQLAlchemy   terminate    MDH          08006        0            ok           -
Sequel       disable      MDH          08006        1            MDH          -
Sequel       require      lost         -            0            lost         -
Sequel       terminate    MDH          08006        1            MDH          -
asyncpg      disable      MDH          08006        -            lost         -
asyncpg      require      lost         -            -            lost         -
asyncpg      terminate    MDH          08006        -            lost         -
knex         disable      M            08006        0            ok           -
knex         require      lost         -            0            ok           -
knex         terminate    M            08006        0            ok           -
lib/pq       disable      M            08006        0            ok           -
lib/pq       require      lost         -            0            ok           -
lib/pq       terminate    M            08006        0            ok           -
node-pg      disable      M            08006        -            M            57P01
node-pg      require      lost         -            -            lost         -
node-pg      terminate    M            08006        -            M            57P01
p1_pgsql     disable      lost         -            -            lost         -
p1_pgsql     require      lost         -            -            lost         -
p1_pgsql     terminate    lost         -            -            lost         -
pg8000       disable      MDH          08006        -            lost         -
pg8000       require      lost         -            -            lost         -
pg8000       terminate    MDH          08006        -            lost         -
pgjdbc       disable      MDH          08006        -            MDH          57P01
pgjdbc       require      lost         -            -            lost         -
pgjdbc       terminate    MDH          08006        -            MDH          57P01
pgwire       disable      M            08006        0            ok           -
pgwire       require      lost         -            0            ok           -
pgwire       terminate    M            08006        0            ok           -
pgx          disable      M            08006        1            M            57P01
pgx          require      lost         -            0            ok           -
pgx          terminate    M            08006        1            M            57P01
postgres.js  disable      M            08006        0            ok           -
postgres.js  require      lost         -            0            ok           -
postgres.js  terminate    M            08006        0            ok           -
psql         disable      MDH          -            -            MDH          -
psql         require      lost         -            -            lost         -
psql         terminate    MDH          -            -            MDH          -
psycopg      disable      MDH          08006        -            MDH          57P01
psycopg      require      lost         -            -            lost         -
psycopg      terminate    MDH          08006        -            MDH          57P01
psycopg2     disable      MDH          08006        -            lost         -
psycopg2     require      lost         -            -            lost         -
psycopg2     terminate    MDH          08006        -            lost         -
psycopg_pool disable      MDH          08006        1            MDH          57P01
psycopg_pool require      lost         -            0            lost         -
psycopg_pool terminate    MDH          08006        1            MDH          57P01
sequelize    disable      M            08006        0            ok           -
sequelize    require      lost         -            0            ok           -
sequelize    terminate    M            08006        0            ok           -
slonik       disable      M            08006        0            ok           -
slonik       require      lost         -            0            ok           -
slonik       terminate    M            08006        0            ok           -
tdbc         disable      M            08006        -            lost         -
tdbc         require      no words     -            -            lost         -
tdbc         terminate    M            08006        -            lost         -
typeorm      disable      M            08006        0            ok           -
typeorm      require      lost         -            0            ok           -
typeorm      terminate    M            08006        0            ok           -
TABLE
# pgx 5 looks whether an idle connection still stands
$lost =~ s/^(pgx .* 08006 +)1 +M +57P01$/${1}0            ok           -/gm
    if $clients->{pgx} && $clients->{pgx}->driver eq 'pgx_v5';
# so does Django from 4.1 on, where it is told to
$lost =~ s/^(Django .* 0 +)lost +-$/$1ok           -/gm
    if $clients->{Django} && $clients->{Django}->driver eq 'django 4.1';
my $relay = PgJump::Relay->new(to => $lab->box->port);
my $pg = PgJump::Postgres->new(dir => $lab->dir, name => 'localhost',
    conf => { ssl_cert_file => $lab->copy(cert_file('db')),
	ssl_key_file => $lab->copy(key_file('db')) });
my %through = (box => $lab->box, port => $pg->port,
	ssh_tunnel => { port => $relay->port });
my %session = (
	disable => $lab->connection('s_through', %through),
	terminate => $lab->connection('s_ended', %through,
	    @{ $mode{terminate}[1] }),
);
$session{require} = $session{disable};
my $daemon = $lab->daemon([@session{qw(disable terminate)}]);

# A jump box on which no session lasts is left alone for a moment: ask again.
sub enter($mode)
{
	my @left = @names;

	ok(eventually(20, sub {
		my %asked = map { $_ => $clients->{$_}->connect(
			$session{$mode}, @{ $mode{$mode}[0] }) } @left;
		@left = grep { !$clients->{$_}->answer($asked{$_})->{ok} }
		    @left;
		!@left;
	}), "$mode: all connect") or diag("not: @left");
}

sub cut($mode, $what)
{
	my $mark = $daemon->mark;

	$relay->cut;
	ok(eventually(20, sub {
		@names == $daemon->times('session ended', $mark)
	}), "$mode: all lose their session, $what")
	    or diag($daemon->since($mark));
}

# A query each, while the tunnel is up: how many fail before one succeeds.
sub then_fail($mode)
{
	eventually(20, sub { $lab->psql($session{$mode}, 'select 1',
		user => 'app')->{rc} eq '0' });
	my %asked = map { my $client = $clients->{$_};
		$_ => [map { $client->query('select 42') } 1 .. 4] } @names;
	return map { my $client = $clients->{$_};
		my @fail = map { !$client->answer($_)->{ok} } @{ $asked{$_} };
		my ($first) = grep { !$fail[$_] } 0 .. $#fail;
		$_ => $first // '-' } @names;
}

sub ended($name, $answer)
{
	return ('ok', '-') if $answer->{ok};
	my $text = $answer->{text};
	my $parts = parts($text, 'terminating connection: pgjump: tunnel lost',
	    'tunnel_lost');
	# psycopg before 3.2 keeps the words alone
	my $none = $name =~ /^psycopg(?:_pool)?$/ ? '57P01' : '-';
	return ($parts, $answer->{state} || $none) if defined $parts;
	return ('no words', '-') if $text eq ''; # tdbc
	return ('lost', '-') if $text =~
	    /reset|closed|unexpected|EOF|lost|I\/O\ error|bad\ connection
	    |network\ error|error\ writing|no\ connection|tcp_close/ix;
	return ($text =~ s/\n.*//sr, '-');
}

my %row;
for my $mode (qw(disable require terminate)) {
	enter($mode);
	my %asked = map { $_ => $clients->{$_}->query('select pg_sleep(60)') }
	    @names;
	ok(eventually(20, sub { @names == $pg->sql(q{select count(*)
	    from pg_stat_activity where wait_event = 'PgSleep'}) }),
	    "$mode: all are busy");
	cut($mode, 'busy');
	$row{$_}{$mode} = [ended($_, $clients->{$_}->answer($asked{$_}))]
	    for @names;
	$pg->sql(q{select pg_terminate_backend(pid) from pg_stat_activity
	    where wait_event = 'PgSleep'});
	my %then = then_fail($mode);
	push @{ $row{$_}{$mode} }, $then{$_} for @names;
	enter($mode);
	cut($mode, 'idle');
	# those that can connect again by themselves
	eventually(20, sub { $lab->psql($session{$mode}, 'select 1',
		user => 'app')->{rc} eq '0' });
	%asked = map { $_ => $clients->{$_}->query('select 42') } @names;
	push @{ $row{$_}{$mode} },
	    ended($_, $clients->{$_}->answer($asked{$_})) for @names;
}
@lines = ();
for my $name (@names) {
	push @lines, map { line($name, $_, @{ $row{$name}{$_} }) }
	    qw(disable require terminate);
}
is_table(\@lines, $lost, 'the tunnel dies');

SKIP: {
	skip join('; ', map { $missing->{$_} } sort keys %$missing), 1
	    if %$missing;
	pass('every client is here');
}
$pg->down;
$lab->done;
