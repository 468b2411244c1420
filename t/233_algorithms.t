# SPDX-License-Identifier: PostgreSQL
#
# Types of keys that a jump box takes from nobody: if it says which types it
# takes, the failure names them; if not, check says what may be the cause.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Agent;
use PgJump::Keys qw(private public);
use PgJump::PythonBox;

my $lab = PgJump::Lab->new;
my $agent = PgJump::Agent->new(dir => $lab->dir, keys => ['ed25519']);
my %env = (env => { SSH_AUTH_SOCK => $agent->path });
my %by_agent = (auth_method => 'agent', private_key => undef);
my $count = 0;

sub fails($case, $tunnel, $box = undef)
{
	my $connection = $lab->connection('algorithms' . $count++,
	    defined $box ? (box => $box) : (), ssh_tunnel => $tunnel);
	my $daemon = $lab->daemon([$connection], %env);

	told($lab, $daemon, $connection, { side => 'tunnel',
		label => 'jump_auth', sslmodes => ['disable'], %$case });
	return $daemon->check->{out} =~ s/\s+/ /gr;
}

sub telling(@takes)
{
	return PgJump::PythonBox->new(dir => $lab->dir, server => 'untold',
	    name => 'telling' . $count, arguments => ['told', join ',', @takes]);
}

SKIP: {
	skip 'python3-paramiko is not installed', 4
	    unless PgJump::PythonBox->possible('paramiko');
	my $box = telling('rsa-sha2-512', 'ecdsa-sha2-nistp256');
	my $only = qr/only rsa-sha2-512,ecdsa-sha2-nistp256, and not ssh-ed25519/;
	my %told = (hint => qr/another type/,
		says => qr/does not take keys of the type that user "\S+" has: it accepts $only/);

	fails({ name => 'a key', %told }, { %{ $box->tunnel } });
	fails({ name => 'a key that is selected in the agent', %told },
	    { %{ $box->tunnel }, %by_agent, private_key => public('ed25519') });
	fails({ name => 'every key of the agent', hint => qr/\S/,
		says => qr/rejected every key of the SSH agent/,
		detail => $only },
	    { %{ $box->tunnel }, %by_agent });
	fails({ name => 'an RSA key', hint => qr/another type/,
		says => qr/no RSA signature with SHA-2, it accepts only ssh-ed25519/ },
	    { %{ telling('ssh-ed25519')->tunnel },
		private_key => private('rsa') });
}

# sshd tells of each type that it knows it, up to OpenSSH 9.2 at least.
SKIP: {
	skip 'this sshd has no RequiredRSASize', 2
	    unless PgJump::JumpBox::has_required_rsa_size();
	my $short = fails({ name => 'an RSA key that is too short', hint => qr/\S/,
		says => qr/rejected the key/, detail => qr/ssh-rsa key SHA256:\S+ of 1024 bits/ },
	    { private_key => private('rsa1024') },
	    $lab->new_box(authorized => [public('rsa1024')],
		config => { RequiredRSASize => 2048 }));
	like($short, qr/This RSA key has 1024 bits: .*RequiredRSASize/,
	    'check tells its length');
}

my $other = $lab->new_box(authorized => [public('rsa')],
    config => { PubkeyAcceptedAlgorithms => 'ssh-ed25519' });
my $refused = fails({ name => 'an RSA key where sshd takes none',
	hint => qr/\S/, says => qr/rejected the key|accepts only ssh-ed25519/ },
    { private_key => private('rsa') }, $other);
like($refused, qr/PubkeyAcceptedAlgorithms/, 'check names the setting');

$lab->done;
