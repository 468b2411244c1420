# SPDX-License-Identifier: PostgreSQL
#
# pgjump exec in a terminal: Ctrl-C, Ctrl-Z and fg act as without it, and other
# signals are passed on.  A real shell runs on a real terminal (script(1)).
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX ();
use PgJump::Exec;
use PgJump::Lab;
use PgJump::Process qw(eventually slurp spew);
use Test::More;

plan skip_all => 'no script(1)' unless -x '/usr/bin/script';
my $lab = PgJump::Lab->new;
my $exec = PgJump::Exec->new(lab => $lab,
    connections => [$lab->connection('orders')]);
my $dir = $lab->dir;

# A command that counts, and says what it was sent.  Perl's own handlers would
# take two signals for one if the second follows at once.
my $counts = spew("$dir/counts", <<'PERL', 0755);
#!/usr/bin/env -S PERL_SIGNALS=unsafe perl
my (%seen, %told);
$| = 1;
for my $name (qw(INT TERM USR1 HUP CONT)) {
	$SIG{$name} = sub { $seen{$name}++ };
}
print "<ready $$>\n";
while (!$told{HUP}) {
	select undef, undef, undef, 0.1;
	for my $name (keys %seen) {
		print "<$name ", ++$told{$name}, ">\n"
		    while ($told{$name} // 0) < $seen{$name};
	}
}
print "<end>\n";
exit 3;
PERL

# A shell on a terminal: type() writes keys, sees() waits for what is printed
# after the last sight.
my $keys = "$dir/keys";
POSIX::mkfifo($keys, 0600) or die "mkfifo: $!";
spew("$dir/rc", "PS1='shell> '\nunset PROMPT_COMMAND\n"
	. "e() { " . join(' ', $exec->argv('--no-check', 'orders')) . " \"\$@\"; }\n");
my $shell = PgJump::Process->new(name => 'terminal', dir => $dir,
	stdin => $keys, env => { TERM => 'dumb', PSQL_HISTORY => '/dev/null',
		INPUTRC => '/dev/null', HOME => $dir },
	argv => ['script', '-qfc', "bash --noprofile --rcfile $dir/rc -i",
		'/dev/null'])->start;
open my $typed, '>', $keys or die "$keys: $!";
$typed->autoflush;
my $mark = 0;

sub type($text) { print $typed $text }

sub sees($what, $seconds = 30)
{
	my $found = eventually($seconds, sub {
		$shell->since($mark) =~ $what ? $+[0] : undef });

	diag("not seen: $what in\n" . $shell->since($mark)) unless $found;
	$mark += $found // 0;
	return defined $found;
}

my ($psql) = PgJump::Postgres::bin('psql');
ok(sees(qr/shell> /), 'a shell');

subtest 'Ctrl-C is for the command' => sub {
	type("e $psql -Xn -P pager=off\n");
	ok(sees(qr/myapp=> /), 'psql has the terminal');
	type("select 'begun', pg_sleep(600);\n");
	my $running = eventually(30, sub {
		$lab->postgres->sql("select count(*) from pg_stat_activity "
			. "where query like 'select ''begun''%'") > 0 });
	ok($running, 'a query runs');
	type("\x03");
	ok(sees(qr/canceling statement due to user request/), 'is cancelled');
	ok(sees(qr/myapp=> /), 'and psql goes on');
};

subtest 'Ctrl-Z and fg' => sub {
	type("\x1a");
	ok(sees(qr/Stopped.*shell> /s), 'the shell is back');
	type("jobs\n");
	ok(sees(qr/Stopped.*shell> /s), 'with a stopped job');
	type("fg\n");
	type("select 40 + 2 as answer;\n");
	ok(sees(qr/answer.*42/s), 'psql goes on in its session');
	type("\\q\n");
	ok(sees(qr/shell> /), 'and ends');
	type("echo code=\$?\n");
	ok(sees(qr/code=0/), 'with its exit status');
};

subtest 'signals reach the command once' => sub {
	type("e $counts\n");
	ok(sees(qr/<ready (\d+)>/), 'a command that counts');
	my ($pid) = $shell->text =~ /<ready (\d+)>/;
	my ($pgjump) = slurp("/proc/$pid/stat") =~ /^\d+ .*\) \S (\d+)/s;
	# Two at the same moment may count as one, so one look is not enough.
	for my $number (1 .. 20) {
		type("\x03");
		sees(qr/<INT $number>/) or last;
	}
	return unless $pgjump;
	kill 'USR1', $pgjump;
	ok(sees(qr/<USR1 1>/), 'a signal to pgjump');
	kill 'INT', $pgjump;
	ok(sees(qr/<INT 21>/), 'SIGINT to pgjump alone, after 20 Ctrl-C');
	kill 'TERM', $pgjump;
	ok(sees(qr/<TERM 1>/), 'SIGTERM to pgjump');
	type("\x1a");
	ok(sees(qr/Stopped/), 'Ctrl-Z');
	kill 'CONT', $pgjump;
	ok(sees(qr/<CONT 1>/), 'SIGCONT to pgjump continues both');
	kill 'HUP', $pgjump;
	ok(sees(qr/<end>/), 'SIGHUP to pgjump');
	unlike($shell->text, qr/<(?:INT 22|TERM 2|USR1 2|HUP 2)>/, 'no more');
	type("\n");
	sees(qr/shell> /);
};

subtest 'Ctrl-C ends a loop of the shell' => sub {
	type("for i in 1 2 3; do e sh -c 'echo at \$\$; exec sleep 100'; "
		. "echo next; done\n");
	ok(sees(qr/^at \d+/m), 'a loop runs');
	type("\x03");
	ok(sees(qr/shell> /), 'the shell is back');
	type("echo code=\$?\n");
	ok(sees(qr/code=130/), 'with its status');
	unlike($shell->text, qr/^next/m, 'the loop has ended');
};

# An interactive shell has process groups of its own.
subtest 'a shell as the command' => sub {
	type("e env PS1='inner> ' bash --noprofile --norc -i\n");
	ok(sees(qr/inner> /), 'has the terminal');
	type("$counts\n");
	ok(sees(qr/<ready (\d+)>/), 'a job of its own');
	type("\x1a");
	ok(sees(qr/Stopped.*inner> /s), 'stops');
	type("fg\n");
	ok(sees(qr/<CONT 1>/), 'continues');
	type("\x03");
	ok(sees(qr/<INT 1>/), 'is interrupted');
	my ($pid) = ($shell->text =~ /<ready (\d+)>/g)[-1];
	kill 'HUP', $pid;
	ok(sees(qr/<end>.*inner> /s), 'and ends');
	type("suspend\n");
	ok(sees(qr/Stopped.*shell> /s), 'it can be suspended');
	type("fg\n\n");
	ok(sees(qr/inner> /), 'and continued');
	type("$psql -XAt -P pager=off -c 'select 40 + 3'\n");
	ok(sees(qr/^43/m), 'with the database still in reach');
	type("exit 4\n");
	ok(sees(qr/shell> /), 'the outer shell is back');
	type("echo code=\$?\n");
	ok(sees(qr/code=4/), 'with its exit status');
};

subtest 'in the background' => sub {
	type("e sh -c 'read line; echo got \$line' &\n");
	ok(eventually(30, sub { type("\n"); $shell->since($mark) =~
		    /Stopped/ }), 'it stops when it reads the terminal');
	type("fg\nwords\n");
	ok(sees(qr/got words/), 'and reads in the foreground');
};

type("exit\n");
close $typed;
like($shell->wait_end, qr/^exit/, 'the shell ends');
$lab->done;
