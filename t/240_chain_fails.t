# SPDX-License-Identifier: PostgreSQL
#
# Each fault at each hop of a chain of three: the client, the log and check name
# the hop, at the stage and with the repair of the machine that is to blame.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Chain;
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Keys qw(fingerprint private);
use PgJump::Port qw(reserve);
use PgJump::Process qw(spew);

my $lab = PgJump::Lab->new;
my $chain = PgJump::Chain->new($lab, 3);
my $denying = PgJump::Chain->new($lab, 3, config => {
	map { ($_ => { AllowTcpForwarding => 'no' }) } 1 .. 3 });
my $hole = PgJump::Peer->black_hole;
my $closed = reserve();
my $known = spew($lab->dir . '/known_nothing', '');
my (@cases, @connections, %boxes);

# A chain in which one hop is changed.
sub chain_with($n, %change)
{
	my $number = @cases;

	for my $hop (1 .. 3) {
		$boxes{"c${number}_$hop"} = $chain->hop($hop,
			$hop > 1 ? (via => "c${number}_" . ($hop - 1)) : (),
			$hop == $n ? %change : ());
	}
	push @connections, $chain->connection("chain_$number",
	    ssh_tunnel => "c${number}_3");
}

# How a failure names hop n, whose port may be another one.
sub hop($n, $port = $chain->port($n))
{
	return "127.0.0.1:$port (hop $n of 3"
	    . ($n > 1 ? ', through 127.0.0.1:' . $chain->port($n - 1) : '')
	    . ')';
}

sub fault($n, $change, %case)
{
	chain_with($n, %$change);
	push @cases, { side => 'tunnel', name => "hop $n",
		sslmodes => ['disable'], %case };
}

for my $n (1 .. 3) {
	my $where = hop($n);

	fault($n, { port => $closed }, label => 'jump_connect',
	    says => qr/jump box \Q@{[hop($n, $closed)]}\E refused the connection/,
	    hint => qr/sshd runs/,
	    detail => $n == 1 ? qr/tried 127/
		: qr/the jump box answered "Connection refused"/);
	fault($n, { host_key => fingerprint('stranger') },
	    label => 'jump_hostkey',
	    says => qr/jump box \Q$where\E is not the pinned one/,
	    hint => qr/host_key/);
	fault($n, { host_key => undef, known_hosts => $known },
	    label => 'jump_hostkey',
	    says => qr/host key of jump box \Q$where\E is not known/,
	    hint => qr/known_hosts/);
	fault($n, { private_key => private('stranger') },
	    label => 'jump_auth',
	    says => qr/jump box \Q$where\E rejected the key/,
	    hint => qr/authorized_keys/);
	fault($n, { port => $denying->port($n), host_key =>
		$denying->box($n)->pin }, label => 'forward_denied',
	    says => qr/jump box \Q@{[hop($n, $denying->port($n))]}\E does not permit forwarding to 127\.0\.0\.1:@{[
		    $n < 3 ? $chain->port($n + 1) : $lab->postgres->port]}/,
	    hint => qr/AllowTcpForwarding/);
}
for my $n (2, 3) {
	fault($n, { host => 'no.such.invalid' }, label => 'jump_resolve',
	    says => qr/the name of jump box no\.such\.invalid:\d+ \(hop $n of 3, through [^)]*\) could not be resolved as hop @{[
		    $n - 1]} sees it: Name or service not known/,
	    hint => qr/looked up by the jump box before it/);
	fault($n, { port => $hole->{port} }, label => 'jump_connect',
	    says => qr/jump box \Q@{[hop($n, $hole->{port})]}\E did not accept a connection within \d/,
	    detail => qr/still trying to connect/,
	    hint => qr/between the jump box before it and this one/);
}

my $daemon = $lab->daemon(\@connections, jump_boxes => \%boxes,
    open_timeout => '1s');
told($lab, $daemon, $connections[$_], $cases[$_]) for 0 .. $#cases;

subtest 'check blames the hop, and advises what helps there' => sub {
	my %of = map { $cases[$_]{label} . $cases[$_]{name} =~ s/\D//gr
		=> $connections[$_]{name} } reverse 0 .. $#cases;
	my $report = sub ($case) {
		JSON::PP::decode_json($daemon->check('--json', '--no-login',
			$of{$case})->{out});
	};
	for my $n (1 .. 3) {
		my $seen = $report->("jump_auth$n");
		my $to = $n < 3 ? $chain->port($n + 1) : $lab->postgres->port;
		is($seen->{hop}, $n, "hop $n rejects the key");
		like($seen->{lines}[0], qr/permitopen="127\.0\.0\.1:$to"/,
		    'the line for its authorized_keys permits what it leads to');
	}
	my $seen = $report->('forward_denied1');
	is($seen->{hop}, 1, 'hop 1 denies');
	like("@{ $seen->{lines} }",
	    qr/PermitOpen 127\.0\.0\.1:@{[$chain->port(2)]}/,
	    'its sshd_config must permit hop 2');
	$seen = $report->('jump_resolve3');
	like($seen->{place}, qr/\A\Qon jump box 127.0.0.1:@{[$chain->port(2)]}\E/,
	    'a name is looked up on the hop before');
};

$daemon->down;

subtest 'no forward is free on the outer one' => sub {
	my $stuck = $chain->connection('c_stuck', ssh_tunnel => 'hop1',
	    port => $hole->{port}, connection_timeout => 60);
	my $behind = $chain->connection('c_behind', ssh_tunnel => 'hop2',
	    connection_timeout => 1);
	my $daemon = $lab->daemon([$stuck, $behind], max_links => 1,
	    open_timeout => '60s', log_level => 'debug',
	    jump_boxes => $chain->jump_boxes);
	is($lab->psql($behind, 'select 1')->{out}, "1\n", 'it works');
	my $first = $lab->wire($stuck)->startup;
	ok($daemon->says(qr/client=2 .*to=opening/),
	    'a black hole takes the only slot of hop 1');
	$chain->box(2)->kill_sessions;
	ok($daemon->says(qr/link lost/), 'and hop 2 has to be dialled anew');
	told($lab, $daemon, $behind, {
		name => 'the only link of hop 1 waits for another target',
		side => 'tunnel', label => 'forward_limit',
		says => qr/no SSH session to jump box \Q@{[$chain->named(1, 2)]}\E was free to open a forward within/,
		hint => qr/max_links/, sslmodes => ['disable'],
		check => 0, # which has a link of its own
	});
	$daemon->down;
};

$lab->done;
