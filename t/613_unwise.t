# SPDX-License-Identifier: PostgreSQL
#
# Settings that work but are unwise: a warning with its place and what to do,
# from `config` and at start; the exit code stays 0.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Port qw(reserve);
use PgJump::Process qw(spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $open = spew("$dir/open", "hunter2\n", 0644);
my $private = spew("$dir/private", "hunter2\n", 0600);
my $shared = spew("$dir/shared", "hunter2\n", 0640);

sub judged($text, $mode = 0600, %with)
{
	my $file = spew("$dir/unwise.yaml", $text, $mode);
	my $seen = PgJump::Daemon::command(['-c', $file, 'config'],
	    dir => $dir, %with);

	$seen->{err} =~ s/\Q$file\E/FILE/g;
	return $seen;
}

my $tunnel = "name: a\nhost: h\nssh_tunnel:\n  enabled: true\n  host: j\n"
    . "  username: u\n";

# what => the file, the place, the warning
for my $case (
	['a secret in a file that others can read', "name: a\nhost: h\n"
		. "password: x\n", '3:11',
		qr/others can read it \(mode 644\); chmod 600 it/, 0644],
	['a secret file that everybody can read',
		"name: a\nhost: h\npassword_file: $open\n", '3:16',
		qr/password_file: everybody can read \Q$open\E \(mode 644\); chmod o-r it/],
	['such a file of a tunnel', "${tunnel}  password_file: $open\n", '7:18',
		qr/ssh_tunnel\.password_file: everybody can read/],
	['host_key: any', "$tunnel  password: x\n  host_key: any\n", '8:13',
		qr/host_key: any trusts every key.*set a pin/],
	['a listener beyond loopback', "name: a\nhost: h\n"
		. "allow_from: 10.0.0.0/8\nlisten: 0.0.0.0:7000\n", '4:9',
		qr/listen: 0\.0\.0\.0:7000 is not loopback.*listen on 127\.0\.0\.1/],
	['one of two', "name: a\nhost: h\nallow_from: 10.0.0.0/8\n"
		. "listen: [7000, '[::]:7000']\n", '4:9',
		qr/listen: \[::\]:7000 is not loopback/],
	['listen_host beyond loopback', "listen_host: 0.0.0.0\nconnections:\n"
		. "- name: a\n  host: h\n  allow_from: 10.0.0.0/8\n", '3:3',
		qr/listen: 0\.0\.0\.0:6432 is not loopback/],
	['a client gives up first', "name: a\nhost: h\n"
		. "connection_timeout: 10s\n", '3:21',
		qr/connection_timeout is 10 s, but many clients give up.*use a smaller value/],
	['a time that another ends', "name: a\nhost: h\n"
		. "ssl_response_timeout: 9s\n", '3:23',
		qr/ssl_response_timeout is 9 s, but connection_timeout ends the wait after 8 s; raise connection_timeout as well/],
	['a jump box that nothing uses', "jump_boxes: { edge: { host: j, "
		. "username: u, auth_method: agent } }\n"
		. "connections: [{ name: a, host: h }]\n", '1:15',
		qr/no connection uses the jump box "edge"/],
	['what a jump box has, told once', "jump_boxes:\n  edge: { host: j, "
		. "username: u, auth_method: agent, host_key: any }\n"
		. "connections:\n- { name: a, host: h, listen: 1, ssh_tunnel: "
		. "edge }\n- { name: b, host: h, listen: 2, ssh_tunnel: { use: "
		. "edge, port: 23 } }\n", '2:63',
		qr/jump_boxes\.edge\.host_key: any trusts every key/],
	['a secret that was left out', "name: a\nhost: h\n"
		. "password: <redacted>\n", '3:11',
		qr/password was left out.*put the secret itself/, 0644],
) {
	my ($what, $text, $place, $says, $mode) = @$case;
	subtest $what => sub {
		my $seen = judged($text, $mode // 0600);
		is($seen->{rc}, 0, 'exit 0');
		like($seen->{err}, qr/\AFILE:$place: warning: [^\n]+\n\z/,
		    'one line, at its place');
		like($seen->{err}, $says, 'what, and what to do');
		like($seen->{out}, qr/is valid/, 'valid');
	};
}

# A user who can write a known_hosts file decides which jump box is trusted.
subtest 'known_hosts files that others can write' => sub {
	my $state = "$dir/state";
	my $file = "$state/known_hosts";
	my $tell = sub ($owner, $dir_mode, $file_mode = undef) {
		mkdir $state;
		chmod $dir_mode, $state;
		unlink $file;
		spew($file, '', $file_mode) if defined $file_mode;
		chown $owner, -1, grep { -e } $file if $owner != $>;
		my ($first, $key) = ($_, s/:.*//sr);
		my $seen = judged("$tunnel  password: x\n  $first\n", 0600,
		    env => { STATE_DIRECTORY => $state, HOME => "$dir/nobody" });
		is($seen->{rc}, 0, 'exit 0');
		return $seen->{err} =~
		    s/^FILE:8:\d+: warning: ssh_tunnel\.$key: //gmr;
	};
	my $all = 'decides? which host keys are trusted';

	for ('host_key: accept-new', "known_hosts: $file",
	    "known_hosts: state/known_hosts") {
		is($tell->($>, 0700, 0600), '', "$_: none where it is private");
		is($tell->($>, 0755, 0644), '', 'none where all can read it');
		like($tell->($>, 0700, 0666),
		    qr/\Aothers can write \Q$file\E \(mode 666\), and so $all; chmod go-w \Q$file\E\n\z/,
		    'by all');
		like($tell->($>, 0700, 0620), qr/\Aothers .*mode 620.*\n\z/,
		    'by a group');
		like($tell->($>, 0775, 0600),
		    qr/\Aothers can write the directory \Q$state\E \(mode 775\), and replace \Q$file\E; chmod go-w \Q$state\E\n\z/,
		    'by its directory');
		like($tell->($>, 0775, undef), qr/\Aothers .* directory/,
		    'which counts before the file is there');
		is($tell->($>, 01777, 0600), '',
		    'not where only owners can replace');
		SKIP: {
			skip 'only root gives files away', 1 if $> != 0;
			like($tell->(65534, 0700, 0644),
			    qr/\Auser 65534 owns \Q$file\E \(mode 644\), and so $all; chown 0 \Q$file\E\n\z/,
			    'by their owner');
		}
	}
	for ('known_hosts: /dev/null') {
		is($tell->($>, 0700), '', "$_: is no file");
	}
};

subtest 'the known_hosts files of ssh' => sub {
	my $home = "$dir/person";
	my $file = "$home/.ssh/known_hosts";

	mkdir $_, 0700 for $home, "$home/.ssh";
	spew($file, '', 0666);
	my $of = sub ($name) {
		return "- name: $name\n  host: h\n  ssh_tunnel:\n"
		    . "    enabled: true\n    host: $name\n    username: u\n"
		    . "    password: x\n";
	};
	my $seen = judged($of->('a') . $of->('b') =~
		s/  host: h\n/  host: h\n  listen: 1\n/r, 0600,
	    env => { HOME => $home });
	like($seen->{err},
	    qr/\AFILE: warning: ssh_tunnel\.known_hosts: others can write \Q$file\E \(mode 666\)[^\n]*\n\z/,
	    'are told of once, for all tunnels');
};

# No reason for a warning.
for my $case (
	['private files', "name: a\nhost: h\npassword_file: $private\n"],
	['a file for a group', "name: a\nhost: h\npassword_file: $shared\n"],
	['loopback', "name: a\nhost: h\nlisten: [7000, '127.0.0.2:1']\n"],
	['a Unix socket', "name: a\nhost: h\nlisten: /tmp\n"],
	['less than ten seconds',
		"name: a\nhost: h\nconnection_timeout: 9999ms\n"],
	['a pin', "$tunnel  password: x\n  host_key: SHA256:"
		. 'A' x 42 . "A\n"],
) {
	my ($what, $text) = @$case;
	is(judged($text)->{err}, '', "$what: no warning");
}
is(judged("name: a\nhost: h\npassword_file: $private\n", 0644)->{err}, '',
    'a file that others can read, without a secret: no warning');

subtest 'one tunnel of two connections is warned about once' => sub {
	my $seen = judged("- name: a\n  host: h\n  listen: 1\n  ssh_tunnel: &t\n"
		. "    enabled: true\n    host: j\n    username: u\n"
		. "    password: x\n    host_key: any\n"
		. "- name: b\n  host: h\n  listen: 2\n  ssh_tunnel: *t\n");
	is(() = $seen->{err} =~ /warning/g, 1, 'once') or diag($seen->{err});
};

subtest 'of the connections that are named' => sub {
	my $closed = reserve();
	my $of = sub ($name, $listen) {
		return "- name: $name\n  host: 127.0.0.1\n  port: $closed\n"
		    . "  listen: $listen\n  connection_timeout: 10s\n"
		    . "  password: x\n";
	};
	my $file = spew("$dir/two.yaml", $of->('a', 1) . $of->('b', 2), 0644);
	my $lines = sub (@command) {
		my $seen = PgJump::Daemon::command(['-c', $file, @command],
		    dir => $dir);
		return [$seen->{err} =~ /^\Q$file\E:(\d+):/mg];
	};

	is_deeply($lines->('check'), [5, 6, 11], 'all of them');
	is_deeply($lines->('check', 'a'), [5, 6], 'the first, and the file');
	is_deeply($lines->('check', 'b'), [6, 11], 'the second, and the file');
	is_deeply($lines->('hostkey', 'b'), [6, 11], 'so for hostkey');
};

subtest 'at start' => sub {
	my $connection = $lab->connection('unwise', port => 5432,
	    connection_timeout => '10s', ssh_tunnel => { host_key => 'any' });
	my $daemon = $lab->daemon([$connection]);
	like($daemon->log_text, qr/:\d+:\d+: warning: connection_timeout is/,
	    'the time-out');
	like($daemon->log_text, qr/:\d+:\d+: warning: ssh_tunnel\.host_key:/,
	    'and the host key; and it serves');
};

$lab->done;
