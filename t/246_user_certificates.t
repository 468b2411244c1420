# SPDX-License-Identifier: PostgreSQL
#
# What is wrong with a user's certificate: at start where no server would accept
# it, and at the login where this one did not.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use File::Copy qw(copy);
use PgJump::Agent;
use PgJump::Certificate qw(certify);
use PgJump::Keys qw(fingerprint key_file private public);
use PgJump::Process qw(run slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $user = getpwuid $>;
my @for = ('-n', $user);

sub made(@options) { certify($dir, 'ed25519', 'agent1', @options) }

my $good = made(@for);
my $damaged = slurp($good) =~ s/AAAA\S{40}\K\S{8}//r;

subtest 'at start' => sub {
	my $box = { port => 1, private_key => private('ed25519') };
	my @cases = (
		['a private key', private('rsa'),
			qr/it is a private key; give the line of the file that ends in -cert\.pub/],
		['a public key', public('ed25519'), qr/it is a public key; give/],
		['a certificate for TLS',
			slurp(PgJump::Postgres::root_certificate()),
			qr/it is not a certificate of OpenSSH; give/],
		['another text', 'secret words', qr/it is not a certificate; give/],
		['a damaged one', $damaged, qr/it is damaged/],
		['one of a security key', slurp($good) =~
			s/^ssh-ed25519/sk-ssh-ed25519/r, qr/of a type that is not supported/],
		['one for hosts', slurp(made('-h')), qr/it is a certificate for hosts; give one for users/],
		['one of another key', slurp(certify($dir, 'ecdsa', 'agent1',
				@for)), qr/it certifies the key \Q${\
			    fingerprint('ecdsa')}\E, which private_key is not/],
		['an empty one', '', qr/certificate/],
	);

	for my $case (@cases) {
		my ($name, $text, $says) = @$case;
		my $main = $lab->connection('main', ssh_tunnel => { %$box,
			certificate_file => spew("$dir/wrong", $text) });
		my $seen = PgJump::Daemon::command(['-c',
			$lab->new_daemon([$main])->file, 'config']);

		is($seen->{rc}, 1, "$name: exit 1");
		like($seen->{err}, qr/:\d+:\d+: .*certificate_file: .*$says/,
		    'says what it is');
		unlike($seen->{err}, qr/secret words/, 'and quotes nothing');
	}
	my $main = $lab->connection('main', ssh_tunnel => { %$box,
		private_key => undef, auth_method => 'password',
		password => 'x', certificate => slurp($good) });
	like(PgJump::Daemon::command(['-c', $lab->new_daemon([$main])->file,
		'config'])->{err}, qr/certificate: it is for a private_key or for auth_method agent/,
	    'with a password alone');
	$main = $lab->connection('main', ssh_tunnel => { %$box,
		certificate => slurp($good) });
	my $both = $lab->connection('both', ssh_tunnel => { %$box,
		auth_method => 'password', password => 'x',
		certificate => slurp($good) });
	my $file = $lab->new_daemon([$main, $both])->file;
	my $seen = PgJump::Daemon::command(['-c', $file, 'config', '--print']);
	my ($line) = slurp($good) =~ /^(\S+ \S+)/;
	is($seen->{rc}, 0, 'for a key that may be asked for after a password');
	like($seen->{out}, qr/certificate: .*\Q$line\E/s,
	    'a good one is printed');
};

my $box = $lab->new_box(authorized => [], config => {
	TrustedUserCAKeys => key_file('agent1') . '.pub', MaxAuthTries => 6 });
my $expired = made(@for, '-V', '20200101:20200201');
my @cases = (
	{ name => 'expired', certificate => $expired,
		says => qr/rejected the certificate of user "\Q$user\E", which has expired: it was valid until 2020-/,
		detail => qr/certificate "of ed25519", signed by CA SHA256:\S+, for \Q$user\E, valid until 2020/,
		hint => qr/certified anew/ },
	{ name => 'not valid yet',
		certificate => made(@for, '-V', '20900101:20910101'),
		says => qr/which is not valid yet: it is valid from/,
		hint => qr/clocks/ },
	{ name => 'for others', certificate => made('-n', 'a,b'),
		says => qr/which is for others: it is for a, b/,
		hint => qr/ssh_tunnel\.username/ },
	{ name => 'limited',
		certificate => made(@for, '-O', 'critical:mind@example.com'),
		says => qr/critical options: mind\@example\.com/,
		hint => qr/understands these options/ },
	{ name => 'of an unknown authority',
		certificate => certify($dir, 'ed25519', 'stranger', @for),
		says => qr/rejected the certificate of user "\Q$user\E"/,
		detail => qr/signed by CA \Q${\ fingerprint('stranger')}\E/,
		hint => qr/TrustedUserCAKeys/ },
);

subtest 'at the login' => sub {
	my $agent = PgJump::Agent->new(dir => $dir);
	my $identity = spew("$dir/id", private('ed25519'), 0600);
	my $changed = "$dir/changed-cert.pub";

	copy($expired, "$identity-cert.pub");
	run(['ssh-add', '-q', $identity], env => {
		SSH_AUTH_SOCK => $agent->path });
	copy($expired, $changed);
	push @cases, { name => 'in the agent', selects => public('ed25519'),
		says => qr/which has expired: it was valid until 2020/,
		hint => qr/certified anew/ };
	my $names = 0;

	$_->{connection} = $lab->connection('login' . $names++, box => $box,
	    port => 5432, ssh_tunnel => $_->{selects}
	    ? { auth_method => 'agent', private_key => $_->{selects} }
	    : { certificate_file => $_->{certificate} },
	    connection_timeout => 40) for @cases;
	my $late = $lab->connection('late', box => $box, port => 5432,
	    ssh_tunnel => { certificate_file => $changed });
	my $daemon = $lab->daemon([$late, map { $_->{connection} } @cases],
	    handshake_timeout => '20s', auth_timeout => '20s',
	    env => { SSH_AUTH_SOCK => $agent->path });
	my $unusable = qr/certificate for jump box \S+ cannot be used: it is a certificate for hosts/;

	copy(made('-h'), "$changed.new");
	rename "$changed.new", $changed;
	ok($daemon->says($unusable), 'it is read at each login');
	my $told = $lab->psql($late, 'select 1')->{err};
	like($told, $unusable, 'and a client is told');
	like($told, qr/HINT:.*ssh_tunnel\.certificate/, 'with the setting');
	copy($good, $changed); # for check, which would end there
	told($lab, $daemon, $_->{connection}, { side => 'tunnel',
		label => 'jump_auth', %$_ }) for @cases;
};

$lab->done;
