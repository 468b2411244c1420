# SPDX-License-Identifier: PostgreSQL
#
# AsyncSSH as the jump box, with its defaults: its list of signatures has each
# name twice, which makes a stock libssh2 copy past the end of a block.  Keys of
# each type, from the configuration and from an agent; a process that has logged
# in many times is as well as before.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Agent;
use PgJump::Keys qw(private public);
use PgJump::Process qw(spew);
use PgJump::PythonBox;

use constant LOGINS => 3; # of each kind, in one process

plan skip_all => 'python3-asyncssh is not installed'
    unless PgJump::PythonBox->possible('asyncssh');

my @types = qw(rsa ed25519 ecdsa);
my $lab = PgJump::Lab->new;
my $agent = PgJump::Agent->new(dir => $lab->dir, keys => \@types);
my $box = PgJump::PythonBox->new(dir => $lab->dir, server => 'asyncssh_box',
    arguments => [spew($lab->dir . '/authorized',
	join '', map { public($_) . "\n" } @types)]);

# Another user each time, so that each login has a session of its own.
sub connections($type, $how, %tunnel)
{
	return map {
		$lab->connection("${type}_${how}_$_", ssh_tunnel => {
			%{ $box->tunnel }, username => "$type$how$_", %tunnel })
	} 1 .. LOGINS;
}

my @connections = map {
	(connections($_, 'key', private_key => private($_)),
	    connections($_, 'agent', auth_method => 'agent',
		private_key => public($_)))
} @types;
my %signature = (rsa => 'rsa-sha2-512', ed25519 => 'ssh-ed25519',
	ecdsa => 'ecdsa-sha2-nistp256');

# How often the jump box was offered each signature, and verified one.
sub signatures($log)
{
	my %seen;

	$seen{"$1 $2"}++ while $log =~
	    /(Trying public key auth|Verifying request) with b?'?([\w-]+)'? key/g;
	return \%seen;
}

my %wanted = map {
	("Trying public key auth $_" => 2 * LOGINS,
	    "Verifying request $_" => 2 * LOGINS)
} values %signature;

my $daemon = $lab->daemon(\@connections,
    env => { SSH_AUTH_SOCK => $agent->path });
is_deeply([grep { $lab->psql($_, 'select 1')->{out} ne "1\n" } @connections],
    [], 'every key logs in, and is served');
is_deeply(signatures($box->process->text), \%wanted, 'RSA by SHA-2, once each');
is_deeply([grep { $lab->psql($_, 'select 1')->{out} ne "1\n" } @connections],
    [], 'and again');
ok(!$daemon->process->ended, 'one process has served them all');

my $mark = $box->process->mark;
my $seen = $daemon->check('--json');
is($seen->{rc}, 0, 'check logs in by all of them, side by side')
    or diag($seen->{out});
my $reports = eval { JSON::PP::decode_json($seen->{out}) } // [];
is_deeply([map { $_->{status} } @$reports], [('ok') x @connections],
    'and each is well');
is_deeply(signatures($box->process->since($mark)), \%wanted, 'as serve does');

$lab->done;
