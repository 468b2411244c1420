# SPDX-License-Identifier: PostgreSQL
#
# A name server that does not answer, whoever asks it: this machine for the jump
# box or the database, sshd for the database.  pgjump answers in time with the
# default time-outs, and a neighbour behind the same jump box, whose database is
# given by address, is served meanwhile, even if the jump box is far away and
# another link to it takes its time.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Crowd;
use PgJump::InTime qw(in_time);
use PgJump::Lab;
use PgJump::Names;
use Test::More;

PgJump::Netns->enter;

my $lab = PgJump::Lab->new;
# sshd asks for ten seconds, in which it does nothing else
my $names = PgJump::Names->new(dir => $lab->dir,
    names => { 'slow.test' => 'silent' }, options => 'timeout:5 attempts:2');
my $by_address = $lab->connection('n_address');
my %far = (
	'the name of the jump box' => [qr/jump_resolve/,
		ssh_tunnel => { host => 'slow.test', port => 22,
			host_key => 'any' }],
	'the name of the database, on the jump box' => [qr/db_timeout/,
		host => 'slow.test'],
	'the name of the database, here' => [qr/db_resolve/,
		host => 'slow.test', ssh_tunnel => 0],
);
my $number = 0;
my @cases = map {
	my ($label, %is) = @{ $far{$_} };
	[$_, $lab->connection('n_' . $number++, %is), $label,
		'disable', 'require'];
} sort keys %far;
my $daemon = $lab->daemon([$by_address, map { $_->[1] } @cases]);

is($lab->psql($by_address, 'select 1')->{out}, "1\n", 'the tunnel is up');
in_time($lab, @cases);
my @waiting = map { $lab->wire($_->[1])->startup } @cases;
my $seen = $lab->psql($by_address, 'select 1');
is($seen->{out}, "1\n", 'a neighbour is served') or diag($seen->{err});
$_->close for @waiting;

# A database that nobody has asked for yet waits for a link of its own, longer
# than waiting for a better link is worth elsewhere.
subtest 'a far jump box' => sub {
	my $box = $lab->new_box;
	my $relay = PgJump::Relay->new(to => $box->port);
	my ($near_one, $far_one) = map {
		$lab->connection("f_$_", box => $box,
		    ssh_tunnel => { port => $relay->port },
		    $_ ? (host => 'slow.test') : ())
	} 0, 1;
	my $crowd = PgJump::Crowd->new;

	$relay->delay(0.1);
	$lab->daemon([$near_one, $far_one], workers => 1)->tunnel_up;
	my $neighbour = $crowd->add($near_one->{listen});
	ok($crowd->run(20, sub { $neighbour->{readies} }),
	    'the neighbour is connected');
	my $client = $crowd->add($far_one->{listen});
	ok($crowd->run(20, sub { $client->{error} }),
	    'who asks for the name is told');
	like($client->{error}{M}, qr/\[db_timeout\]/, 'what has failed');
	$crowd->query($neighbour, 'select 1');
	ok($crowd->run(20, sub { $neighbour->{readies} > 1 }),
	    'the neighbour is answered');
	unlike($box->log_text, qr/slow\.test: unknown host/,
	    'while the jump box is still looking for the name');
};

$lab->done;
