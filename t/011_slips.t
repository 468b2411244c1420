# SPDX-License-Identifier: PostgreSQL
#
# What people paste and type: each mistake is told once, at its own place, with
# the sentence that repairs it.
use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use Encode qw(encode);
use MIME::Base64 qw(encode_base64);
use PgJump::Keys qw(private public);
use PgJump::Process qw(spew);

my $lab = PgJump::Lab->new;

my $top = "- name: a\n  host: h\n";
my $tunnel = "${top}  ssh_tunnel:\n    enabled: true\n    host: j\n"
    . "    username: u\n    host_key: any\n";
my $key = $tunnel . "    auth_method: key\n";

sub judged($text, $name = 'slip.yaml')
{
	my $file = $lab->dir . "/$name";

	spew($file, utf8::is_utf8($text) ? encode('UTF-8', $text) : $text,
	    0600);
	my $seen = PgJump::Daemon::command(['-c', $file, 'config'],
	    dir => $lab->dir);
	my @told = map { s/^\Q$file\E://r } grep { !/host_key: any trusts/ }
	    split /\n/, Encode::decode('UTF-8', $seen->{err});
	return ($seen->{rc}, @told);
}

# The file has one error, which is this.
sub one_error($what, $text, $position, $message, $name = 'slip.yaml')
{
	my ($rc, @told) = judged($text, $name);

	is($rc, 1, "$what: refused");
	is(@told, 1, 'by one error') or diag(join "\n", @told);
	like($told[0] // '', qr/^\Q$position\E: $message/, "at $position");
}

# It is accepted, with this warning (undef: with none).
sub accepted($what, $text, $position, $message, $name = 'slip.yaml')
{
	my ($rc, @told) = judged($text, $name);

	is($rc, 0, "$what: accepted") or diag(join "\n", @told);
	if (!defined $position) {
		is("@told", '', 'without a warning');
		return;
	}
	is(@told, 1, 'with one warning') or diag(join "\n", @told);
	like($told[0] // '', qr/^\Q$position\E: warning: $message/,
	    "at $position");
}

subtest 'a password without quotes' => sub {
	my $quotes = qr/.*put the value in single quotes/;
	my @refused = ('@x', '%x', '`x', 'a: b', 'a: b: c', '[abc', '{abc',
	    '[a]b', '{a}b', '{abc}', '[abc]', '*x', '*x*', '&x', '!x', '|x',
	    '> y', ', b', '"CORP\user"', '"a"b"');
	for my $value (@refused) {
		my $column = $value eq '"a"b"' ? 15 : 13;

		# In the middle of the file and at its end.
		one_error($value, "${top}  password: $value\n  port: 1\n",
		    "3:$column", $quotes);
		one_error($value, "${top}  password: $value\n", "3:$column",
		    $quotes);
	}
	one_error("'it's'", "${top}  password: 'it's'\n  port: 1\n", '3:16',
	    qr/.*a single quote inside single quotes is written twice/);
	one_error($_, "${top}  password: $_\n  port: 1\n", '3:13',
	    qr/.*the quote that begins here is not closed/)
	    for '"abc', q('abc);
	accepted('# as its first', "${top}  password: #x\n", '3:12',
	    qr/password: what follows # is a comment.*single quotes/);
	accepted('# later', "${top}  password: pass #word\n", '3:13',
	    qr/password: what follows # is a comment.*single quotes/);
	accepted('what only looks like it', "${top}  password: $_\n", undef, '')
	    for 'pass#word', "'pass #word'", 'a:b', '"a" # why', 'it\'s',
	    '${HOME:-x} # why';
	accepted('a variable of a shell', "${top}  password: \$VAR\n", '3:13',
	    qr/.*exactly \$\{NAME\}/);
	accepted('a variable in a text', "${top}  password: x\${VAR}\n",
	    '3:13', qr/.*exactly \$\{NAME\}/);
	accepted('neither', "${top}  password: $_\n", undef, '')
	    for "'\$VAR'", "'x\${VAR}'", '$1', 'a$b', '$aBc';
};

subtest 'a key and its place' => sub {
	my $text = private('ed25519');
	my $indented = $text =~ s/^/      /gmr;
	my ($rc, @told) = judged("$key    private_key: |\n$indented");

	is($rc, 0, 'as it should be') or diag(@told);
	one_error('at the left edge', "$key    private_key: |\n$text",
	    '10:1', qr/.*indent the key below private_key: every line/);
	one_error('behind its option', "$key    private_key: $text",
	    '10:1', qr/.*indent the key below private_key: every line/);
	one_error('after its first line',
	    "$key    private_key: |\n      $text", '11:1',
	    qr/.*indent the key below private_key: every line/);
	one_error('in base64', "$key    private_key: "
	    . encode_base64($text, '') . "\n", '9:18',
	    qr/.*this is base64.*decode it/);
	one_error('without its method', $tunnel
	    . "    private_key: |\n$indented", '8:18',
	    qr/ssh_tunnel\.auth_method.*set .*auth_method: key/);
};

subtest 'white space' => sub {
	one_error('a tab', "- name: a\n\thost: h\n", '2:1',
	    qr/.*a tab stands here/);
	one_error('a no-break space before a key',
	    encode('UTF-8',
	    "- name: a\n\x{a0} host: h\n"), '2:1',
	    qr/.*no-break space \(U\+00A0\) stands here/);
	one_error('and before a value', encode('UTF-8',
	    "- name: a\n  host:\x{a0}h\n"), '2:8',
	    qr/.*no-break space \(U\+00A0\) stands here/);
	one_error('and in a value', encode('UTF-8',
	    "- name: a\n  host: h\x{a0}\n"), '2:9',
	    qr/.*no-break space \(U\+00A0\) stands in it/);
	one_error('too deep', "- name: a\n    host: h\n", '2:5',
	    qr/.*indented deeper than the one above/);
	one_error('too little', "c:\n- name: a\n host: h\n", '3:2',
	    qr/.*indented by 1 space/);
	one_error('below the dash', "connections:\n  - name: a\n    host: h\n"
	    . "  port: 5\n", '4:3', qr/.*column of the list's dashes/);
	one_error('none behind a colon', "- name: a\n  host:h\n  port: 5\n",
	    '2:7', qr/.*a space must follow this colon/);
	one_error('none behind a dash', "-name: a\n host: h\n", '1:1',
	    qr/.*a space must follow this dash/);
	accepted('space that a host has at its end',
	    "- name: a\n  host: '127.0.0.1 '\n", undef, '');
};

subtest 'what is no YAML' => sub {
	one_error('Markdown', "```yaml\n$top```\n", '1:1', qr/.*Markdown/);
	one_error('an INI file', "[databases]\nx = host=h port=5432\n", '1:1',
	    qr/.*INI file, such as pgbouncer\.ini/);
	one_error('UTF-16', encode('UTF-16LE', "\x{feff}$top"), '1:1',
	    qr/this file is UTF-16; save it as UTF-8/);
	one_error('UTF-16 without a mark', encode('UTF-16BE', $top), '1:1',
	    qr/this file is UTF-16/);
	one_error('Latin-1', "- name: a\n  host: h\xe4h\n", '2:10',
	    qr/the byte 0xE4 is not UTF-8; save the file as UTF-8/);
	one_error('a control character', "- name: a\n  host: h\x01\n", '2:10',
	    qr/the control character 0x01 stands here/);
	one_error('no colon', "- name: a\n  host h\n  port: 5\n", '2:3',
	    qr/.*a colon is missing behind this key/);
	one_error('an equals sign', "- name: a\n  host = h\n", '2:8',
	    qr/.*write a colon and a space in the place of "="/);
};

subtest 'JSON is called JSON' => sub {
	my @cases = (
		['a comment', qq({\n  // c\n  "name": "a", "host": "h" }),
			'2:3', qr/JSON has no comments/],
		['no comma', qq({\n  "name": "a"\n  "host": "h"\n}), '2:14',
			qr/a comma is missing after this/],
		['no brace', qq({\n  "name": "a",\n  "ssh_tunnel": {\n)
			. qq(    "enabled": false\n  ,\n  "host": "h"\n}\n),
			'7:1', qr/a "\}" is missing before this: the "\{" in line 3/],
		['a comment at the end', qq({ "name": "a", "host": # h),
			'1:23', qr/a "\}" is missing/],
		['no brace at the end', qq({\n  "name": "a"\n), '2:14',
			qr/a "\}" is missing .* line 1 is not closed/],
		['two documents', qq({ "name": "a", "host": "h" }\n)
			. qq({ "name": "b", "host": "h" }\n), '2:1',
			qr/a second document; put both into one list/],
		['no colon', qq({\n  "name" "a", "host": "h" }), '2:9',
			qr/a colon is missing after this/],
		['no quote behind a value', qq({\n  "name": "a,\n)
			. qq(  "host": "h"\n}), '2:11',
			qr/quote that begins here is not closed in its line/],
		['no quote behind a key', qq({\n  "name: "a",\n)
			. qq(  "host": "h"\n}), '2:10',
			qr/a double quote is missing before this one/],
		['a backslash', qq({ "name": "a", "host": "h",\n)
			. qq("username": "CORP\\tom", "password": "\\q" }),
			'2:38', qr/a backslash .* write two/],
	);
	for my $case (@cases) {
		my ($what, $text, $position, $message) = @$case;

		one_error($what, $text, $position, qr/not JSON: .*$message/,
		    'slip.json');
	}
	one_error('typographic quotes',
	    qq({ “name”: "a", "host": "h" }), '1:3',
	    qr/unknown key in a connection: .*typographic quote/, 'slip.json');
	one_error('no quote in front of a key',
	    qq({\n  name": "a", "host": "h" }), '2:3',
	    qr/unknown key in a connection: a double quote is missing/,
	    'slip.json');
};

# Keys and values of other programs: one line each, below the connection or its
# tunnel, and what pgjump calls it.
subtest 'words of other programs' => sub {
	my %in_connection = (dbname => 'database', sslmode => 'ssl',
	    hostAddr => 'host', user => 'username', pwd => 'password',
	    local_port => 'listen', driver => 'db_type');
	my %in_tunnel = (hostname => 'host', identity_file => 'private_key_file',
	    IdentityFile => 'private_key_file', ProxyJump => 'via',
	    proxy_jump => 'via', strict_host_key_checking => 'host_key',
	    UserKnownHostsFile => 'known_hosts', authType => 'auth_method',
	    passphrase => 'private_key_passphrase');

	for my $word (sort keys %in_connection) {
		one_error($word, "${top}  $word: x\n", '3:3',
		    qr/unknown key "$word" in a connection; here it is called "$in_connection{$word}"/);
	}
	for my $word (sort keys %in_tunnel) {
		one_error($word, "$tunnel    password: x\n    $word: x\n",
		    '9:5', qr/unknown key "$word" in ssh_tunnel; here it is called "$in_tunnel{$word}"/);
	}
	for my $word (qw(connection databases conections tunnels)) {
		one_error($word, "$word:\n$top", '1:1',
		    qr/unknown key "$word" .*"connections"/);
	}
	one_error('include', "include: x\nconnections:\n$top", '1:1',
	    qr/.*-c takes a directory/);
	one_error('sslrootcert', "${top}  sslrootcert: x\n", '3:3',
	    qr/.*ssl_config: \{ ca_cert_file/);
	one_error('publickey', "$tunnel    auth_method: publickey\n", '8:18',
	    qr/ssh_tunnel\.auth_method must be .*not "publickey"; did you mean key\?/);
	one_error('pg', "${top}  db_type: pg\n", '3:12',
	    qr/db_type must be postgres, not "pg"; did you mean postgres\?/);
	one_error('a misspelled key that is required',
	    "- name: a\n  hots: h\n", '2:3', qr/unknown key "hots"/);
};

subtest 'a host, a name, a duration' => sub {
	my $one = 'ssh_tunnel\.host must be .*; ';

	one_error('a user and a port',
	    $tunnel =~ s/host: j/host: ubuntu\@bastion:22/r
	    . "    password: x\n", '5:11',
	    qr/${one}the user goes in username, the port in port/);
	one_error('a port', "- name: a\n  host: db.internal:5432\n", '2:9',
	    qr/host must be .*, not "db\.internal:5432"; the port goes in port/);
	one_error('a URL', "- name: a\n  host: postgres://u:pw\@h/d\n", '2:9',
	    qr/host must be .*; a URL is several keys: (?!.*pw)/);
	one_error('a name for people', "- name: My Staging DB\n  host: h\n",
	    '1:9', qr/name must be .*; write My-Staging-DB/);
	one_error('a unit', "${top}  connection_timeout: 5 seconds\n", '3:23',
	    qr/.*not "5 seconds"; write 5s/);
	accepted('1 for true', $tunnel =~ s/enabled: true/enabled: 1/r
	    . "    password: x\n", undef, '');
};

subtest 'a host key as it is' => sub {
	my $line = public('ed25519');
	my ($rc, @told) = judged($tunnel =~ s/any/$line/r
	    . "    password: x\n");
	is($rc, 0, 'is as good as its fingerprint') or diag(@told);
	my $seen = PgJump::Daemon::command(['-c', $lab->dir . '/slip.yaml',
	    'config', '--print'], dir => $lab->dir);
	like($seen->{out}, qr{host_key: \["SHA256:[\w+/]{43}"\]},
	    'which is what is in effect');
	one_error('behind the name of its host', $tunnel
	    =~ s/any/"example.com $line"/r . "    password: x\n", '7:15',
	    qr/ssh_tunnel\.host_key must be .*; leave out what stands before/);
	one_error('by MD5', $tunnel =~ s/any/'MD5:00:11:22:33'/r
	    . "    password: x\n", '7:15', qr/.*pgjump hostkey prints the SHA256/);
};

subtest 'a variable with a line end' => sub {
	spew($lab->dir . '/slip.yaml', "${top}  username: \${LAB_NAME}\n", 0600);
	my $seen = PgJump::Daemon::command(['-c', $lab->dir . '/slip.yaml',
	    'config', '--print'], dir => $lab->dir,
	    env => { LAB_NAME => "me\n" });
	like($seen->{out}, qr/username: "me"$/m, 'has none');
};

$lab->done;
