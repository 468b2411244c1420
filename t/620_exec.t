# SPDX-License-Identifier: PostgreSQL
#
# pgjump exec: a command finds the database without an argument, through one
# login, and ends as it would by itself.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Exec;
use PgJump::Lab;
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually slurp);
use Test::More;

my $lab = PgJump::Lab->new;
my $closed = reserve();
my $exec = PgJump::Exec->new(lab => $lab, connections => [
	$lab->connection('orders', allow_from => ['192.0.2.0/24'],
		listen => '127.0.0.1:' . reserve()),
	$lab->connection('no_password', password => undef),
	$lab->connection('direct', ssh_tunnel => undef),
	$lab->connection('broken', port => $closed),
	$lab->connection('odd', password => 'a:b\\c', database => undef,
		username => undef),
]);
my $psql = PgJump::Postgres::bin('psql');
my @psql = ($psql, '-XAtq');
my $who = "select current_user || ' ' || current_database()";

sub env_of($seen)
{
	return map { /^(\w+)=(.*)/ ? ($1 => $2) : () } split /\n/, $seen->{out};
}

subtest 'psql needs no argument, and sshd sees one login' => sub {
	my $before = PgJump::Exec::logins($lab->box);
	my $seen = $exec->run_to_end('orders', @psql, '-c', $who);

	is($seen->{out}, "readonly myapp\n", 'the answer, and nothing else');
	is($seen->{err}, '', 'nothing on stderr');
	is($seen->{rc}, 0, 'exit 0');
	is(PgJump::Exec::logins($lab->box) - $before, 1, 'one login');
	$seen = $exec->run_to_end('--no-check', 'orders', '--', @psql, '-c',
	    $who);
	is($seen->{out}, "readonly myapp\n", '--no-check, and -- before it');
	is(PgJump::Exec::logins($lab->box) - $before, 2, 'one more login');
	$seen = $exec->run_to_end('direct', @psql, '-c', $who);
	is($seen->{out}, "readonly myapp\n", 'without a jump box');
	is($seen->{err}, '', 'nothing on stderr');
};

subtest 'jump boxes behind one another: one login at each' => sub {
	my $inner = $lab->new_box(name => 'inner');
	my $outer = $lab->connection('outer')->{ssh_tunnel};
	delete $outer->{enabled};
	my $chain = PgJump::Exec->new(lab => $lab, connections => [
		$lab->connection('inner', box => $inner,
			ssh_tunnel => { via => $outer })]);
	my $before = PgJump::Exec::logins($lab->box);
	my $seen = $chain->run_to_end('inner', @psql, '-c', $who);

	is($seen->{out}, "readonly myapp\n", 'the answer')
	    or diag($seen->{err});
	is($seen->{err}, '', 'nothing on stderr');
	is(PgJump::Exec::logins($lab->box) - $before, 1, 'the outer one');
	is(PgJump::Exec::logins($inner), 1, 'the inner one');
};

subtest 'pg_dump, and standard input' => sub {
	my $seen = $exec->run_to_end('orders', PgJump::Postgres::bin('pg_dump'),
	    '-s');
	is($seen->{rc}, 0, 'pg_dump: exit 0') or diag($seen->{err});
	like($seen->{out}, qr/PostgreSQL database dump complete/, 'a dump');
	$seen = $exec->run_to_end('orders', @psql,
	    { stdin => "select 6 * 7;\n" });
	is($seen->{out}, "42\n", 'a script on standard input');
	$seen = $exec->run_to_end('orders', 'cat', { stdin => "x" x 200000 });
	is(length $seen->{out}, 200000, 'passes unread');
};

