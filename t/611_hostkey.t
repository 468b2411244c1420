# SPDX-License-Identifier: PostgreSQL
#
# pgjump hostkey: every host key of a jump box, seen without a login, as lines
# for known_hosts and pins for host_key; what is known of each; and what --add
# adds, or refuses to add.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use PgJump::Group qw(wanted runs);
use PgJump::Lab;
use Test::More;

use PgJump::Certificate qw(certify);
use PgJump::Keys qw(fingerprint key_file public);
use PgJump::Port qw(reserve);
use PgJump::Process qw(run slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $box = $lab->new_box(host_keys => [qw(host-ed25519 host-rsa host-ecdsa)]);
my $here = '[127.0.0.1]:' . $box->port;
my @names = qw(host-ed25519 host-ecdsa host-rsa); # in pgjump's order
my %line = map { $_ => "$here " . (public($_) =~ s/ lab\z//r) } @names,
    'host-other';
my $files = 0;

sub connection($name, %tunnel)
{
	return $lab->connection($name, box => $box, port => 5432,
	    ssh_tunnel => { host_key => undef, %tunnel });
}

sub hostkey($connections, $arguments, %with)
{
	my $file = spew("$dir/hostkey.yaml",
	    JSON::PP->new->encode($connections), 0600);

	return PgJump::Daemon::command(['-c', $file, 'hostkey', @$arguments],
	    dir => $dir, clean_env => 1,
	    env => { HOME => "$dir/home", %{ $with{env} // {} } });
}

sub known($text) { spew($dir . '/known.' . $files++, $text, 0600) }
sub keys_of($text) { grep { /^[^#\n]/ } split /\n/, $text }

sub accepted
{
	return scalar(() = $box->log_text =~ /^Connection from /mg);
}

subtest 'a jump box with certificates of its keys' => sub {
	my $certified = $lab->new_box(name => 'certified', config => {
		HostCertificate => certify($dir, 'host-ed25519', 'agent1',
		    '-h') });
	my $file = known('@cert-authority * ' . public('agent1') . "\n");
	my @files = ([$certified, '', qr/certificates of its keys, too, but no/],
		[$certified, $file, qr/certificates of its keys, too,.*\Q$file\E:1/s],
		[$box, $file, qr/It has no certificate,.*\Q$file\E:1/s]);

	for my $case (@files) {
		my ($of, $known, $says) = @$case;
		my $seen = hostkey([$lab->connection('main', box => $of,
			port => 5432, ssh_tunnel => { host_key => undef,
			    known_hosts => $known || known('') })], ['main']);

		like($seen->{out}, $says, 'it is said');
		is((grep { /-cert-v01/ } keys_of($seen->{out})), 0,
		    'and keys alone are printed');
	}
};

subtest 'every key of a jump box' => sub {
	my $before = accepted();
	my $two = [connection('one'), connection('two', username => 'other')];
	my $seen = hostkey($two, [qw(one two)]);
	is($seen->{rc}, 0, 'exit 0') or diag($seen->{err});
	is_deeply([keys_of($seen->{out})], [@line{@names}],
	    'one line a type, once for two connections');
	is(accepted() - $before, 3, 'one handshake a type');
	unlike($box->log_text, qr/publickey|password/, 'and no login');
	like($seen->{out}, qr/\Q127.0.0.1:@{[$box->port]} (one, two)/,
	    'which box, and whose');
	like($seen->{out}, qr/OpenSSH_\d/, 'and what runs there');
	for my $name (@names) {
		my ($type) = split ' ', public($name);
		my $print = fingerprint($name);
		like($seen->{out}, qr/^# $type \Q$print\E: not trusted yet$/m,
		    "$type: not trusted yet");
	}
	for my $kind (qw(ed25519 ecdsa rsa)) {
		like($seen->{out}, qr{^\#\s+ssh-keygen\ -lf
		    \ /etc/ssh/ssh_host_${kind}_key\.pub$}mx,
		    "how to compare $kind");
	}
};

subtest 'what it prints is a known_hosts file' => sub {
	my $file = known(hostkey([connection('one')], ['one'])->{out});
	my $found = run(['ssh-keygen', '-lf', $file]);
	is(() = $found->{out} =~ /^\d+ SHA256:/mg, 3, 'ssh-keygen reads it');
	my $trusting = $lab->connection('trusting', box => $box,
	    ssh_tunnel => { host_key => undef, known_hosts => $file });
	my ($pin) = slurp($file) =~ /^#   host_key:\n#     - (SHA256:\S+) /m;
	my $pinned = $lab->connection('pinned', box => $box,
	    ssh_tunnel => { host_key => $pin });
	my $daemon = $lab->daemon([$trusting, $pinned]);
	is($lab->psql($_, 'select 1')->{out}, "1\n", "good for $_->{name}")
	    for $trusting, $pinned;
	$daemon->down;
};

subtest 'the pins are a list for host_key' => sub {
	my $text = hostkey([connection('one')], ['one'])->{out};
	my ($list) = $text =~ /^(#   host_key:\n(?:#     - .*\n){3})/m;
	my $yaml = "name: x\nhost: h\nssh_tunnel:\n  enabled: true\n"
	    . "  host: h\n  username: u\n  password: p\n"
	    . ($list =~ s/^# //gmr);
	my $file = spew("$dir/pins.yaml", $yaml, 0600);
	my $seen = PgJump::Daemon::command(['-c', $file, 'config'],
	    dir => $dir);
	is($seen->{rc}, 0, 'as it is printed, behind the #')
	    or diag("$seen->{err}$yaml");
};

# What known_hosts holds, and what is said of the Ed25519 key.
my $ed25519 = $line{'host-ed25519'};
my ($blob) = $ed25519 =~ / (ssh-ed25519 \S+)/;
for my $case (
	['in the file', known("# one\n$ed25519\n"), qr/trusted by FILE:2/],
	['by a bare host', known("127.0.0.1 $blob\n"), qr/trusted by FILE:1/],
	['in CRLF', known("$ed25519\r\n"), qr/trusted by FILE:1/],
	['another key on another port', known("[127.0.0.1]:1 "
		. public('host-other') . "\n"), qr/not trusted yet/],
	['another key for the bare host', known("127.0.0.1 "
		. public('host-other') . "\n"), qr/not trusted yet/],
	['another key', known("$line{'host-other'}\n"),
		qr/CHANGED: another key is in FILE:1/, 'comment'],
	['revoked', known("\@revoked * $blob\n$ed25519\n"),
		qr/REVOKED by FILE:1/, 'comment'],
) {
	my ($what, $file, $says, $comment) = @$case;
	subtest "known: $what" => sub {
		my $seen = hostkey([connection('one', known_hosts => $file)],
		    ['one']);
		my $text = $seen->{out} =~ s/\Q$file\E/FILE/gr;
		my $print = fingerprint('host-ed25519');
		is($seen->{rc}, 0, 'exit 0') or diag($seen->{err});
		like($text, qr/^# ssh-ed25519 \Q$print\E: $says$/m, 'said so');
		like($text, $comment ? qr/^# \Q$ed25519\E$/m
		    : qr/^\Q$ed25519\E$/m, 'the line');
		is($text =~ /^#     - \Q$print\E/m, !$comment,
		    'and the pin, unless it must not be trusted');
	};
}

subtest 'pins, and the file of accept-new' => sub {
	my $seen = hostkey([connection('one',
		host_key => fingerprint('host-ecdsa'))], ['one']);
	like($seen->{out}, qr/^# ecdsa\S+ SHA256:\S+: trusted by its pin/m,
	    'a pinned key');
	like($seen->{out}, qr/^# ssh-rsa SHA256:\S+: not trusted yet/m,
	    'and others');
	mkdir "$dir/state";
	spew("$dir/state/known_hosts", "$ed25519\n");
	$seen = hostkey([connection('one', host_key => 'accept-new')], ['one'],
	    env => { STATE_DIRECTORY => "$dir/state" });
	like($seen->{out}, qr{trusted by \Q$dir\E/state/known_hosts:1},
	    'what accept-new remembers');
	is(slurp("$dir/state/known_hosts"), "$ed25519\n",
	    'which remembers nothing now');
};

subtest '--add' => sub {
	my $file = "$dir/made/for/known_hosts";
	my $config = [connection('one', known_hosts => [$file, '/none'])];
	my $seen = hostkey($config, [qw(--add one)]);
	is($seen->{rc}, 0, 'exit 0') or diag($seen->{err});
	is(slurp($file), join('', map { "$line{$_}\n" } @names),
	    'a line for each key, in the first file');
	is((stat $file)[2] & 0777, 0600, 'which is made, private');
	is((stat "$dir/made")[2] & 0777, 0700, 'with its directories');
	is(() = $seen->{out} =~ /: added to \Q$file\E$/mg, 3, 'told');
	my $before = slurp($file);
	$seen = hostkey($config, [qw(one --add)]);
	is($seen->{rc}, 0, 'once more: exit 0');
	is(slurp($file), $before, 'nothing is added twice');
};

subtest '--add to what is there' => sub {
	my $file = known("# mine\n$ed25519");
	my $config = [connection('one', known_hosts => $file)];
	hostkey($config, [qw(--add one)]);
	is(slurp($file), join("\n", '# mine', @line{@names}) . "\n",
	    'what is missing, behind a last line without end');
	$file = known("$ed25519\n");
	run(['ssh-keygen', '-q', '-H', '-f', $file]);
	$config = [connection('one', known_hosts => $file)];
	hostkey($config, [qw(--add one)]);
	is(() = slurp($file) =~ /^.*ssh-ed25519.*$/mg, 1,
	    'not beside a hashed name');
	is(() = slurp($file) =~ /^.*ssh-rsa.*$/mg, 1, 'but the others');
};

subtest '--add under an alias' => sub {
	my $file = known('');
	my $config = [connection('one', known_hosts => $file,
		host_key_alias => 'bastion')];
	my $seen = hostkey($config, [qw(--add one)]);
	is_deeply([split /\n/, slurp($file)],
	    [map { s/^\S+/bastion/r } @line{@names}], 'without a port');
	like($seen->{out}, qr/jump box 127\.0\.0\.1:/,
	    'the jump box is called as ever');
	$seen = hostkey([connection('one', known_hosts => $file),
		connection('two', known_hosts => $file,
		    host_key_alias => 'bastion')], [qw(one two)]);
	is(() = $seen->{out} =~ /: not trusted yet$/mg, 3,
	    'and has another without it');
	is(() = $seen->{out} =~ /: trusted by \Q$file\E:/mg, 3, 'or with it');
};

subtest '--add to the default file' => sub {
	my $seen = hostkey([connection('one')], [qw(--add one)]);
	is(slurp("$dir/home/.ssh/known_hosts"),
	    join('', map { "$line{$_}\n" } @names), '~/.ssh/known_hosts');
	$seen = hostkey([connection('one')], [qw(--add one)],
	    env => { PGJUMP_KNOWN_HOSTS => "$dir/named" });
	is(scalar(keys_of(slurp("$dir/named"))), 3, '$PGJUMP_KNOWN_HOSTS');
};

# For each: what is in the file, what pgjump says, the file as it must stay.
for my $case (
	['a changed key', "$line{'host-other'}\n",
		qr/has changed: it shows .*FILE:1 has another.*\[jump_hostkey\]/],
	['a revoked key', "\@revoked * $blob\n",
		qr/is marked \@revoked: .*FILE:1 \[jump_hostkey\]/],
) {
	my ($what, $text, $says) = @$case;
	subtest "--add refuses $what" => sub {
		my $file = known($text);
		my $seen = hostkey([connection('one', known_hosts => $file)],
		    [qw(--add one)]);
		is($seen->{rc}, 14, 'exit 14');
		like($seen->{err} =~ s/\Q$file\E/FILE/gr, $says,
		    'which line says otherwise');
		like($seen->{err}, qr/^HINT: \S/m, 'and what to do');
		is(slurp($file), $text, 'nothing was added, of any type');
	};
}

subtest '--add where it cannot' => sub {
	my $plain = known('');
	my $file = "$plain/known_hosts";
	my $seen = hostkey([connection('one', known_hosts => $file)],
	    [qw(--add one)]);
	is($seen->{rc}, 14, 'exit 14');
	like($seen->{err}, qr/cannot add to \Q$file\E: Not a directory/,
	    'the file and why');
	like($seen->{err}, qr/^HINT: .*known_hosts/m, 'what to correct');
	is(scalar(keys_of($seen->{out})), 3, 'the keys are printed');
	$seen = hostkey([connection('one', host_key => 'any')],
	    [qw(--add one)]);
	is($seen->{rc}, 1, 'host_key: any: exit 1');
	like($seen->{err}, qr/"one" does not use known_hosts/, 'said so');
};

subtest 'several writers' => sub {
	my @boxes = map { $lab->new_box(host_keys => ['host-rsa']) } 1 .. 4;
	my $file = known('');
	my $config = spew("$dir/many.yaml", JSON::PP->new->encode([map {
		$lab->connection("n$_", box => $boxes[$_], port => 5432,
		    ssh_tunnel => { host_key => undef, known_hosts => $file })
	} 0 .. $#boxes]), 0600);
	my @processes = map { PgJump::Process->new(name => "add$_",
		dir => $dir, argv => [PgJump::Daemon::program(), '-c', $config,
			'hostkey', '--add', "n$_"])->start } 0 .. $#boxes;
	is($_->wait_end, 'exit 0', 'each ends well') for @processes;
	is_deeply([sort split /\n/, slurp($file)], [sort map {
		'[127.0.0.1]:' . $_->port . ' '
		    . (public('host-rsa') =~ s/ lab\z//r) } @boxes],
	    'no line is lost, cut or mixed with another');

	spew($file, '');
	@processes = map { PgJump::Process->new(name => "same$_",
		dir => $dir, argv => [PgJump::Daemon::program(), '-c', $config,
			'hostkey', '--add', 'n0'])->start } 1 .. 8;
	is($_->wait_end, 'exit 0', 'so with the same key') for @processes;
	is(() = slurp($file) =~ /\n/g, 1, 'whose line stands once');
	$_->down for @boxes;
};

subtest 'names' => sub {
	my $two = [connection('orders'), $lab->connection('straight',
		port => 5432, ssh_tunnel => { enabled => 0 })];
	my $seen = hostkey($two, ['ordres', 'nobody']);
	is($seen->{rc}, 1, 'unknown: exit 1');
	like($seen->{err}, qr/no connection "ordres"; did you mean "orders"\?/,
	    'with the one that was meant');
	like($seen->{err}, qr/no connection "nobody"/, 'and each of them');
	$seen = hostkey($two, ['straight', 'orders']);
	is($seen->{rc}, 1, 'a direct connection: exit 1');
	like($seen->{err}, qr/"straight" is direct: it has no jump box/,
	    'said so');
	is($seen->{out}, '', 'and nothing is printed');
	is(hostkey($two, [])->{rc}, 1, 'none: exit 1');
};

subtest 'jump boxes that do not answer' => sub {
	my $peer = PgJump::Peer->new('http');
	my $config = [
		connection('down', port => reserve()),
		connection('web', port => $peer->port),
		connection('nowhere', host => 'nowhere.invalid'),
		connection('good'),
	];
	my $seen = hostkey($config, [qw(down good)]);
	is($seen->{rc}, 12, 'exit code of the failure');
	like($seen->{err}, qr/^pgjump: tunnel failed: .*\[jump_connect\]$/m,
	    'the message');
	like($seen->{err}, qr/^HINT: Check ssh_tunnel\.port/m, 'and the hint');
	is(scalar(keys_of($seen->{out})), 3, 'the others are shown');
	is(hostkey($config, [qw(web down)])->{rc}, 13, 'of the first named');
	is(hostkey($config, ['nowhere'])->{rc}, 10, 'a name without address');
	is(hostkey([connection('one', known_hosts => $dir)], ['one'])->{rc},
	    14, 'a known_hosts that cannot be read');
};

subtest 'other types' => sub {
	my $box = $lab->new_box(
	    config => { HostKey => [map { key_file($_) }
		qw(ecdsa384 ecdsa521)] });
	my $seen = hostkey([$lab->connection('one', box => $box, port => 5432,
		ssh_tunnel => { host_key => undef })], ['one']);
	is_deeply([map { (split)[1] } keys_of($seen->{out})],
	    [map { "ecdsa-sha2-nistp$_" } 384, 521],
	    'both curves') or diag($seen->{err});
	like($seen->{out}, qr/ssh_host_ecdsa_key/, 'one file holds them');
	my $old = $lab->new_box(config => {
		HostKeyAlgorithms => 'rsa-sha2-256',
		HostKey => key_file('host-rsa') });
	$seen = hostkey([$lab->connection('one', box => $old, port => 5432,
		ssh_tunnel => { host_key => undef })], ['one']);
	is_deeply([map { (split)[1] } keys_of($seen->{out})], ['ssh-rsa'],
	    'RSA by either hash');
};

subtest 'dropbear' => sub {
	my ($dropbear) = grep { -x } '/usr/sbin/dropbear',
	    '/usr/local/sbin/dropbear';
	plan skip_all => 'needs dropbear (contrib/test --with=servers)'
	    unless defined $dropbear && wanted('servers');
	runs('servers');
	my $port = reserve();
	my %made = map { my $file = "$dir/dropbear_$_";
		my $out = run(['dropbearkey', '-t', $_, '-f', $file])->{out};
		$out =~ /^(\S+ AAAA\S+).*^Fingerprint: (SHA256:\S+)/ms
		    ? ($_ => [$file, "[127.0.0.1]:$port $1", $2]) : ();
	} qw(ed25519 ecdsa rsa);
	my $process = PgJump::Process->new(name => 'dropbear', dir => $dir,
	    argv => [$dropbear, '-F', '-E', '-p', "127.0.0.1:$port",
		(map { ('-r', $_->[0]) } values %made),
		'-P', "$dir/dropbear.pid"])->start;
	$process->up(qr/Not backgrounding/);
	my $seen = hostkey([$lab->connection('one', port => 5432,
		ssh_tunnel => { port => $port, host_key => undef })], ['one']);
	is_deeply([keys_of($seen->{out})], [map { $made{$_}[1] }
		qw(ed25519 ecdsa rsa)], 'its keys') or diag($seen->{err});
	like($seen->{out}, qr/\Q$_->[2]\E/, 'with the fingerprint it prints')
	    for values %made;
	like($seen->{out}, qr{^\#\s+dropbearkey\ -y\ -f
	    \ /etc/dropbear/dropbear_ed25519_host_key$}mx,
	    'and its own command to compare');
	$process->down;
};

$lab->done;
