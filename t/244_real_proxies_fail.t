# SPDX-License-Identifier: PostgreSQL
#
# The proxies of Debian when they fail: nothing listens behind them, the name is
# unknown, there is no route, nobody answers, a rule forbids it, and the user is
# wanted or wrong.  What each can tell of it, pgjump tells, and no more.  In a
# network of our own, with its name server.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Names;
use PgJump::Port qw(reserve);
use PgJump::RealProxy qw(proxies);

my ($found, $missing) = proxies();
plan skip_all => join '; ', map { $missing->{$_} } sort keys %$missing
    unless @$found;
PgJump::Netns->enter;
note("skip $_: $missing->{$_}") for sort keys %$missing;

my $lab = PgJump::Lab->new;
my $router = PgJump::Netns->router(dir => $lab->dir);
my $names = PgJump::Names->new(dir => $lab->dir, names => {});
my $secret = $lab->secret('its-password');
my $closed = reserve();
my $hole = PgJump::Peer->black_hole;
my @login = (user => 'app', password => $secret);
my @ports = ($closed, $hole->{port}, 22);
my ($unix_user, $unix_password) = ($lab->user->{name}, $lab->user->password);

my $unreached = qr/for a reason that it does not tell: /;
my $tiny = qr/${unreached}HTTP\/1\.[01] 500 Unable to connect/;
my $wanted = qr/wants a user and a password: /;
my $wrong = qr/rejected the user or the password that it was given: /;

# What each says: of a port where nothing listens, of an unknown name, of a host
# without a route, of a black hole, of a port that no rule permits, where a user
# is wanted, and where the password is wrong.
my %says = (
	tinyproxy => [$tiny, $tiny, $tiny, qr/did not answer within 5 s/,
		qr/does not permit .*403 Access violation/,
		qr/${wanted}HTTP.*407/, qr/${wrong}HTTP.* (?:401|407) /],
	squid => [qr/refused the connection of proxy/,
		qr/cannot resolve the name|ERR_CANNOT_FORWARD/,
		qr/no route/, qr/in the time that it allows itself/,
		qr/does not permit .*ERR_ACCESS_DENIED/,
		qr/${wanted}HTTP.*407/, qr/${wrong}HTTP.* 407 /],
	microsocks => [qr/refused the connection of proxy/,
		qr/${unreached}SOCKS5 reply [14]/, qr/no route/,
		qr/did not reach .* within 5 s/, undef,
		qr/${wanted}SOCKS5 method 255/,
		qr/${wrong}SOCKS5 login status/],
	dante => [qr/refused the connection of proxy/,
		qr/cannot resolve the name/, qr/no route/,
		qr/in the time that it allows itself|within 5 s/,
		qr/does not permit .*SOCKS5 reply 2/,
		qr/${wanted}SOCKS5 method 255/,
		qr/${wrong}SOCKS5 login status/],
);
my %targets = (
	'nothing listens' => ['127.0.0.1', $closed],
	'an unknown name' => ['nothere.test', 22],
	'no route' => ['10.99.1.1', 22],
	'a black hole' => ['127.0.0.1', $hole->{port}],
	'no permission' => ['127.0.0.1', reserve()],
	'a user is wanted' => ['127.0.0.1', $closed],
	'a wrong password' => ['127.0.0.1', $closed],
);
my @order = ('nothing listens', 'an unknown name', 'no route', 'a black hole',
	'no permission', 'a user is wanted', 'a wrong password');

my (@connections, @cases, @alive);
for my $name (@$found) {
	my %how = (dir => $lab->dir, name => $name, permits => \@ports,
		patience => 1, external => ['127.0.0.1', '10.99.0.2']);
	my $open = PgJump::RealProxy->new(%how);
	my $shut = PgJump::RealProxy->new(%how, $name eq 'dante'
	    ? (user => $unix_user, password => $unix_password) : @login);
	my $user = $name eq 'dante' ? $unix_user : 'app';

	push @alive, $open, $shut;
	for my $i (0 .. $#order) {
		my ($host, $port) = @{ $targets{ $order[$i] } };
		my $label = 'f' . @connections;

		next unless defined $says{$name}[$i];
		push @connections, $lab->connection($label, port => 5432,
		    ssh_tunnel => { host => $host, port => $port,
			host_key => 'any', proxy_host => '127.0.0.1',
			proxy_port => ($i < 5 ? $open : $shut)->port,
			proxy_type => $name =~ /socks|dante/ ? 'socks5'
			    : 'http',
			$i == 6 ? (proxy_username => $user,
				proxy_password => 'not-this') : () });
		push @cases, ["$name: $order[$i]", $says{$name}[$i], $label];
	}
}

# dante has no 4a: it takes a name for the address that stands for one.
if (grep { $_ eq 'dante' } @$found) {
	push @connections, $lab->connection('f' . @connections, port => 5432,
	    ssh_tunnel => { host => 'localhost', port => $closed,
		host_key => 'any', proxy_host => '127.0.0.1',
		proxy_port => $alive[-2]->port, proxy_type => 'socks4a' });
	push @cases, ['dante: a name by SOCKS4',
		qr/SOCKS4 reply 91, .* takes addresses only/,
		$connections[-1]{name}];
}

# A black hole gets less than any proxy takes for it by default; the others get
# more than enough: dante takes seconds to turn somebody away.
my %report;
for my $hurried (0, 1) {
	my @few = grep { $hurried == ($_->{ssh_tunnel}{port} == $hole->{port}) }
	    @connections;
	my $daemon = $lab->new_daemon(\@few,
	    connect_timeout => $hurried ? '5s' : '30s');
	my $seen = $daemon->check('--json', '--no-login');

	$report{ $_->{name} } = $_
	    for @{ JSON::PP::decode_json($seen->{out}) };
}

for my $case (@cases) {
	my ($what, $says, $label) = @$case;
	my $got = $report{$label};

	subtest $what => sub {
		is($got->{stage}, 'jump_proxy', 'the stage');
		like($got->{message}, $says, 'the message');
		like($got->{detail}, qr/the proxy answered "(?:HTTP|SOCKS)/,
		    'the words of the proxy')
		    unless $got->{message} =~ /within 5 s/;
	};
}

$lab->done;
