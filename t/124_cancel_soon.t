# SPDX-License-Identifier: PostgreSQL
#
# A cancel request lets a few of the clients that queue for a forward go first,
# and does not wait behind all of them.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Process qw(eventually);
use Test::More;

my $clients = 40;
my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $relay = PgJump::Relay->new(to => $lab->box->port);
my $main = $lab->connection('c_main', connection_timeout => '60s',
    ssh_tunnel => { port => $relay->port }, box => $lab->box);
my $daemon = $lab->daemon([$main], max_links => 1, open_timeout => '20s');

my $busy = $lab->wire($main, seconds => 60);
ok(PgJump::Wire::is_ready($busy->login), 'a session');
$busy->query('select pg_sleep(120)');
ok(eventually(20, sub { $pg->sql('select state from pg_stat_activity
    where pid = ' . $busy->{backend_pid}) eq 'active' }), 'with a query');

# A link opens one forward at a time, so each takes a round trip.
$relay->delay(0.1);
my @queue = map { $lab->wire($main, seconds => 60)->startup } 1 .. $clients;
my $cancel = $lab->wire($main);
$cancel->put(pack 'NNNN', 16, 80877102,
    @$busy{qw(backend_pid backend_key)});
my ($error) = grep { $_->[0] eq 'E' } @{ $busy->until('Z') };
is(PgJump::Wire::fields($error->[1])->{C}, '57014', 'the query is cancelled');
my $came = $pg->sql(q{select count(*) from pg_stat_activity
    where usename = 'app'}) - 1;
cmp_ok($came, '<', $clients / 2, "while most of $clients clients still wait");
$relay->delay(0);
my $ready = grep { PgJump::Wire::is_ready($_->until('ZE')) } @queue;
is($ready, $clients, 'who are all served in the end');
$_->close for @queue, $busy;

$lab->done;
