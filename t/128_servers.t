# SPDX-License-Identifier: PostgreSQL
#
# Jump boxes with other SSH servers than OpenSSH: keys of every type log in and
# are trusted, bytes go both ways, also during key exchanges, and each failure
# is reported for what it is, as far as that server tells.  In the tables a cell
# with another stage than the fault's own means that the server hides the cause;
# "-" means that the server cannot do it.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 ();
use JSON::PP ();
use List::Util qw(max);
use PgJump::Lab;
use Test::More;

use PgJump::Echo qw(echo);
use PgJump::Keys qw(fingerprint private public);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually spew);
use PgJump::Server qw(servers);

use constant ROUNDS => 30; # of 4 MB each way; most servers need one

my $lab = PgJump::Lab->new;
my ($servers, $missing) = servers();
my @names = sort keys %$servers;
plan skip_all => join '; ', sort values %$missing unless @names;
diag("left out: $missing->{$_}") for sort keys %$missing;

my %permit = map { $_ => PgJump::Server->new(lab => $lab, name => $_,
	how => $servers->{$_}, policy => 'permit') } @names;
my %deny = map { $_ => PgJump::Server->new(lab => $lab, name => $_,
	how => $servers->{$_}, policy => 'deny') } @names;
my $closed = reserve();

# --- connections: of each server, one for each column ------------------------

my @types = qw(ed25519 ecdsa rsa);
my @faults = qw(refused unknown denied hole);
my %through;

