# SPDX-License-Identifier: PostgreSQL
#
# Many connections in one file: each client reaches the database of its
# listener and no other, and connections with the same jump box share its
# session.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $other = PgJump::Postgres->new(dir => $lab->dir, name => 'other');
my $box = $lab->box;
my $second = $lab->new_box;

sub accepted($of) { scalar(() = $of->log_text =~ /Accepted publickey/g) }

my @connections = map {
	my $to_other = $_ % 2;
	$lab->connection("jump_$_", box => $_ % 5 == 0 ? $second : $box,
	    port => $to_other ? $other->port : $pg->port)
} 0 .. 39;
my $daemon = $lab->daemon(\@connections);

my @wrong = grep {
	my $connection = $connections[$_];
	my $port = $lab->psql($connection, 'show port', user => 'app',
	    password => undef)->{out};
	$port ne "$connection->{port}\n"
} 0 .. $#connections;
is_deeply(\@wrong, [], 'each of 40 listeners leads to its own database');
is(accepted($second), 1, 'eight connections share one login');
is(accepted($box), 1, 'and 32 another one');

subtest 'interleaved sessions do not mix' => sub {
	my @sessions = map {
		my $wire = $lab->wire($connections[$_]);
		$wire->login(application_name => "session_$_");
		$wire;
	} 0 .. 39;
	for my $round (1 .. 3) {
		$sessions[$_]->query("select '$round.$_.' || current_setting("
		    . "'application_name')") for 0 .. $#sessions;
		my @mixed = grep {
			my ($row) = grep { $_->[0] eq 'D' }
			    @{ $sessions[$_]->until('Z') };
			$row->[1] !~ /\Q$round.$_.session_$_\E\z/;
		} reverse 0 .. $#sessions;
		is_deeply(\@mixed, [], "round $round");
	}
};

subtest 'several workers' => sub {
	my @few = @connections[0 .. 5];
	$daemon->down;
	my $one = $lab->daemon(\@few, workers => 1);
	# clients that dial come and go
	ok(PgJump::Process::eventually(20, sub { $one->threads == 2 }),
	    'one is a thread beside the first');
	$one->down;
	my $many = $lab->daemon(\@few, workers => 4);
	ok(PgJump::Process::eventually(20, sub { $many->threads == 5 }),
	    'several are several');
	my @sessions = map {
		my $wire = $lab->wire($few[$_ % @few]);
		ok(PgJump::Wire::is_ready($wire->login), "session $_");
		$wire;
	} 1 .. 12;
};

subtest 'what keeps jump boxes apart' => sub {
	my @keys = map { PgJump::Keys::public($_) } qw(ed25519 ecdsa);
	my $third = $lab->new_box(authorized => \@keys);
	my @apart = (
		$lab->connection('apart_1', box => $third),
		$lab->connection('apart_2', box => $third, ssh_tunnel => {
			private_key => PgJump::Keys::private('ecdsa') }),
		$lab->connection('apart_3', box => $third, ssh_tunnel => {
			host_key => 'any' }),
		$lab->connection('apart_4', box => $third),
	);
	my $mark = $third->process->mark;
	my $separate = $lab->daemon(\@apart);
	is($lab->psql($_, 'select 1')->{out}, "1\n", $_->{name}) for @apart;
	is(accepted($third), 3, 'other credentials or trust: another login');
};

$lab->done;
