# SPDX-License-Identifier: PostgreSQL
#
# Names that are unknown, not answered, or known by several addresses of which
# some are dead; with a name server of our own.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use JSON::PP ();
use PgJump::Keys qw(public);
use PgJump::Names;
use PgJump::Process qw(spew);

PgJump::Netns->enter;

my $lab = PgJump::Lab->new;
my $names = PgJump::Names->new(dir => $lab->dir, names => {
	'jump.test' => ['127.0.0.1'],
	'many.test' => ['::1', '127.0.0.3', '127.0.0.2', '127.0.0.1'],
	'hole.test' => ['::1', '127.0.0.1'],
	'db.test' => ['127.0.0.1'],
	'slow.test' => 'silent',
	'two.test' => ['127.0.0.1', '127.0.0.2'],
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

# The lines that check prints as its fix are enough for a second check of two
# machines that share a name.
sub fix($connection)
{
	my $seen = $lab->new_daemon([$connection])->check('--json',
	    '--no-login');
	my $report = JSON::PP::decode_json($seen->{out});

	return ($report->{message} // '', @{ $report->{lines} // [] });
}

subtest 'two machines behind one name' => sub {
	my @boxes = ($box, $lab->new_box(address => '127.0.0.2',
		port => $box->port, host_keys => ['host-other']));
	my $known = $lab->dir . '/known.two';
	my @line = map { "[two.test]:${\ $box->port} "
		. public($_->{host_keys}[0]) . "\n" } @boxes;
	my %by_file = (box => $box, ssh_tunnel => { host => 'two.test',
		host_key => undef, known_hosts => $known });
	my $asked = 0;

	for my $i (0, 1) {
		spew($known, $line[$i]);
		my ($message, @lines) = fix($lab->connection('c_two', %by_file));
		next if $message eq '';
		like($message, qr/is not the known one: at (\S+), one of its 2 addresses, it shows ssh-ed25519 SHA256:\S+ but \S+:1 has another/,
		    'the address that answered');
		is_deeply(\@lines, [$line[1 - $i] =~ s/ lab\n//r], 'and its key');
		spew($known, join "", $line[$i], map { "$_\n" } @lines);
		is((fix($lab->connection('c_two', %by_file)))[0], '',
		    'with the keys of both it is green');
		my %pin = (host => 'two.test', host_key => $boxes[$i]->pin);
		($message, @lines) = fix($lab->connection('c_two', box => $box,
			ssh_tunnel => \%pin));
		like($message, qr/not the pinned one: at \S+, one of its 2 addresses, it shows/,
		    'by pin');
		like($lines[0], qr/^host_key: \[SHA256:\S+, SHA256:\S+\]$/,
		    'both pins');
		$pin{host_key} = [$lines[0] =~ /(SHA256:[^\s,\]]+)/g];
		is((fix($lab->connection('c_two', box => $box,
			    ssh_tunnel => \%pin)))[0], '', 'are green');
		spew($known, $line[$i]);
		my $daemon = $lab->daemon([$lab->connection('c_two',
			%by_file)]);
		ok($daemon->says(qr/one of its 2 addresses/), 'the daemon, too');
		$daemon->down;
		$asked++;
	}
	is($asked, 1, 'one of the two answers');
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
	{ name => 'the proxy before the jump box is unknown',
		label => 'jump_proxy', side => 'tunnel',
		says => qr/name of proxy nowhere\.test:3128 could not be resolved: $unknown/,
		hint => qr/ssh_tunnel\.proxy_host/, sslmodes => ['disable'],
		change => { ssh_tunnel => { port => 22, host_key => 'any',
			proxy_host => 'nowhere.test' } } },
	{ name => 'nobody answers for the proxy',
		label => 'jump_proxy', side => 'tunnel',
		says => qr/name of proxy slow\.test:1080 .*resolved/,
		hint => qr/DNS|name resolution/, sslmodes => ['disable'],
		change => { ssh_tunnel => { port => 22, host_key => 'any',
			proxy_host => 'slow.test',
			proxy_type => 'socks5' } } },
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
