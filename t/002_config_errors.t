# SPDX-License-Identifier: PostgreSQL
#
# A wrong configuration is reported at start: every error of the file at once,
# as FILE:LINE:COLUMN: message, exit 1, before anything is opened.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(public);
use PgJump::Process qw(spew);

$ENV{LAB_LATIN} = "/a\xe4";
my $lab = PgJump::Lab->new;
my $file = $lab->dir . '/wrong.yaml';

sub judged($text, @arguments)
{
	spew($file, $text, 0600);
	return PgJump::Daemon::command(['-c', $file, @arguments],
	    dir => $lab->dir, timeout => 60);
}

# A tunnel that is fine, to be put below a connection.
my $tunnel = <<'YAML';
  ssh_tunnel:
    enabled: true
    host: jump.example.com
    username: ubuntu
    password: secret
    host_key: any
YAML

# what => the file, and for each error LINE:COLUMN and the message, in order
my @cases = (
	['an unknown key',
		"- name: a\n  host: h\n  prot: 5432\n",
		'3:3', qr/unknown key "prot".*did you mean "port"/],
	['an unknown key in ssh_tunnel',
		"- name: a\n  host: h\n$tunnel    user: me\n",
		'9:5', qr/unknown key "user".*"username"/],
	['what a terminal obeys',
		qq(- name: a\n  host: h\n  ssl_config:\n)
		. qq(    ca_cert_file: "/no/a\\x9b31m\\xeb.pem"\n)
		. qq(  ssh_tunnel:\n    enabled: true\n    host: j\n)
		. qq(    username: "a\\u202eb"\n    auth_method: agent\n)
		. qq(    agent_socket: "/a\\x9b31m"\n)
		. qq(    known_hosts: ["/a\\u2066"]\n)
		. qq(  listen: "/a\\x85"\n),
		'4:19', qr/ca_cert_file: a path must be UTF-8 without control/,
		'8:15', qr/username must be a text.*, not "a\?+b"/,
		'10:19', qr/agent_socket.*without control characters, not/,
		'11:19', qr/known_hosts: a path must be UTF-8 without control/,
		'12:11', qr/listen: a path must be UTF-8 without control/],
	['a variable that is not UTF-8',
		"- name: a\n  host: h\n$tunnel    agent_socket: \${LAB_LATIN}\n",
		'9:19', qr/agent_socket.*without control characters, not/],
	['a key of another place',
		"- name: a\n  host: h\n  log_level: debug\n",
		'3:3', qr/"log_level"/],
	['a number that is none',
		"- name: a\n  host: h\n  port: many\n",
		'3:9', qr/port.*number from 1 to 65535/],
	['a number out of range',
		"- name: a\n  host: h\n  port: 70000\n",
		'3:9', qr/port.*number from 1 to 65535/],
	['a number with a tail',
		"- name: a\n  host: h\n  port: 5432x\n",
		'3:9', qr/port.*number from 1 to 65535/],
	['a duration out of range',
		"- name: a\n  host: h\n  connection_timeout: 301s\n",
		'3:23', qr/connection_timeout/],
	['a word that is none',
		"connections:\n- name: a\n  host: h\nlog_format: xml\n",
		'4:13', qr/log_format.*text.*json/],
	['more workers than links',
		"connections:\n- name: a\n  host: h\nworkers: 9\n",
		'4:10', qr/workers \(9\) must not be more than max_links \(8\)/],
	['another kind of database',
		"- name: a\n  host: h\n  db_type: snowflake\n",
		'3:12', qr/PostgreSQL only.*warehouses need no tunnel/],
	['a required key that is missing',
		"- name: a\n",
		'1:3', qr/host/],
	['a host that is an option of a command', "- name: a\n  host: -oProxy\n",
		'2:9', qr/host must be .*not "-oProxy"/],
	['a tunnel without a host',
		"- name: a\n  host: h\n  ssh_tunnel:\n    enabled: true\n"
		. "    username: me\n    password: x\n",
		'4:5', qr/host/],
	['a key given twice',
		"- name: a\n  host: h\n  host: i\n",
		'3:3', qr/host is given twice; the first is in line 2/],
	['a name given twice',
		"- name: a\n  host: h\n  listen: 1001\n"
		. "- name: a\n  host: h\n  listen: 1002\n",
		'4:3', qr/the name "a" is taken by the connection in line 1/],
	['a name with a space',
		"- name: a b\n  host: h\n", '1:9', qr/name/],
	['a text where a mapping belongs',
		"- name: a\n  host: h\n  ssh_tunnel: yes\n",
		'3:15', qr/ssh_tunnel.*mapping/],
	['a mapping where a text belongs',
		"- name: a\n  host: { x: y }\n", '2:9', qr/host/],
	['a secret and its file',
		"- name: a\n  host: h\n  password: x\n  password_file: /y\n",
		'4:18', qr/password and password_file are both given/],
	['no credentials for the jump box',
		"- name: a\n  host: h\n  ssh_tunnel:\n    enabled: true\n"
		. "    host: j\n    username: me\n    auth_method: key\n",
		'7:18', qr/private_key or private_key_file is required/],
	['a listener beyond loopback without allow_from',
		"- name: a\n  host: h\n  listen: 0.0.0.0:7000\n",
		'3:11', qr/allow_from/],
	['a listen port that is none',
		"- name: a\n  host: h\n  listen: 127.0.0.1:none\n",
		'3:11', qr/listen/],
	['an unquoted IPv6 address',
		"- name: a\n  host: h\n  listen: [::1]:7000\n",
		'3:11', qr/quote this address/],
	['a network that is none',
		"- name: a\n  host: h\n  allow_from: [10.0.0.0/33]\n",
		'3:16', qr/allow_from/],
	['a pin that is none',
		"- name: a\n  host: h\n  ssh_tunnel:\n    enabled: true\n"
		. "    host: j\n    username: me\n    password: x\n"
		. "    host_key: SHA256:short\n",
		'8:15', qr/host_key/],
	['a name in known_hosts with a port',
		"- name: a\n  host: h\n$tunnel    host_key_alias: b:22\n",
		'9:21', qr/host_key_alias must be a host name.*not "b:22"/],
	['an agent by a relative path',
		"- name: a\n  host: h\n$tunnel    agent_socket: ~/agent\n",
		'9:19', qr/agent_socket must be the absolute path of a socket/],
	['an agent by a path that no socket can have',
		"- name: a\n  host: h\n${tunnel}    agent_socket: /"
		. 'x' x 107 . "\n", '9:19', qr/at most 107 bytes/],
	['a jump box that is not there',
		"jump_boxes: { edge: { host: j, username: u, password: x } }\n"
		. "connections:\n- name: a\n  host: h\n  ssh_tunnel: egde\n"
		. "- name: b\n  host: h\n  listen: 1\n  ssh_tunnel:\n"
		. "    use: nobody\n    port: 0\n- name: c\n  host: h\n"
		. "  listen: 2\n  ssh_tunnel: edge\n",
		'5:15', qr/ssh_tunnel: there is no jump box "egde"; did you mean "edge"\?/,
		'10:10', qr/ssh_tunnel\.use: there is no jump box "nobody"/,
		'11:11', qr/ssh_tunnel\.port/],
	['a jump box that is none, told without its users',
		"jump_boxes: { edge: j, spare: { host: j, username: u, "
		. "password: x } }\nconnections:\n- name: a\n  host: h\n"
		. "  ssh_tunnel: edge\n- name: b\n  host: h\n  listen: 1\n"
		. "  ssh_tunnel: { use: edge }\n",
		'1:21', qr/jump_boxes\.edge must be a mapping/],
	['errors of a jump box that two connections share',
		"jump_boxes:\n  edge:\n    host: j\n    username: u\n"
		. "    auth_method: key\n    prot: 1\nconnections:\n"
		. "- name: a\n  host: h\n  listen: 1\n  ssh_tunnel: edge\n"
		. "- name: b\n  host: h\n  listen: 2\n  ssh_tunnel:\n"
		. "    use: edge\n    host_key: SHA256:short\n",
		'5:18', qr/jump_boxes\.edge\.private_key or private_key_file is required/,
		'6:5', qr/unknown key "prot" in a jump box; did you mean "port"\?/,
		'17:15', qr/ssh_tunnel\.host_key must be/],
	['keys of a connection in a jump box',
		"jump_boxes:\n  edge: { host: j, username: u, password: x, "
		. "enabled: yes }\nconnections: [{ name: a, host: h }]\n",
		'2:55', qr/jump_boxes\.edge\.enabled belongs in ssh_tunnel/],
	['a variable that is not set',
		"- name: a\n  host: \${LAB_NO_SUCH_VARIABLE}\n",
		'2:9', qr/LAB_NO_SUCH_VARIABLE/],
	['a secret file that is not there',
		"- name: a\n  host: h\n  password_file: /nonexistent/x\n",
		'3:18', qr{/nonexistent/x.*No such file}],
	['broken YAML',
		"- name: a\n  host: [h\n", '2:9', qr/the "\[" .* is not closed/],
	['broken JSON',
		qq({"name": "a", "host": "h",, }), '1:27', qr/./],
	['nothing at all', '', '1:1', qr/./],
	['a text', 'hello', '1:1', qr/./],
	['no connection', "connections: []\n", '1:14', qr/connection/],
	['two documents',
		"- name: a\n  host: h\n---\n- name: b\n  host: h\n",
		'4:1', qr/a second document/],
	['three errors at once',
		"- name: a\n  hots: h\n  port: 0\n  ssl: maybe\n",
		'2:3', qr/"hots".*"host"/,
		'3:9', qr/port/, '4:8', qr/ssl/],
	['errors of two connections',
		"- name: a\n  host: h\n  port: 0\n- name: b\n  host: h\n"
		. "  port: 0\n",
		'3:9', qr/port/, '6:9', qr/port/],
);

