# SPDX-License-Identifier: PostgreSQL
#
# dropbear as the jump box, where it differs from OpenSSH: its algorithms, its
# window, its words for a failed forward, its end of a forward.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Echo qw(echo);
use PgJump::Group qw(wanted runs);
use PgJump::Keys qw(fingerprint key_file public);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run);
use PgJump::Told;

my ($dropbear) = grep { -x } '/usr/sbin/dropbear', '/usr/local/sbin/dropbear';
plan skip_all => 'needs dropbear (contrib/test --with=servers)'
    unless defined $dropbear && wanted('servers');
plan skip_all => 'needs root to make a Unix user with a home'
    unless PgJump::User::possible();

runs('servers');
my $lab = PgJump::Lab->new;
my $user = $lab->user;
my $port = reserve();
my $host_key = $lab->dir . '/dropbear_key';
my $made = run(['dropbearkey', '-t', 'ed25519', '-f', $host_key]);
my ($pin) = $made->{out} =~ /Fingerprint: (SHA256:\S+)/;

$user->write('.ssh/authorized_keys', public('ed25519') . "\n");
my $sshd = PgJump::Process->new(name => 'dropbear', dir => $lab->dir,
    argv => [$dropbear, '-F', '-E', '-p', "127.0.0.1:$port", '-r', $host_key,
	'-P', $lab->dir . '/dropbear.pid'])->start;
$sshd->up(qr/Not backgrounding/);

my %tunnel = (port => $port, username => $user->name, host_key => $pin);
my $good = $lab->connection('through_dropbear', ssh_tunnel => { %tunnel });
my $password = $lab->connection('by_password', ssh_tunnel => { %tunnel,
	auth_method => 'password', private_key => undef,
	password => $user->password });
my $refused = $lab->connection('to_nowhere', port => reserve(),
    ssh_tunnel => { %tunnel });
my $daemon = $lab->daemon([$good, $password, $refused]);

is($lab->psql($good, 'select 1', sslmode => 'require')->{out}, "1\n",
    'a key logs in');
is($lab->psql($password, 'select 1')->{out}, "1\n", 'a password logs in');
my $wire = $lab->wire($good, user => 'app');
$wire->login;
my ($seen) = echo(20_000_000, 20 * $PgJump::Process::PATIENCE, $wire);
is($seen->{got}, $seen->{sent}, 'bulk both ways comes back as it was');
cmp_ok($seen->{bytes}, '>=', 20_000_000, 'to the last byte');
$wire->close;
told($lab, $daemon, $refused, {
	name => 'its words for a refused forward',
	label => 'db_refused',
	side => 'database',
	says => qr/127\.0\.0\.1:$refused->{port} refused the connection/,
	hint => qr/listen_addresses/,
});

subtest 'a database that ends is not taken for a jump box that does' => sub {
	my $wire = $lab->wire($good);
	$wire->login->[-1][0] eq 'Z' or die 'no login';
	ok(eventually(20, sub {
		$lab->postgres->sql("select now() - state_change
		    > interval '600 ms' from pg_stat_activity
		    where pid = $wire->{backend_pid}") eq 't';
	}), 'a session is idle for a while');
	kill 'KILL', $wire->{backend_pid};
	my ($error) = grep { $_->[0] eq 'E' } @{ $wire->until('!') };
	like(PgJump::Wire::fields($error->[1])->{M},
	    qr/127\.0\.0\.1:\d+ closed the connection.*\[db_closed\]/,
	    'its backend dies without a word, and that is what is told');
	is($wire->ended, 'eof', 'and then the end');
};

$lab->done;
