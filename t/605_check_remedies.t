# SPDX-License-Identifier: PostgreSQL
#
# Fixes that pgjump check words as a sentence are followed, and the check turns
# green.  Fixes that are lines for a file are in 603_check_fixes.t.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(public);
use PgJump::Process qw(eventually run slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;

sub check($connection)
{
	my $file = spew("$dir/check.yaml",
	    JSON::PP->new->encode($connection), 0600);

	return PgJump::Daemon::command(['-c', $file, 'check'], dir => $dir,
	    clean_env => 1, env => { HOME => "$dir/home" });
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

subtest 'a key that stands there already' => sub {
	plan skip_all => 'only root can make a user'
	    unless PgJump::User::possible();
	my $name = $lab->user->name;
	my $box = $lab->new_box(user => $name);
	my $connection = $lab->connection('c', box => $box);
	is_green($connection, 'it does');

	run(['usermod', '-L', $name]);
	my $seen = fails($connection, 15, qr/rejected the key/, 'locked');
	like($seen->{out}, qr/^  Fix: .*; if it is there already, .*locked/m,
	    'the fix names it');
	my ($command) = $seen->{out} =~ /^  Run on the jump box:\n    (.*)\n/m;
	like(run(['sh', '-c', $command // 'false'])->{out}, qr/^$name L /m,
	    'the command shows it');
	run(['usermod', '-U', $name]);
	is_green($connection, 'unlocked');
	$box->down;

	$box = $lab->new_box(user => $name,
	    config => { AllowUsers => 'root' });
	$connection = $lab->connection('c', box => $box);
	$seen = fails($connection, 15, qr/rejected the key/, 'not allowed');
	like($seen->{out}, qr/^  Fix: .*AllowUsers/m, 'the fix names it');
	$box->down;
};

subtest 'pg_hba.conf, without a tunnel' => sub {
	my $pg = PgJump::Postgres->new(dir => $dir, name => 'closed',
	    hba => "local all all trust\nhost all all 0.0.0.0/0 reject\n");
	my $hba = $pg->socket_dir . '/data/pg_hba.conf';
	my $connection = $lab->connection('direct', port => $pg->port,
	    ssh_tunnel => 0);
	my $seen = fails($connection, 29, qr/\[db_rejected\]/, 'rejected');
	like($seen->{out}, qr/Fix: Permit the address 127\.0\.0\.1 in .*: the database sees this machine/,
	    'this machine is to be permitted');
	my ($line) = $seen->{out} =~ /^    (host .*\n)/m;
	spew($hba, ($line // '') . slurp($hba));
	$pg->sql('select pg_reload_conf()');
	eventually(20, sub { !check($connection)->{rc} });
	is_green($connection, 'permitted');
	$pg->down;
};

# Do what check says: psql asks for the password, here without a terminal.
sub set_password($pg, $connection, @fails)
{
	my $password = $lab->secret('as-it-should-be');
	my $seen = fails($connection, @fails);
	my ($command) = $seen->{out} =~
	    /^  Run on the database server:\n    (.*)\n/m;
	my $bin = PgJump::Postgres::bin('psql') =~ s{/psql\z}{}r;
	my $ran = run(['setsid', '-w', 'sh', '-c', $command // 'false'],
	    stdin => "$password\n$password\n", env => {
		PATH => "$bin:$ENV{PATH}", PGUSER => 'postgres',
		PGHOST => $pg->socket_dir, PGPORT => $pg->port,
		PGDATABASE => 'myapp' });

	is($ran->{rc}, 0, 'the command runs as it stands')
	    or diag("$command: $ran->{err}");
	$connection->{password} = $password;
	is_green($connection, 'then it is green');
}

subtest 'a password of the database' => sub {
	my $pg = PgJump::Postgres->new(dir => $dir, name => 'strangers',
	    hba => "local all all trust\nhost all all all scram-sha-256\n");
	my $connection = $lab->connection('c', port => $pg->port,
	    username => "Odd 'one",
	    connection_timeout => 3 * $PgJump::Process::PATIENCE);

	$pg->sql(q(create role "Odd 'one" login));
	set_password($pg, $connection, 29, qr/password authentication failed/,
	    'there is none');
	# A verifier that PostgreSQL accepts and no client can compute.
	$pg->sql(q(update pg_authid set rolpassword =
		regexp_replace(rolpassword, '\\$[0-9]+:', '$2000000000:')
		where rolname = 'Odd ''one'));
	set_password($pg, $connection, 26, qr/more than .* to compute/,
	    'without an end');
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

subtest 'the command for a socket in an odd place' => sub {
	my $odd = "$dir/it's an \$odd one";
	my $connection = $lab->connection('odd', host => $odd, port => 5432);

	mkdir $odd;
	spew("$odd/.s.PGSQL.5432", '');
	my $seen = fails($connection, 24, qr/\[db_unreached\]/, 'no socket');
	my ($command) = $seen->{out} =~ /^  Run on the jump box:\n    (.*)\n/m;
	my $ran = run(['sh', '-c', $command // 'false']);
	is($ran->{rc}, 0, 'a shell runs it as it stands') or diag($ran->{err});
	like($ran->{out}, qr/\Q$odd\E/, 'and it shows what is there');
};

subtest 'TLS, required and refused' => sub {
	my $strict = PgJump::Postgres->new(dir => $dir, name => 'strict',
	    hba => "local all all trust\n"
		. "hostnossl all all 0.0.0.0/0 reject\n");
	my $connection = $lab->connection('c', port => $strict->port,
	    ssl => 'disable');
	my $seen = fails($connection, 29, qr/\[db_rejected\]/,
	    'in the clear');
	like($seen->{out}, qr/^  Fix: Set ssl to require, or ssl_config\.mode/m,
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
