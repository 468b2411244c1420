# SPDX-License-Identifier: PostgreSQL
#
# On a terminal check and exec ask whether to trust an unknown host key, and for
# a missing passphrase; they ask nobody where no person reads, and about no key
# that contradicts another.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Terminal;
use Test::More;

use PgJump::Agent;
use PgJump::Keys qw(fingerprint private public PASSPHRASE);
use PgJump::Process qw(slurp spew);

plan skip_all => 'no script(1)' unless PgJump::Terminal::possible();

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $print = fingerprint('host-ed25519');
my $question = qr/The host key of jump box 127\.0\.0\.1:\d+ is not known: ssh-ed25519\s+\Q$print\E.*\(yes, no or the fingerprint\)\? /s;
my $count = 0;

# A configuration with these connections, all through one jump box, and its
# known_hosts file.
sub config($known, @names)
{
	my $file = "$dir/known_hosts." . $count++;

	spew($file, $known, 0600) if defined $known;
	my @connections = map {
		$lab->connection($_, ssh_tunnel => { host_key => undef,
			known_hosts => $file })
	} @names ? @names : 'main';
	return ($lab->new_daemon(\@connections)->file, $file);
}

sub pgjump($config, $command, @arguments)
{
	return join ' ', PgJump::Daemon::program(), '-c', $config, $command,
	    @arguments;
}

sub on_terminal($command, %env)
{
	return PgJump::Terminal->new(dir => $dir, command => $command,
	    env => \%env);
}

