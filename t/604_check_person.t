# SPDX-License-Identifier: PostgreSQL
#
# `pgjump check` as somebody uses it: on a terminal, in a hurry.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use MIME::Base64 qw(decode_base64 encode_base64);
use PgJump::Keys qw(private PASSPHRASE);
use PgJump::Process qw(eventually run);
use Time::HiRes qw(time);

my $lab = PgJump::Lab->new;
my $hole = PgJump::Peer->black_hole;
my $main = $lab->connection('main');
my @holes = map {
	$lab->connection("hole$_", port => $hole->{port})
} 1 .. 4;
my $far = $lab->connection('far', ssh_tunnel => { port => $hole->{port},
	host_key => 'any' });
my $daemon = $lab->new_daemon([$main, @holes], open_timeout => '1s');
my $patient = $lab->new_daemon([$main, @holes], open_timeout => '60s');

# On a terminal of its own; the variables are added to the environment.
sub on_terminal($name, %env)
{
	my $line = join ' ', PgJump::Daemon::program(), '-c', $daemon->file,
	    'check', $name;

	return run(['script', '-qec', $line, '/dev/null'], clean_env => 1,
	    dir => $lab->dir, env => { TERM => 'xterm',
		%{ $daemon->process->{env} }, %env })->{out};
}

SKIP: {
	skip 'script(1) is not installed', 1
	    if run(['script', '--version'])->{rc} ne '0';
	subtest 'a terminal' => sub {
		my $seen = on_terminal('hole1');

		like($seen, qr/\e\[32m  ok/, 'colour');
		like($seen, qr/\e\[1;31m  failed/, 'another');
		like($seen, qr/ +\d+ ms  forward \.\.\..*?\r\e\[K/s,
		    'a live line for the phase in progress');
		my @counts = $seen =~ / +(\d+) ms  forward \.\.\./g;
		cmp_ok($counts[-1], '>', $counts[0], 'which counts');

		$seen = on_terminal('hole1', NO_COLOR => 1);
		unlike($seen, qr/\e\[[\d;]*m/, 'NO_COLOR: none');
		like($seen, qr/forward \.\.\./, 'but a live line');

		unlike(on_terminal('main', TERM => 'dumb'), qr/\e|\.\.\./,
		    'a dumb terminal gets neither');
	};
}

# A check that waits for the black hole, and the signal that ends it once this
# output was seen.
sub interrupted($signal, $seen, @arguments)
{
	my $process = $patient->start_check(@arguments);

	$process->up($seen);
	$process->signal($signal);
	return ($process->wait_end(5), $process->text);
}

subtest 'a signal ends it at once, with what is known' => sub {
	my ($how, $text) = interrupted('INT', qr/ok .* auth /,
	    'hole1');
	is($how, 'exit 130', 'SIGINT');
	like($text, qr/^  interrupted .* forward\n  skipped +postgres, tls, login, server\n/m,
	    'the phase that was in progress');
	like($text, qr/^  interrupted, after/m, 'no verdict');

	($how, $text) = interrupted('TERM',
	    qr/^hole1: .*\n(?:.*\n)*.*ok .* auth /m, 'main', 'hole1');
	is($how, 'exit 143', 'SIGTERM');
	like($text, qr/^main: .*\n(?:  ok\b.*\n)+\nhole1: /m,
	    'what was done stays printed');
};

subtest 'so with SIGQUIT, which a terminal sends, too' => sub {
	my ($how, $text) = interrupted('QUIT', qr/ok .* auth /, 'hole1');

	is($how, 'exit 131', 'SIGQUIT');
	like($text, qr/^  interrupted, after/m, 'what is known');
};

subtest 'so with JSON' => sub {
	my $box = $lab->box->process;
	my $mark = $box->mark;
	my $both = sub { 2 == (() = $box->since($mark) =~ /^Accepted publickey/mg) };
	my ($how, $text) = interrupted('INT', $both, '--json', 'hole1',
	    'hole2');
	my $all = eval { JSON::PP::decode_json($text) };

	is($how, 'exit 130', 'SIGINT');
	is_deeply([map { $_->{status} } @{ $all // [] }],
	    ['interrupted', 'interrupted'], 'valid JSON, no verdict');
	is($all->[0]{stage}, '', 'and no stage') if $all;
};

# Two thousand rounds of bcrypt, where ssh-keygen was told to take four.
sub slow_key
{
	my ($head, $body, $foot) = private('ed25519-locked')
	    =~ /\A(-.*?-\n)(.*)(-----END.*)\z/s;
	my $bytes = decode_base64($body);

	$bytes =~ s/(bcrypt\0{3}\x18.{20})\0{3}\x04/$1\0\0\x07\xd0/s
	    or die 'the key is not as it was';
	return $head . encode_base64($bytes, '') . "\n$foot";
}

subtest 'so before anything is known' => sub {
	my $check = $lab->new_daemon([$lab->connection('locked',
		ssh_tunnel => { private_key => slow_key(),
			private_key_passphrase => PASSPHRASE })])->start_check;

	ok(eventually(20, sub { $check->ended || $check->cpu > 0.5 }),
	    'a passphrase is tried');
	$check->signal('INT');
	is($check->wait_end(2), 'signal 2', 'SIGINT ends it');
};

subtest '--timeout' => sub {
	my $started = time;
	my $seen = $patient->check('--timeout', '1500ms', 'hole1');

	cmp_ok(time - $started, '<', 20, 'it ends long before open_timeout');
	is($seen->{rc}, 23, 'as the time-out of that phase would');
	like($seen->{out}, qr/did not accept a connection.* \[db_timeout\]/,
	    'in its words');
	my $denied = $lab->new_daemon([$lab->connection('denied',
		box => $lab->new_box(config => {
			AllowTcpForwarding => 'no' }))]);
	like($denied->check->{out}, qr/^  asked .* own SSH port/m,
	    'after a failed forward the jump box is asked');
	unlike($denied->check('--timeout', '1900ms')->{out}, qr/^  asked/m,
	    'but not where there is no time for an answer');
	$seen = $lab->new_daemon([$far], connect_timeout => '60s')
	    ->check('--timeout', '700ms');
	is($seen->{rc}, 12, 'so in the way to the jump box');
	like($seen->{out}, qr/did not accept a connection within [67]\d\d ms/,
	    'with the time that there was');
	for my $bad ('soon', '-1', '0', '2d') {
		$seen = $patient->check('--timeout', $bad, 'hole1');
		is($seen->{rc}, 1, "--timeout $bad: exit 1");
		like($seen->{err}, qr/--timeout "\Q$bad\E" is not a duration/,
		    'told');
	}
};

subtest 'connections are walked side by side' => sub {
	my $started = time;
	my $seen = $daemon->check('--json', map { $_->{name} } @holes);
	my $took_ms = (time - $started) * 1000;
	my $sum_ms = 0;

	$sum_ms += $_->{total_duration_ms}
	    for @{ JSON::PP::decode_json($seen->{out}) };
	cmp_ok($took_ms, '<', $sum_ms, 'the whole takes less than its parts');
};

$lab->done;
