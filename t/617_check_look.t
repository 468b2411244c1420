# SPDX-License-Identifier: PostgreSQL
#
# A check to look at: one line each with -q, a last line that counts, lines that
# are broken between words on a terminal, and JSON for every end.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Port qw(reserve);
use PgJump::Process qw(run spew);
use PgJump::Terminal;

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $program = PgJump::Daemon::program();
my $closed = reserve();
my @list = ($lab->connection('good'),
	$lab->connection('refused', port => $closed),
	$lab->connection('also_good'));
my $file = spew("$dir/look.yaml", JSON::PP->new->encode(\@list), 0600);

sub check(@arguments)
{
	return PgJump::Daemon::command(['-c', $file, 'check', @arguments],
	    dir => $dir, timeout => 60);
}

subtest 'several' => sub {
	my $seen = check();
	like($seen->{out}, qr/\n\nrefused: /, 'stand apart');
	like($seen->{out}, qr/^  skipped +postgres, tls, login, server$/m,
	    'what was skipped is one line');
	is(() = $seen->{out} =~ /Connection refused|connection refused/gi, 1,
	    'what failed is said once') or diag($seen->{out});
	like($seen->{out}, qr/\n\n  Fix: \S/, 'the fix is set apart');
	like($seen->{out}, qr/\n\n2 of 3 ok; not: refused\n\z/,
	    'the last line counts');
	like(check('good', 'also_good')->{out}, qr/\n\n2 of 2 ok\n\z/,
	    'all of them');
	unlike(check('good')->{out}, qr/ of 1 ok/, 'of one it does not');
};

subtest '-q' => sub {
	my $seen = check('-q');
	like($seen->{out}, qr/\Agood: ok\nrefused: failed, tunnel is up, database failed: .*\[db_refused\]\nalso_good: ok\n2 of 3 ok; not: refused\n\z/,
	    'a line each') or diag($seen->{out});
	is($seen->{rc}, 21, 'the exit code is the same');
	is(check('-q', 'good')->{out}, "good: ok\n", 'of one');
};

subtest 'JSON of a faulty configuration' => sub {
	my $broken = spew("$dir/broken.yaml",
	    "- name: a\n  prot: 1\n  port: x\"y\n", 0600);
	my $seen = PgJump::Daemon::command(['-c', $broken, 'check', '--json']);
	my $told = JSON::PP::decode_json($seen->{out});

	is($seen->{rc}, 1, 'exit 1');
	is_deeply([map { [@$_{qw(file line column)}] } @{ $told->{errors} }],
	    [[$broken, 1, 3], [$broken, 2, 3], [$broken, 3, 9]],
	    'every error with its place');
	like($told->{errors}[2]{message}, qr/not "x"y"/, 'in full');
	is($seen->{err}, '', 'and nothing beside it');
};

subtest 'a reader that has enough' => sub {
	my $seen = run(['sh', '-c', "$program -c $file check | head -n 1"],
	    timeout => 60);
	is($seen->{out}, $seen->{out} =~ /\A(good: .*\n)/ ? $1 : '', 'head');
	is($seen->{err}, '', 'hears no complaint');
};

SKIP: {
	skip 'no script(1)', 1 unless PgJump::Terminal::possible();
	subtest 'a terminal' => sub {
		for my $columns (60, 120) {
			my $terminal = PgJump::Terminal->new(dir => $dir,
			    command => "stty cols $columns; "
				. "$program -c $file check refused");
			$terminal->ends;
			my $text = $terminal->text =~ s/\r//gr;
			my @long = grep { length > $columns && !/^    \S/ }
			    split /\n/, $text;
			is("@long", '', "no line has more than $columns columns");
			my $flat = $text =~ s/\n +/ /gr;
			like($flat, qr/pgjump's|database failed: \S+ refused the connection from jump box/,
			    'no word is broken') or diag($text);
		}
		my $colour = PgJump::Terminal->new(dir => $dir,
		    command => "stty cols 100; $program -c $file check refused",
		    env => { TERM => 'xterm' });
		$colour->ends;
		like($colour->text, qr/\e\[32mFix:\e\[0m/, 'the fix has a colour');
	};
}

$lab->done;