subtest 'variables of another database do not win' => sub {
	my %other = (PGHOSTADDR => '192.0.2.1', PGSERVICE => 'other',
		PGREQUIREAUTH => 'none', PGSSLNEGOTIATION => 'direct',
		PGPASSWORD => 'other', PGHOST => 'other', PGPORT => '1',
		PGUSER => 'other', PGDATABASE => 'other',
		PGPASSFILE => '/nonexistent', PGJUMP_CONFIG_TEXT => 'secret',
		OTHER => 'stays');
	my $seen = $exec->run_to_end('orders', @psql, '-c', $who,
	    { env => \%other });
	is($seen->{out}, "readonly myapp\n", 'psql') or diag($seen->{err});
	my %env = env_of($exec->run_to_end('orders', 'env',
		{ env => \%other }));
	is_deeply([grep { exists $env{$_} } qw(PGHOSTADDR PGSERVICE
		PGREQUIREAUTH PGSSLNEGOTIATION PGPASSWORD PGJUMP_CONFIG_TEXT)],
	    [], 'they are removed');
	is($env{PGHOST}, '127.0.0.1', 'PGHOST');
	like($env{PGPORT}, qr/^[1-9]\d+\z/, 'PGPORT');
	is($env{PGUSER}, 'readonly', 'PGUSER');
	is($env{PGDATABASE}, 'myapp', 'PGDATABASE');
	is($env{OTHER}, 'stays', 'others stay');
	%env = env_of($exec->run_to_end('--keep-env', 'orders', 'env',
		{ env => \%other }));
	is($env{$_}, $other{$_}, "--keep-env leaves $_")
	    for qw(PGHOSTADDR PGSERVICE PGREQUIREAUTH PGSSLNEGOTIATION
	    PGPASSWORD);
	ok(!exists $env{PGJUMP_CONFIG_TEXT}, 'never the configuration');
	%env = env_of($exec->run_to_end('no_password', 'env',
		{ env => \%other }));
	is($env{PGPASSWORD}, 'other', 'without a password PGPASSWORD stays');
	is($env{PGPASSFILE}, '/nonexistent', 'and PGPASSFILE');
};

subtest 'the password is in a file that nobody else can read' => sub {
	my $script = 'cat "$PGPASSFILE"; stat -Lc "%a %F" "$PGPASSFILE";'
	    . ' tr "\\0" " " </proc/$PPID/cmdline; echo "$PGPASSFILE"';
	my $seen = $exec->run_to_end('orders', 'sh', '-c', $script);
	my ($first, $second, $mode, $argv) = split /\n/, $seen->{out};
	my ($path) = $seen->{out} =~ m{(/proc/\d+/fd/\d+)$}m;
	my $password = PgJump::Postgres::PASSWORD;

	like($first, qr/^127\.0\.0\.1:\d+:\*:readonly:\Q$password\E$/, 'IPv4');
	like($second, qr/^localhost:\d+:\*:readonly:\Q$password\E$/, 'a name');
	is($mode, '600 regular file', 'mode 0600');
	unlike($argv, qr/\Q$password\E/, 'not in argv');
	ok(!-e $path, 'it is gone with pgjump');
	$seen = $exec->run_to_end('--no-check', 'odd', 'sh', '-c',
	    'cat "$PGPASSFILE"');
	like($seen->{out}, qr/^127\.0\.0\.1:\d+:\*:\*:a\\:b\\\\c$/m,
	    'special characters are escaped');
	$seen = $exec->run_to_end('orders', @psql, '-h', 'localhost', '-c',
	    'select 1');
	is($seen->{out}, "1\n", '-h localhost works, too')
	    or diag($seen->{err});
};

subtest '--set names the database in other words' => sub {
	my $seen = $exec->run_to_end('--set', 'DATABASE_URL=uri', '--set',
	    'SPRING=jdbc', 'orders', 'env');
	my %env = env_of($seen);
	my $at = qr/127\.0\.0\.1:$env{PGPORT}\/myapp/;

	like($env{DATABASE_URL}, qr/^postgresql:\/\/readonly:[^@]+\@$at\z/,
	    'a URI');
	like($env{SPRING}, qr/^jdbc:postgresql:\/\/$at\?user=readonly&/,
	    'a JDBC URL');
	is($exec->run_to_end('--set', 'DATABASE_URL=uri', 'orders', 'sh',
		'-c', "env -u PGPORT $psql -XAtqc 'select 1' "
		    . '"$DATABASE_URL"')->{out}, "1\n", 'psql takes it');
	for my $case (['X=nonsense', qr/the formats are uri, keyword/],
		['uri', qr/the name of a variable comes first/],
		['X=pgpass', qr/several lines/]) {
		my ($set, $says) = @$case;

		$seen = $exec->run_to_end('--set', $set, 'orders', 'echo');
		is($seen->{rc}, 1, "--set $set: exit 1");
		like($seen->{err}, $says, 'and says why');
	}
};

