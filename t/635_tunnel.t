# SPDX-License-Identifier: PostgreSQL
#
# pgjump tunnel: a line of ssh -L works when "ssh" is replaced by "pgjump
# tunnel", a shorter one does the same, and what it cannot do is refused.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Agent;
use PgJump::Exec;
use PgJump::Keys;
use PgJump::Lab;
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run slurp spew);
use Test::More;

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $box = $lab->box;
my $user = $box->user;
my $pg = $lab->postgres->port;
my $known = spew("$dir/known", $box->known_line . "\n");
my $key = spew("$dir/key", PgJump::Keys::private('ed25519'), 0600);
my $psql = PgJump::Postgres::bin('psql');
my @known = ('-o', "UserKnownHostsFile=$known");
my $password = PgJump::Postgres::PASSWORD;
mkdir "$dir/$_", 0700 for 'empty', 'home', 'home/.ssh';

# A pgjump tunnel in the background, in an environment of its own.
sub start(@arguments)
{
	state $count = 0;
	my %with = ref $arguments[-1] ? %{ pop @arguments } : ();

	return PgJump::Process->new(name => 'tunnel' . $count++, dir => $dir,
	    clean_env => 1, cwd => $with{cwd},
	    env => { PATH => $ENV{PATH}, HOME => $with{home} // "$dir/empty",
		%{ $with{env} // {} },
		(map { defined $ENV{$_} ? ($_ => $ENV{$_}) : () }
			qw(ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS)) },
	    argv => [PgJump::Daemon::program(), 'tunnel', @arguments])->start;
}

# What a person pastes from its output, with the rest of the address behind.
sub pasted($process, $number = 0)
{
	my @lines = $process->text =~ /^(psql ".*")$/mg;
	my $line = $lines[$number] // return { out => '', err => 'no line' };

	$line =~ s/^psql/$psql -XAtqc 'select current_user'/;
	$line =~ s/"\z/ dbname=myapp user=readonly password=$password"/;
	return run(['sh', '-c', $line], dir => $dir);
}

subtest 'a line of ssh' => sub {
	my ($one, $two) = (reserve(), reserve());
	my $process = start('-N', '-i', $key, @known, '-p', $box->port,
	    '-L', "$one:127.0.0.1:$pg", '-L', "127.0.0.1:$two:127.0.0.1:$pg",
	    "$user\@127.0.0.1");
	$process->up(qr/port=$two/);
	is($process->text, qq{psql "host=127.0.0.1 port=$one"\n}
		. qq{psql "host=127.0.0.1 port=$two"\n},
	    'a line to paste for each port, and nothing else');
	is(pasted($process, $_)->{out}, "readonly\n", "port $_ works")
	    for 0, 1;
	$process->signal('INT');
	is($process->wait_end, 'exit 130', 'Ctrl-C ends it');
	is(pasted($process)->{out}, '', 'and closes the port');
	is(PgJump::Exec::logins($box), 1, 'one login served all');
};

subtest 'options as ssh takes them' => sub {
	my $port = reserve();
	for my $arguments (
		['-i', 'key', '-l', $user, '-p', $box->port, '-L',
			"[::1]:$port:127.0.0.1:$pg", '127.0.0.1'],
		['-o', "IdentityFile $key", '-o', "User=$user", '-o',
			'Port=' . $box->port, '-o', 'StrictHostKeyChecking yes',
			'-L', "localhost:$port:127.0.0.1:$pg", '127.0.0.1'],
		['127.0.0.1', "-NL$port:127.0.0.1:$pg", '-l', $user,
			"-i$key", '-p' . $box->port],
	) {
		my $process = start(@known, @$arguments, { cwd => $dir });
		$process->up(qr/^psql/m);
		is(pasted($process)->{out}, "readonly\n", "@$arguments")
		    or diag($process->text);
		$process->down('INT');
	}
};

subtest 'the short form' => sub {
	my $process = start('-i', $key, @known, '-J', "$user\@127.0.0.1:"
		. $box->port, "127.0.0.1:$pg");
	$process->up(qr/port=64\d\d/);
	is(pasted($process)->{out}, "readonly\n", 'a port is chosen');
	my $second = start('-i', $key, @known, '-J', "$user\@127.0.0.1:"
		. $box->port, "127.0.0.1:$pg");
	$second->up(qr/^psql/m);
	isnt($second->text, $process->text, 'another one beside it');
	is(pasted($second)->{out}, "readonly\n", 'which works');
	$_->down('INT') for $process, $second;
	my $port = reserve();
	$process = start('-i', $key, @known, '-L', $port, '-J', '127.0.0.1',
	    '-l', $user, '-p', $box->port, "127.0.0.1:$pg");
	$process->up(qr/port=$port/);
	is(pasted($process)->{out}, "readonly\n", 'or the one of -L');
	$process->down('INT');
};

subtest 'what ssh tries by itself: an agent, usual files, known_hosts' => sub {
	my @way = ('-J', "$user\@127.0.0.1:" . $box->port, "127.0.0.1:$pg");
	my $agent = PgJump::Agent->new(dir => $dir, keys => ['ed25519']);
	my $process = start(@known, @way,
	    { env => { SSH_AUTH_SOCK => $agent->path } });
	$process->up(qr/^psql/m);
	is(pasted($process)->{out}, "readonly\n", 'a key of the agent');
	$process->down('INT');

	spew("$dir/home/.ssh/known_hosts", slurp($known), 0600);
	spew("$dir/home/.ssh/id_ed25519", slurp($key), 0600);
	$process = start(@way, { home => "$dir/home" });
	$process->up(qr/^psql/m);
	is(pasted($process)->{out}, "readonly\n", 'files below ~/.ssh');
	$process->down('INT');

	spew("$dir/home/.ssh/id_rsa", PgJump::Keys::private('rsa-locked'),
	    0600);
	$process = start(@way, { home => "$dir/home" });
	$process->up(qr/^psql/m);
	like($process->text, qr/id_rsa is not tried: .*passphrase/,
	    'a key with a passphrase is passed over, and named');
	$process->down('INT');

	$process = start('-i', $key, '-o', 'StrictHostKeyChecking=accept-new',
	    @way, { home => "$dir/empty" });
	$process->up(qr/^psql/m);
	is(pasted($process)->{out}, "readonly\n", 'accept-new');
	$process->down('INT');
};

subtest 'jump boxes behind one another' => sub {
	my $inner = $lab->new_box(name => 'inner');
	my $both = spew("$dir/both", $box->known_line . "\n"
		. $inner->known_line . "\n");
	my @hops = map { "$user\@127.0.0.1:" . $_->port } $box, $inner;
	my @keys = ('-o', "UserKnownHostsFile=$both");
	my %home = (home => "$dir/home");

	for my $arguments (
		['-J', join(',', @hops), "127.0.0.1:$pg"],
		['-J', $hops[0], '-L', reserve() . ":127.0.0.1:$pg", $hops[1]],
		['-J', $hops[0], '-L', reserve() . ":127.0.0.1:$pg", '-p',
			$inner->port, '-i', $key, "$user\@127.0.0.1"],
	) {
		my $process = start(@keys, @$arguments, \%home);
		$process->up(qr/^psql/m);
		is(pasted($process)->{out}, "readonly\n", "@$arguments")
		    or diag($process->text);
		$process->down('INT');
	}
	like($inner->log_text, qr/^Accepted publickey/m, 'by the inner one');
};

subtest 'what fails is told at once' => sub {
	my $closed = reserve();
	my @to = ('-L', reserve() . ":127.0.0.1:$pg");
	my $process = start('-i', $key, @known, '-p', $closed, @to,
	    "$user\@127.0.0.1");
	is($process->wait_end, 'exit 12', 'no sshd there');
	like($process->text, qr/\[jump_connect\]/, 'says so');
	unlike($process->text, qr/^psql/m, 'nothing to paste');
	$process = start('-i', $key, '-p', $box->port, @to,
	    "$user\@127.0.0.1");
	is($process->wait_end, 'exit 14', 'an unknown host key');
	unlike($process->text, qr/hostkey --add/,
	    'no command is named that would need a file');
	$process = start(@known, '-p', $box->port, @to, "$user\@127.0.0.1");
	is($process->wait_end, 'exit 1', 'no key and no agent');
	like($process->text, qr/start an SSH agent, or name a key/, 'says so');

	$process = start('-i', $key, @known, '-p', $box->port, '-L',
	    reserve() . ":127.0.0.1:$closed", "$user\@127.0.0.1");
	$process->up(qr/^psql/m);
	like($process->text, qr/\[db_refused\]/, 'no database: the report');
	like(pasted($process)->{err}, qr/\[db_refused\]/,
	    'but it stays, and clients are told');
	$process->signal('TERM');
	is($process->wait_end, 'exit 143', 'until a signal');
};

# Arguments, and what is said of them; exit 1.
for my $case (
	[['-f', '-L', '1:db:5432', 'jump'], qr/stays in the foreground/],
	[['-L', '*:5432:db:5432', 'jump'], qr/on loopback only/],
	[['-L', '0.0.0.0:5432:db:5432', 'jump'], qr/allow_from/],
	[['-L', ':5432:db:5432', 'jump'], qr/on loopback only/],
	[['-L', '5432:db', 'jump'], qr/loopback only|number/],
	[['-L', 'x:db:5432', 'jump'], qr/port to listen on is a number/],
	[['-L', '5432:db:70000', 'jump'], qr/\[BIND:\]PORT:HOST:PORT/],
	[['-L', '5432:/run/pg', 'jump'], qr/Unix socket/],
	[['-L', '1:a:2:b:3:c:4', 'jump'], qr/\[BIND:\]PORT:HOST:PORT/],
	[['-o', 'StrictHostKeyChecking=no', '-J', 'jump', 'db'],
		qr/host_key: any/],
	[['-o', 'ProxyCommand=nc', '-J', 'jump', 'db'], qr/of -o only/],
	[['db'], qr/name the jump box: .*-J.*-L PORT:DBHOST:DBPORT/],
	[['-J', 'jump', '-L', '1', '-L', '2', 'db'], qr/several -L need/],
	[['-L', '1:a:5432', '-L', '2', 'jump'], qr/needs HOST:PORT/],
	[['-J', 'a,,b', 'db'], qr/a jump box is \[USER\@\]HOST\[:PORT\]/],
	[['-J', 'x@-oProxyCommand=x', 'db'], qr/a jump box is/],
	[['-J', 'jump', "d\eb"], qr/a database is HOST\[:PORT\]/],
	[['-J', 'jump', '-p', '0', 'db'], qr/a port is a number/],
	[['-J', 'jump', '-l', 'a b', 'db'], qr/this is no user/],
	[['-J', 'jump', 'db', 'more'], qr/unexpected argument "more"/],
	[['-c', 'file', '-J', 'jump', 'db'], qr/reads no configuration file/],
	[[], qr/a host must follow "tunnel"/],
) {
	my ($arguments, $says) = @$case;
	subtest "refused: @{[map { s/\e/ESC/r } @$arguments]}" => sub {
		my $process = start(@$arguments);

		is($process->wait_end, 'exit 1', 'exit 1');
		like($process->text, $says, 'says why');
		unlike($process->text, qr/\e/, 'shows no control character');
	};
}

$lab->done;
