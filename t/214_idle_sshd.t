# SPDX-License-Identifier: PostgreSQL
#
# What sshd does to an idle session: it asks whether the client lives, exchanges
# keys anew, and ends what nobody uses.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(eventually);

my $lab = PgJump::Lab->new;

sub reached($daemon) { scalar(() = $daemon->events('jump box reached')) }

# Two pgjumps behind two sshd, one with a session, one without: both idle.
sub idle_pair($name, %config)
{
	my @pair;

	for my $has_session (0, 1) {
		my $box = $lab->new_box(config => {
			LogLevel => 'DEBUG3', %config });
		my $connection = $lab->connection("c_${name}_$has_session",
		    box => $box);
		my $daemon = $lab->daemon([$connection]);
		$daemon->tunnel_up or die 'no tunnel';
		my $wire = $has_session ? $lab->wire($connection) : undef;
		$wire->login if $wire;
		push @pair, { box => $box, daemon => $daemon, wire => $wire,
			connection => $connection };
	}
	return @pair;
}

# Wait until the log of sshd shows this as often as expected; both go on.
sub check_pair($what, $times, @pair)
{
	ok(eventually(20, sub {
		!grep { $_->{box}->log_text !~ /(?:$what.*){$times}/s } @pair;
	}), "sshd does so $times times");
	my $wire = $pair[1]{wire}->query('select 1');
	is_deeply([map { $_->[0] } @{ $wire->until('Z') }], [qw(T D C Z)],
	    'a session goes on');
	is($lab->psql($pair[0]{connection}, 'select 1')->{out}, "1\n",
	    'one that comes later is served');
	is(reached($_->{daemon}), 1, 'nothing was dialled again') for @pair;
	$pair[1]{wire}->close;
	$_->{daemon}->down for @pair;
}

# Started at the same time, so that both are idle at the same time.
my @alive = idle_pair('alive', ClientAliveInterval => 1,
    ClientAliveCountMax => 1);
my @rekey = idle_pair('rekey', ClientAliveInterval => 1,
    RekeyLimit => 'default 1s');
my $unused = PgJump::JumpBox::has_channel_timeouts()
    ? $lab->new_box(config => { UnusedConnectionTimeout => '2s' }) : undef;
my $connection = $lab->connection('c_unused', box => $unused);
my $daemon = $lab->daemon([$connection]);

# sshd gives up after two requests without an answer.
subtest 'ClientAliveInterval: are you there?' => sub {
	check_pair(qr{Got \d+/\d+ for keepalive}, 4, @alive);
};

# A busy sshd sends no requests; here they cause the key exchanges.
subtest 'RekeyLimit: new keys' => sub {
	check_pair(qr/rekeying out/, 3, @rekey);
};

subtest 'UnusedConnectionTimeout' => sub {
	plan skip_all => 'this sshd knows no UnusedConnectionTimeout'
	    unless $unused;
	ok($daemon->says(qr/not dialled until a client comes/),
	    'links which nobody uses are not replaced for ever');
	is(reached($daemon), 2, 'but once');
	my $wire = $lab->wire($connection);
	ok(PgJump::Wire::is_ready($wire->login), 'a client is served');
	is(reached($daemon), 3, 'over a link of its own');
	my $slept = $wire->query('select pg_sleep(3)')->until('Z');
	is($slept->[-1][0], 'Z', 'which sshd leaves alone');
	is(reached($daemon), 3, 'as long as it is used');
	$wire->close;
	$daemon->down;
};

$lab->done;
