# SPDX-License-Identifier: PostgreSQL
#
# `pgjump import`: shapes of ssh_config and of command lines as people have
# them, read by the installed ssh.  What is printed is what ssh would do, is a
# valid configuration, and reaches a database.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(key_file);
use PgJump::Port qw(reserve);
use PgJump::Process qw(run slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $me = getpwuid $>;
my $home = (getpwuid $>)[7];

# Files that configurations name.
my $key = key_file('ed25519');
my $rsa = key_file('rsa');
my $locked = key_file('ed25519-locked');
my $agent = "$dir/agent.sock";
my $known = spew("$dir/known", $lab->box->known_line . "\n");
my $spaced = "$dir/with blank.sock";
spew($_, '') for $agent, $spaced;
run(['ssh-keygen', '-q', '-s', key_file('rsa'), '-I', 'me', '-n', $me,
	"$key.pub"]);
my $certificate = "$key-cert.pub";

# ssh itself, which reads this file in place of the user's.
my $config = "$dir/ssh_config";
my $ssh = (grep { -x } map { "$_/ssh" } split /:/, $ENV{PATH})[0];
mkdir "$dir/bin";
spew("$dir/bin/ssh", "#!/bin/sh\nexec $ssh -F $config \"\$@\"\n", 0755);
my %env = (PATH => "$dir/bin:$ENV{PATH}", EDGE_DIR => $dir);

sub import_of($text, @arguments)
{
	spew($config, $text);
	return PgJump::Daemon::command(['import', @arguments], env => \%env);
}

# A text as lines that must stand in the output, in any order.
sub has($done, $lines, $name)
{
	my %printed = map { s/^\s+//r => 1 } split /\n/, $done->{out};
	my @missing = grep { !$printed{$_} } split /\n/, $lines;

	is("@missing", '', $name) or diag $done->{out}, $done->{err};
}

# name => [ssh_config, arguments, lines of the output]
my @shapes = (
	['a host alone', "Host box\n HostName 192.0.2.1\n User u\n",
		['box', 'db'], <<"END"],
box:
host: 192.0.2.1
username: u
- name: db
host: db
ssh_tunnel: box
END
	['a port of the database', '', ['u@192.0.2.1', 'db.internal:6543'], <<"END"],
192-0-2-1:
username: u
- name: db
host: db.internal
port: 6543
END
	['another port', "Host box\n Port 2222\n", ['box', 'db'], 'port: 2222'],
	['a wildcard', "Host box\n User u\nHost *\n Port 2200\n User other\n",
		['box', 'db'], "port: 2200\nusername: u"],
	['a negated pattern', "Host b* !box\n Port 1\nHost *\n Port 2\n",
		['box', 'db'], 'port: 2'],
	['Include', "Include $dir/more\n", ['box', 'db'], 'port: 2201'],
	['Match exec', "Match host box exec \"test -d /\"\n Port 2202\n",
		['box', 'db'], 'port: 2202'],
	['Match originalhost', "Match originalhost box\n HostName 192.0.2.9\n",
		['box', 'db'], 'host: 192.0.2.9'],
	['a canonical name', <<'END', ['localhost', 'db'], 'port: 2203'],
CanonicalizeHostname yes
CanonicalDomains example.com
CanonicalizeFallbackLocal yes
Host localhost
 Port 2203
END
	['LocalForward', "Host box\n LocalForward 5433 db.internal:5432\n",
		['box'], "listen: 5433\nhost: db.internal\n- name: db"],
	['LocalForward with an address',
		"Host box\n LocalForward 127.0.0.1:5433 [fd00::1]:5432\n",
		['box'], "listen: \"127.0.0.1:5433\"\nhost: \"fd00::1\""],
	['LocalForward with a name',
		"Host box\n LocalForward localhost:5433 db:6000\n", ['box'],
		"listen: \"localhost:5433\"\nhost: db\nport: 6000"],
	['LocalForward for everybody',
		"Host box\n LocalForward *:5433 db:5432\n", ['box'],
		"listen: 5433\n# ssh would let other machines use this port; "
		. 'for that, listen needs an'],
	['several LocalForward', <<'END', ['box'],
Host box
 LocalForward 5433 orders.db:5432
 LocalForward 5434 orders.db:5433
END
		"- name: orders\n- name: orders-2\nport: 5433"],
	['a socket on the jump box',
		"Host box\n LocalForward 5433 /var/run/postgresql/.s.PGSQL.5432\n",
		['box'], "host: /var/run/postgresql\n- name: box"],
	['a socket here', "Host box\n LocalForward $dir/.s.PGSQL.5433 db:5432\n",
		['box'], "listen: \"$dir:5433\""],
	['IdentityFile with tokens',
		"Host box\n User ed25519\n IdentityFile "
		. ($key =~ s{ed25519\z}{%r}r) . "\n", ['box', 'db'],
		"private_key_file: $key\nauth_method: [key, agent]"],
	['several IdentityFile',
		"Host box\n IdentityFile $key\n IdentityFile $rsa\n",
		['box', 'db'], "private_key_file:\n- $key\n- $rsa"],
	['IdentitiesOnly', "Host box\n IdentitiesOnly yes\n IdentityFile $key\n",
		['box', 'db'], "auth_method: key\nprivate_key_file: $key"],
	['a key that is encrypted', "Host box\n IdentityFile $locked\n",
		['box', 'db'], "auth_method: [key, agent]\n"
		. "# $locked is encrypted: the agent must hold it, or "
		. 'private_key_passphrase be given'],
	['a key that is not there', "Host box\n IdentityFile ~/.ssh/gone-%h\n",
		['box', 'db'], "auth_method: agent\n# identityfile "
		. '~/.ssh/gone-%h: there is no such file'],
	['a public key of an agent, as of 1Password', <<"END", ['box', 'db'],
Host box
 IdentityFile $key.pub
 IdentitiesOnly yes
 IdentityAgent "$spaced"
END
		"auth_method: agent\nprivate_key_file: $key.pub\n"
		. "agent_socket: \"$spaced\""],
	['an agent by a variable', "Host box\n IdentityAgent \${EDGE_DIR}/agent.sock\n",
		['box', 'db'], "agent_socket: $agent"],
	['no agent', "Host box\n IdentityAgent none\n IdentityFile $key\n",
		['box', 'db'], 'auth_method: key'],
	['CertificateFile', <<"END", ['box', 'db'],
Host box
 IdentityFile $key
 CertificateFile $certificate
END
		"certificate_file: $certificate"],
	['host keys elsewhere',
		"Host box\n UserKnownHostsFile $known\n HostKeyAlias edge\n",
		['box', 'db'], "known_hosts: $known\nhost_key_alias: edge"],
	['accept-new', "Host box\n StrictHostKeyChecking accept-new\n",
		['box', 'db'], 'host_key: accept-new'],
	['any host key',
		"Host box\n StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n",
		['box', 'db'], '# host_key: any'],
	['ProxyJump', <<'END', ['inner', 'db'],
Host edge
 HostName 192.0.2.1
Host inner
 HostName 10.0.0.4
 ProxyJump edge
END
		"edge:\nhost: 192.0.2.1\ninner:\nhost: 10.0.0.4\nvia: edge\n"
		. 'ssh_tunnel: inner'],
	['ProxyJump with a list', <<'END', ['c', 'db'],
Host c
 ProxyJump u@a:2200,[fd00::1]:22
END
		"a:\nport: 2200\nusername: u\nfd00--1:\nvia: a\nvia: fd00--1"],
	['ProxyJump of a ProxyJump', <<'END', ['c', 'db'],
Host b
 ProxyJump a
Host c
 ProxyJump b
END
		"via: a\nvia: b"],
	['ProxyCommand ssh -W', <<'END', ['c', 'db'],
Host c
 ProxyCommand ssh -q -p 2200 -W %h:%p u@a
END
		"a:\nport: 2200\nusername: u\nvia: a"],
	['ProxyCommand ssh with nc',
		"Host c\n ProxyCommand exec /usr/bin/ssh a nc -q0 %h %p\n",
		['c', 'db'], 'via: a'],
	['tokens in ProxyCommand', "Host c\n User me\n"
		. " ProxyCommand ssh -W %h:%p %r\@jump-%n\n", ['c', 'db'],
		"jump-c:\nhost: jump-c\nusername: me\nvia: jump-c"],
	['tokens in ProxyJump', "Host c\n User me\n ProxyJump %r\@jump-%h\n",
		['c', 'db'], "jump-c:\nhost: jump-c\nusername: me\nvia: jump-c"],
	['a jump box that is the same machine', <<'END', ['inner', 'db'],
Host edge inner
 HostName 192.0.2.1
Host inner
 ProxyJump edge
END
		"edge:\nhost: 192.0.2.1\ninner:\nvia: edge"],
	['names that are something else in YAML', "Host null\n User u\n",
		['null', 'null'], <<'END'],
"null":
host: "null"
- name: "null"
ssh_tunnel: "null"
END
	['GatewayPorts', "Host box\n GatewayPorts yes\n LocalForward 5433 db:5432\n",
		['box'], "listen: 5433\n# ssh would let other machines use this "
		. 'port; for that, listen needs an'],
	['a proxy with a user', "Host c\n ProxyCommand connect -H joe\@proxy:3128 %h %p\n",
		['c', 'db'],
		'# not carried over: proxycommand connect -H joe@proxy:3128 %h %p'],
	['nc with CONNECT', <<'END', ['c', 'db'],
Host c
 ProxyCommand nc -X connect -x proxy.example.com:3128 %h %p
END
		"proxy_type: http\nproxy_host: proxy.example.com\nproxy_port: 3128"],
	['nc with SOCKS', "Host c\n ProxyCommand nc -x 127.0.0.1:1080 %h %p\n",
		['c', 'db'], "proxy_type: socks5\nproxy_host: 127.0.0.1"],
	['connect', "Host c\n ProxyCommand connect -4 -S proxy:1080 %h %p\n",
		['c', 'db'], "proxy_type: socks4a\nproxy_host: proxy"],
	['corkscrew', "Host c\n ProxyCommand corkscrew proxy 8080 %h %p\n",
		['c', 'db'], "proxy_type: http\nproxy_port: 8080"],
	['a ProxyCommand of another kind',
		"Host c\n ProxyCommand company-vpn --to %h\n", ['c', 'db'],
		'# not carried over: proxycommand company-vpn --to %h'],
	['settings that have no counterpart',
		"Host c\n Compression yes\n DynamicForward 1080\n SetEnv A=B\n",
		['c', 'db'], "# not carried over: compression yes\n"
		. '# not carried over: dynamicforward 1080'],
	['a command line', '', ['--', 'ssh', '-fNT', '-L', '5433:db:5432',
			'-p2200', '-i', $key, 'u@192.0.2.1'], <<"END"],
host: 192.0.2.1
port: 2200
username: u
private_key_file: $key
listen: 5433
host: db
END
	['a command line with everything behind the host', "Host a\n Port 2299\n",
		['--', 'ssh', 'u@b', '-A', '-C', '-J', 'a', '-o',
			"IdentityFile=$key", '-L', '127.0.0.1:1:db:2', '-N'],
		"via: a\nport: 2299\nprivate_key_file: $key\n"
		. "listen: \"127.0.0.1:1\"\nport: 2"],
);

spew("$dir/more", "Host box\n Port 2201\n");
for my $shape (@shapes) {
	my ($name, $text, $arguments, $lines) = @$shape;
	my $done = import_of($text, @$arguments);
	my $file = spew("$dir/made.yaml", $done->{out});
	my $judged = PgJump::Daemon::command(['-c', $file, 'config'],
	    env => { %env, SSH_AUTH_SOCK => $agent });

	has($done, $lines, $name);
	is($judged->{rc}, 0, 'it is a valid configuration')
	    or diag $done->{out}, $judged->{err};
}
cmp_ok(scalar @shapes, '>=', 30, 'no shape is lost from the table');

my $many = import_of(join('', "Host c\n",
	map { " LocalForward $_ db$_:5432\n" } 10_001 .. 16_000), 'c');
is(() = $many->{out} =~ /^  - name: /mg, 6000, 'thousands of forwards');

mkdir "$dir/here";
spew("$dir/here/key.pem", slurp($key), 0600);
spew($config, '');
my $relative = PgJump::Daemon::command(['import', '--', 'ssh', '-i', 'key.pem',
		'-L', '1:db:2', 'c'], env => \%env, cwd => "$dir/here");
has($relative, "private_key_file: $dir/here/key.pem",
    'a path of this directory is written whole');

my $silent = import_of("Host c\n SetEnv TOKEN=geheim\n", 'c', 'db');
unlike($silent->{out} . $silent->{err}, qr/geheim/,
    'values for the environment of a session are not printed');

# [what it is, ssh_config, arguments, message]
my @refused = (
	['no database', "Host c\n", ['c'], qr/name the database, as in "pgjump import c DBHOST:5432"/],
	['a loop', "Host a\n ProxyJump b\nHost b\n ProxyJump a\n", ['a', 'db'],
		qr/the way to "a" leads through itself/],
	['too many hops', join('', map { "Host h$_\n ProxyJump h" . ($_ + 1)
			. "\n" } 1 .. 9), ['h1', 'db'],
		qr/has more than 8 hops/],
	['a host that is an option', '', ['--', '-oProxyCommand=x'],
		qr/does not ask ssh about "-oProxyCommand=x"/],
	['a host that a shell would read', '', ['a;b', 'db'],
		qr/does not ask ssh about "a;b"/],
	['an option that means no tunnel', '', ['--', 'ssh', '-D', '1', 'c'],
		qr/does not understand ssh's option -D/],
	['a command', '', ['--', 'ssh', '-L', '1:db:2', 'c', 'ls'],
		qr/opens no tunnel/],
	['no host', '', ['--', 'ssh', '-L', '1:db:2'], qr/names no host/],
	['half an option', '', ['--', 'ssh', 'c', '-L'],
		qr/the argument of -L is missing/],
	['nothing', '', [], qr/a host that ssh knows/],
	['a third word', '', ['c', 'db', 'x'], qr/unexpected argument "x"/],
	['a port that is none', '', ['c', 'db:99999'],
		qr/"db:99999" is no database/],
	['half a bracket', '', ['c', '[abc'], qr/"\[abc" is no database/],
	['a token that is not known', "Host c\n ProxyJump jump-%C\n",
		['c', 'db'], qr/what stands for the tokens of "jump-%C"/],
	['no database but words', '', ['c', 'a b'], qr/"a b" is no database/],
	['what ssh refuses', "Host c\n Nonsense 1\n", ['c', 'db'],
		qr/"ssh -G c" failed/],
);

for my $refused (@refused) {
	my ($name, $text, $arguments, $message) = @$refused;
	my $done = import_of($text, @$arguments);

	is($done->{rc}, 1, "$name: refused");
	is($done->{out}, '', 'nothing is printed that might go to a file');
	like($done->{err}, $message, 'and it says why');
}

subtest 'nothing that ssh_config names is run' => sub {
	my $ran = "$dir/ran";
	my $done = import_of(<<"END", 'c', 'db');
Host c
 ProxyCommand touch $ran
 LocalCommand touch $ran
 PermitLocalCommand yes
 KnownHostsCommand /usr/bin/touch $ran
END
	is($done->{rc}, 0, 'it is imported');
	ok(!-e $ran, 'and nothing was run');
	like($done->{out}, qr/not carried over: $_ /, "$_ is a comment")
	    for qw(proxycommand localcommand knownhostscommand);
	like($done->{err}, qr/could not be carried over: see the comments/,
	    'and a word on standard error points there');
};

subtest 'without ssh' => sub {
	my $done = PgJump::Daemon::command(['import', 'c', 'db'],
	    env => { PATH => "$dir/empty" });
	is($done->{rc}, 1, 'it fails');
	like($done->{err}, qr/ssh, which is not installed/, 'and says so');
};

# A database that a client reaches by what was imported of "box".
sub reaches($text, $name)
{
	my $port = reserve();
	my $done = import_of($text . <<"END", 'box');
Host box
 LocalForward 127.0.0.1:$port 127.0.0.1:@{[$lab->postgres->port]}
Host *
 HostName 127.0.0.1
 IdentityFile $key
 IdentitiesOnly yes
 UserKnownHostsFile $known
END
	my $daemon = $lab->new_daemon([], text => $done->{out})->up;
	my $seen = $lab->psql({ name => 'box', listen => $port,
			database => 'myapp', username => 'readonly',
			password => PgJump::Postgres::PASSWORD },
		'select 42');

	is($seen->{out}, "42\n", $name) or diag $done->{out}, $seen->{err};
	$daemon->down;
}

subtest 'what is printed reaches the database' => sub {
	my $outer = $lab->box;
	my $inner = $lab->new_box(name => 'inner');
	my $user = $outer->user;
	my $to = sub($box) { " Port @{[$box->port]}\n User $user\n" };

	spew($known, join '', map { $_->known_line . "\n" } $outer, $inner);
	reaches("Host box\n" . $to->($outer), 'through a jump box');
	reaches("Host outer\n" . $to->($outer) . "Host box\n ProxyJump outer\n"
		. $to->($inner), 'through two of them');
};

done_testing();
