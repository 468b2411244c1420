# SPDX-License-Identifier: PostgreSQL
#
# Key exchanges under load: a jump box that asks for one per megabyte, eight
# clients busy both ways.  Every byte comes back, in order, and nobody stalls;
# the same where every write of either side is cut at random.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Echo qw(echo);
use PgJump::Lab;
use Test::More;

my $lab = PgJump::Lab->new;
my $box = $lab->new_box(config => { RekeyLimit => '1M', LogLevel => 'DEBUG1' });
# Who has not heard anything for so long will not.
my $stalled = 60 * $PgJump::Process::PATIENCE;

sub key_exchanges($mark)
{
	return scalar(() = $box->process->since($mark) =~
	    /SSH2_MSG_KEXINIT sent(?! \[preauth\])/g);
}

# Eight clients, each with so many bytes both ways.
sub busy($connection, $bytes)
{
	my $daemon = $lab->daemon([$connection]);
	my @wires = map { my $w = $lab->wire($connection); $w->login; $w }
	    1 .. 8;
	my $mark = $box->process->mark;
	my @seen = echo($bytes, $stalled, @wires);

	is(scalar(grep { $_->{sent} eq $_->{got} } @seen), 8,
	    'every byte came back, in order')
	    or diag(explain(\@seen));
	is(scalar(grep { $_->{bytes} >= $bytes } @seen), 8, 'to the last');
	is(scalar(grep { $_->{pause} >= $stalled } @seen), 0,
	    'and nobody stalled') or diag(explain(\@seen));
	cmp_ok(key_exchanges($mark), '>=', 8 * $bytes / (2 << 20),
	    'over many key exchanges');
	is($daemon->log_text =~ /link lost/, '', 'the link was never lost');
	$_->close for @wires;
	$daemon->down;
}

subtest 'a key exchange per megabyte' => sub {
	busy($lab->connection('main', box => $box), 4 << 20);
};

subtest 'every write cut at random points' => sub {
	my $relay = PgJump::Relay->new(to => $box->port, pieces => 16_384);

	busy($lab->connection('cut', box => $box,
		ssh_tunnel => { port => $relay->port }), 1 << 20);
};

subtest 'into small pieces' => sub {
	my $relay = PgJump::Relay->new(to => $box->port, pieces => 2000,
	    seed => 2);

	busy($lab->connection('chopped', box => $box,
		ssh_tunnel => { port => $relay->port }), 512 << 10);
};

$lab->done;
