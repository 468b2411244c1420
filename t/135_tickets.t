# SPDX-License-Identifier: PostgreSQL
#
# A client that holds a Kerberos ticket asks for encryption by GSSAPI before
# anything else.  Through pgjump it gets that from a PostgreSQL that has it.  It
# can also log in to one that says no, and to servers that only speak like
# PostgreSQL and answer with an error, with a login, or not at all.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Alike qw(alikes);
use PgJump::Kerberos;
use PgJump::Lab;
use PgJump::Pki qw(cert cert_file key key_file);
use PgJump::Port qw(reserve);
use Test::More;

my $missing = PgJump::Kerberos::missing();
plan skip_all => $missing if $missing;

my $lab = PgJump::Lab->new;
my $kerberos = PgJump::Kerberos->new(dir => $lab->dir);
my %tls = (cert => $lab->copy(cert_file('db')),
	key => $lab->copy(key_file('db')));
my $gss = PgJump::Postgres->new(dir => $lab->dir, name => 'gss',
    hba => 'hostgssenc all app 127.0.0.1/32 gss include_realm=0',
    conf => { krb_server_keyfile => $kerberos->keytab });
my $keyless = PgJump::Postgres->new(dir => $lab->dir, name => 'keyless',
    conf => { krb_server_keyfile => '/nonexistent' });
my ($alikes, $absent) = alikes(qw(H2 pg-gateway pglite-socket embedded));
my %port = (gss => $gss->port, keyless => $keyless->port,
	refused => reserve(), terminate => $gss->port,
	map { $_ => $alikes->{$_}{start}->($lab, \%tls) } keys %$alikes);
my %door = (client_tls => 'terminate', tls_cert => cert('door'),
	tls_key => key('door'));
my %to = map { $_ => $lab->connection("k_$_", port => $port{$_},
	$_ eq 'terminate' ? %door : ()) } keys %port;
my $daemon = $lab->daemon([values %to], log_level => 'debug');
$lab->secret(PgJump::Kerberos::PASSWORD);

# psql with the ticket, in plain text unless the ticket gives it encryption.
sub with_ticket($name, $to, $sql, %with)
{
	return $lab->psql($to, $sql, host => 'localhost',
	    hostaddr => '127.0.0.1', user => 'app', sslmode => 'disable',
	    password => undef, %{ ($alikes->{$name} // {})->{asks} // {} },
	    %with, env => { KRB5CCNAME => $kerberos->cache });
}

my $is_gss = q{select gss_authenticated, encrypted, principal
    from pg_stat_gssapi where pid = pg_backend_pid()};
my $is_tls = q{select ssl from pg_stat_ssl where pid = pg_backend_pid()};

subtest 'a PostgreSQL that has it' => sub {
	my $text = 'select md5(i::text) from generate_series(1, 20000) i';

	for my $mode (qw(prefer require)) {
		my $seen = with_ticket('gss', $to{gss}, $is_gss,
		    gssencmode => $mode);
		is($seen->{out} . $seen->{err}, "t|t|app\@PGJUMP.TEST\n",
		    "$mode: the session is encrypted by it, and the login");
	}
	is(length with_ticket('gss', $to{gss}, $text)->{out}, 660_000,
	    'a large answer comes through');
	is(with_ticket('gss', $to{gss}, $is_gss, gssencmode => 'disable',
		sslmode => 'require')->{out}, "f|f|\n", 'who wants none, has none');
};

subtest 'a PostgreSQL without a keytab, which says yes and then fails' => sub {
	my $seen = with_ticket('keyless', $to{keyless}, 'select 42');

	is($seen->{out}, "42\n", 'the client enters by a second connection');
	is_deeply($seen, with_ticket('keyless', { listen => $port{keyless} },
		'select 42'), 'as without pgjump');
};

# In plain text there is nothing else to negotiate.
sub asks_first($mark, $name)
{
	like($daemon->since($mark), qr/ to=negotiating\b/,
	    "$name: it was asked for");
}

subtest 'a PostgreSQL that says no' => sub {
	plan skip_all => $absent->{embedded} unless $alikes->{embedded};
	my $mark = $daemon->mark;

	is(with_ticket('embedded', $to{embedded}, 'select 42')->{out}, "42\n",
	    'is entered in the clear');
	asks_first($mark, 'in the clear');
	is(with_ticket('embedded', $to{embedded}, $is_tls,
		sslmode => 'require')->{out}, "t\n", 'and in TLS');
	like(with_ticket('embedded', $to{embedded}, 'select 42',
		gssencmode => 'require')->{err},
	    qr/server doesn't support GSSAPI encryption/,
	    'who insists reads why not');
};

for my $case (['pg-gateway', 'an error', 42], ['H2', 'a login',
	qr/invalid response to GSSAPI negotiation|unexpected/]) {
	my ($name, $how, $without) = @$case;
	subtest "$name, which answers with $how" => sub {
		plan skip_all => $absent->{$name} unless $alikes->{$name};
		my $mark = $daemon->mark;
		my $here = with_ticket($name, { listen => $port{$name} },
		    'select 42');
		like("$here->{out}$here->{err}", qr/$without/,
		    'what the client has without pgjump');
		is(with_ticket($name, $to{$name}, 'select 42')->{out},
		    "42\n", 'is entered');
		asks_first($mark, $name);
	};
}

subtest 'PGlite, which does not answer' => sub {
	my $name = 'pglite-socket';
	plan skip_all => $absent->{$name} unless $alikes->{$name};
	my $seen = with_ticket($name, $to{$name}, 'select 42');
	like($seen->{err}, qr/did not answer the request for encryption by GSSAPI .* \[db_silent\]$/m,
	    'is told so');
	like($seen->{err}, qr/^HINT:  Set gssencmode=disable in the client/m,
	    'with advice');
	$alikes->{$name}{settles}->();
	is(with_ticket($name, $to{$name}, 'select 42',
		gssencmode => 'disable')->{out}, "42\n", 'that helps');
};

subtest 'where pgjump answers' => sub {
	my $seen = with_ticket('refused', $to{refused}, 'select 42');
	like($seen->{err}, qr/FATAL:  pgjump: tunnel is up, database failed: .*\[db_refused\]$/m,
	    'the cause is read');
	is(with_ticket('terminate', $to{terminate}, $is_gss,
		user => 'readonly', password => PgJump::Postgres::PASSWORD,
		sslmode => 'require')->{out}, "f|f|\n", 'terminate: no is its answer');
};

$lab->done;
