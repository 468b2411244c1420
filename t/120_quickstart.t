# SPDX-License-Identifier: PostgreSQL
#
# contrib/quickstart shows what it promises, and leaves nothing behind: no
# file, no process, whether it ends by itself, by Ctrl-C or by a failure.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Daemon;
use PgJump::Lab;
use PgJump::Process qw(eventually run);
use Test::More;

# It takes well-known ports if they are free: keep out of everybody's way.
PgJump::Netns->enter if $> == 0;

my $lab = PgJump::Lab->new;
my $quickstart = "$FindBin::Bin/../contrib/quickstart";
my $room = $lab->dir . '/room';
my %env = (PGJUMP => PgJump::Daemon::program(), TMPDIR => $room);

mkdir $room, 0755;

sub nothing_is_left($when)
{
	is_deeply([glob "$room/*"], [], "no file is left $when");
}

subtest '--once' => sub {
	my $done = run([$quickstart, '--once'], env => \%env, timeout => 60);
	my ($query, $refused) = split /^-- The same where .*\n/m, $done->{out};

	is($done->{rc}, 0, 'ends by itself');
	is($done->{err}, '', 'no complaint');
	like($query, qr/"db_type": "postgres".*"ssh_tunnel": \{/s,
	    'the configuration is shown');
	unlike($done->{out}, qr/BEGIN OPENSSH/, 'but no key');
	like($query, qr/^\$ psql .*\n.*\n-+\n hello through the tunnel\n/m,
	    'a query is shown, and its rows');
	like($refused, qr/^psql: error: .*tunnel is up, database failed: .*refused the connection from jump box .* \[db_refused\]\nDETAIL: .*\nHINT: /m,
	    'and the whole error of the other connection');
	like($refused, qr/^\$ pgjump check broken\nbroken: .*\n(?:  ok .*\n)+  failed .* forward\n(?:  skipped .*\n)+  tunnel is up, database failed: .*\[db_refused\].*\n(?:.*\n)*  Fix: .*\n  Run on /m,
	    'which check then diagnoses');
	nothing_is_left('at its end');
};

subtest 'until Ctrl-C' => sub {
	my $process = PgJump::Process->new(name => 'quickstart',
	    dir => $lab->dir, argv => [$quickstart], env => \%env)->start;
	$process->up(qr/^-- Ctrl-C ends it/m, 60);

	my ($line) = $process->text =~ /^(PGPASSWORD=.* psql .*)$/m;
	is(run(['sh', '-c', "$line -Atc 'select 6 * 7'"])->{out}, "42\n",
	    'the line that it prints works in another terminal');

	my @all = $process->descendants;
	cmp_ok(scalar(@all), '>=', 3, 'database, jump box and pgjump run');
	kill 'INT', -$process->pid; # as the terminal does, to all of them
	is($process->wait_end(30), 'exit 130', 'Ctrl-C ends it');
	ok(eventually(20, sub { !grep { kill 0, $_ } @all }),
	    'and all that it had started');
	nothing_is_left('then');
};

subtest 'a failure' => sub {
	my $done = run([$quickstart, '--once'], timeout => 60,
	    env => { %env, PGJUMP => '/bin/false' });

	is($done->{rc}, 1, 'exit code');
	like($done->{err}, qr/^quickstart: error: pgjump did not start$/m,
	    'is named');
	nothing_is_left('after it');
};

$lab->done;
