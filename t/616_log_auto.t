# SPDX-License-Identifier: PostgreSQL
#
# log_format: auto.  Who reads the log decides what it looks like: a person at a
# terminal, systemd's journal, or a program.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Process qw(eventually run slurp spew);
use PgJump::Terminal;

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $good = $lab->connection('good');
my $file = spew("$dir/auto.yaml", JSON::PP->new->encode($good), 0600);
my $broken = spew("$dir/broken.yaml", "- name: a\n  prot: 1\n", 0600);
my $program = PgJump::Daemon::program();

subtest 'a file' => sub {
	my $daemon = $lab->new_daemon([$good])->up;
	my $seen = $lab->psql($good, 'SELECT 1', sslmode => 'disable');
	like($daemon->log_text,
	    qr/^\d{4}-\d\d-\d\dT\S+Z info: ready connections=1/m,
	    'has the time, the level and key=value');
	ok(eventually(10, sub { $daemon->log_text =~ /info: session up / }),
	    'a session that came up is told');
	like($daemon->log_text, qr/info: session up client=\d+ connection=good peer=\S+ user=\S+ database=\S+ tls=none tunnel_ms=\d+ database_ms=\d+$/m,
	    'whose it is, and what took how long');
	$daemon->down;
};

subtest 'a program that asks for JSON' => sub {
	my $seen = PgJump::Daemon::command(['-c', $broken],
	    env => { PGJUMP_LOG_FORMAT => 'json' });
	my @lines = map { JSON::PP::decode_json($_) } split /\n/, $seen->{err};

	is($seen->{rc}, 1, 'a faulty file');
	is_deeply([map { [@$_{qw(severity file line column)}] } @lines],
	    [['ERROR', $broken, 1, 3], ['ERROR', $broken, 2, 3]],
	    'is told line by line as JSON') or diag($seen->{err});
	like($lines[1]{message}, qr/unknown key "prot"/, 'in the same words');
	$seen = PgJump::Daemon::command(['-c', "$dir/none.yaml"],
	    env => { PGJUMP_LOG_FORMAT => 'json' });
	like(JSON::PP::decode_json($seen->{err})->{message},
	    qr/cannot be read/, 'and one that is not there');
	$seen = PgJump::Daemon::command(['-c', $broken, 'config'],
	    env => { PGJUMP_LOG_FORMAT => 'json' });
	like($seen->{err}, qr/^\Q$broken\E:1:3: /,
	    'pgjump config speaks to people');
};

subtest 'the journal' => sub {
	my $log = "$dir/journal.err";
	my $sh = 'export JOURNAL_STREAM=$(stat -Lc %d:%i /dev/stderr); '
	    . 'exec "$0" "$@"';
	my $process = PgJump::Process->new(name => 'journal', dir => $dir,
	    log => $log, argv => ['sh', '-c', $sh, $program, '-c', $file])
	    ->start;

	ok(eventually(30, sub { -s $log && slurp($log) =~ /ready/ }),
	    'pgjump is up');
	like(slurp($log), qr/^<6>info: ready connections=1/m,
	    'a line has a priority and no time');
	$process->signal('USR2');
	ok(eventually(30, sub {
		slurp($log) =~ /^<4>warning: signal ignored/m }),
	    'that of its level');
	$process->down('TERM');
	my $seen = run(['sh', '-c', $sh, $program, '-c', $broken],
	    dir => $dir);
	like($seen->{err}, qr/^<3>error: unknown key .*line=2 column=3$/m,
	    'so have errors of the file');
};

subtest 'another stream than the journal' => sub {
	my $seen = PgJump::Daemon::command(['-c', $broken],
	    env => { JOURNAL_STREAM => '1:1' });
	like($seen->{err}, qr/^\Q$broken\E:2:3: unknown key/m, 'is for people');
};

SKIP: {
	skip 'no script(1)', 1 unless PgJump::Terminal::possible();
	subtest 'a terminal' => sub {
		my %looks = (
			'without colours' => [{ TERM => 'dumb' },
				qr/^\d\d:\d\d:\d\d good: listening\r?\n +psql "[^"]+"\r?$/m],
			'with colours' => [{ TERM => 'xterm' },
				qr/^\e\[2m\d\d:\d\d:\d\d\e\[0m \e\[0m\e\[1mgood\e\[0m: listening/m],
			'NO_COLOR' => [{ TERM => 'xterm', NO_COLOR => 1 },
				qr/^\d\d:\d\d:\d\d good: listening/m],
		);
		for my $how (sort keys %looks) {
			my ($env, $like) = @{ $looks{$how} };
			my $terminal = PgJump::Terminal->new(dir => $dir,
			    command => "$program -c $file", env => $env);

			ok($terminal->sees(qr/ready/), "$how: up");
			like($terminal->text, $like, $how);
			unlike($terminal->text, qr/\d{4}-\d\d-\d\dT/,
			    "$how: short");
			$terminal->type("\cC");
			is($terminal->ends, 130, "$how: Ctrl-C ends it");
		}
	};
}

$lab->done;
