# SPDX-License-Identifier: PostgreSQL
#
# pgjump(1) says that DBIx::Class runs a statement again after any lost
# connection, whatever it was told: twice outside txn_do, once inside, in plain
# text and in TLS.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use DBI;
use PgJump::Client qw(clients);
use PgJump::Lab;
use PgJump::Process qw(eventually);
use Test::More;

my $lab = PgJump::Lab->new;
my ($clients, $missing) = clients($lab->dir, 'DBIx::Class');
plan skip_all => join '; ', values %$missing if %$missing;

my $client = $clients->{'DBIx::Class'};
my $pg = $lab->postgres;
# Each case has a tunnel of its own: pgjump leaves one alone that breaks again
# and again.
my @relays = map { PgJump::Relay->new(to => $lab->box->port) } 1 .. 4;
my @connections = map { $lab->connection("r_$_", box => $lab->box,
	ssh_tunnel => { port => $relays[$_]->port }) } 0 .. $#relays;
my $daemon = $lab->daemon(\@connections);
my $gate = DBI->connect('dbi:Pg:dbname=myapp;host=' . $pg->socket_dir
	. ';port=' . $pg->port, 'postgres', '', { RaiseError => 1 });

$pg->sql('create table counted (tag text); alter table counted owner to app');

sub all_wait($count)
{
	return eventually(20, sub { $pg->sql(q{select count(*)
	    from pg_stat_activity where wait_event = 'advisory'}) == $count });
}

for my $mode (qw(disable require)) {
	for my $case (['outside a transaction', 2], ['txn_do', 1]) {
		my ($name, $rows) = @$case;
		my $what = "$mode, $name";
		my ($relay, $to) = (shift @relays, shift @connections);
		ok($client->told('connect', $to, sslmode => $mode)->{ok},
		    "$what: connects");
		$client->told('begin') if $name eq 'txn_do';
		$gate->do('select pg_advisory_lock(1)');
		my $asked = $client->query("insert into counted select '$what'"
			. ' from pg_advisory_lock_shared(1) returning tag');
		ok(all_wait(1), "$what: runs");
		$relay->cut;
		ok(all_wait(2), "$what: runs again");
		$gate->do('select pg_advisory_unlock(1)');
		ok($client->answer($asked)->{ok}, "$what: and says nothing");
		eventually(20, sub { $pg->sql(q{select count(*)
		    from pg_stat_activity where usename = 'app'
		    and state <> 'idle'}) == 0 });
		is($pg->sql("select count(*) from counted where tag = '$what'"),
		    $rows, "$what: rows");
	}
}
$gate->disconnect;
$lab->done;
