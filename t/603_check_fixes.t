# SPDX-License-Identifier: PostgreSQL
#
# The fix that `pgjump check` prints is the fix: each line is put where it
# belongs, and the check turns green; and it gives no more than is needed.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Agent;
use PgJump::Keys qw(fingerprint public);
use PgJump::Pki qw(cert cert_file key key_file);
use PgJump::Process qw(slurp spew);

my $lab = PgJump::Lab->new;
my $postgres = $lab->postgres;

# The report on the only connection of a configuration.
sub report($connection, %global)
{
	my $daemon = $lab->new_daemon([$connection], %global);
	my $seen = $daemon->check('--json');

	return JSON::PP::decode_json($seen->{out});
}

# It fails at this stage, with lines for this file; returns the lines.
sub fix($connection, $stage, $file, %global)
{
	my $report = report($connection, %global);

	is($report->{stage}, $stage, 'it fails');
	like($report->{file}, $file, 'the fix is for the right file');
	cmp_ok(scalar(@{ $report->{lines} }), '>=', 1, 'and has lines');
	return @{ $report->{lines} };
}

sub is_green($connection, %global)
{
	my $report = report($connection, %global);

	is($report->{status}, 'ok', 'then the check turns green')
	    or diag($report->{message});
}

subtest 'authorized_keys' => sub {
	my $box = $lab->new_box(authorized => []);
	my $connection = $lab->connection('unauthorized', box => $box);
	my @lines = fix($connection, 'jump_auth',
	    qr{^~\S+/\.ssh/authorized_keys on the jump box});

	is(@lines, 1, 'one line');
	like($lines[0], qr/^restrict,port-forwarding,permitopen="127\.0\.0\.1:/,
	    'with the least privilege');
	like($lines[0], qr/\d" ssh-ed25519 AAAA\S+ lab$/, 'and the key');
	$box->authorize(@lines);
	is_green($connection);
	is(report($lab->connection('elsewhere', box => $box, port => 1))
	    ->{stage}, 'forward_denied', 'and nothing else is permitted');
};

subtest 'authorized_keys, with a key that an agent holds' => sub {
	my $agent = PgJump::Agent->new(dir => $lab->dir, name => 'agent',
	    keys => ['agent1']);
	my $box = $lab->new_box(authorized => []);
	my $connection = $lab->connection('agent', box => $box,
	    ssh_tunnel => { auth_method => 'agent', private_key => undef });
	my @env = (env => { SSH_AUTH_SOCK => $agent->path });
	my @lines = fix($connection, 'jump_auth', qr/authorized_keys/, @env);

	like($lines[0], qr/ ssh-ed25519 AAAA\S+ lab$/, 'that key');
	$box->authorize(@lines);
	is_green($connection, @env);
};

subtest 'keys of the agent at agent_socket' => sub {
	my ($other, $agent) = map {
		PgJump::Agent->new(dir => $lab->dir, name => "at $_",
		    keys => ["agent$_"])
	} 2, 3;
	my $box = $lab->new_box(authorized => []);
	my %tunnel = (auth_method => 'agent', private_key => undef,
		agent_socket => $agent->path);
	my $connection = $lab->connection('agent', box => $box,
	    ssh_tunnel => \%tunnel);
	my @env = (env => { SSH_AUTH_SOCK => $other->path });
	my @lines = fix($connection, 'jump_auth', qr/authorized_keys/, @env);
	my ($blob) = public('agent3') =~ / (\S+)/;

	like($lines[0], qr/ \Q$blob\E /, 'that one\'s key');
	$box->authorize(@lines);
	is_green($connection, @env);
	my $report = report($lab->connection('absent', box => $box,
		ssh_tunnel => { %tunnel, private_key => public('rsa') }), @env);
	is($report->{command}, "SSH_AUTH_SOCK='" . $agent->path
	    . "' ssh-add -l", 'and the command that asks it');
	unlike("@{ $report->{remarks} }", qr/was tried/,
	    'a key that it does not hold was not tried');
	$report = report($lab->connection('dead', box => $box,
		ssh_tunnel => { %tunnel, private_key => public('rsa'),
			agent_socket => '/nowhere/agent' }), @env);
	is($report->{stage}, 'jump_auth', 'an agent that is not there');
	unlike("@{ $report->{remarks} }", qr/was tried/, 'nothing was tried');
};

subtest 'no line for one of several keys of an agent' => sub {
	my $agent = PgJump::Agent->new(dir => $lab->dir, name => 'several',
	    keys => [map { "agent$_" } 1 .. 7]);
	my $box = $lab->new_box(authorized => []);
	my $report = report($lab->connection('several', box => $box,
		ssh_tunnel => { auth_method => 'agent',
			private_key => undef }),
	    env => { SSH_AUTH_SOCK => $agent->path });

	is($report->{stage}, 'jump_auth', 'it fails');
	is_deeply($report->{lines} // [], [], 'which it is, is not known');
	is($report->{command}, 'ssh-add -L', 'but where to choose from');
};

subtest 'known_hosts' => sub {
	my $file = $lab->dir . '/known';
	my $connection = $lab->connection('unknown', ssh_tunnel => {
		host_key => undef, known_hosts => $file });
	my @lines = fix($connection, 'jump_hostkey', qr/^\Q$file\E/);

	spew($file, join '', map { "$_\n" } @lines);
	is_green($connection);
};

subtest 'known_hosts under an alias' => sub {
	my $file = $lab->dir . '/known_by_alias';
	my $connection = $lab->connection('aliased', ssh_tunnel => {
		host_key => undef, known_hosts => $file,
		host_key_alias => 'bastion' });
	my @lines = fix($connection, 'jump_hostkey', qr/^\Q$file\E/);

	like($lines[0], qr/^bastion ssh-ed25519 /, 'names it alone');
	spew($file, join '', map { "$_\n" } @lines);
	is_green($connection);
};

subtest 'a pin' => sub {
	my %wrong = (host_key => fingerprint('host-other'));
	my @lines = fix($lab->connection('pinned', ssh_tunnel => \%wrong),
	    'jump_hostkey', qr/^ssh_tunnel/);
	my ($pin) = $lines[0] =~ /^host_key: (SHA256:\S+)$/;

	is_green($lab->connection('pinned', ssh_tunnel => {
		host_key => $pin }));
};

for my $setting ([AllowTcpForwarding => 'no'], [DisableForwarding => 'yes'],
	[PermitOpen => '127.0.0.1:1']) {
	subtest "sshd_config: @$setting" => sub {
		my $box = $lab->new_box(config => { @$setting });
		my $connection = $lab->connection('denied', box => $box);
		my @lines = fix($connection, 'forward_denied',
		    qr/^sshd_config on the jump box/);

		$box->down;
		$box->{last_lines} = \@lines;
		$box->start;
		is_green($connection);
		is(report($lab->connection('elsewhere', box => $box,
			port => 1))->{stage}, 'forward_denied',
		    'and nothing else is permitted');
	};
}

# pg_hba.conf lets clients in with TLS only.
my $hostssl = PgJump::Postgres->new(dir => $lab->dir, name => 'hostssl',
    conf => { ssl_cert_file => owned(cert_file('db'), 0644),
	ssl_key_file => owned(key_file('db'), 0600) },
    hba => "hostnossl all all all reject\n");

sub owned($file, $mode)
{
	my $to = $lab->dir . '/' . $file =~ s{.*/}{}r;

	spew($to, slurp($file), $mode);
	PgJump::Postgres::own($to);
	return $to;
}

for my $case (
	['ssl: false', ssl => $lab->false],
	['client_tls: terminate', client_tls => 'terminate',
		tls_cert => cert('door'), tls_key => key('door')],
) {
	my ($what, %is) = @$case;

	subtest "a database with hostssl lines only, and $what" => sub {
		my @of = ('clear', port => $hostssl->port, %is);
		my @lines = fix($lab->connection(@of), 'db_rejected',
		    qr/^this connection/);

		is_deeply(\@lines, ['ssl: require'], 'TLS, and no host line');
		is_green($lab->connection(@of, ssl => 'require'));
	};
}

subtest 'pg_hba.conf' => sub {
	my $file = $postgres->socket_dir . '/data/pg_hba.conf';
	my $connection = $lab->connection('stranger',
	    username => 'new "one"');
	my @lines = fix($connection, 'db_rejected', qr/^pg_hba\.conf/);

	like($lines[0], qr{^host myapp "new ""one""" 127\.0\.0\.1/32 },
	    'it names the jump box as the database sees it');
	spew($file, join '', map { "$_\n" } @lines, slurp($file));
	PgJump::Postgres::own($file);
	$postgres->sql('SELECT pg_reload_conf()');
	$postgres->sql(q(CREATE ROLE "new ""one""" LOGIN PASSWORD ')
	    . PgJump::Postgres::PASSWORD . q('));
	is_green($connection);
};

$lab->done;
