# SPDX-License-Identifier: PostgreSQL
#
# Names that are not known, not answered, or known by several addresses of
# which some are dead; with a name server of our own.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Names;

PgJump::Netns->enter;

my $lab = PgJump::Lab->new;
my $names = PgJump::Names->new(dir => $lab->dir, names => {
	'jump.test' => ['127.0.0.1'],
	'many.test' => ['::1', '127.0.0.3', '127.0.0.2', '127.0.0.1'],
	'hole.test' => ['::1', '127.0.0.1'],
	'db.test' => ['127.0.0.1'],
	'slow.test' => 'silent',
	'dead.test' => ['127.0.0.4', '127.0.0.3'],
});
my $port = $lab->postgres->port;
my $box = $lab->box;
my $hole = PgJump::Peer->black_hole(address => '::1', port => $box->port);

subtest 'good names' => sub {
	my @good = (
		$lab->connection('c_jump_name', box => $box,
		    ssh_tunnel => { host => 'jump.test' }),
		$lab->connection('c_jump_many', box => $box,
		    ssh_tunnel => { host => 'many.test' }),
		$lab->connection('c_jump_hole', box => $box,
		    ssh_tunnel => { host => 'hole.test' }),
		$lab->connection('c_db_name', host => 'db.test'),
		$lab->connection('c_direct_name', host => 'db.test',
		    ssh_tunnel => 0),
		$lab->connection('c_direct_many', host => 'many.test',
		    ssh_tunnel => 0),
	);
	# the first address of hole.test must not take all of this
	my $daemon = $lab->daemon(\@good, connect_timeout => '3s');
	for my $connection (@good) {
		my $seen = $lab->psql($connection, 'select 1');
		is($seen->{out}, "1\n", $connection->{name})
		    or diag($seen->{err});
	}
};

my $unknown = qr/Name or service not known/;
my @cases = (
	{ name => 'the jump box is unknown',
		label => 'jump_resolve', side => 'tunnel',
		says => qr/name of jump box nowhere\.test:22 could not be resolved: $unknown/,
		hint => qr/ssh_tunnel\.host/,
		change => { ssh_tunnel => { host => 'nowhere.test',
			port => 22, host_key => 'any' } } },
	{ name => 'nobody answers for the jump box',
		label => 'jump_resolve', side => 'tunnel',
		says => qr/name of jump box slow\.test:22 .*resolved/,
		hint => qr/DNS|name resolution/,
		change => { ssh_tunnel => { host => 'slow.test',
			port => 22, host_key => 'any' } } },
	{ name => 'every address of the jump box is dead',
		label => 'jump_connect', side => 'tunnel',
		says => qr/jump box dead\.test:\d+ refused/,
		hint => qr/ssh_tunnel\.port/,
		change => { ssh_tunnel => { host => 'dead.test',
			port => $box->port, host_key => 'any' } } },
	{ name => 'the database is unknown on the jump box',
		label => 'db_resolve', side => 'database',
		says => qr/host of nowhere\.test:$port could not be resolved from jump box 127\.0\.0\.1:\d+: $unknown/,
		hint => qr/Correct host/,
		change => { host => 'nowhere.test' } },
	{ name => 'the database is unknown here',
		label => 'db_resolve', side => 'direct',
		says => qr/host of nowhere\.test:$port could not be resolved: $unknown/,
		hint => qr/Correct host/,
		change => { host => 'nowhere.test', ssh_tunnel => 0 } },
	{ name => 'nobody answers for the database here',
		label => 'db_resolve', side => 'direct',
		says => qr/host of slow\.test:$port .*resolved/,
		hint => qr/DNS|Correct host/,
		change => { host => 'slow.test', ssh_tunnel => 0 } },
);
my @connections = map {
	$lab->connection("c_name_$_", port => $port, %{ $cases[$_]{change} })
} 0 .. $#cases;
my $daemon = $lab->daemon(\@connections, resolve_timeout => '800ms');
told($lab, $daemon, $connections[$_], $cases[$_]) for 0 .. $#cases;

$lab->done;
