# SPDX-License-Identifier: PostgreSQL
#
# `reload: watch`: a changed file is loaded by itself, a Kubernetes volume that
# is swapped is one reload, a changed key wakes its jump box, and a file that is
# half written ends nobody.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Process qw(eventually slurp spew);

my $lab = PgJump::Lab->new;
my $json = JSON::PP->new->canonical->pretty;

# The names of the connections in the last accepted reload of a log, and how
# many verdicts there were since a mark.
sub verdicts($daemon, $mark)
{
	return $daemon->events('configuration reloaded|reload refused.*',
	    $mark);
}

sub config(@connections)
{
	return { reload => 'watch', connections => [@connections] };
}

my ($a, $b, $c) = map { $lab->connection($_, ssh_tunnel => 0) } qw(a b c);

subtest 'a file that is replaced, or written' => sub {
	my $daemon = $lab->daemon([$a], reload => 'watch');
	my $mark = $daemon->mark;
	$daemon->rewrite(config($a, $b));
	is($daemon->verdict($mark)->{added}, 'b', 'moved into its place');
	is($lab->psql($b, 'select 1')->{out}, "1\n", 'the new port answers');
	$mark = $daemon->mark;
	spew($daemon->file, $json->encode(config($a, $b, $c)), 0600);
	is($daemon->verdict($mark)->{added}, 'c', 'written in place');
	$mark = $daemon->mark;
	spew($daemon->file, 'connections: [', 0600);
	is($daemon->verdict($mark)->{accepted}, 0, 'a bad one is refused');
	$mark = $daemon->mark;
	$daemon->rewrite({ connections => [$a, $b, $c] });
	is($daemon->verdict($mark)->{settings}, 'reload', 'watch can end');
	$mark = $daemon->mark;
	$daemon->rewrite({ connections => [$a] });
	is($daemon->reload->{removed}, 'b c', 'then signals are waited for');
	is(scalar verdicts($daemon, $mark), 1, 'and nothing else');
	$daemon->down;
};

subtest 'a file that is half written' => sub {
	my $daemon = $lab->daemon([$a, $b, $c], reload => 'watch');
	my $wire = $lab->wire($c);
	$wire->login;
	my $mark = $daemon->mark;
	open my $file, '>', $daemon->file or die $!;
	$file->autoflush(1);
	print $file "reload: watch\nconnections:\n",
	    '- ', JSON::PP->new->encode($a), "\n";
	spew($lab->dir . '/unrelated', 'x');
	spew($daemon->file . '.other', 'x');
	ok(!eventually(1.5, sub { verdicts($daemon, $mark) }),
	    'is not looked at while its writer has it open');
	close $file;
	my $verdict = $daemon->verdict($mark);
	is($verdict->{accepted}, 0, 'and closed after its first third');
	like($verdict->{errors}, qr/: 2 of 3 connections would be removed \(b c\), .*reload by hand to do this/,
	    'is refused, and says why');
	$wire->query('select 1');
	is(join('', map { $_->[0] } @{ $wire->until('Z') }), 'TDCZ',
	    'nobody is ended');
	is($daemon->reload->{accepted}, 1, 'by hand it is accepted');
	$daemon->down;
};

subtest 'a volume of Kubernetes' => sub {
	my $volume = $lab->dir . '/volume';
	my $key = "$volume/key";
	my $through = $lab->connection('through', ssh_tunnel => {
		private_key => undef, private_key_file => $key });
	my $generation = 0;
	# as kubelet does it: a directory, and a link renamed to it
	my $swap = sub (@files) {
		my $new = '..' . ++$generation;
		mkdir "$volume/$new" or die $!;
		while (my ($name, $text) = splice @files, 0, 2) {
			spew("$volume/$new/$name", $text, 0600);
			symlink "..data/$name", "$volume/$name";
		}
		symlink $new, "$volume/..data_tmp" or die $!;
		rename "$volume/..data_tmp", "$volume/..data" or die $!;
	};
	mkdir $volume;
	my $good = PgJump::Keys::private('ed25519');
	$swap->('pgjump.yaml', $json->encode(config($through, $a)),
	    'key', PgJump::Keys::private('rsa'));
	$through->{listen} += 0;
	my $daemon = $lab->new_daemon([], arguments => [],
	    text => 'unused');
	$daemon->process->{argv} = [PgJump::Daemon::program(), '-c',
		"$volume/pgjump.yaml"];
	$daemon->up;
	ok($daemon->says(qr/stage=jump_auth/), 'a key is rejected');
	my $mark = $daemon->mark;
	$swap->('pgjump.yaml', $json->encode(config($through, $a, $b)),
	    'key', $good);
	my $verdict = $daemon->verdict($mark);
	is($verdict->{added}, 'b', 'that is swapped is loaded');
	ok($daemon->tunnel_up(20, $mark), 'its key wakes the jump box');
	is($lab->psql($through, 'select 4')->{out}, "4\n", 'which works');
	my $first = $daemon->mark;
	$swap->('pgjump.yaml', $json->encode(config($through, $a, $b, $c)),
	    'key', $good);
	is($daemon->verdict($first)->{added}, 'c', 'again, and again');
	is(scalar verdicts($daemon, $mark), 2, 'each swap is one reload');
};

$lab->done;
