# SPDX-License-Identifier: PostgreSQL
#
# A server that has keys exchanged while nothing else goes on.  Erlang's forgets
# what it should answer to who asks meanwhile, such as pgjump, to which input
# on an idle session gives reason to ask: that session is replaced, and clients
# are served.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(private);
use PgJump::Process qw(eventually);
use PgJump::Server qw(servers);

my $lab = PgJump::Lab->new;
my ($servers) = servers();
plan skip_all => 'erlang-ssh is not here' unless $servers->{erlang};

my $box = PgJump::Server->new(lab => $lab, name => 'erlang',
    how => $servers->{erlang}, policy => 'restless');
my $connection = $lab->connection('only', ssh_tunnel => { %{ $box->tunnel },
	private_key => private('ecdsa') });
my $daemon = $lab->daemon([$connection], workers => 1, max_links => 1);

ok($daemon->tunnel_up(60), 'the jump box is reached');
for my $time (1 .. 3) {
	my $mark = $box->process->mark;

	ok(eventually(60, sub { $box->exchanges($mark) >= 1 }),
	    "keys are exchanged, $time");
	ok(eventually(60, sub {
		$lab->psql($connection, 'select 1')->{out} eq "1\n"
	}), '... and a client is served');
}
is($daemon->events('link lost'), 0, 'no link was lost');

$lab->done;
