# SPDX-License-Identifier: PostgreSQL
#
# Jump boxes by name: connections that use the same one share its session, and
# what one overrides is a session of its own; the other commands know them too.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use PgJump::Lab;
use Test::More;

use PgJump::Agent;
use PgJump::Keys qw(fingerprint public);
use PgJump::Process qw(slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $agent = PgJump::Agent->new(dir => $dir, keys => ['agent1']);
my $box = $lab->new_box(authorized => [public('ed25519'), public('agent1')]);

# What jump_boxes holds of this box: an ssh_tunnel without `enabled`.
sub edge(%change)
{
	my $tunnel = $lab->connection('edge', box => $box, ssh_tunnel => \%change)
	    ->{ssh_tunnel};

	delete $tunnel->{enabled};
	return $tunnel;
}

sub through($name, $tunnel)
{
	return { %{ $lab->connection($name, box => $box) },
		ssh_tunnel => $tunnel };
}

sub logins { scalar(() = $box->log_text =~ /^Accepted publickey/mg) }
sub port { '127.0.0.1:' . $box->port }

subtest 'one login for all who use it' => sub {
	my $before = logins();
	my @connections = (through('a', 'edge'), through('b', 'edge'),
		through('c', { use => 'edge' }),
		through('d', { use => 'edge', port => $box->port }),
		$lab->connection('e', box => $box));
	my $daemon = $lab->daemon(\@connections,
	    jump_boxes => { edge => edge() });
	my @wires = map {
		my $wire = $lab->wire($_);
		$wire->login;
		$wire;
	} @connections;
	is($lab->psql($_, 'select 1')->{out}, "1\n", $_->{name})
	    for @connections;
	is(logins() - $before, 1, 'is one');
	$daemon->down;
};

subtest 'one more for what is overridden' => sub {
	my $before = logins();
	my @connections = (through('plain', 'edge'),
		through('by_agent', { use => 'edge', auth_method => 'agent',
			private_key => public('agent1'),
			agent_socket => $agent->path }));
	my $daemon = $lab->daemon(\@connections,
	    jump_boxes => { edge => edge() });
	is($lab->psql($_, 'select 1')->{out}, "1\n", $_->{name})
	    for @connections, @connections;
	is(logins() - $before, 2, 'are two');
	like($box->log_text, qr/^Accepted publickey .* \Q$_\E\s/m,
	    'by the key of each') for map { fingerprint($_) } qw(ed25519 agent1);
	$daemon->down;
};

subtest 'a fault is told to all who use it' => sub {
	my @connections = map { through($_, 'edge') } qw(a b);
	my $daemon = $lab->daemon(\@connections, jump_boxes => { edge =>
		edge(host_key => fingerprint('host-other')) });
	my $where = port();
	like($lab->psql($_, 'select 1')->{err},
	    qr/host key of jump box \Q$where\E .*\[jump_hostkey\]/,
	    "$_->{name}, by host and port") for @connections;
	$daemon->down;
};

sub command($arguments, $connections, %boxes)
{
	my $file = spew("$dir/named.json", JSON::PP->new->encode({
		jump_boxes => \%boxes, connections => $connections }), 0600);

	return PgJump::Daemon::command(['-c', $file, @$arguments], dir => $dir);
}

subtest 'check' => sub {
	my $seen = command(['check', 'a'], [through('a', 'edge')],
	    edge => edge());
	is($seen->{rc}, 0, 'exit 0') or diag($seen->{out});
	$seen = command(['check', '--json', 'a'], [through('a', 'edge')],
	    edge => edge(host_key => fingerprint('host-other')));
	is($seen->{rc}, 14, 'a wrong pin: exit 14');
	like($seen->{out}, qr/"file" *: *"jump_boxes\.edge, /,
	    'and where the right one belongs');
	$seen = command(['check', '--json', 'a'],
	    [through('a', { use => 'edge',
		    host_key => fingerprint('host-other') })],
	    edge => edge());
	like($seen->{out}, qr/"file" *: *"ssh_tunnel of this connection, /,
	    'which may be the connection');
};

subtest 'known_hosts of a connection' => sub {
	my $known = spew("$dir/other_known",
	    $box->known_line('host-other') . "\n");
	my @connections = (through('a', { use => 'edge',
		known_hosts => $known }));

	for my $trust ('any', $box->pin) {
		my $seen = command(['check', 'a'], \@connections,
		    edge => edge(host_key => $trust));
		is($seen->{rc}, 14, "end the host_key $trust of the jump box");
		like($seen->{out}, qr/\Q$known\E:1/, 'and are asked');
	}
};

subtest 'hostkey --add' => sub {
	my $file = "$dir/known";
	my $seen = command(['hostkey', '--add', 'a', 'b'],
	    [through('a', 'edge'), through('b', { use => 'edge',
		    username => 'other' })],
	    edge => edge(host_key => undef, known_hosts => $file,
		host_key_alias => 'bastion'));
	my $where = port();
	is($seen->{rc}, 0, 'exit 0') or diag($seen->{err});
	like($seen->{out}, qr/jump box \Q$where\E \(a, b\)/, 'once for both');
	like(slurp($file), qr/\Abastion ssh-ed25519 \S+\n\z/, 'by its alias');
	like($seen->{out}, qr/^# As pins of the jump box .*:\n#   host_key:$/m,
	    'or as pins of it');
	$seen = command(['hostkey', '--add', 'a'], [through('a', 'edge')],
	    edge => edge());
	is($seen->{rc}, 1, 'a jump box with pins: exit 1');
	like($seen->{err}, qr/because host_key of its jump box is set;/,
	    'which says why');
};

subtest 'what others have said is not repeated' => sub {
	my @connections = (through('a', 'one'), through('b', 'two'),
		through('c', { use => 'two', enabled => JSON::PP::false }));
	my %boxes = (one => edge(), two => edge(host_key => 'any'),
		three => edge());
	unlike(command(['check', 'a'], \@connections, %boxes)->{err},
	    qr/warning/, 'to who asks for one connection');
	unlike(command(['check', 'c'], \@connections, %boxes)->{err},
	    qr/warning/, 'nor to one that could use it');
	like(command(['check', 'b'], \@connections, %boxes)->{err},
	    qr/warning: jump_boxes\.two\.host_key: any/,
	    'but that of its own jump box');
};

$lab->done;
