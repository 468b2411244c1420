# SPDX-License-Identifier: PostgreSQL
#
# Certificates of an agent, at a jump box that knows their authority and no key:
# with each type of key, selected by the certificate or by its key.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use File::Copy qw(copy);
use PgJump::Agent;
use PgJump::Keys qw(key_file private public);
use PgJump::Process qw(run slurp spew);

my @types = qw(ed25519 ecdsa ecdsa384 rsa);
my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $agent = PgJump::Agent->new(dir => $dir);
my %env = (env => { SSH_AUTH_SOCK => $agent->path });
my $authority = "$dir/authority";

run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', $authority]);

# What ssh-keygen certifies, beside its key.
sub certify($type, @options)
{
	my $key = spew("$dir/$type", private($type), 0600);

	spew("$key.pub", public($type) . "\n");
	my $done = run(['ssh-keygen', '-q', '-s', $authority, '-I', $type,
		'-n', scalar getpwuid $>, @options, "$key.pub"]);
	is($done->{rc}, '0', "$type is certified") or diag($done->{err});
	$done = run(['ssh-add', '-q', $key], %env);
	is($done->{rc}, '0', 'the agent has it') or diag($done->{err});
	return "$key-cert.pub";
}

my %certificate = map { $_ => certify($_) } @types;
my $closed = certify('agent1', '-O', 'no-port-forwarding');
my $box = $lab->new_box(authorized => [], config => { MaxAuthTries => 2,
	TrustedUserCAKeys => "$authority.pub" });

sub connection($name, %selects)
{
	return $lab->connection($name, box => $box, ssh_tunnel => {
		auth_method => 'agent', private_key => undef, %selects });
}

for my $type (@types) {
	for my $by (
		[certificate => private_key_file => $certificate{$type}],
		[key => private_key => public($type)],
	) {
		my ($what, @selects) = @$by;
		my $connection = connection("${type}_by_$what", @selects);
		my $daemon = $lab->daemon([$connection], %env);

		is($lab->psql($connection, 'select 1')->{out}, "1\n",
		    "$type, selected by its $what");
		like($daemon->log_text, qr/logged in by agent certificate of/,
		    'by its certificate');
	}
}

subtest 'one that does not permit forwarding' => sub {
	my $daemon = $lab->new_daemon([connection('closed',
		private_key_file => $closed)], %env);
	my $seen = $daemon->check;
	my $text = $seen->{out} =~ s/\s+/ /gr;

	is($seen->{rc}, 16, 'the forward is denied');
	like($text, qr/certificate may lack permit-port-forwarding \(see ssh-keygen/,
	    'which may be for a certificate');
	like($text, qr/agent certificate of SHA256:\S+ without permit-port-forwarding/,
	    'and the login says why');
};

$lab->done;
