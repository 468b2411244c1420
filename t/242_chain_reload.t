# SPDX-License-Identifier: PostgreSQL
#
# Reloads and chains: a chain that stays keeps its sessions with every hop; one
# whose outer hop changes is made anew, while its clients keep the old one; and
# the workers share the way to dial, but no session.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Chain;
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(eventually);

my $lab = PgJump::Lab->new;
my $chain = PgJump::Chain->new($lab, 3);
my $three = $chain->connection('c_three');
my $two = $chain->connection('c_two', ssh_tunnel => 'hop2');

sub enter($to)
{
	my $wire = $lab->wire($to);

	PgJump::Wire::is_ready($wire->login) or die 'no login';
	return $wire;
}

sub answers($wire)
{
	$wire->query('select 1');
	return PgJump::Wire::is_ready($wire->until('Z'));
}

sub logins { map { $chain->logins($_) } 1 .. 3 }

subtest 'what stays' => sub {
	my %global = (jump_boxes => $chain->jump_boxes, max_links => 1,
		workers => 1); # a slow moment must not add links
	my $daemon = $lab->daemon([$three], %global);
	my $wire = enter($three);
	my @before = logins();
	is($daemon->reload({ %global, connections => [$two, $three] })
	    ->{accepted}, 1, 'a connection more');
	ok(answers($wire), 'the session goes on');
	is($lab->psql($_, 'select 1')->{out}, "1\n", $_->{name})
	    for $two, $three;
	is_deeply([logins()], \@before, 'and nobody logs in again');
	$daemon->down;
};

subtest 'an outer hop that changes' => sub {
	my $daemon = $lab->daemon([$three],
	    jump_boxes => $chain->jump_boxes);
	my $wire = enter($three);
	my @before = logins();
	my $changed = $chain->jump_boxes(1 => { host => 'localhost' });
	is($daemon->reload({ connections => [$three],
		jump_boxes => $changed })->{accepted}, 1, 'is accepted');
	ok(answers($wire), 'the session through the old one goes on');
	is($lab->psql($three, 'select 1')->{out}, "1\n",
	    'new clients take the new one');
	my @after = logins();
	cmp_ok($after[$_], '>', $before[$_], 'with a new login to hop '
	    . ($_ + 1)) for 0 .. 2;
	ok(answers($wire), 'and the old one is still there');
	my $descriptors = $daemon->descriptors;
	$wire->close;
	ok(eventually(20, sub { $daemon->descriptors < $descriptors - 4 }),
	    'it goes with its last session, hop by hop');
	is($daemon->reload({ connections => [$two],
		jump_boxes => $chain->jump_boxes })->{accepted}, 1,
	    'the chain is removed');
	is($lab->psql($two, 'select 1')->{out}, "1\n", 'the other one works');
	$daemon->down;
};

subtest 'several workers' => sub {
	my $daemon = $lab->daemon([$three], workers => 3,
	    jump_boxes => $chain->jump_boxes);
	my @wires = map { enter($three) } 1 .. 9;
	is(scalar(grep { answers($_) } @wires), 9, 'all are served');
	$chain->box(1)->kill_sessions;
	ok(eventually(40, sub {
		$lab->psql($three, 'select 1')->{out} eq "1\n"; }),
	    'and after the loss of the first hop, too');
	$daemon->down;
};

$lab->done;
