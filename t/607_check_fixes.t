# SPDX-License-Identifier: PostgreSQL
#
# What pgjump check prints as the fix is one: followed to the letter, it turns
# the check green, and lets in no more than it says.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(public);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $files = 0;

# The text of a check; the lines it says to add, to which file; its exit code.
sub check($connection)
{
	my $file = spew("$dir/check.$files.yaml",
	    JSON::PP->new->encode($connection), 0600);
	my $seen = PgJump::Daemon::command(['-c', $file, 'check'],
	    dir => $dir, clean_env => 1, env => { HOME => "$dir/home" });
	my ($where, $lines) = $seen->{out} =~
	    /^  Add to (.*):\n((?:    .*\n)+)/m;

	$files++;
	return { %$seen, where => $where // '',
		lines => ($lines // '') =~ s/^    //gmr };
}

sub fails($connection, $code, $says, $what)
{
	my $seen = check($connection);

	is($seen->{rc}, $code, "$what: exit $code") or diag($seen->{out});
	like($seen->{out}, $says, 'the verdict');
	return $seen;
}

sub is_green($connection, $what)
{
	my $seen = check($connection);

	is($seen->{rc}, 0, $what) or diag("$seen->{out}$seen->{err}");
	like($seen->{out}, qr/^  ok +\d+ ms  server +PostgreSQL \d/m,
	    'down to the server');
}

subtest 'a line for known_hosts' => sub {
	my $box = $lab->new_box;
	my $file = spew("$dir/known", "# nothing yet\n");
	my $connection = $lab->connection('c', box => $box,
	    ssh_tunnel => { host_key => undef, known_hosts => $file });
	my $seen = fails($connection, 14, qr/is not known.*\[jump_hostkey\]/,
	    'not known');
	is($seen->{where}, "$file, once compared", 'where it belongs');
	spew($file, slurp($file) . $seen->{lines});
	is_green($connection, 'known');
	$box->down;
};

subtest 'a pin' => sub {
	my $box = $lab->new_box;
	my $connection = $lab->connection('c', box => $box, ssh_tunnel => {
		host_key => PgJump::Keys::fingerprint('host-other') });
	my $seen = fails($connection, 14, qr/is not the pinned one/, 'wrong');
	my ($pin) = $seen->{lines} =~ /^host_key: (SHA256:\S+)$/;
	$connection->{ssh_tunnel}{host_key} = $pin;
	is_green($connection, 'right');
	$box->down;
};

subtest 'a line for authorized_keys' => sub {
	my $box = $lab->new_box(authorized => []);
	my $connection = $lab->connection('c', box => $box);
	my $seen = fails($connection, 15, qr/rejected the key.*\[jump_auth\]/,
	    'rejected');
	my ($key) = public('ed25519') =~ /^(\S+ \S+)/;
	like($seen->{where}, qr{^~\Q@{[$box->user]}\E/\.ssh/authorized_keys},
	    'where it belongs');
	like($seen->{lines}, qr/^restrict,port-forwarding,permitopen="127\.0
	    \.0\.1:$connection->{port}"\ \Q$key\E(?:\ \S+)?$/x,
	    'the least that is needed');
	$box->authorize(split /\n/, $seen->{lines});
	is_green($connection, 'authorized');
	my $other = $lab->connection('other', box => $box, port => reserve());
	fails($other, 16, qr/does not permit.*\[forward_denied\]/,
	    'for another database');
	$box->down;
};

subtest 'a key that is restricted too much' => sub {
	my $box = $lab->new_box(authorized =>
	    ['restrict ' . public('ed25519')]);
	my $connection = $lab->connection('c', box => $box);
	my $seen = fails($connection, 16, qr/\[forward_denied\]/, 'denied');
	my ($options) = $seen->{out} =~
	    /its line must begin with (restrict,\S+")\.$/m;
	$box->authorize(($options // '') . ' ' . public('ed25519'));
	is_green($connection, 'permitted');
	$box->down;
};

# What forbids forwarding; the same lines at the end of sshd_config permit it.
for my $case (
	['AllowTcpForwarding', 'no'],
	['DisableForwarding', 'yes'],
	['PermitOpen', 'none'],
	['PermitOpen', '192.0.2.1:5432'],
) {
	my ($key, $value) = @$case;
	subtest "$key $value" => sub {
		my $box = $lab->new_box(config => { $key => $value },
		    name => "box$files");
		my $connection = $lab->connection('c', box => $box);
		my $seen = fails($connection, 16, qr/\[forward_denied\]/,
		    'denied');
		like($seen->{where}, qr/^sshd_config/, 'where they belong');
		my $file = "$dir/$box->{name}.config";
		my $mark = $box->process->mark;
		spew($file, slurp($file) . $seen->{lines});
		$box->process->signal('HUP')
		    ->up(qr/Server listening/, 20, $mark);
		is_green($connection, 'permitted');
		$box->down;
	};
}

subtest 'a line for pg_hba.conf' => sub {
	my $pg = PgJump::Postgres->new(dir => $dir, name => 'closed',
	    hba => "local all all trust\nhost all all 0.0.0.0/0 reject\n"
		. "host all all ::/0 reject\n");
	my $hba = $pg->socket_dir . '/data/pg_hba.conf';
	for my $connection (
		$lab->connection('tunnelled', port => $pg->port),
		$lab->connection('direct', port => $pg->port,
			ssh_tunnel => 0),
	) {
		my $before = slurp($hba);
		my $seen = fails($connection, 29, qr/\[db_rejected\]/,
		    "$connection->{name}: rejected");
		is($seen->{lines},
		    "host myapp readonly 127.0.0.1/32 scram-sha-256\n",
		    'for the address it sees');
		spew($hba, $seen->{lines} . $before);
		$pg->sql('select pg_reload_conf()');
		eventually(20, sub { !check($connection)->{rc} });
		is_green($connection, 'permitted');
		spew($hba, $before);
		$pg->sql('select pg_reload_conf()');
		eventually(20, sub { check($connection)->{rc} != 0 });
	}
	$pg->down;
};

subtest 'what the database says of the login' => sub {
	my $connection = $lab->connection('c', password => 'wrong');
	my $seen = fails($connection, 29, qr/password authentication failed/,
	    '28P01');
	like($seen->{out}, qr/^  Fix: Correct username or password/m, 'fix');
	$connection->{password} = PgJump::Postgres::PASSWORD;
	is_green($connection, 'the right password');

	$connection->{database} = 'made_later';
	$seen = fails($connection, 29, qr/"made_later" does not exist/, '3D000');
	like($seen->{out}, qr/^  Fix: .*create that database\.$/m, 'fix');
	$lab->postgres->sql('create database made_later');
	is_green($connection, 'a database that was created');
};

subtest 'TLS, required and refused' => sub {
	my $strict = PgJump::Postgres->new(dir => $dir, name => 'strict',
	    hba => "local all all trust\n"
		. "hostnossl all all 0.0.0.0/0 reject\n");
	my $connection = $lab->connection('c', port => $strict->port,
	    ssl => 'disable');
	my $seen = fails($connection, 29, qr/\[db_rejected\]/,
	    'in the clear');
	like($seen->{out}, qr/^  Fix: .*set ssl_config\.mode to require\.$/m,
	    'the fix');
	delete $connection->{ssl};
	$connection->{ssl_config} = { mode => 'require' };
	is_green($connection, 'in TLS');
	$strict->down;

	my $bare = PgJump::Postgres->new(dir => $dir, name => 'bare',
	    conf => { ssl => 'off' });
	$connection->{port} = $bare->port;
	$seen = fails($connection, 28, qr/\[db_tls\]/, 'none is offered');
	like($seen->{out}, qr/^  Fix: .*ssl/m, 'the fix');
	$connection->{ssl_config}{mode} = 'prefer';
	is_green($connection, 'where it may be in the clear');
	$bare->down;
};

$lab->done;
