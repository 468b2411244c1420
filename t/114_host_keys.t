# SPDX-License-Identifier: PostgreSQL
#
# Every way to trust a host key: the forms of known_hosts, pins, accept-new,
# any.  Those that must not be trusted are in 202_host_keys.t.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(fingerprint key_file public);
use PgJump::Process qw(run slurp spew);

my $lab = PgJump::Lab->new;
my $box = $lab->new_box(host_keys => [qw(host-ed25519 host-rsa host-ecdsa)]);
my $port = $box->port;
my ($ed25519, $rsa, $ecdsa, $other) =
    map { public("host-$_") } qw(ed25519 rsa ecdsa other);
my $pin = fingerprint('host-ed25519');
my $files = 0;

sub file($text) { spew($lab->dir . '/known.' . $files++, $text) }

sub hashed($line)
{
	my $file = file("$line\n");
	run(['ssh-keygen', '-H', '-f', $file]);
	like(slurp($file), qr/^\|1\|/, 'ssh-keygen hashed a name');
	return $file;
}

my $here = "[127.0.0.1]:$port";
my @cases = (
	['[host]:port', file("$here $ed25519\n")],
	['the host without a port', file("127.0.0.1 $ed25519\n")],
	['a hashed name', hashed("$here $ed25519")],
	['a list of names', file("one,two,$here,three $ed25519\n")],
	['a wildcard', file("[127.0.0.*]:$port $ed25519\n")],
	['a question mark', file("[127.0.0.?]:$port $ed25519\n")],
	['a negation of another host', file("!other,[127.*]:* $ed25519\n")],
	['a bad line before', file("\$nonsense\n\n# comment\n$here AAAA\n"
		. "$here $ed25519\n")],
	['another host is revoked', file("\@revoked elsewhere $ed25519\n"
		. "$here $ed25519\n")],
	['another key is revoked', file("\@revoked * $other\n"
		. "$here $ed25519\n")],
	['a second key for the host', file("$here $other\n$here $ed25519\n")],
	['only the RSA key is known', file("$here $rsa\n")],
	['only the ECDSA key is known', file("$here $ecdsa\n")],
	['a comment at the end', file("$here $ed25519 who\@where\n")],
	['CRLF', file("$here $ed25519\r\n")],
	['no final newline', file("$here $ed25519")],
	['the second file of two', [file("elsewhere $other\n"),
		file("$here $ed25519\n")]],
	['the second file, the first missing', [$lab->dir . '/nowhere',
		file("$here $ed25519\n")]],
);
my @pins = (
	['a pin', $pin],
	['one of two pins', [fingerprint('host-other'), $pin]],
	['any', 'any'],
);

my @connections = (
	(map { $lab->connection("known_$_", box => $box, ssh_tunnel => {
		host_key => undef, known_hosts => $cases[$_][1] })
	} 0 .. $#cases),
	(map { $lab->connection("pinned_$_", box => $box, ssh_tunnel => {
		host_key => $pins[$_][1] })
	} 0 .. $#pins),
);
my $daemon = $lab->daemon(\@connections);
my @all = (@cases, @pins);
for (0 .. $#all) {
	my $seen = $lab->psql($connections[$_], 'select 1');
	is($seen->{out}, "1\n", $all[$_][0]) or diag($seen->{err});
}
like($daemon->log_text, qr/ warning: [^\n]*\b127\.0\.0\.1:$port\b/,
    '"any" is warned about');

subtest 'by an alias' => sub {
	my $file = file("bastion $ed25519\n$here $other\n");
	my %alias = (host_key => undef, known_hosts => $file,
		host_key_alias => 'Bastion');
	my $connection = $lab->connection('aliased', box => $box,
	    ssh_tunnel => \%alias);
	my $unknown = $lab->connection('unknown', box => $box,
	    ssh_tunnel => { %alias, host_key_alias => 'other' });
	my $daemon = $lab->daemon([$connection, $unknown]);
	is($lab->psql($connection, 'select 1')->{out}, "1\n",
	    'its line counts, that of host and port does not');
	like($lab->psql($unknown, 'select 1')->{err},
	    qr/not in \Q$file\E under the name other .*\[jump_hostkey\]/,
	    'and another name is unknown');
	my $ssh = sub ($alias) {
		return run(['ssh', '-F', 'none', '-p', $port, '-o',
			'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes',
			'-o', "UserKnownHostsFile=$file", '-o',
			'GlobalKnownHostsFile=none', '-o',
			"HostKeyAlias=$alias", '-i', key_file('ed25519'),
			$box->user . '@127.0.0.1', 'true']);
	};
	is($ssh->('Bastion')->{rc}, 0, 'as ssh has it');
	like($ssh->('other')->{err}, qr/Host key verification failed/,
	    'both ways');
};

subtest 'the default file' => sub {
	my $connection = $lab->connection('by_default', box => $box,
	    ssh_tunnel => { host_key => undef });
	mkdir $lab->dir . '/home/.ssh', 0700;
	spew($lab->dir . '/home/.ssh/known_hosts', "$here $ed25519\n");
	my $daemon = $lab->daemon([$connection]);
	is($lab->psql($connection, 'select 1')->{out}, "1\n",
	    '~/.ssh/known_hosts');
	unlink $lab->dir . '/home/.ssh/known_hosts';
};

subtest '$PGJUMP_KNOWN_HOSTS' => sub {
	my $connection = $lab->connection('by_variable', box => $box,
	    ssh_tunnel => { host_key => undef });
	my $daemon = $lab->daemon([$connection],
	    env => { PGJUMP_KNOWN_HOSTS => file("$here $ed25519\n") });
	is($lab->psql($connection, 'select 1')->{out}, "1\n", 'names a file');
};

for my $where (['STATE_DIRECTORY', ''], ['XDG_STATE_HOME', '/pgjump']) {
	my ($variable, $below) = @$where;
	subtest "accept-new, remembered below \$$variable" => sub {
		my $state = $lab->dir . "/$variable";
		my $box = $lab->new_box;
		my $here = '[127.0.0.1]:' . $box->port;
		my $connection = $lab->connection('by_first_use', box => $box,
		    ssh_tunnel => { host_key => 'accept-new' });
		my %env = (env => { $variable => $state });

		mkdir $state;
		my $daemon = $lab->daemon([$connection], %env);
		is($lab->psql($connection, 'select 1')->{out}, "1\n",
		    'the first key is taken');
		my $file = "$state$below/known_hosts";
		my ($type, $blob) = split ' ', public('host-ed25519');
		like(slurp($file), qr/^\Q$here\E \Q$type $blob\E\b/m,
		    'and written down');
		$daemon->down;
		$daemon->up;
		is($lab->psql($connection, 'select 1')->{out}, "1\n",
		    'the same key is good again');
		$daemon->down;
		$box->down;
		my $changed = $lab->new_box(port => $box->port,
		    host_keys => ['host-other']);
		$daemon->up;
		like($lab->psql($connection, 'select 1')->{err},
		    qr/\[jump_hostkey\]/, 'a changed key is not');
	};
}

$lab->done;
