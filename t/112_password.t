# SPDX-License-Identifier: PostgreSQL
#
# Logins with a password: by the method password, by keyboard-interactive alone,
# and together with a key if the server wants both.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

plan skip_all => 'needs root to make a Unix user with a password'
    unless PgJump::User::possible();

my $lab = PgJump::Lab->new;
my $user = $lab->user;
my $secret = $user->password;
my $key = PgJump::Keys::private('ed25519');

# A jump box ends with the last reference to it.
my @boxes;

sub box(%config)
{
	push @boxes, $lab->new_box(user => $user->name, config => \%config);
	return $boxes[-1];
}

# what sshd asks for => its settings, what ssh_tunnel has
my @cases = (
	['password',
	    { PasswordAuthentication => 'yes' },
	    { auth_method => 'password', password => $secret }],
	['password, which is the default method',
	    { PasswordAuthentication => 'yes' },
	    { auth_method => undef, password => $secret }],
	['keyboard-interactive only',
	    { UsePAM => 'yes', KbdInteractiveAuthentication => 'yes' },
	    { auth_method => 'password', password => $secret }],
	['key and password',
	    { PasswordAuthentication => 'yes',
		AuthenticationMethods => 'publickey,password' },
	    { auth_method => 'key', private_key => $key,
		password => $secret }],
	['key and keyboard-interactive',
	    { UsePAM => 'yes', KbdInteractiveAuthentication => 'yes',
		AuthenticationMethods => 'publickey,keyboard-interactive' },
	    { auth_method => 'key', private_key => $key,
		password => $secret }],
	['password and key',
	    { PasswordAuthentication => 'yes',
		AuthenticationMethods => 'password,publickey' },
	    { auth_method => 'password', private_key => $key,
		password => $secret }],
	['password from a file',
	    { PasswordAuthentication => 'yes' },
	    { auth_method => 'password', password_file =>
		PgJump::Process::spew($lab->dir . '/password',
		    "$secret\n", 0600) }],
	['password from the environment',
	    { PasswordAuthentication => 'yes' },
	    { auth_method => 'password', password => '${LAB_PASSWORD}' }],
);

my @connections = map {
	$lab->connection("jump_$_", box => box(%{ $cases[$_][1] }),
	    ssh_tunnel => { private_key => undef, %{ $cases[$_][2] } })
} 0 .. $#cases;
my $daemon = $lab->daemon(\@connections, env => { LAB_PASSWORD => $secret });

for (0 .. $#cases) {
	my $seen = $lab->psql($connections[$_], 'select 1');
	is($seen->{out}, "1\n", $cases[$_][0]) or diag($seen->{err});
}

$lab->done;