# The command, the exit status, and what stderr has.
for my $case (
	[['sh', '-c', 'exit 7'], 7, qr/^\z/],
	[['sh', '-c', 'kill -TERM $$'], 143, qr/^\z/],
	[['sh', '-c', 'kill -KILL $$'], 137, qr/^\z/],
	[['sh', '-c', 'kill -INT $$'], 130, qr/^\z/],
	[['/nonexistent/command'], 127, qr/command: No such file/],
	[['no-such-command'], 127, qr/no-such-command: No such file/],
	[['/etc/passwd'], 126, qr/passwd: Permission denied/],
	[[$psql, '-c', 'nonsense'], 1, qr/syntax error/],
) {
	my ($command, $rc, $says) = @$case;
	subtest "the exit status of @$command" => sub {
		my $seen = $exec->run_to_end('--no-check', 'direct', @$command);

		is($seen->{rc}, $rc, "exit $rc");
		like($seen->{err}, $says, 'stderr');
		is($seen->{out}, '', 'nothing on stdout');
	};
}

subtest 'no command runs where the database is out of reach' => sub {
	my $seen = $exec->run_to_end('broken', 'echo', 'ran');
	is($seen->{rc}, 21, 'the code of db_refused');
	is($seen->{out}, '', 'nothing on stdout, and it did not run');
	like($seen->{err}, qr/\[db_refused\].*^  Fix: \w/ms, 'the report');
	$seen = $exec->run_to_end('brokne', 'echo', 'ran');
	is($seen->{rc}, 1, 'an unknown name: exit 1');
	like($seen->{err}, qr/did you mean "broken"/, 'which may be meant');
	$seen = $exec->run_to_end('--user', 'no-such-user', 'orders', 'echo');
	is($seen->{rc}, 1, 'an unknown user: exit 1');
	like($seen->{err}, qr/no user of this name/, 'says so');
};

subtest 'the command gets what pgjump was started with' => sub {
	my $script = 'ulimit -n; ulimit -c; cat /proc/self/coredump_filter;'
	    . ' grep -E "^Sig(Blk|Ign)" /proc/self/status; ls /proc/self/fd';
	my $limits = 'ulimit -Sn 77; ulimit -Sc 0; trap "" USR2; '
	    . 'echo 0x3f >/proc/self/coredump_filter; exec 5</dev/null; '
	    . 'exec "$@"';
	my @wrap = ('sh', '-c', $limits, 'sh');
	my $alone = PgJump::Process::run([@wrap, 'sh', '-c', $script]);
	my $seen = $exec->run_to_end('--no-check', 'direct', 'sh', '-c',
	    $script, { wrap => \@wrap });

	like($seen->{out}, qr/^77\n0\n0*3f\n/, 'the limits');
	# Those from 32 on are the C library's own.
	s/^(Sig\w+:\t)[0-9a-f]{9}/$1/mg for $seen->{out}, $alone->{out};
	is($seen->{out}, $alone->{out}, 'and signals, and descriptors');
};

subtest 'two side by side' => sub {
	my @both = map { $exec->start('orders', @psql, '-c',
		"select pg_sleep(1), 'one of two'") } 1 .. 2;

	is($_->wait_end(60), 'exit 0', 'exit 0') for @both;
	like($_->text, qr/^\|one of two$/m, 'an answer') for @both;
};

is_deeply([grep { /\Qdb-password-here\E/ } map { slurp($_) }
	glob $lab->dir . '/exec*.log'], [], 'no password is printed');
$lab->done;
