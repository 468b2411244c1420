# SPDX-License-Identifier: PostgreSQL
#
# Key exchanges under load: a jump box that asks for one per megabyte, and eight
# clients busy both ways.  Every byte comes back, in order, and nobody stalls,
# even if every write of either side is cut at random.  A later key exchange
# offers only the cipher and the MAC that the first one agreed on.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Echo qw(echo);
use PgJump::Lab;
use Test::More;

my $lab = PgJump::Lab->new;
my $box = $lab->new_box(config => { RekeyLimit => '1M', LogLevel => 'DEBUG1' });
# A client that has received nothing for this long has stalled.
my $stalled = 60 * $PgJump::Process::PATIENCE;

sub key_exchanges($mark)
{
	return scalar(() = $box->process->since($mark) =~
	    /SSH2_MSG_KEXINIT sent(?! \[preauth\])/g);
}

# Eight clients, each with this many bytes both ways.
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

# What pgjump offers in each key exchange after the first; with one worker,
# since each further worker would have a first one of its own.
sub offers_later($box, $kind)
{
	my ($first, @later) = $box->process->text =~
	    /peer client KEXINIT proposal(.*?)reserved/gs;

	return map { /debug2: $kind ctos: (\S+)/ } @later;
}

for my $cipher (qw(aes128-gcm@openssh.com chacha20-poly1305@openssh.com
    aes256-ctr)) {
	subtest "what is offered again where $cipher is in use" => sub {
		my $strict = $lab->new_box(config => { RekeyLimit => '64K',
			Ciphers => $cipher, LogLevel => 'DEBUG2' });
		my $main = $lab->connection('main', box => $strict);
		my $daemon = $lab->daemon([$main], workers => 1);
		my $seen = $lab->psql($main,
		    q{select length(repeat('x', 10)), repeat('y', 200000)});
		my @ciphers = offers_later($strict, 'ciphers');

		is(length $seen->{out}, 200_004, 'every byte came back');
		cmp_ok(scalar @ciphers, '>=', 1, 'over another key exchange');
		is((grep { $_ ne $cipher } @ciphers), 0, 'the cipher in use')
		    or diag("@ciphers");
		is((grep { /,/ } offers_later($strict, 'MACs')), 0,
		    'and its MAC') if $cipher =~ /ctr/;
		is($daemon->log_text =~ /link lost/, '', 'by the same link');
		$daemon->down;
	};
}

$lab->done;
