# SPDX-License-Identifier: PostgreSQL
#
# The address of the database in the place of the jump box's: PostgreSQL closes
# at an SSH banner without a word, so its port gives it away; PgBouncer answers.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Port qw(reserve);
use PgJump::Process qw(spew);

my $lab = PgJump::Lab->new;
my $database = $lab->postgres;
# An address of its own, where the default port is free.
my $here = '127.' . join '.', 1 + $$ % 250, 1 + ($$ >> 8) % 250, 7;
my %limits = (handshake_timeout => '300ms');
my %mixed = (side => 'tunnel', label => 'jump_handshake',
	sslmodes => ['disable'],
	hint => qr/ssh_tunnel\.host and ssh_tunnel\.port.* of the database/);

sub case_at($address, $port, %case)
{
	my $connection = $lab->connection('c_mixed', ssh_tunnel => {
		host => $address, port => $port, host_key => 'any' });
	my $daemon = $lab->daemon([$connection], %limits);

	told($lab, $daemon, $connection, { %mixed, %case });
	$daemon->down;
}

my $usual = PgJump::Relay->new(address => $here, port => 5432,
    to => $database->port);
case_at($here, 5432, name => 'PostgreSQL at its usual port',
    says => qr/\Q$here\E:5432, whose port is one of PostgreSQL's, closed the connection at our SSH banner/);
$usual->down;

my $silent = PgJump::Peer->new('silent', address => $here, port => 6432);
case_at($here, 6432, name => 'a pooler that waits for more',
    says => qr/whose port is one of PostgreSQL's, sent no SSH banner within 300 ms/);
$silent->down;

case_at('127.0.0.1', $database->port, name => 'PostgreSQL at another port',
    says => qr/closed the connection before the SSH handshake/,
    hint => qr/log of sshd/);

subtest 'PgBouncer' => sub {
	my ($program) = grep { -x } map { "$_/pgbouncer" }
	    qw(/usr/sbin /usr/bin);
	plan skip_all => 'pgbouncer is not installed' unless $program;
	my $port = reserve();
	my $file = spew($lab->dir . '/pgbouncer.ini', <<"END");
[databases]
* = host=127.0.0.1 port=${\ $database->port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
END
	my $process = PgJump::Process->new(name => 'pgbouncer',
	    dir => $lab->dir,
	    argv => [PgJump::Postgres::as_owner($program, $file)])->start;
	$process->up(qr/process up/);
	case_at('127.0.0.1', $port, name => 'says that it is one',
	    says => qr/is not an SSH server, it answered as PostgreSQL does: ".*startup/);
	$process->down;
};

$lab->done;
