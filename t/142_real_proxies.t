# SPDX-License-Identifier: PostgreSQL
#
# A jump box behind the proxies of Debian: tinyproxy and squid, in the clear and
# in TLS, microsocks and dante, with and without a user; and bulk through each.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use Digest::MD5 qw(md5_hex);
use PgJump::Pki qw(cert);
use PgJump::RealProxy qw(proxies);

my ($found, $missing) = proxies();
plan skip_all => join '; ', map { $missing->{$_} } sort keys %$missing
    unless @$found;
note("skip $_: $missing->{$_}") for sort keys %$missing;

my $lab = PgJump::Lab->new;
my $password = $lab->secret('its pass-word 7');
my %has = map { $_ => 1 } @$found;
my @login = (user => 'app', password => $password);

# [the proxy, how it is started, proxy_type, the jump box if it needs an address]
my @all = (
	['tinyproxy', {}, 'http'],
	['tinyproxy', { user => 'app', password => 'no-blanks-here' }, 'http'],
	['tinyproxy', { type => 'https' }, 'https'],
	['squid', {}, 'http'],
	['squid', {@login}, 'http'],
	['squid', { type => 'https', @login }, 'https'],
	['microsocks', {}, 'socks5'],
	['microsocks', {@login}, 'socks5'],
	['dante', {}, 'socks5'],
	['dante', {}, 'socks4a', '127.0.0.1'], # it has no 4a, but 4
);
push @all, ['dante', { user => $lab->user->{name},
	password => $lab->user->password }, 'socks5']
    if $has{dante} && PgJump::User::possible();

my (@proxies, @connections);
for my $case (grep { $has{ $_->[0] } } @all) {
	my ($name, $how, $type, $host) = @$case;
	my $proxy = PgJump::RealProxy->new(dir => $lab->dir, name => $name,
	    permits => [$lab->box->port], %$how);

	push @proxies, $proxy;
	push @connections, $lab->connection("r_${name}_" . @connections,
	    ssh_tunnel => { host => $host // 'localhost',
		port => $lab->box->port,
		host_key => $lab->box->pin, proxy_host => '127.0.0.1',
		proxy_port => $proxy->port, proxy_type => $type,
		defined $how->{user} ? (proxy_username => $how->{user},
			proxy_password => $how->{password}) : (),
		$type eq 'https' ? (proxy_ca_cert => cert('root')) : () });
}

my $daemon = $lab->daemon(\@connections);
my $expected = md5_hex(join '', map { md5_hex($_) . "\n" } 1 .. 100_000);
for my $connection (@connections) {
	my $tunnel = $connection->{ssh_tunnel};
	my $what = join ' ', $connection->{name}, $tunnel->{proxy_type},
	    defined $tunnel->{proxy_username} ? 'with a user' : ();

	subtest $what => sub {
		is($lab->psql($connection, 'select 42')->{out}, "42\n",
		    'a query');
		is(md5_hex($lab->psql($connection, 'select md5(i::text) from '
			. 'generate_series(1, 100000) i')->{out}), $expected,
		    'bulk');
		is($daemon->check($connection->{name})->{rc}, 0, 'check');
	};
}

$lab->done;
