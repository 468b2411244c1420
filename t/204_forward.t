# SPDX-License-Identifier: PostgreSQL
#
# The jump box lets pgjump in but does not forward: settings of sshd or of
# authorized_keys forbid it, or no forward is free.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Keys qw(private public);
use PgJump::Port qw(reserve);

my $lab = PgJump::Lab->new;
my $port = $lab->postgres->port;
my $key = public('ed25519');
my $denied = qr/jump box 127\.0\.0\.1:\d+ does not permit forwarding to 127\.0\.0\.1:$port/;
my $hint = qr/AllowTcpForwarding.*PermitOpen.*restrict/;

my @cases = (
	{ name => 'AllowTcpForwarding no',
		box => { config => { AllowTcpForwarding => 'no' } } },
	{ name => 'AllowTcpForwarding remote',
		box => { config => { AllowTcpForwarding => 'remote' } } },
	{ name => 'DisableForwarding',
		box => { config => { DisableForwarding => 'yes' } } },
	{ name => 'PermitOpen of another port',
		box => { config => { PermitOpen => '127.0.0.1:1' } } },
	{ name => 'PermitOpen none',
		box => { config => { PermitOpen => 'none' } } },
	{ name => 'a restricted key',
		box => { authorized => ["restrict $key"] } },
	{ name => 'a key for another target',
		box => { authorized => [qq(permitopen="127.0.0.1:1" $key)] } },
	{ name => 'a key without forwarding',
		box => { authorized => ["no-port-forwarding $key"] } },
);

my @connections = map {
	$lab->connection("c_forward_$_",
	    box => $lab->new_box(%{ $cases[$_]{box} }))
} 0 .. $#cases;
my $daemon = $lab->daemon(\@connections);
for my $i (0 .. $#cases) {
	told($lab, $daemon, $connections[$i], { side => 'tunnel',
		label => 'forward_denied', says => $denied, hint => $hint,
		%{ $cases[$i] } });
}

subtest 'sockets on the jump box' => sub {
	my $no_sockets = $lab->new_box(config => {
		AllowStreamLocalForwarding => 'no' });
	my @sockets = (
		{ name => 'sockets are forbidden', of => $lab->connection(
			'c_socket_denied', box => $no_sockets,
			host => $lab->postgres->socket_dir) },
		{ name => 'the socket is not there', of => $lab->connection(
			'c_socket_absent', box => $lab->box,
			host => $lab->dir . '/nowhere') },
	);
	my $daemon = $lab->daemon([map { $_->{of} } @sockets]);
	for my $case (@sockets) {
		told($lab, $daemon, $case->{of}, {
			name => $case->{name},
			side => 'database', label => 'db_unreached',
			says => qr/no connection to the socket \S+\.s\.PGSQL\.$port/,
			hint => qr/AllowStreamLocalForwarding/,
		});
	}
};

subtest 'no forward is free' => sub {
	my $hole = PgJump::Peer->black_hole;
	my $stuck = $lab->connection('c_stuck', port => $hole->{port},
	    connection_timeout => 60);
	# it hears of it before the link is known to be stuck, which would make
	# room for another
	my $behind = $lab->connection('c_behind', connection_timeout => 1);
	my $daemon = $lab->daemon([$stuck, $behind], max_links => 1,
	    open_timeout => '60s', log_level => 'debug');
	ok($daemon->tunnel_up, 'one link, and no more');
	my $first = $lab->wire($stuck)->startup;
	ok($daemon->says(qr/client=1 .*to=opening/), 'a black hole takes it');
	told($lab, $daemon, $behind, {
		name => 'the only link waits for another database',
		side => 'tunnel', label => 'forward_limit',
		says => qr/no SSH session to jump box 127\.0\.0\.1:\d+ was free to open a forward within 1(?:\.\d)? s/,
		hint => qr/max_links/, sslmodes => ['disable'],
		check => 0, # which has a link of its own
	});
};

$lab->done;