subtest 'yes' => sub {
	my ($config, $file) = config(undef);
	my $terminal = on_terminal(pgjump($config, 'check'));

	ok($terminal->sees(qr/\[jump_hostkey\]/), 'the report comes first');
	ok($terminal->sees($question), 'then the question');
	$terminal->type("maybe\n");
	ok($terminal->sees(qr/Please type yes, no or the fingerprint: /),
	    'which takes no other answer');
	$terminal->type("yes\n");
	ok($terminal->sees(qr/Added to \Q$file\E\./), 'the file is named');
	ok($terminal->sees(qr/ok .* hostkey .*ok .* server /s),
	    'and all is walked again');
	is($terminal->ends, 0, 'with the exit code of that');
	my $known = $lab->box->known_line;
	is(slurp($file) =~ s/\n\z//r, $known =~ s/ lab$//r, 'the line');
	is((stat $file)[2] & 0777, 0600, 'the mode of the file');

	$terminal = on_terminal(pgjump($config, 'check'));
	is($terminal->ends, 0, 'the next check succeeds');
	unlike($terminal->text, $question, 'and does not ask');
};

subtest 'the fingerprint, or another one' => sub {
	my ($config, $file) = config(undef);
	my $terminal = on_terminal(pgjump($config, 'check'));

	ok($terminal->sees($question), 'asks');
	$terminal->type(fingerprint('host-other') . "\n");
	ok($terminal->sees(qr/Please type/), 'another is no answer');
	ok(!-e $file, 'and nothing is written');
	$terminal->type("$print\n");
	is($terminal->ends, 0, 'its own is as good as a yes');
};

for my $case (['no', "no\n", 14], ['Ctrl-D', "\x04", 14],
	['Ctrl-C', "\x03", 130]) {
	my ($what, $keys, $code) = @$case;

	subtest $what => sub {
		my ($config, $file) = config(undef);
		my $terminal = on_terminal(pgjump($config, 'check'));

		ok($terminal->sees($question), 'asks');
		$terminal->type($keys);
		is($terminal->ends, $code, "ends with $code");
		ok(!-e $file, 'and nothing is written');
	};
}

subtest 'several connections through one jump box' => sub {
	my ($config) = config(undef, qw(one two three));
	my $terminal = on_terminal(pgjump($config, 'check'));

	ok($terminal->sees($question), 'asks');
	$terminal->type("yes\n");
	is($terminal->ends, 0, 'all are well then');
	my $asked = () = $terminal->text =~ /is not known: ssh-ed25519/g;
	is($asked, 1, 'was asked once');
};

subtest 'exec asks before its command' => sub {
	my ($config) = config(undef);
	my $out = "$dir/exec.out";
	my $terminal = on_terminal(pgjump($config, 'exec', 'main',
		PgJump::Postgres::bin('psql'), '-XAtc', "'select 40 + 2'",
		">$out"));

	ok($terminal->sees($question), 'asks');
	$terminal->type("yes\n");
	is($terminal->ends, 0, 'then it runs');
	is(slurp($out), "42\n", 'and nothing else is in its output');
};

# --- Passphrases ---------------------------------------------------------------

my $locked = spew("$dir/locked", private('ed25519-locked'), 0600);
my $locked_box = $lab->new_box(authorized => [public('ed25519-locked')]);
my $passphrase = qr/Passphrase of \Q$locked\E for jump box \S+: /;

# A configuration of connections with that key and without its passphrase.
sub with_locked($tunnel, @names)
{
	my @connections = map {
		$lab->connection($_, box => $locked_box, ssh_tunnel => {
			auth_method => 'key', private_key => undef,
			private_key_file => $locked, %$tunnel })
	} @names;
	return $lab->new_daemon(\@connections)->file;
}

subtest 'a passphrase, before anything is walked' => sub {
	my $terminal = on_terminal(pgjump(with_locked({}, 'one', 'two'),
		'check'));

	ok($terminal->sees($passphrase), 'asks');
	$terminal->type("wrong\n");
	ok($terminal->sees(qr/It does not open this key\.\s+$passphrase/),
	    'and asks again after a wrong one');
	$terminal->type(PASSPHRASE . "\n");
	is($terminal->ends, 0, 'then all is well');
	my $asked = () = $terminal->text =~ /Passphrase of/g;
	is($asked, 2, 'the second connection has it from the first');
	unlike($terminal->text, qr/wrong|\Q${\ PASSPHRASE}/,
	    'and nothing that was typed is shown');
};

subtest 'nobody has it' => sub {
	my $config = with_locked({}, 'one');
	my $terminal = on_terminal(pgjump($config, 'check'));

	ok($terminal->sees($passphrase), 'asks');
	$terminal->type("\n");
	is($terminal->ends, 15, 'the login fails');
	like($terminal->text, qr/it is encrypted/, 'for what it is');

	$terminal = on_terminal(pgjump($config, 'check'));
	ok($terminal->sees($passphrase), 'asks');
	$terminal->type("\x03");
	is($terminal->ends, 130, 'Ctrl-C ends it');

	$terminal = on_terminal(pgjump($config, 'check') . ' | cat; '
	    . 'stty -a');
	ok($terminal->sees(qr/it is encrypted/), 'into a pipe it is an error');
	ok($terminal->sees(qr/ echo /), 'and the terminal shows what is typed');
	unlike($terminal->text, qr/Passphrase of/, 'without a question');
};

subtest 'the terminal shows again what is typed' => sub {
	my $terminal = on_terminal("bash -c 'trap : INT; "
	    . pgjump(with_locked({}, 'one'), 'check') . "; stty -a'");

	ok($terminal->sees($passphrase), 'asks');
	$terminal->type("\x03");
	ok($terminal->sees(qr/susp = \^Z.* echo /s), 'after Ctrl-C, too');
	$terminal->ends;
};

subtest 'an agent comes first' => sub {
	my %list = (auth_method => ['agent', 'key']);
	my $config = with_locked(\%list, 'one');
	my $agent = PgJump::Agent->new(dir => $dir, askpass =>
		spew("$dir/askpass", "#!/bin/sh\necho '" . PASSPHRASE
		    . "'\n", 0755));
	my $terminal = on_terminal(pgjump($config, 'check'));

	ok($terminal->sees(qr/\[jump_auth\].*$passphrase/s),
	    'without an agent it asks after the login failed');
	$terminal->type(PASSPHRASE . "\n");
	is($terminal->ends, 0, 'and logs in');

	$agent->add_file($locked);
	$terminal = on_terminal(pgjump($config, 'check'),
	    SSH_AUTH_SOCK => $agent->path);
	is($terminal->ends, 0, 'where the agent has it');
	unlike($terminal->text, qr/Passphrase of/, 'nobody is asked');
};

subtest 'exec asks for it, too' => sub {
	my $terminal = on_terminal(pgjump(with_locked({}, 'one'), 'exec',
		'one', PgJump::Postgres::bin('psql'), '-XAt', '-P', 'pager=off', '-c',
		"'select 40 + 2'"));

	ok($terminal->sees($passphrase), 'asks');
	$terminal->type(PASSPHRASE . "\n");
	ok($terminal->sees(qr/^42/m), 'then it runs');
	is($terminal->ends, 0, 'and ends');
};

subtest 'keys that need none come first' => sub {
	my $config = with_locked({ private_key_file => [
		spew("$dir/plain", private('ed25519'), 0600), $locked] }, 'one');
	my $terminal = on_terminal(pgjump($config, 'check'));

	ok($terminal->sees(qr/\[jump_auth\].*$passphrase/s),
	    'it asks after the other key was rejected');
	$terminal->type(PASSPHRASE . "\n");
	is($terminal->ends, 0, 'and logs in');
};

subtest 'tunnel asks for both' => sub {
	my $box = $locked_box;
	my $terminal = on_terminal(join ' ', PgJump::Daemon::program(),
	    'tunnel', '-i', $locked, '-o', "UserKnownHostsFile=$dir/tunnel",
	    '-J', $box->user . '@127.0.0.1:' . $box->port,
	    '127.0.0.1:' . $lab->postgres->port);

	ok($terminal->sees($passphrase), 'the passphrase');
	$terminal->type(PASSPHRASE . "\n");
	ok($terminal->sees($question), 'the host key');
	$terminal->type("yes\n");
	ok($terminal->sees(qr/^psql "host=/m), 'and has a port for clients');
	$terminal->type("\x03");
	ok($terminal->ends ne 'running', 'until Ctrl-C');
};

# --- Nobody to ask --------------------------------------------------------------

my $other = '[127.0.0.1]:' . $lab->box->port . ' ' . public('host-other') . "\n";
my $never = qr/\(yes, no or the fingerprint\)/;
my @silent = (
	['with JSON', undef, '%s --json'],
	['into a pipe', undef, '%s | cat; exit ${PIPESTATUS[0]}'],
	['out of a pipe', undef, 'true | %s'],
	['in the background', undef, 'set -m; %s & wait $!'],
	['about a key that has changed', $other, '%s'],
	['about a revoked key', '@revoked * ' . public('host-ed25519') . "\n",
		'%s'],
);
for my $case (@silent) {
	my ($what, $known, $form) = @$case;

	subtest "nobody is asked $what" => sub {
		my ($config) = config($known);
		my $command = sprintf $form, pgjump($config, 'check');
		my $terminal = on_terminal("bash -c '$command'");

		is($terminal->ends, 14, 'the failure is told');
		unlike($terminal->text, $never, 'and no question asked');
	};
}

subtest 'nor about a pin, nor by serve' => sub {
	my $pinned = $lab->new_daemon([$lab->connection('pinned',
		ssh_tunnel => { host_key => fingerprint('host-other') })])->file;
	my $terminal = on_terminal(pgjump($pinned, 'check'));

	is($terminal->ends, 14, 'another key than the pinned one');
	unlike($terminal->text, $never, 'is not offered');

	my ($config) = config(undef);
	$terminal = on_terminal(pgjump($config, 'serve'));
	ok($terminal->sees(qr/jump_hostkey/), 'serve tells it');
	$terminal->type("\x03");
	$terminal->ends;
	unlike($terminal->text, $never, 'and does not ask');
};

$lab->done;
