# SPDX-License-Identifier: PostgreSQL
#
# The signatures of an RSA key: with SHA-512 if the jump box takes it, else with
# SHA-256, whether or not the jump box says which it takes; never with SHA-1.
# Also the error for a jump box that takes nothing else.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Agent;
use PgJump::Keys qw(private public);
use PgJump::PythonBox;

plan skip_all => 'python3-paramiko is not installed'
    unless PgJump::PythonBox->possible('paramiko');

my $lab = PgJump::Lab->new;
my $agent = PgJump::Agent->new(dir => $lab->dir, keys => ['rsa', 'ed25519']);
my $is_patched = PgJump::Daemon::command(['--version'])->{out} =~
    /libssh2 \S+ bundled and patched/;
my %by = (
	key => { private_key => private('rsa') },
	agent => { auth_method => 'agent', private_key => undef },
);

# What check says, with a key or an agent, and what the jump box was asked for.
sub asked($box, $how)
{
	my $mark = $box->process->mark;
	my $daemon = $lab->new_daemon([$lab->connection('c', ssh_tunnel =>
		{ %{ $box->tunnel }, %{ $by{$how} } })],
	    env => { SSH_AUTH_SOCK => $agent->path });
	my $seen = $daemon->check;
	my %before;

	# A signature follows its request: both are seen.
	return { %$seen, asked => [grep { !$before{$_}++ }
		$box->process->since($mark) =~ /^asked for (\S+)$/mg] };
}

# A login, proved by the forward that is denied after it.
sub logs_in($box, $how, @signatures)
{
	my $seen = asked($box, $how);

	is($seen->{rc}, 16, "by $how: logs in") or diag($seen->{out});
	is_deeply($seen->{asked}, \@signatures, join ', then ', @signatures);
}

sub fails($box, $how, $says, @signatures)
{
	my $seen = asked($box, $how);

	is($seen->{rc}, 15, "by $how: does not log in");
	like($seen->{out} =~ s/\s+/ /gr, $says, 'and says why');
	is_deeply($seen->{asked}, \@signatures, 'asked for: '
		. (join(', ', @signatures) || 'nothing'));
}

my ($sha512, $sha256, $sha1) = qw(rsa-sha2-512 rsa-sha2-256 ssh-rsa);
my @cases = (
	{ takes => [$sha512, $sha256, $sha1], told => [$sha512],
		untold => [$sha512] },
	{ takes => [$sha1, $sha256], told => [$sha256],
		untold => [$sha512, $sha256] },
	{ takes => [$sha512], told => [$sha512], untold => [$sha512] },
);
my $count = 0;

sub new_box($told, @takes)
{
	return PgJump::PythonBox->new(dir => $lab->dir,
	    name => 'box' . $count++, server => 'untold',
	    arguments => [$told, join ',', @takes]);
}

for my $case (@cases) {
	my @takes = @{ $case->{takes} };

	subtest "it takes @takes, and tells" => sub {
		my $box = new_box('told', @takes);
		logs_in($box, $_, @{ $case->{told} }) for sort keys %by;
	};
	subtest "it takes @takes, and does not tell" => sub {
		my $box = new_box('untold', @takes);
		if ($is_patched) {
			logs_in($box, $_, @{ $case->{untold} })
			    for sort keys %by;
		} else {
			fails($box, 'key', qr/does not tell .* use SHA-1/);
		}
	};
}

subtest 'it takes SHA-1 alone, and tells' => sub {
	fails(new_box('told', $sha1), 'key',
	    qr/takes no RSA signature with SHA-2, it accepts only ssh-rsa \[.*Ed25519 or ECDSA/);
};
subtest 'it takes SHA-1 alone, and does not tell' => sub {
	fails(new_box('untold', $sha1), 'key', $is_patched
		? (qr/rejected the key.*does not tell.*never for SHA-1/,
			$sha512, $sha256)
		: qr/does not tell .* use SHA-1/);
};

# The agent's RSA key comes first.
subtest 'another key of the agent is offered as what it is' => sub {
	logs_in(new_box('told', $sha1, 'ssh-ed25519'), 'agent', 'ssh-ed25519');
	logs_in(new_box('untold', $sha1, 'ssh-ed25519'), 'agent',
	    $is_patched ? ($sha512, $sha256) : (), 'ssh-ed25519');
};

$lab->done;
