# SPDX-License-Identifier: PostgreSQL
#
# A router answers that there is no route: behind the jump box it is the
# database that cannot be reached, before it the jump box.  In network
# namespaces of our own.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

PgJump::Netns->enter;

my $lab = PgJump::Lab->new;
my $router = PgJump::Netns->router(dir => $lab->dir);
my %words = (
	'10.99.1.1' => qr/No route to host/,
	'10.99.2.1' => qr/No route to host|Permission denied/,
);
my %sslmodes = (
	'10.99.1.1' => [qw(disable prefer require)],
	'10.99.2.1' => ['disable'],
);
my $hint = qr/routes|route, VPN or firewall/;
my @cases = (
	{ name => 'the jump box', label => 'jump_connect', side => 'tunnel',
		says => qr/jump box 10\.99\.1\.1:22 cannot be reached: .*No route to host/,
		hint => $hint,
		change => { ssh_tunnel => { host => '10.99.1.1',
			port => 22, host_key => 'any' } } },
	{ name => 'the proxy before the jump box', label => 'jump_proxy',
		side => 'tunnel', sslmodes => ['disable'],
		says => qr/proxy 10\.99\.1\.1:3128 cannot be reached: .*No route to host/,
		hint => qr/ssh_tunnel\.proxy_host and the route/,
		change => { ssh_tunnel => { port => 22, host_key => 'any',
			proxy_host => '10.99.1.1' } } },
	(map {
		{ name => "the database at $_ through the jump box",
			label => 'db_unreachable', side => 'database',
			says => qr/$_:5432 cannot be reached from jump box \S+: .*$words{$_}/,
			detail => qr/jump box/, hint => $hint,
			sslmodes => $sslmodes{$_},
			change => { host => $_ } }
	} sort keys %words),
	{ name => 'the database without a tunnel',
		label => 'db_unreachable', side => 'direct',
		says => qr/10\.99\.1\.1:5432 cannot be reached: .*No route to host/,
		hint => $hint, sslmodes => ['require'],
		change => { host => '10.99.1.1', ssh_tunnel => 0 } },
);

# One at a time: a router answers each host only once a second, after a few at
# once, which the dials of the first case use up.
for my $i (0 .. $#cases) {
	my $connection = $lab->connection("c_route_$i", port => 5432,
	    %{ $cases[$i]{change} });
	my $daemon = $lab->daemon([$connection]);
	told($lab, $daemon, $connection, $cases[$i]);
	$daemon->down;
}

$lab->done;
