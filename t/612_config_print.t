# SPDX-License-Identifier: PostgreSQL
#
# pgjump config --print: the configuration in effect, as a file that pgjump
# reads and prints again unchanged; every option with its value, and no secret.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(fingerprint key_file private);
use PgJump::Pki;
use PgJump::Process qw(slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $top = "$FindBin::Bin/..";
my $json = JSON::PP->new->canonical->utf8;
my $files = 0;

sub config($file, $arguments, %env)
{
	return PgJump::Daemon::command(['-c', $file, 'config', @$arguments],
	    dir => $dir, clean_env => 1, cwd => $dir,
	    env => { HOME => "$dir/home", %env });
}

sub document($text) { spew("$dir/document." . $files++, $text, 0600) }

# Print a document, read the output again, and compare both outputs.
sub printed($text, %env)
{
	my $seen = config(document($text), ['--print'], %env);
	is($seen->{rc}, 0, 'printed') or diag($seen->{err});
	my $file = document($seen->{out});
	my $again = config($file, [], %env);
	is($again->{rc}, 0, 'valid') or diag("$again->{err}$seen->{out}");
	$again = config($file, ['--print'], %env);
	is($again->{out}, $seen->{out}, 'and printed again the same');
	return $seen->{out};
}

sub tunnel($more) { "name: a\nhost: h\nssh_tunnel:\n  enabled: true\n"
	. "  host: j\n  username: u\n" . ($more =~ s/^/  /gmr) }

my $cert = slurp(PgJump::Postgres::root_certificate());
my $key = private('ed25519');
my $in_json = $json->allow_nonref->encode($key);

subtest 'every option is there, with its default' => sub {
	my $text = printed(<<'YAML');
jump_boxes: { edge: { host: j, username: u, password: x } }
connections:
- { name: a, host: h,
    ssh_tunnel: { enabled: true, host: j, username: u, password: x } }
- { name: b, host: h, ssh_tunnel: { use: edge, port: 23 } }
YAML
	my $table = slurp("$top/src/config/options.c");
	my @rows = grep { /^SECTION/ } split /\n\t\{ /, $table;
	cmp_ok(scalar(@rows), '>', 45, 'the option table is read');
	for (@rows) {
		my ($section, $name, $type, $rest) =
		    /^SECTION_(\w+), "(\w+)", OPTION_(\w+),\s+NEED_\w+,(.*)/s;
		next if $section eq 'SSL' && $name eq 'enabled';
		my ($default) = $rest =~ /\.fallback = "([^"]*)"/;
		like($text, $type eq 'SPECIAL' || !defined $default
		    ? qr/^\s*(?:- |# )?$name:/m
		    : qr/^\s*(?:- )?$name: $default # default$/m,
		    "$section $name");
	}
};

# what => the document, what its text must have and must not
my @effective = (
	['ssl: true is a mode', "name: a\nhost: h\nssl: true\n",
		qr/^    ssl: require$/m, undef],
	['ssl_config wins over ssl',
		"name: a\nhost: h\nssl_config: {mode: verify-full}\n",
		qr/^    ssl: verify-full\n.*^      mode: verify-full$/ms, undef],
	['either says no',
		"name: a\nhost: h\nssl: no\nssl_config: {mode: require}\n",
		qr/^    ssl: disable$/m, qr/require/],
	['durations, by their largest unit',
		"connections: [{name: a, host: h, connection_timeout: 5000ms}]"
		. "\nopen_timeout: 60\nauth_timeout: 1500ms\n",
		qr/^open_timeout: 1m\n.*^    connection_timeout: 5s$/ms, undef],
	['a default that is written is a default',
		"name: a\nhost: h\nport: 5432\n", qr/port: 5432 # default$/m,
		undef],
	['another value is none', "name: a\nhost: h\nport: 5433\n",
		qr/port: 5433$/m, undef],
	['ports by position', "[{name: a, host: h}, {name: b, host: h}]",
		qr/listen: \[6432\] # default\n.*listen: \[6433\] # default$/ms,
		undef],
	['another port than that', "name: a\nhost: h\nlisten: 6433\n",
		qr/listen: \[6433\]$/m, undef],
	['every form of listen', "name: a\nhost: h\nallow_from: [10.0.0.0/8, "
		. "192.0.2.7, '::/0']\nlisten: [7000, localhost:7001, "
		. "'[::1]:7002', /tmp/, '/run:7004', 0.0.0.0:7003]\n",
		qr{listen:\ \[7000,\ 7001,\ "\[::1\]:7002",
		    \ "/tmp:6432",\ "/run:7004",\ "0\.0\.0\.0:7003"\]
		    .*allow_from:\ \["10\.0\.0\.0/8",\ "192\.0\.2\.7/32",
		    \ "::/0"\]$}msx, undef],
	['listen_host', "listen_host: 127.0.0.9\n"
		. "connections: [{name: a, host: h, listen: 7000}]\n",
		qr/^listen_host: "127\.0\.0\.9"\n.*"127\.0\.0\.9:7000"/ms,
		undef],
	['localhost is where a port is', "name: a\nhost: h\n"
		. "listen: localhost\n", qr/listen: \[6432\] # default$/m,
		undef],
	['unless listen_host is elsewhere', "listen_host: 127.0.0.9\n"
		. "connections: [{name: a, host: h, listen: localhost}]\n",
		qr/^    listen: \["localhost:6432"\]$/m, undef],
	['methods and keys in lists', tunnel("auth_method: [agent, key]\n"
			. "private_key: [$in_json, $in_json]\n"),
		qr/auth_method: \[agent, key\]\n.*private_key: \["<redacted>", "<redacted>"\]$/ms,
		qr/PRIVATE KEY/],
	['files of keys in a list', tunnel("auth_method: [key, none]\n"
			. 'private_key_file: [' . key_file('ed25519') . ', '
			. key_file('rsa') . "]\n"),
		qr/auth_method: \[key, none\]\n.*private_key_file: \["\/\S+ed25519", "\/\S+rsa"\]$/ms,
		undef],
	['a list of one is none', tunnel("auth_method: [none]\n"),
		qr/auth_method: none$/m, undef],
	['a direct connection', "name: a\nhost: /run/pg\n",
		qr{host: "/run/pg"\n.*ssh_tunnel:\n      enabled: false\n\z}ms,
		undef],
	['a tunnel that is switched off',
		"name: a\nhost: h\nssh_tunnel: {enabled: no, host: j}\n",
		qr/ssh_tunnel:\n      enabled: false\n\z/, undef],
	['pins', tunnel("password: x\nhost_key: " . fingerprint('rsa') . "\n"),
		qr/# known_hosts: not set\n.*host_key: \["SHA256:[^"]{43}"\]$/ms,
		undef],
	['accept-new', tunnel("password: x\nhost_key: accept-new\n"),
		qr/known_hosts: \[.*\] # default\n.*host_key: accept-new$/ms,
		undef],
	['any', tunnel("password: x\nhost_key: any\n"),
		qr/host_key: any$/m, undef],
	['known_hosts of ssh', tunnel("password: x\n"),
		qr{known_hosts:\ \["\Q$dir\E/home/\.ssh/known_hosts",
		    \ "/etc/ssh/ssh_known_hosts"\]\ \#\ default$}mx, undef],
	['relative paths are absolute', tunnel("password: x\n"
		. "known_hosts: [known, here/known]\n"),
		qr{known_hosts: \["\Q$dir\E/known", "\Q$dir\E/here/known"\]$}m,
		undef],
	['a certificate, which is public', $json->encode({ name => 'a',
		host => 'h', ssl_config => { ca_cert => $cert } }),
		qr/ca_cert: \|\n +-----BEGIN CERTIFICATE-----\n/,
		qr/redacted/],
	['database and user', "name: a\nhost: h\ndatabase: \"a: #b \\\"'\\u00e4"
		. "\\U0001f600\"\nusername: 'null'\n",
		qr/database:\ "a:\ \#b\ \\"'\xc3\xa4\xf0\x9f\x98\x80"\n
		    \s+username:\ "null"$/mx, undef],
	['workers', "connections: [{name: a, host: h}]\nworkers: 2\n",
		qr/^workers: 2$/m, undef],
);
for my $case (@effective) {
	my ($what, $text, $has, $has_not) = @$case;
	subtest $what => sub {
		my $out = printed($text);
		like($out, $has, 'what is in effect');
		unlike($out, $has_not, 'and nothing else')
		    if defined $has_not;
	};
}

# Through the document: what ssh_tunnel is, and what it becomes.
my $boxes = "jump_boxes:\n  edge: { host: j, port: 23, username: u, "
    . "password: x, host_key: any }\n  'true': { host: k, username: u, "
    . "auth_method: agent }\nconnections:\n- name: a\n  host: h\n"
    . "  ssh_tunnel: ";
for my $case (
	['a name', 'edge', qr/^    ssh_tunnel: "edge"\n\z/m],
	['a name that is a word of YAML', 'true', qr/^    ssh_tunnel: "true"$/m],
	['a name as use', '{ use: edge, enabled: true }',
		qr/^    ssh_tunnel: "edge"\n\z/m],
	['what is overridden', '{ port: 22, use: edge, host_key: accept-new }',
		qr/^\ \ \ \ ssh_tunnel:\n
		    \ {6}use:\ "edge"\n
		    \ {6}port:\ 22\ \#\ default\n
		    \ {6}host_key:\ accept-new\n\z/mx],
	['what is overridden by the same', '{ use: edge, username: u }',
		qr/^    ssh_tunnel:\n      use: "edge"\n      username: "u"\n\z/m],
	['a secret of each', '{ use: edge, password: y }',
		qr/^    ssh_tunnel:\n      use: "edge"\n      password: "<redacted>"\n\z/m],
	['one that is not in use for now', '{ use: edge, enabled: no, port: 1 }',
		qr/^    ssh_tunnel:\n      enabled: false\n      use: "edge"\n\z/m],
	['one that does not exist yet', '{ use: none, enabled: no }',
		qr/^    ssh_tunnel:\n      enabled: false\n      use: "none"\n\z/m],
) {
	my ($what, $tunnel, $has) = @$case;
	subtest "jump boxes by name: $what" => sub {
		my $out = printed("$boxes$tunnel\n");
		like($out, qr/^jump_boxes:\n  "edge":\n    host: "j"\n    port: 23\n/m,
		    'jump_boxes');
		like($out, qr/^  "true":\n    host: "k"\n/m, 'each of them');
		like($out, qr/^    # known_hosts: \[.*\] # default$/m,
		    'default files in a comment');
		like($out, $has, 'and the connection');
	};
}

subtest 'secrets' => sub {
	my $password = $lab->secret('p4ssw0rd: #"\'\\');
	my $passphrase = $lab->secret('open sesame');
	my $file = spew("$dir/secret", "hidden in a file\n", 0600);
	my $locked = private('ed25519-locked');
	my $text = printed($json->encode([
		{ name => 'a', host => 'h', listen => 1, password => $password,
			ssh_tunnel => { enabled => JSON::PP::true, host => 'j',
			username => 'u', auth_method => 'key',
			private_key => $key, password => $password } },
		{ name => 'b', host => 'h', listen => 2,
			password_file => 'secret',
			ssh_tunnel => { enabled => JSON::PP::true, host => 'j',
			username => 'u', auth_method => 'key',
			private_key_file => key_file('ed25519-locked'),
			private_key_passphrase => PgJump::Keys::PASSPHRASE } },
	]));
	is(() = $text =~ /: "<redacted>"$/mg, 4, 'are left out');
	unlike($text, qr/p4ssw0rd|sesame|hidden|correct horse/, 'for good');
	unlike($text, qr/\Q$_\E/, 'every line of the key')
	    for grep { length } split /\n/, $key;
	like($text, qr{password_file: "\Q$file\E"$}m, 'a file is named');
	my $seen = config(document($text), []);
	is(() = $seen->{err} =~ /^\S+:\d+:\d+: warning: \S+ was left out/mg, 4,
	    'and each is asked for when it is read');
};

subtest 'the environment' => sub {
	my %env = (DB_PASSWORD => 'from-outside', JUMP_KEY => $key,
		WHERE => 'db.example.com', LOOKS => '${HOME}');
	my $text = printed("name: a\nhost: \${WHERE}\nusername: \${LOOKS}\n"
		. "password: \${DB_PASSWORD}\nssh_tunnel:\n  enabled: true\n"
		. "  host: \${NOWHERE:-jump}\n  username: u\n"
		. "  auth_method: key\n  private_key: \${JUMP_KEY}\n"
		. "  password: \${NO_SUCH:-by-default}\n", %env);
	like($text, qr/^    host: "db\.example\.com"$/m, 'a value of its own');
	like($text, qr/^      host: "jump"$/m, 'a default');
	like($text, qr/password: "\$\{DB_PASSWORD\}"$/m, 'a secret as it came');
	like($text, qr/private_key: "\$\{JUMP_KEY\}"$/m, 'a key, too');
	like($text, qr/password: "\$\{NO_SUCH:-<redacted>\}"$/m,
	    'without its default');
	unlike($text, qr/from-outside|by-default/, 'but no secret itself');
	like($text, qr/username: "\$\{PGJUMP_VERBATIM:-\$\{HOME\}\}"$/m,
	    'what looks like a variable stays what it is');
};

subtest 'certificates, and keys that no longer fit them' => sub {
	my $text = printed($json->encode({ name => 'a', host => 'h',
		client_tls => 'terminate',
		tls_cert => PgJump::Pki::cert('door'),
		tls_key => PgJump::Pki::key('door'),
		ssl_config => { mode => 'verify-full',
			ca_cert => PgJump::Pki::cert('root'),
			client_cert => PgJump::Pki::cert('guest'),
			client_key => PgJump::Pki::key('guest') } }));
	like($text, qr/^ +$_: "<redacted>"$/m, "$_ is left out")
	    for qw(tls_key client_key);
	like($text, qr/^ +$_: \|\n +-----BEGIN CERTIFICATE-----$/m,
	    "$_ is not") for qw(tls_cert ca_cert client_cert);
	unlike($text, qr/PRIVATE KEY/, 'no key');
};

subtest 'two secrets that are left out stay two' => sub {
	my $text = printed(join '', map { "- name: $$_[0]\n  host: h\n"
		. "  listen: $$_[1]\n  ssh_tunnel:\n    enabled: true\n"
		. "    host: j\n    username: u\n    password: $$_[2]\n"
	} ['a', 1, '${NO_SUCH:-one}'], ['b', 2, 'two']);
	is_deeply([$text =~ /password: "(.*)"$/mg],
	    ['${NO_SUCH:-<redacted>}', '<redacted>'], 'each its own');
};

subtest 'samples' => sub {
	for my $path (glob "$top/etc/*.yaml $top/etc/*.json") {
		my ($name) = $path =~ m{([^/]+)\z};
		my $text = slurp($path) =~
		    s/"-----BEGIN OPENSSH PRIVATE KEY-----\\n\.\.\."/$in_json/r;
		subtest $name => sub { printed($text) };
	}
};

subtest 'what is printed serves, when its secrets are back' => sub {
	my $connection = $lab->connection('served');
	my $seen = config(document($json->encode($connection)), ['--print']);
	my $text = $seen->{out} =~
	    s/private_key: \K"<redacted>"/$in_json/r;
	my $daemon = $lab->new_daemon([], text => $text)->up;
	is($lab->psql($connection, 'select 1')->{out}, "1\n", 'psql works');
	$daemon->down;
	$daemon = $lab->new_daemon([], text => $seen->{out})->up;
	like($lab->psql($connection, 'select 1')->{err},
	    qr/private key .* cannot be used.*\[jump_auth\]/,
	    'and says why where one is not');
	$daemon->down;
};

subtest 'paths beside ./pgjump.yaml are absolute' => sub {
	spew("$dir/pgjump.yaml", tunnel("password: x\nknown_hosts: known\n"),
	    0600);
	for my $named ([], ['-c', 'pgjump.yaml']) {
		my $seen = PgJump::Daemon::command([@$named,
			qw(config --print)], dir => $dir, cwd => $dir,
		    clean_env => 1);
		like($seen->{out}, qr{known_hosts: \["\Q$dir\E/known"\]$}m,
		    "@$named") or diag($seen->{err});
	}
};

subtest 'nothing but the file' => sub {
	my $file = document("name: a\nhost: h\nhots: x\n");
	my $seen = config($file, ['--print']);
	is($seen->{rc}, 1, 'a wrong one: exit 1');
	is($seen->{out}, '', 'nothing on stdout');
	$seen = config(document("name: a\nhost: h\nlisten: 0.0.0.0:7000\n"
		. "allow_from: 10.0.0.0/8\n"), ['--print']);
	like($seen->{err}, qr/warning/, 'warnings on stderr');
	unlike($seen->{out}, qr/warning|is valid/, 'not in it');
};

$lab->done;
