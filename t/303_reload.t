# SPDX-License-Identifier: PostgreSQL
#
# SIGHUP: while 200 clients are busy on connections that stay, 50 reloads add,
# change and remove others.  No client sees an error, loses a byte or its
# session, no connect to a kept address is refused, and no tunnel is dialled
# again.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use Digest::MD5 qw(md5_hex);
use PgJump::Load;
use PgJump::Process qw(eventually spew);

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $reloads = $ENV{PGJUMP_TEST_RELOADS} // 50;
my $kept = $lab->connection('kept');
my $direct = $lab->connection('direct', ssh_tunnel => 0);
my @others = map { $lab->connection("other$_") } 1 .. 3;
my $daemon = $lab->daemon([$kept, $direct, $others[0]]);

# The connections after so many reloads, in an order that changes.
sub connections_after($n)
{
	my @list = ($kept, $direct);

	push @list, { %{ $others[0] }, max_clients => 10 + $n } if $n % 3;
	push @list, $others[1] if $n % 2;
	push @list, { %{ $others[2] }, ssh_tunnel => {
		%{ $others[2]{ssh_tunnel} }, username => "nobody$n" } }
	    if $n % 5 == 0;
	@list = reverse @list if $n % 2;
	return \@list;
}

# Connects in a tight loop to the address until it is ended, and prints how
# often, and each failure.
sub knocker($port)
{
	my $code = q{
		use IO::Socket::IP;
		$| = 1;
		my $count = 0;
		$SIG{TERM} = sub { print "knocked $count\n"; exit };
		while (1) {
			my $socket = IO::Socket::IP->new(
			    PeerHost => '127.0.0.1', PeerPort => $ARGV[0])
			    or print "refused: $@\n";
			$count++;
			select undef, undef, undef, 0.002;
		}
	};
	return PgJump::Process->new(name => "knocker$port", dir => $lab->dir,
	    argv => [$^X, '-e', $code, $port])->start;
}

# Clients that keep their sessions until they are ended.
sub load($connection, $clients, $seconds)
{
	my $script = spew($lab->dir . '/load.sql',
	    "select repeat('x', 1000);\n");

	return PgJump::Process->new(name => "load-$connection->{name}",
	    dir => $lab->dir, argv => [PgJump::Postgres::bin('pgbench'), '-n',
	    '-f', $script, '-c', $clients, '-j', '2', '-R', '600', '-T',
	    $seconds, $lab->conninfo($connection, user => 'app',
	    password => undef, sslmode => 'disable')])->start;
}

ok($daemon->tunnel_up, 'the tunnel is up');
my @loads = (load($kept, 150, 600), load($direct, 50, 600));
ok(eventually(60, sub {
	$pg->sql(q{select count(*) from pg_stat_activity
	    where usename = 'app' and query like 'select repeat%'}) >= 200;
}), '200 clients are busy') or diag(map { $_->text } @loads);
# The sessions of the clients, as the server knows them.
sub sessions
{
	return $pg->sql(q{select string_agg(pid::text, ',' order by pid)
	    from pg_stat_activity where usename = 'app'});
}

my $sessions = sessions();
my @knockers = map { knocker($_->{listen}) } $kept, $direct;
my $bulk = PgJump::Process->new(name => 'bulk', dir => $lab->dir,
    stdout => $lab->dir . '/bulk.out', argv => [
	PgJump::Postgres::bin('psql'), '-XAtq', '-d', $lab->conninfo($kept),
	'-c', 'copy (select repeat(i::text, 50) from generate_series(1, 200000)
	    i) to stdout'])->start;
my $mark = $daemon->mark;

my @refused;
for my $n (1 .. $reloads) {
	my $verdict = $daemon->reload({ connections => connections_after($n) });
	push @refused, $verdict->{errors} unless $verdict->{accepted};
}
is_deeply(\@refused, [], "$reloads reloads are accepted");

is($bulk->wait_end(120), 'exit 0', 'a long answer ends well');
my $expected = md5_hex(join '', map { $_ x 50 . "\n" } 1 .. 200_000);
is(md5_hex(PgJump::Process::slurp($lab->dir . '/bulk.out')), $expected,
    'with each of its bytes');
for my $knocker (@knockers) {
	$knocker->down;
	unlike($knocker->text, qr/refused/, 'no connect was refused');
	my ($count) = $knocker->text =~ /^knocked (\d+)$/m;
	cmp_ok($count // 0, '>', $reloads, 'of many');
}
is_deeply([map { $_->how } @loads], ['running', 'running'],
    'no client has seen an error') or diag(map { $_->text } @loads);
is(sessions(), $sessions, 'and all have the same sessions');
is($daemon->times('jump box reached|link lost', $mark), 0,
    'no tunnel was lost or dialled again');
$_->down for @loads;
is($lab->psql($kept, 'select 42')->{out}, "42\n", 'clients come as ever');
$lab->done;
