# SPDX-License-Identifier: PostgreSQL
#
# Jump boxes that ask by PAM: for nothing at all, which needs no password; for a
# password in one of several rounds; for several at once.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP qw(encode_json);
use PgJump::Keys qw(private public);
use PgJump::Pam;
use PgJump::PythonBox;

my $lab = PgJump::Lab->new;
my $password = $lab->secret('Right horse$1');
my %key = (private_key => private('ed25519'));
my %both = (%key, password => $password);
my $count = 0;

sub logs_in($what, $how, $tunnel, $box = undef)
{
	my $connection = $lab->connection('prompts' . $count++,
	    defined $box ? (box => $box) : (), ssh_tunnel => $tunnel);
	my $daemon = $lab->daemon([$connection]);
	my $seen = $lab->psql($connection, 'select 1');

	is($seen->{out}, "1\n", $what) or diag($seen->{err});
	like($daemon->log_text, qr/logged in by $how/, 'the log says how');
}

SKIP: {
	skip 'needs root to make a PAM service', 6
	    unless PgJump::Pam::possible();
	my $silent = PgJump::Pam->new(dir => $lab->dir, lines => [
		map { "$_ required pam_permit.so" }
		    qw(auth account session password)]);
	my $second = $lab->new_box($silent->box(
		AuthenticationMethods => 'publickey,keyboard-interactive'));
	my $only = $lab->new_box($silent->box(PubkeyAuthentication => 'no'));
	my $by = qr/key SHA256:\S+ and keyboard-interactive/;

	logs_in('a key, and PAM asks nothing', $by,
	    { auth_method => 'key', %key }, $second);
	logs_in('the same, with a password that nobody wants', $by,
	    { auth_method => 'key', %both }, $second);
	logs_in('PAM alone, and it asks nothing', qr/keyboard-interactive/,
	    { auth_method => 'key', %key }, $only);
}

# A jump box that asks in these rounds.
sub asking(@rounds)
{
	return PgJump::PythonBox->new(dir => $lab->dir, server => 'prompts',
	    name => 'asking' . $count++, arguments => [encode_json(\@rounds)]);
}

SKIP: {
	skip 'python3-asyncssh is not installed', 21
	    unless PgJump::PythonBox->possible('asyncssh');
	my @asked = ['Password: ', $lab->false, $password];
	my %by_password = (auth_method => 'password', private_key => undef,
		password => $password);

	for my $case (
		['a password', [@asked]],
		['a round without a prompt before it', [], [@asked]],
		['a round without a prompt behind it', [@asked], []],
		['it twice in one round', [@asked,
			['LDAP password: ', $lab->false, $password]]],
		['two passwords in two rounds', [@asked],
			[['LDAP Password: ', $lab->false, $password]], []],
		['a password in a language that it does not know',
			[['Pasahitza: ', $lab->false, $password]]],
		['in words with a name that looks like a code',
			[['Password for code@token.example: ', $lab->false,
				$password]]],
	) {
		my ($what, @rounds) = @$case;
		my $box = asking(@rounds);

		logs_in("asked for $what", 'password',
		    { %{ $box->tunnel }, %by_password });
		unlike($box->process->text, qr/wrong answer/, 'no wrong answer');
	}
}

$lab->done;