for my $case (@cases) {
	my ($what, $text, @expected) = @$case;
	subtest $what => sub {
		my $seen = judged($text, 'config');
		my @lines = grep { !/warning/ } split /\n/, $seen->{err};
		my %at = map { /^\Q$file\E:(\d+:\d+): (.*)/ ? ($1 => $2) : () }
		    @lines;

		is($seen->{rc}, 1, 'exit 1');
		is($seen->{out}, '', 'nothing on stdout');
		is(@lines, @expected / 2, 'so many errors')
		    or diag($seen->{err});
		while (my ($position, $message) = splice @expected, 0, 2) {
			like($at{$position}, $message, "at $position")
			    or diag($seen->{err});
		}
	};
}

my $address = qr/PORT, HOST:PORT, "\[V6\]:PORT", \/dir\/name\.sock, off/;
for my $case (
	['http: here', qr/:1:7: http is none of these forms: $address/],
	['http: [1]', qr/:1:7: http must be /],
	['http: ::1', qr/:1:7: http is none of these forms/],
	['http: /', qr/:1:7: http must end in the name of a socket/],
	['admin: "0.0.0.0:1"', qr/:1:8: admin must not be reachable/],
	['{ http: 1, admin: 1', qr/admin is the address of http, too/],
	['http_hosts: "a:80"', qr/:1:13: http_hosts must be a name/],
	['http_status: 2', qr/:1:14: http_status must be /],
) {
	my ($line, $says) = @$case;
	my $rest = $line =~ /^\{/ ? ", connections: [{ name: a, host: h }] }"
	    : "\nconnections: [{ name: a, host: h }]";
	my $seen = judged("$line$rest\n", 'config');
	is($seen->{rc}, 1, "$line: exit 1");
	like($seen->{err}, $says, 'why');
}

subtest 'what is odd and allowed' => sub {
	my $port = PgJump::Port::reserve();
	my @good = (
		['null is as good as absent',
			"- name: a\n  host: h\n  port: null\n  ssl: ~\n"],
		['ssl: true', "- name: a\n  host: h\n  ssl: true\n"],
		['ssl_config.enabled',
			"- name: a\n  host: h\n  ssl_config: {enabled: true}\n"],
		['postgresql', "- name: a\n  host: h\n  db_type: postgresql\n"],
		['a password that looks like a number',
			"- name: a\n  host: h\n  password: 0123\n"],
		['a password with dollars',
			"- name: a\n  host: h\n  password: a\$b\${c}\n"],
		['a surrogate pair in JSON',
			q({"name":"a","host":"h","password":"\ud83d\ude00"})],
		['a tab in JSON', qq({\n\t"name": "a",\n\t"host": "h"\n})],
		['a byte order mark',
			"\xef\xbb\xbf- name: a\n  host: h\n"],
		['an alias',
			"- name: a\n  host: &x h\n- name: b\n  host: *x\n"],
		['CRLF', "- name: a\r\n  host: h\r\n"],
		['a default for a variable',
			"- name: a\n  host: \${LAB_NO_SUCH_VARIABLE:-h}\n"],
		['a disabled tunnel with nothing in it',
			"- name: a\n  host: h\n  ssh_tunnel: {enabled: false}\n"],
		['durations with units',
			"connections:\n- name: a\n  host: h\n"
			. "  connection_timeout: 2500ms\n"
			. "open_timeout: 3\nkeepalive_interval: 1m\n"],
		['allow_from beside a listener beyond loopback',
			"- name: a\n  host: h\n  listen: 0.0.0.0:$port\n"
			. "  allow_from: [10.0.0.0/8, '::1/128', 192.0.2.1]\n"],
	);
	for my $case (@good) {
		my ($what, $text) = @$case;
		my $seen = judged($text, 'config');
		is($seen->{rc}, 0, $what) or diag($seen->{err});
		like($seen->{out}, qr/is valid/, 'valid');
	}
};

subtest 'bounds' => sub {
	my $many = join '', map { sprintf "- {name: c%d, host: h, listen: "
	    . "127.0.0.1:%d}\n", $_, 1000 + $_ } 1 .. 1001;
	like(judged($many, 'config')->{err}, qr/1,?000 connections/,
	    '1,000 connections');
	like(judged('a: "' . 'x' x (16 << 20) . "\"\n", 'config')->{err},
	    qr/16 ?MB/, '16 MB');
	like(judged('[' x 10_000, 'config')->{err}, qr/:\d+:\d+: .*deep|nest/,
	    'nesting');
	my $bomb = "a0: &a0 x\n" . join '', map {
		my $below = $_ - 1;
		"a$_: &a$_ [" . join(',', ("*a$below") x 9) . "]\n"
	} 1 .. 30;
	my $seen = judged($bomb, 'config');
	is($seen->{rc}, 1, 'a bomb of aliases');
	like($seen->{err}, qr/alias/, 'is refused as such');
};

subtest 'nothing is opened' => sub {
	my $good = $lab->connection('good');
	my $daemon = $lab->new_daemon([$good, { name => 'bad' }])->start;
	is($daemon->wait_end, 'exit 1', 'the daemon exits with 1');
	like($daemon->log_text, qr/:\d+:\d+: .*host/, 'says why');
	unlike($daemon->log_text, qr/listening/, 'and listened nowhere');
};

subtest 'secrets that others can read' => sub {
	my $seen = judged("- name: a\n  host: h\n  password: x\n", 'config');
	unlike($seen->{err}, qr/warning/, 'mode 0600: no warning');
	chmod 0644, $file;
	$seen = PgJump::Daemon::command(['-c', $file, 'config'],
	    dir => $lab->dir);
	like($seen->{err}, qr/warning.*(?:read|mode|permission)/i,
	    'mode 0644: a warning');
	is($seen->{rc}, 0, 'and no error');
	spew($file, $tunnel =~ s/password: secret/auth_method: agent/r
	    =~ s/\A/- name: a\n  host: h\n/r
	    =~ s/host_key: any/private_key: @{[public('agent1')]}/r, 0644);
	$seen = PgJump::Daemon::command(['-c', $file, 'config'],
	    dir => $lab->dir);
	unlike($seen->{err}, qr/secret/, 'a public key is none');
	spew($file, "- name: a\n  host: h\n", 0644);
	$seen = PgJump::Daemon::command(['-c', $file, 'config'],
	    dir => $lab->dir);
	is($seen->{err}, '', 'without secrets: none');
};

subtest 'default ports' => sub {
	my $seen = judged("- name: a\n  host: h\n- name: b\n  host: h\n",
	    'config');
	like($seen->{err}, qr/warning.*listen/, 'two of them: a warning');
	is($seen->{rc}, 0, 'and no error');
};

$lab->done;
