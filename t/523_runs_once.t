# SPDX-License-Identifier: PostgreSQL
#
# No statement runs twice: the tunnel dies again and again under Go's lib/pq,
# which repeats a statement after an orderly end, and under every other client,
# in the clear and in TLS; the rows are counted.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use DBI;
use PgJump::Client qw(clients);
use PgJump::Lab;
use PgJump::Process qw(eventually);
use Test::More;

my $lab = PgJump::Lab->new;
my (@clients, $missing);
for my $mode (qw(disable require)) {
	(my $found, $missing) = clients($lab->dir);
	push @clients, map { { is => $found->{$_}, name => "$_, $mode",
		mode => $mode } } sort keys %$found;
}

# Those that are known to repeat are under every kill, the others under some.
my @hasty = grep { $_->{name} =~ m{^(?:lib/pq|pgjdbc),} } @clients;

# A statement may not have begun when pg8000 has sent half of it (no Sync), and
# pgx has it cancelled through the next tunnel.
sub may_be_missing($client) { $client->{name} =~ /^pg(?:8000|x),/ }

# pgjump leaves a jump box alone for a while if each of its tunnels breaks
# within seconds, so the kills take turns on several.
use constant TUNNELS => 10;
my $kills = $ENV{PGJUMP_TEST_KILLS} // 50;
my $pg = $lab->postgres;
my @relays = map { PgJump::Relay->new(to => $lab->box->port) } 1 .. TUNNELS;
my @connections = map {
	$lab->connection("r_$_", box => $lab->box,
	    ssh_tunnel => { port => $relays[$_]->port })
} 0 .. $#relays;
my $daemon = $lab->daemon(\@connections);
my $gate = DBI->connect('dbi:Pg:dbname=myapp;host=' . $pg->socket_dir
	. ';port=' . $pg->port, 'postgres', '', { RaiseError => 1 });

$pg->sql('create table counted (tag text); alter table counted owner to app');

# What each client answers to its `$words->($client)`.
sub all($clients, $words)
{
	my @asked = map { $words->($_) } @$clients;

	return map { $_->{is}->answer(shift @asked, 60) } @$clients;
}

sub backends($where)
{
	return $pg->sql("select count(*) from pg_stat_activity
	    where usename = 'app' and $where");
}

# One statement of each client, over a connection whose tunnel then dies: the
# clients that were not told so, or whose number of rows is wrong.
sub kill_under($number, @clients)
{
	my $connection = $connections[$number % TUNNELS];
	my @left = @clients;

	eventually(20, sub {
		my @seen = all(\@left, sub ($client) { $client->{is}->connect(
			$connection, sslmode => $client->{mode}) });
		@left = map { $seen[$_]{ok} ? () : $left[$_] } 0 .. $#left;
		!@left;
	}) or return 'cannot connect';
	$gate->do('select pg_advisory_lock(1)');
	my @asked = map { $_->{is}->query("insert into counted select"
		. " '$number $_->{name}' from pg_advisory_lock_shared(1)")
	} @clients;
	my $all_wait = eventually(20, sub {
		backends(q{wait_event = 'advisory'}) == @clients });
	$relays[$number % TUNNELS]->cut;
	$gate->do('select pg_advisory_unlock(1)');
	return 'do not run' unless $all_wait;
	my @seen = map { $_->{is}->answer(shift @asked, 60) } @clients;
	all(\@clients, sub ($client) { $client->{is}->close });
	eventually(20, sub { backends('true') == 0 }) or return 'do not end';
	my %rows = map { /^$number (.*)\|(\d+)$/ } split /\n/,
	    $pg->sql("select tag, count(*) from counted
		where tag like '$number %' group by tag");
	my %wrong = map { ("$_->{name}: " . ($rows{ $_->{name} } // 0)
		. ' rows' => 1) } grep { ($rows{ $_->{name} } // 0) > 1 }
	    @clients;
	$wrong{"$_->{name}: no row"} = 1
	    for grep { !$rows{ $_->{name} } && !may_be_missing($_) } @clients;
	$wrong{"$clients[$_]{name}: not told"} = 1
	    for grep { $seen[$_]{ok} } 0 .. $#seen;
	return join '; ', sort keys %wrong;
}

my %outcome;
$outcome{ kill_under($_, $_ % 10 == 1 ? @clients : @hasty) }++
    for 1 .. $kills;
is_deeply(\%outcome, { '' => $kills },
    "$kills kills: every client is told, each of its statements ran once")
    or diag(explain(\%outcome));
is($pg->sql('select count(distinct tag) = count(*) from counted'), 't',
    'no row is there twice');

SKIP: {
	skip join('; ', map { $missing->{$_} } sort keys %$missing), 1
	    if %$missing;
	pass('every client is here');
}
$gate->disconnect;
$pg->down;
$lab->done;
