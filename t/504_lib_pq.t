# SPDX-License-Identifier: PostgreSQL
#
# Go's lib/pq runs a statement again if the connection has an orderly end in the
# middle of it.  The tunnel dies under such a client, in plain text and in TLS,
# or the database resets, which sshd passes on as an orderly end: no statement
# may run twice.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Cache qw(cached);
use PgJump::Group qw(wanted runs);

plan skip_all => 'needs Go and lib/pq (contrib/test --with=clients)'
    unless wanted('clients')
    && PgJump::Process::run(['go', 'version'])->{rc} eq '0'
    && -d '/usr/share/gocode/src/github.com/lib/pq';

runs('clients');
my $lab = PgJump::Lab->new;
my $source = "$FindBin::Bin/clients/counted/main.go";
my $counted = cached('counted', sub ($dir) {
	my $built = PgJump::Process::run(['go', 'build', '-o', "$dir/counted",
		$source], timeout => 300, env => {
			GO111MODULE => 'off', GOPATH => '/usr/share/gocode',
			GOFLAGS => '-trimpath', GOCACHE => "$dir/cache" });
	die $built->{err} if $built->{rc} ne '0';
	PgJump::Process::run(['rm', '-rf', "$dir/cache"]);
}, $source) . '/counted';

my $pg = $lab->postgres;
my $box = $lab->box;
my $relay = PgJump::Relay->new(to => $box->port);
my $far = PgJump::Relay->new(to => $pg->port);
my $main = $lab->connection('main_jump', box => $box, port => $far->port,
    ssh_tunnel => { port => $relay->port });
my $daemon = $lab->daemon([$main]);
my $count = 0;

$pg->sql('create table counted (tag text); alter table counted owner to app');

sub rows($tag)
{
	return $pg->sql("select count(*) from counted where tag = '$tag'");
}

# Start the client, and end its connection by `$kill` while the statement runs.
# Returns how many rows there are at the end, and what the client says.
sub killed_once($port, $mode, $protocol, $kill)
{
	my $tag = 'tag' . ++$count;
	my $client = PgJump::Process->new(name => "counted.$tag",
	    dir => $lab->dir, argv => [$counted, "host=127.0.0.1 port=$port "
		. "user=app dbname=myapp sslmode=$mode", $protocol, $tag,
		'0.4'])->start;
	PgJump::Process::eventually(20, sub {
		$client->ended
		    || $pg->sql(q{select count(*) from pg_stat_activity
		    where wait_event = 'PgSleep'}) == 1
	}) or return (undef, 'the statement did not start');
	$kill->();
	$client->wait_end(30);
	PgJump::Process::eventually(20, sub {
		$pg->sql(q{select count(*) from pg_stat_activity
		    where usename = 'app'}) == 0
	});
	return (rows($tag), $client->text);
}

# On a loaded machine the statement may be over before anybody looks: then there
# is one row and no error, and the case has shown nothing.
sub killed(@how)
{
	my ($rows, $said);

	for (1 .. 5) {
		($rows, $said) = killed_once(@how);
		last if defined $rows && !($rows == 1 && $said =~ /^ok/);
	}
	return ($rows, $said);
}

subtest 'the danger is real: an orderly end runs it twice' => sub {
	my $plain = PgJump::Relay->new(to => $pg->port);
	my ($rows) = killed($plain->port, 'disable', 'simple',
	    sub { $plain->hang_up });
	is($rows, 2, 'two rows from one Exec');
};

for my $mode (qw(disable require)) {
	for my $protocol (qw(simple extended)) {
		for my $kill ([cut => sub { $relay->cut }],
		    [sshd => sub { $box->kill_sessions }],
		    [orderly => sub { $relay->hang_up }],
		    [database => sub { $far->cut }]) {
			my ($rows, $said) = killed($main->{listen}, $mode,
			    $protocol, $kill->[1]);
			my $name = "$mode, $protocol, $kill->[0]";
			is($rows, 1, "$name: one row");
			like($said, qr/^error: /, "$name: and an error");
			ok(PgJump::Process::eventually(20, sub {
				$lab->psql($main, 'select 1')->{rc} eq '0'
			}), "$name: the tunnel comes back");
		}
	}
}

$lab->done;
