# SPDX-License-Identifier: PostgreSQL
#
# An SSH agent that asks a person before it signs: clients whose time runs out
# meanwhile, including the first one, are told that it has not signed yet; once
# it has signed, the login goes on.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Agent;
use PgJump::Process qw(eventually spew);
use POSIX ();

my $lab = PgJump::Lab->new;
my $answer = $lab->dir . '/answer';
POSIX::mkfifo($answer, 0600) or die "mkfifo: $!";
# The person: says yes when a line comes through the pipe, and no when it is
# closed.
my $person = spew($lab->dir . '/person',
    "#!/bin/sh\necho asked >>$answer.log\nread yes <$answer\n", 0755);
my $agent = PgJump::Agent->new(dir => $lab->dir, keys => ['ed25519'],
    confirm => 1, askpass => $person);
my $connection = $lab->connection('c_agent',
    connection_timeout => $PgJump::Process::PATIENCE,
    ssh_tunnel => { auth_method => 'agent', private_key => undef });
my %waits = (name => 'it asks a person', side => 'tunnel',
	label => 'jump_auth',
	says => qr/the SSH agent has not signed the login to jump box \S+ within \d/,
	hint => qr/Confirm the key in the agent/);

my $daemon = $lab->daemon([$connection], auth_timeout => '2m',
    env => { SSH_AUTH_SOCK => $agent->path });
ok(eventually(20, sub { -s "$answer.log" }), 'the agent asks');
told($lab, $daemon, $connection, { %waits,
	detail => qr/the tunnel is still being set up/, check => 0,
	sslmodes => [qw(disable require)] });

sub answer($said)
{
	open my $pipe, '>', $answer or die "$answer: $!";
	print $pipe $said;
	close $pipe;
}

answer("yes\n");
ok($daemon->tunnel_up, 'confirmed, the login goes on');
is($lab->psql($connection, 'select 1')->{out}, "1\n", 'and serves clients');
$daemon->down;

# If the whole login runs out of time, that is the cause that is kept.
$daemon = $lab->daemon([$connection], auth_timeout => '300ms',
    env => { SSH_AUTH_SOCK => $agent->path });
ok($daemon->says(qr/jump box not reached .*has not signed the login .* within 300 ms/),
    'the log has it');
told($lab, $daemon, $connection, { %waits, name => 'nobody answered it',
	detail => qr/failed .* ago/, sslmodes => ['disable'] });
$daemon->down;
answer(''); # so that nobody is left behind
$agent->down;

$lab->done;
