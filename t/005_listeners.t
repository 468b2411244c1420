# SPDX-License-Identifier: PostgreSQL
#
# Ports that collide, are in use, or need privileges: an error names connection
# and address, and nothing else is started.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Port qw(reserve);

my $lab = PgJump::Lab->new;
my $relay = PgJump::Relay->new(to => 1); # counts dials
my $taken = reserve();
my $holder = IO::Socket::IP->new(LocalHost => '127.0.0.1',
    LocalPort => $taken, Listen => 1, ReuseAddr => 1);

sub with_dial($name, $listen)
{
	return $lab->connection($name, port => 5432, listen => $listen,
	    ssh_tunnel => { port => $relay->port, host_key => 'any' });
}

sub fails($what, $connections, @says)
{
	subtest $what => sub {
		my $daemon = $lab->new_daemon($connections)->start;
		is($daemon->wait_end, 'exit 1', 'exit 1');
		like($daemon->log_text, $_, 'says') for @says;
		unlike($daemon->log_text, qr/\bready\b/, 'is not ready');
		is($relay->accepted, 0, 'nothing was dialled');
	};
}

my $free = reserve();
fails('a port in use',
    [with_dial('first_one', $free), with_dial('second_one', $taken)],
    qr/second_one.*127\.0\.0\.1:$taken|127\.0\.0\.1:$taken.*second_one/,
    qr/in use/);
fails('two connections on one port',
    [with_dial('first_one', $free), with_dial('second_one', $free)],
    qr/second_one|first_one/, qr/\b$free\b/);
fails('a port of one and an address of another',
    [with_dial('first_one', $free), with_dial('second_one',
	"127.0.0.1:$free")],
    qr/second_one|first_one/, qr/127\.0\.0\.1:$free/);
fails('a port of one and localhost of another',
    [with_dial('first_one', $free), with_dial('second_one',
	"localhost:$free")],
    qr/second_one|first_one/, qr/both listen on 127\.0\.0\.1:$free/);
fails('an address that is not here',
    [with_dial('first_one', $free), { %{ with_dial('second_one',
	"192.0.2.77:$free") }, allow_from => ['10.0.0.0/8'] }],
    qr/second_one/, qr/192\.0\.2\.77:$free/,
    qr/annot assign requested address/);
fails('a directory that is not there',
    [with_dial('first_one', $free), with_dial('second_one',
	'/nonexistent/dir')],
    qr/second_one/, qr{/nonexistent/dir}, qr/No such file/);

subtest 'a privileged port' => sub {
	plan skip_all => 'needs root to become another user' if $> != 0;
	plan skip_all => 'this system has no privileged ports'
	    if PgJump::Process::slurp(
		'/proc/sys/net/ipv4/ip_unprivileged_port_start') <= 80;
	my $daemon = $lab->new_daemon([with_dial('low_one', 80)],
	    mode => 0644, wrap => ['setpriv', '--reuid=65534',
		'--regid=65534', '--clear-groups'])->start;
	is($daemon->wait_end, 'exit 1', 'exit 1');
	like($daemon->log_text, qr/low_one/, 'names the connection');
	like($daemon->log_text, qr/127\.0\.0\.1:80\b/, 'and the address');
	like($daemon->log_text, qr/Permission denied/, 'and the cause');
};

subtest 'a Unix socket that is served' => sub {
	my $run = $lab->dir . '/run';
	mkdir $run;
	my $first = $lab->daemon([with_dial('first_one', $run)]);
	my $second = $lab->new_daemon([with_dial('second_one', $run)])->start;
	is($second->wait_end, 'exit 1', 'a second pgjump: exit 1');
	like($second->log_text, qr/second_one/, 'names the connection');
	like($second->log_text, qr/in use/, 'and the cause');
	my ($socket) = glob "$run/.s.PGSQL.*";
	ok($socket && PgJump::Wire->new(path => $socket),
	    'the first one is still reached');
};

$lab->done;