sub way($server, $column, $box, %is)
{
	my %tunnel = (private_key => private('ecdsa'), %{ $box->tunnel },
		%{ delete $is{ssh_tunnel} // {} });

	return $through{$server}{$column} = $lab->connection(
	    "${server}_$column", connection_timeout => 30, %is,
	    ssh_tunnel => \%tunnel);
}

# A known_hosts with one key of the jump box: that type is asked for.
sub knows($box, $type)
{
	my $port = $box->tunnel->{port};

	return spew($lab->dir . "/known_${port}_$type",
	    "[127.0.0.1]:$port " . public("host-$type") . "\n");
}

for my $server (@names) {
	my $box = $permit{$server};

	way($server, 'main', $box);
	way($server, $_, $box, ssh_tunnel => { private_key => private($_) })
	    for @types;
	way($server, "host-$_", $box, ssh_tunnel => { host_key => undef,
		known_hosts => knows($box, $_) }) for @types;
	way($server, 'password', $box, ssh_tunnel => { private_key => undef,
		auth_method => 'password', password => $box->password });
	way($server, 'refused', $box, port => $closed);
	way($server, 'unknown', $box, host => 'no-such-db.invalid');
	way($server, 'denied', $deny{$server});
}
my $daemon = $lab->daemon([map { values %$_ } values %through],
    resolve_timeout => '10s', open_timeout => '25s');
my $one_link = $lab->daemon([map { way($_, 'rekey', $permit{$_}) } @names],
    max_links => 1);

# As a person reads it.
sub aligned(@rows)
{
	my @width;

	for my $row (@rows) {
		$width[$_] = max($width[$_] // 0, length $row->[$_])
		    for keys @$row;
	}
	return map {
		my $row = $_;
		join('  ', map { sprintf "%-$width[$_]s", $row->[$_] }
			keys @$row) =~ s/ +\z//r;
	} @rows;
}

# The columns of the tables for the servers that are here.
sub table_is($table, $cell, $name)
{
	my ($head, @rows) = map { [split] } split /\n/, $table;
	my (undef, @columns) = @$head;
	my @expected = grep { exists $servers->{ $_->[0] } } @rows;
	my @seen = map {
		my $server = $_;
		[$server, map { $cell->($server, $_) } @columns]
	} @names;

	note($_) for aligned($head, @seen);
	is_deeply(\@seen, \@expected, $name)
	    or diag(join "\n", aligned($head, @seen));
	is_deeply([map { $_->[0] } @rows],
	    [sort keys %$servers, keys %$missing],
	    'every server has a row, here or not');
}

# --- it works ----------------------------------------------------------------

my $rows = 100_000; # 3.9 MB
my $sum = qq{select md5(string_agg(i || ' ' || md5(i::text), E'\\n' order by i)
    || E'\\n') from generate_series(1, $rows) i};
$lab->postgres->sql('create table copied (line text);
    alter table copied owner to app');
my $md5 = $lab->postgres->sql($sum);

my $refused_logins = '';

sub logs_in($server, $column)
{
	my $seen = $lab->psql($through{$server}{$column}, 'select 1',
	    timeout => 60);

	$refused_logins .= $seen->{err};
	return $seen->{out} eq "1\n" ? 'ok'
	    : ($seen->{err} =~ /\[(\w+)\]/)[0] // 'broken';
}

sub copy_out($server)
{
	my $seen = $lab->psql($through{$server}{main},
	    "copy (select i || ' ' || md5(i::text)
	    from generate_series(1, $rows) i order by i) to stdout",
	    timeout => 120);

	return Digest::MD5::md5_hex($seen->{out}) eq $md5
	    ? ($seen->{out}, 'ok') : ('', 'wrong');
}

sub copies_both_ways($server, $)
{
	my ($text, $verdict) = copy_out($server);
	return "$verdict-out" if $verdict ne 'ok';
	my $in = $lab->psql($through{$server}{main}, undef, user => 'app',
	    timeout => 120, stdin => "truncate copied;\n"
	    . "copy copied from stdin;\n$text\\.\n"
	    . q{select md5(string_agg(line, E'\n'
		order by split_part(line, ' ', 1)::int) || E'\n') from copied});

	return $in->{out} eq "$md5\n" ? 'ok' : 'wrong-in';
}

# Four clients of one session are busy both ways until three key exchanges have
# happened.
sub rekeys($server, $)
{
	my $box = $permit{$server};
	return '-' if $box->is_steady;
	my $mark = $box->process->mark;
	my @wires = map { $lab->wire($through{$server}{rekey}, user => 'app') }
	    1 .. 4;

	PgJump::Wire::is_ready($_->login) or return 'no-login' for @wires;
	my $before = $box->exchanges($mark);
	for (1 .. ROUNDS) {
		my @seen = echo(1 << 20, 120 * $PgJump::Process::PATIENCE,
		    @wires);
		return 'wrong' if grep { $_->{sent} ne $_->{got}
			    || $_->{bytes} < 1 << 20 } @seen;
		return 'ok' if $box->exchanges($mark) >= $before + 3;
	}
	return 'never';
}

# As ssh-keyscan would show them.
sub shows_host_keys($server, $)
{
	my $seen = PgJump::Daemon::command(['-c', $daemon->file, 'hostkey',
		$through{$server}{main}{name}], dir => $lab->dir);
	my @shown = grep { index($seen->{out}, fingerprint("host-$_")) >= 0
		    && index($seen->{out}, public("host-$_") =~ s/ lab\z//r)
		    >= 0 } @types;

	return @shown == @types ? 'all' : join('+', @shown) || 'none';
}

my %works = (copy => \&copies_both_ways, rekey => \&rekeys,
	hostkey => \&shows_host_keys);

table_is(<<'TABLE', sub { ($works{ $_[1] } // \&logs_in)->(@_) },
server      ed25519    ecdsa  rsa  password  host-ed25519  host-ecdsa  host-rsa  copy  rekey  hostkey
asyncssh    ok         ok     ok   ok        ok            ok          ok        ok    ok     all
conch       ok         ok     ok   ok        ok            ok          ok        ok    ok     all
devtunnels  jump_auth  ok     ok   ok        jump_hostkey  ok          ok        ok    ok     ecdsa+rsa
dropbear    ok         ok     ok   ok        ok            ok          ok        ok    -      all
erlang      ok         ok     ok   ok        ok            ok          ok        ok    -      all
gliderlabs  ok         ok     ok   ok        ok            ok          ok        ok    ok     all
libssh      ok         ok     ok   ok        ok            ok          ok        ok    ok     all
paramiko    ok         ok     ok   ok        ok            ok          ok        ok    ok     all
ssh2        ok         ok     ok   ok        ok            ok          ok        ok    ok     all
TABLE
    'each logs in and is believed by every type of key, and carries bytes');
is_deeply([map { $_->{jump} } map { $_->events('link lost') } $daemon,
	$one_link], [], 'no link was lost meanwhile');
$one_link->down;

# --- it fails well -------------------------------------------------------------

my (%refusal, %stage);

# These need a daemon of their own, since they last until its time-out.
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
	return $stage{$server}{$column} =
	    ($error->{M} =~ /\[(\w+)\]\z/)[0] // 'none';
}

table_is(<<'TABLE', \&stage, 'each failure is told as far as the server tells it');
server      refused       unknown       denied          hole
asyncssh    db_refused    db_resolve    forward_denied  db_timeout
conch       db_closed     db_closed     forward_denied  db_silent
devtunnels  db_refused    db_resolve    forward_denied  db_timeout
dropbear    db_refused    db_resolve    forward_denied  db_timeout
erlang      db_refused    db_resolve    forward_denied  db_timeout
gliderlabs  db_refused    db_resolve    forward_denied  db_timeout
libssh      db_unreached  db_unreached  db_unreached    db_timeout
paramiko    db_unreached  db_unreached  forward_denied  db_timeout
ssh2        db_unreached  db_unreached  db_unreached    db_timeout
TABLE

my $reports = JSON::PP::decode_json($patient->check('--json',
	'--no-login')->{out});
$reports = [$reports] if ref $reports eq 'HASH';
is_deeply({ map { $_->{name} => $_->{stage} } @$reports },
    { map { $through{$_}{hole}{name} => $stage{$_}{hole} } @names },
    'check tells the same of a hole');
$patient->down;

# Words that only an administrator of OpenSSH should read.
my $of_sshd = qr/sshd|AllowTcp|PermitOpen|MaxStartups/;

for my $server (@names) {
	for my $column (@faults) {
		my $error = $refusal{$server}{$column};

		unlike("$error->{M} $error->{D} $error->{H}", $of_sshd,
		    "$server, $column: no word of sshd");
	}
}

my $check = $daemon->check('--no-login', map {
	my $server = $_;
	map { $through{$server}{$_}{name} } qw(refused unknown denied)
} @names);
unlike($check->{out}, $of_sshd, 'nor does check say any');
unlike($refused_logins, $of_sshd, 'nor is any said of a login');

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

# What the client of a session reads when its jump box dies.
sub killed($server)
{
	my $wire = $lab->wire($through{$server}{main}, user => 'app');

	PgJump::Wire::is_ready($wire->login) or return 'no-login';
	$permit{$server}->kill_all;
	my ($last) = grep { $_->[0] eq 'E' } @{ $wire->until('!') };
	return ($last->[1] // '') =~ /tunnel lost.*\[(\w+)\]/ ? $1 : 'bare-end';
}

sub back($server)
{
	$permit{$server}->start;
	return eventually(40, sub {
		$lab->psql($through{$server}{main}, 'select 1')->{out} eq "1\n"
	}) ? 'ok' : 'away';
}

my %end = (killed => \&killed, back => \&back);

table_is(<<'TABLE', sub ($server, $column) { $end{$column}->($server) },
server      killed       back
asyncssh    tunnel_lost  ok
conch       tunnel_lost  ok
devtunnels  tunnel_lost  ok
dropbear    tunnel_lost  ok
erlang      tunnel_lost  ok
gliderlabs  tunnel_lost  ok
libssh      tunnel_lost  ok
paramiko    tunnel_lost  ok
ssh2        tunnel_lost  ok
TABLE
    'a killed server is told of, and clients are served once it is back');

$lab->done;
