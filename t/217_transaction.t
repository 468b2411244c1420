# SPDX-License-Identifier: PostgreSQL
#
# The last message of a session has the status of the session.  Outside a
# transaction it stays outside, as with a server.  A transaction has failed, so
# that no client takes its commit for done: its work is lost.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Client qw(clients);
use PgJump::Lab;
use PgJump::Process qw(eventually);
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $relay = PgJump::Relay->new(to => $lab->box->port);
my $main = $lab->connection('main_jump', box => $lab->box,
    ssh_tunnel => { port => $relay->port });
my $daemon = $lab->daemon([$main]);

$pg->sql('create table kept (tag text); alter table kept owner to app');

# Ends the tunnel under a statement that sleeps; it is rolled back.
sub cut
{
	ok(eventually(20, sub { $pg->sql(q{select count(*)
	    from pg_stat_activity where wait_event = 'PgSleep'}) == 1 }),
	    'a statement runs');
	$relay->cut;
	$pg->sql(q{select pg_terminate_backend(pid, 10000)
	    from pg_stat_activity where wait_event = 'PgSleep'});
}

# Parse, Bind, Execute, Sync.
sub extended($sql)
{
	return pack('a N Z* Z* n', 'P', 8 + length $sql, '', $sql, 0)
	    . pack('a N Z* Z* n n n', 'B', 12, '', '', 0, 0, 0)
	    . pack('a N Z* N', 'E', 9, '', 0) . pack 'a N', 'S', 4;
}

# before => what the session has done, and the status of its last message
my %status = ('select 1' => 'I', begin => 'E',
	'begin; select 1; commit' => 'I');
for my $before (sort keys %status) {
	for my $ask (\&PgJump::Wire::query_packet, \&extended) {
		my $wire = $lab->wire($main);
		$wire->login;
		$wire->query($before)->until('Z');
		$wire->put($ask->('select pg_sleep(60)'));
		cut();
		my ($error, $ready) = grep { $_->[0] =~ /[EZ]/ }
		    @{ $wire->until('Z') };
		like(PgJump::Wire::fields($error->[1])->{M},
		    qr/^terminating connection: pgjump: /, "$before: the text");
		is($ready->[1], $status{$before}, "$before: the status");
		$wire->close;
		ok(eventually(20, sub {
			$lab->psql($main, 'select 1')->{rc} eq '0' }),
		    "$before: the tunnel comes back");
	}
}

my ($clients, $missing) = clients($lab->dir, qw(psycopg psycopg2 pgjdbc));
for my $name (sort keys %$clients) {
	my $client = $clients->{$name};
	ok($client->told('connect', $main, sslmode => 'disable')->{ok},
	    "$name connects");
	ok($client->told('begin')->{ok}, "$name begins");
	ok($client->told('query', "insert into kept values ('$name')")->{ok},
	    "$name inserts");
	my $asked = $client->query('select pg_sleep(60)');
	cut();
	like($client->answer($asked)->{text},
	    qr/terminating connection: pgjump: tunnel lost/, "$name is told");
	my $commit = $client->told('commit');
	ok(!$commit->{ok}, "$name does not take its commit for done")
	    and note($commit->{text});
	is($pg->sql('select count(*) from kept'), 0, 'nothing was kept');
	ok(eventually(20, sub {
		$lab->psql($main, 'select 1')->{rc} eq '0' }),
	    'the tunnel comes back');
}

SKIP: {
	skip join('; ', map { $missing->{$_} } sort keys %$missing), 1
	    if %$missing;
	pass('every client is here');
}
$lab->done;
