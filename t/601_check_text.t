# SPDX-License-Identifier: PostgreSQL
#
# What `pgjump check` prints for people: a text in t/golden/check/ for each way
# to fail, each compared as a whole.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Agent;
use PgJump::Golden qw(golden);
use PgJump::Keys qw(private);
use PgJump::Pki qw(cert);
use PgJump::Port qw(reserve);
use PgJump::Process qw(spew);
use POSIX ();

my $lab = PgJump::Lab->new;
my $closed = reserve();
my $hole = PgJump::Peer->black_hole;
my $http = PgJump::Peer->new('http');
my $mute = PgJump::Peer->new('silent');
my $closes = PgJump::Peer->new('close_on_data');
my $hangs_up = answering('N', '');
my $alerts = answering('S', "\x15\x03\x03\x00\x02\x02\x28");
my $agent = PgJump::Agent->new(dir => $lab->dir, name => 'agent',
    keys => ['ed25519'], confirm => 1);
my $known = spew($lab->dir . '/known', "# ours\n" . $lab->box->known_line);
my $no_forwards = $lab->new_box(config => { AllowTcpForwarding => 'no' });
my $others_only = $lab->new_box(config => { PermitOpen => '127.0.0.1:1' });
my $with_password = $lab->new_box(config => {
	PasswordAuthentication => 'yes' });

# A server whose first answer is PostgreSQL's, and whose second one is not; then
# it hangs up.
sub answering(@answers)
{
	return PgJump::Peer->new(sub ($peer) {
		local $SIG{CHLD} = 'IGNORE';
		return if fork;
		for my $answer (@answers) {
			sysread $peer, my $asked, 65_536;
			syswrite $peer, $answer;
		}
		close $peer;
		POSIX::_exit(0);
	});
}

# name => [exit code, what differs from a connection that works]
my %cases = (
	all_is_well => [0],
	without_tunnel => [0, ssh_tunnel => 0],
	known_by_line => [0, ssh_tunnel => { host_key => undef,
		known_hosts => $known }],
	over_a_socket => [0, host => $lab->postgres->socket_dir],
	direct_socket => [0, host => $lab->postgres->socket_dir,
		ssh_tunnel => 0],
	without_password => [0, password => undef],
	without_tls => [0, ssl => 'disable'],
	jump_refused => [12, ssh_tunnel => { port => $closed,
		host_key => 'any' }],
	not_ssh => [13, ssh_tunnel => { port => $http->port,
		host_key => 'any' }],
	host_key_unknown => [14, ssh_tunnel => { host_key => undef,
		known_hosts => $lab->dir . '/none' }],
	known_hosts_unreadable => [14, ssh_tunnel => { host_key => undef,
		known_hosts => $lab->dir }],
	key_rejected => [15, ssh_tunnel => {
		private_key => private('stranger') }],
	password_rejected => [15, box => $with_password, ssh_tunnel => {
		auth_method => 'password', private_key => undef,
		password => $lab->secret('a-wrong-password') }],
	key_left_out => [15, ssh_tunnel => { private_key => '<redacted>' }],
	agent_refuses => [15, ssh_tunnel => { auth_method => 'agent',
		private_key => undef }],
	forward_denied => [16, box => $no_forwards],
	permitopen => [16, box => $others_only],
	refused => [21, port => $closed],
	refused_directly => [21, port => $closed, ssh_tunnel => 0],
	black_hole => [23, port => $hole->{port}],
	no_socket => [24, host => $lab->dir . '/nowhere', port => 5432],
	silent => [26, port => $mute->port, connection_timeout => 1],
	closed => [25, port => $closes->port],
	hangs_up => [25, port => $hangs_up->port],
	not_postgres => [27, port => $http->port],
	tls_absent => [28, host => '127.0.0.1', ssl => 'require',
		port => undef],
	tls_alert => [28, port => $alerts->port, ssl => 'require'],
	client_key_left_out => [28, ssl_config => { mode => 'require',
		client_cert => cert('guest'), client_key => '<redacted>' }],
	wrong_password => [29, password => $lab->secret('not-this-one')],
	no_such_database => [29, database => 'nothere'],
	no_hba_entry => [29, username => 'stranger'],
	no_connection_left => [29, database => 'full', username => 'app'],
);
my $plain = PgJump::Postgres->new(dir => $lab->dir, name => 'plain',
    conf => { ssl => 'off' });
$cases{tls_absent} = [28, ssl => 'require', port => $plain->port];

my @connections = map {
	my ($code, %change) = @{ $cases{$_} };
	$lab->connection($_, %change);
} sort keys %cases;
my $daemon = $lab->new_daemon(\@connections, open_timeout => '1s',
    env => { SSH_AUTH_SOCK => $agent->path });

for my $name (sort keys %cases) {
	my $seen = $daemon->check($name);

	subtest $name => sub {
		is($seen->{rc}, $cases{$name}[0], 'exit code');
		unlike($seen->{err}, qr/^(?!.*warning: )./m,
		    'no word on stderr but warnings');
		golden($lab, "check/$name.txt", $seen->{out});
		unlike($seen->{out}, qr/[^\n -~]/, 'plain ASCII');
		is_deeply([grep { index($seen->{out}, $_) >= 0 }
			@{ $lab->{secrets} }, 'PRIVATE KEY'], [],
		    'no secret');
	};
}

subtest 'several come in the order named' => sub {
	my @names = qw(black_hole all_is_well refused);
	my $seen = $daemon->check(@names);

	is($seen->{rc}, 23, 'the exit code of the first that failed');
	is_deeply([$seen->{out} =~ /^(\w+): /mg], \@names, 'the order');
	golden($lab, 'check/several.txt', $seen->{out});
	is($daemon->check(qw(all_is_well refused black_hole))->{rc}, 21,
	    'of the first in that order');
};

subtest 'keys that cannot be used' => sub {
	my $file = $lab->dir . '/nowhere';
	for my $case (
		['a wrong passphrase', qr/passphrase/, {
			private_key => private('ed25519-locked'),
			private_key_passphrase => 'wrong' }],
		['no file', qr/private_key_file: .*\Q$file\E/, {
			private_key => undef, private_key_file => $file }],
	) {
		my ($what, $says, $tunnel) = @$case;
		my $seen = $lab->new_daemon([$lab->connection('bad',
			ssh_tunnel => $tunnel)])->check;

		is($seen->{rc}, 1, "$what: exit code");
		is($seen->{out}, '', 'nothing is checked');
		like($seen->{err}, qr/\.yaml:\d+:\d+: .*$says/, 'where, and why');
	}
};

subtest 'names that are not known' => sub {
	my $seen = $daemon->check('all_is_wel');

	is($seen->{rc}, 1, 'exit code');
	is($seen->{out}, '', 'nothing is checked');
	like($seen->{err}, qr/all_is_wel.*all_is_well/, 'the nearest is told');
};

$lab->done;
