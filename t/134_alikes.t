# SPDX-License-Identifier: PostgreSQL
#
# Databases and poolers that only speak like PostgreSQL work through pgjump as
# they do without it: see the table.  `pgjump check` finds no fault in them, and
# reports a refused login in their own words, with advice for them.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Alike qw(alikes);
use PgJump::Lab;
use PgJump::Pki qw(cert_file key_file);
use PgJump::Process qw(eventually);
use Test::More;

use JSON::PP ();

my $lab = PgJump::Lab->new;
my ($alikes, $missing) = alikes();
my @names = sort keys %$alikes;
my %tls = (cert => $lab->copy(cert_file('db')),
	key => $lab->copy(key_file('db')));
my (%direct, %through, %refused);

$lab->secret(PgJump::Alike::PASSWORD);
for my $name (@names) {
	my $alike = $alikes->{$name};
	my $port = $alike->{start}->($lab, \%tls);
	my %is = (port => $port, username => 'app',
		password => $alike->{asks}{password} // 'unused');

	$direct{$name} = { listen => $port };
	$through{$name} = $lab->connection("a_$name", %is);
	$refused{$name} = $lab->connection("r_$name", %is,
	    %{ $alike->{wrong} }) if $alike->{wrong};
}
my $daemon = $lab->daemon([values %through, values %refused]);

sub asks($name) { (password => undef, %{ $alikes->{$name}{asks} }) }

sub psql($name, $to, $sql, %with)
{
	return $lab->psql($to, $sql, asks($name), %with);
}

# --- what a client sees, here and there --------------------------------------------

# The answer to SSLRequest.
sub answers_ssl($name, $to)
{
	my $wire = $lab->wire($to);
	my $answer = $wire->ssl_request;

	$wire->close;
	return $answer // $wire->ended;
}

sub enters($name, $to, $mode)
{
	my $seen = psql($name, $to, 'select 42', sslmode => $mode);

	return $seen->{out} eq "42\n" ? 'ok'
	    : $seen->{err} =~ /server does not support SSL/ ? 'no-TLS'
	    : $seen->{err};
}

sub copies($name, $to)
{
	my $seen = psql($name, $to, 'copy (select 42) to stdout');

	return $seen->{err} =~ /syntax error/i ? 'none' : $seen->{err}
	    if $seen->{out} ne "42\n";
	return 'out' if $alikes->{$name}{no_copy_in};
	$seen = psql($name, $to, undef, stdin => "create temp table c (a int);
	    copy c from stdin;\n1\n2\n\\.\nselect sum(a) from c;\n");
	return $seen->{out} eq "3\n" ? 'both' : $seen->{err};
}

# Press Ctrl-C until it works: the first may find psql between two statements.
# Not too often, since psql does nothing else while it waits for the end of a
# cancel request, which takes pgpool a second.
sub cancels($name, $to)
{
	my $psql = PgJump::Process->new(
		name => "cancel_${name}_$to->{listen}", dir => $lab->dir,
		argv => [PgJump::Postgres::bin('psql'), '-XAtq', '-d',
			$lab->conninfo($to, asks($name)),
			'-c', 'select 42', '-c', $alikes->{$name}{sleeps}]);

	$psql->start->up(qr/^42$/m);
	for (1 .. 20) {
		$psql->signal('INT');
		last if $psql->wait_end(3) ne 'running';
	}
	my $said = $psql->text;
	return $said =~ /^ERROR: .*cancel/m ? 'ok'
	    : $said =~ /ERROR|FATAL/ || $psql->how !~ /^exit/ ? $said
	    : 'ignored';
}

# --- and what is of pgjump alone ----------------------------------------------------

# A client that holds a Kerberos ticket first asks for GSSAPI encryption.
sub answers_gss($name, $to)
{
	my $wire = $lab->wire($to);
	my $answer = $wire->gssenc_request // return $wire->ended;

	return 'none' if $answer ne 'N';
	$wire->startup(user => 'app');
	my ($type, $body) = $wire->message;
	$wire->close;
	return 'N' if ($type // '') eq 'R';
	my $error = PgJump::Wire::fields($body // '');
	like($error->{H}, qr/^Set gssencmode=disable in the client/,
	    "$name, gss: the hint");
	return ($error->{M} =~ /GSSAPI.*\[(\w+)\]$/)[0] // $error->{M};
}

sub report($connection)
{
	my $seen = $daemon->check('--json', $connection->{name});
	return { %{ JSON::PP::decode_json($seen->{out}) }, rc => $seen->{rc} };
}

my (%checked, %told);

sub is_checked($name, $to)
{
	my $report = $checked{$name} = report($to);

	return $report->{rc} ne '0' ? "[$report->{stage}]"
	    : @{ $report->{remarks} // [] } ? 'remark' : 'ok';
}

sub is_refused($name, $to)
{
	return '-' unless $refused{$name};
	my $report = $told{$name} = report($refused{$name});

	return $report->{stage} // 'none';
}

# --- the table ---------------------------------------------------------------------

my @same = (
	[ssl => \&answers_ssl],
	(map { my $mode = $_; [$mode => sub { enters(@_, $mode) }] }
		qw(disable prefer require)),
	[copy => \&copies],
	[cancel => \&cancels],
);
my @own = (\&answers_gss, \&is_checked, \&is_refused);

# copy: `out`: its COPY FROM breaks the session, without pgjump as well; gss:
# pgjump's answer if the login follows, or a stage.
my $expected = <<'TABLE';
alike          ssl  disable  prefer   require  copy     cancel   gss        check    refused
H2             N    ok       ok       no-TLS   none     ignored  N          remark   db_closed
embedded       S    ok       ok       ok       both     ok       N          ok       db_rejected
odyssey        S    ok       ok       ok       both     ok       N          ok       db_rejected
pg-gateway     S    ok       ok       ok       out      ignored  N          ok       db_rejected
pgbouncer      S    ok       ok       ok       both     ok       N          ok       db_rejected
pglite-server  N    ok       ok       no-TLS   out      ignored  N          ok       -
pglite-socket  N    ok       ok       no-TLS   out      ignored  db_silent  ok       -
pgpool         S    ok       ok       ok       both     ok       N          ok       db_rejected
TABLE

my @lines;
for my $name (@names) {
	my @cells;
	my $seen = sub ($see, $to) {
		$alikes->{$name}{settles}->();
		return $see->($name, $to);
	};
	for my $column (@same) {
		my ($what, $see) = @$column;
		my $without = $seen->($see, $direct{$name});
		my $with = $seen->($see, $through{$name});

		is($with, $without, "$name, $what: as without pgjump");
		push @cells, $with;
	}
	push @cells, map { $seen->($_, $through{$name}) } @own;
	push @lines, sprintf '%-15s%-5s' . '%-9s' x 5 . '%-11s%-9s%s', $name,
	    @cells;
}
my ($head, @rows) = split /\n/, $expected;
note(join "\n", $head, @lines);
is_deeply(\@lines, [grep { $alikes->{ (split)[0] } } @rows], 'the table');
is_deeply([grep { my $name = $_; !grep { /^\Q$name\E / } @rows } @names], [],
    'every alike has a row');

# --- in their own words -------------------------------------------------------------

my %words = (
	H2 => [qr/closed the connection .* when it was given the password/,
		qr/^Most likely the password is wrong/],
	embedded => [qr/: database "nothere" does not exist/,
		qr/^Correct database of this connection, or create/],
	odyssey => [qr/: odyssey: .*route for 'nothere\.app' is not found/,
		qr/^Correct database or username .*give the pooler/],
	'pg-gateway' => [qr/: password authentication failed for user "app"/,
		qr/^Correct username or password of this connection/],
	pgbouncer => [qr/: no such database: nothere/,
		qr/add it to \[databases\] of the pooler/],
	pgpool => [qr/: database "nothere" does not exist/,
		qr/^Correct database of this connection, or create/],
);
for my $name (sort keys %told) {
	my ($message, $hint) = @{ $words{$name} };

	like($told{$name}{message}, $message, "$name: a refusal in its words");
	like($told{$name}{hint}, $hint, "$name: and advice");
}

SKIP: {
	skip 'no H2 here', 1 unless $checked{H2};
	like($checked{H2}{remarks}[0],
	    qr/Function "current_setting" not found/, 'H2: the remark');
}

SKIP: {
	skip join('; ', map { $missing->{$_} } sort keys %$missing), 1
	    if %$missing;
	pass('every alike is here');
}
$lab->done;
