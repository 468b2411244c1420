# SPDX-License-Identifier: PostgreSQL
#
# Jump boxes with other SSH servers than OpenSSH: every key type logs in, bytes
# go both ways, and each failure is told for what it is, as far as that server
# tells.  Read the tables: where a cell is no stage of the fault itself, the
# server keeps the cause to itself.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 ();
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(fingerprint private);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually);
use PgJump::Server qw(servers);

my $lab = PgJump::Lab->new;
my ($servers, $missing) = servers();
my @names = sort keys %$servers;
plan skip_all => join '; ', sort values %$missing unless @names;
diag("left out: $missing->{$_}") for sort keys %$missing;

my %permit = map { $_ => PgJump::Server->new(dir => $lab->dir, name => $_,
	how => $servers->{$_}, policy => 'permit') } @names;
my %deny = map { $_ => PgJump::Server->new(dir => $lab->dir, name => $_,
	how => $servers->{$_}, policy => 'deny') } @names;
my $closed = reserve();
$lab->secret(PgJump::Server::PASSWORD);

# --- connections: of each server, one for each column ------------------------

my @logins = qw(ed25519 ecdsa rsa password);
my @faults = qw(refused unknown denied hole);
my %through;

sub way($server, $column, $box, %is)
{
	my %tunnel = (username => 'tunnel', %{ $box->tunnel },
		%{ delete $is{ssh_tunnel} // {} });

	return $through{$server}{$column} = $lab->connection(
	    "${server}_$column", connection_timeout => 30, %is,
	    ssh_tunnel => \%tunnel);
}

for my $server (@names) {
	my $box = $permit{$server};

	way($server, $_, $box, ssh_tunnel => { private_key => private($_) })
	    for qw(ed25519 ecdsa rsa);
	way($server, 'password', $box, ssh_tunnel => { private_key => undef,
		auth_method => 'password',
		password => PgJump::Server::PASSWORD });
	way($server, 'refused', $box, port => $closed);
	way($server, 'unknown', $box, host => 'no-such-db.invalid');
	way($server, 'denied', $deny{$server});
}
my $daemon = $lab->daemon([map { values %$_ } values %through],
    resolve_timeout => '10s', open_timeout => '25s');

# What the tables have of the servers that are here.
sub table_is($table, $cell, $name)
{
	my ($head, @rows) = split /\n/, $table;
	my (undef, @columns) = split ' ', $head;
	my %known = map { (split)[0] => 1 } @rows;
	my @expected = grep { exists $servers->{ (split)[0] } } @rows;
	my @seen = map {
		my $server = $_;
		join ' ', $server, map { $cell->($server, $_) } @columns
	} @names;

	note(join "\n", $head, @seen);
	is_deeply([map { s/ +/ /gr } @seen], [map { s/ +/ /gr } @expected],
	    $name);
	is_deeply([grep { !$known{$_} } @names], [], 'every server has a row');
}

# --- it works ----------------------------------------------------------------

my $rows = 30_000;
my $sum = qq{select md5(string_agg(i || ' ' || md5(i::text), E'\\n' order by i)
    || E'\\n') from generate_series(1, $rows) i};
$lab->postgres->sql('create table copied (line text);
    alter table copied owner to app');
my $md5 = $lab->postgres->sql($sum);

sub copy_out($server)
{
	my $seen = $lab->psql($through{$server}{ed25519},
	    "copy (select i || ' ' || md5(i::text)
	    from generate_series(1, $rows) i order by i) to stdout",
	    timeout => 60);

	return Digest::MD5::md5_hex($seen->{out}) eq $md5
	    ? ($seen->{out}, 'ok') : ('', 'wrong');
}

sub copy_both_ways($server)
{
	my ($text, $verdict) = copy_out($server);
	return "$verdict-out" if $verdict ne 'ok';
	my $in = $lab->psql($through{$server}{ed25519}, undef, user => 'app',
	    timeout => 60, stdin => "truncate copied;\n"
	    . "copy copied from stdin;\n$text\\.\n"
	    . q{select md5(string_agg(line, E'\n'
		order by split_part(line, ' ', 1)::int) || E'\n') from copied});

	return $in->{out} eq "$md5\n" ? 'ok' : 'wrong-in';
}

# As ssh-keyscan would show them.
sub shows_host_keys($server)
{
	my $seen = PgJump::Daemon::command(['-c', $daemon->file, 'hostkey',
		$through{$server}{ed25519}{name}], dir => $lab->dir);
	my @shown = grep { index($seen->{out}, fingerprint("host-$_")) >= 0 }
	    qw(ed25519 ecdsa rsa);

	return @shown == 3 ? 'ok' : "only-@shown";
}

my %works = (
	(map {
		my $login = $_;
		$login => sub ($server) {
			my $seen = $lab->psql($through{$server}{$login},
			    'select 1', timeout => 60);
			return $seen->{out} eq "1\n" ? 'ok'
			    : ($seen->{err} =~ /\[(\w+)\]/)[0] // 'broken';
		}
	} @logins),
	copy => \&copy_both_ways,
	hostkey => \&shows_host_keys,
);

table_is(<<'TABLE', sub ($server, $column) { $works{$column}->($server) },
server      ed25519  ecdsa  rsa  password  copy  hostkey
asyncssh    ok       ok     ok   ok        ok    ok
conch       ok       ok     ok   ok        ok    ok
erlang      ok       ok     ok   ok        ok    ok
gliderlabs  ok       ok     ok   ok        ok    ok
paramiko    ok       ok     ok   ok        ok    ok
ssh2        ok       ok     ok   ok        ok    ok
TABLE
    'they log in by every kind of key, carry COPY both ways, show their keys');

# --- it fails well -------------------------------------------------------------

my %refusal;
my %settings;

# A daemon of their own, for they take as long as it waits for an answer.
my $hole = PgJump::Peer->black_hole;
my $patient = $lab->daemon([map {
	way($_, 'hole', $permit{$_}, port => $hole->{port})
} @names]);

# The stage that a client reads.
sub stage($server, $column)
{
	my $error = PgJump::Wire->refusal(
	    port => $through{$server}{$column}{listen}, sslmode => 'disable',
	    seconds => 60);

	$refusal{$server}{$column} = $error;
	return ($error->{M} =~ /\[(\w+)\]\z/)[0] // 'none';
}

table_is(<<'TABLE', \&stage, 'each failure is told as far as the server tells it');
server      refused       unknown       denied          hole
asyncssh    db_refused    db_resolve    forward_denied  db_timeout
conch       db_closed     db_closed     forward_denied  db_silent
erlang      db_refused    db_resolve    forward_denied  db_timeout
gliderlabs  db_refused    db_resolve    forward_denied  db_timeout
paramiko    db_unreached  db_unreached  forward_denied  db_timeout
ssh2        db_unreached  db_unreached  db_unreached    db_timeout
TABLE

for my $server (@names) {
	my $seen = $patient->check('--no-login',
	    $through{$server}{hole}{name});

	like($seen->{out}, qr/\[db_(?:timeout|silent)\]/,
	    "$server, hole: check tells the same") or diag($seen->{out});
}
$patient->down;

for my $server (@names) {
	for my $column (@faults) {
		my $error = $refusal{$server}{$column};

		unlike("$error->{M} $error->{D} $error->{H}",
		    qr/sshd|AllowTcp|PermitOpen|MaxStartups/,
		    "$server, $column: no word of sshd");
	}
}

SKIP: {
	skip 'no conch here', 3 unless $servers->{conch};
	my $error = $refusal{conch}{refused};
	my $seen = $daemon->check('--no-login',
	    $through{conch}{refused}{name});

	unlike($error->{M}, qr/accepted the connection/,
	    'a server that confirms first: nobody says that the database did');
	like($error->{H}, qr/refused, unknown or answered/, 'and why');
	like($seen->{out}, qr/answers before it has connected/,
	    'check finds it out');
}

# --- and comes back --------------------------------------------------------------

for my $server (@names) {
	my $connection = $through{$server}{ed25519};
	my $wire = $lab->wire($connection, user => 'app');

	$wire->login->[-1][0] eq 'Z' or die "no login through $server";
	$permit{$server}->process->signal('KILL');
	$permit{$server}->process->wait_end;
	my ($last) = grep { $_->[0] eq 'E' } @{ $wire->until('!') };
	like($last->[1] // '', qr/tunnel lost.*\[tunnel_lost\]/,
	    "$server, killed: its clients are told");
	$permit{$server}->start;
	ok(eventually(40, sub {
		$lab->psql($connection, 'select 1')->{out} eq "1\n"
	}), "$server, back: its clients are served");
}

$lab->done;
