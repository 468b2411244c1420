# SPDX-License-Identifier: PostgreSQL
#
# pgjump check beside a pgjump that runs with the same file: it needs none of
# its ports, takes nothing from its clients and leaves nothing behind; and its
# own port lets in nobody else.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::IP;
use PgJump::Lab;
use Test::More;

use PgJump::Pki qw(cert key);
use PgJump::Process qw(eventually slurp);

my $lab = PgJump::Lab->new;
my $box = $lab->box;
my $pg = $lab->postgres;
my $relay = PgJump::Relay->new(to => $pg->port);
my $served = $lab->connection('served');
my $slow = $lab->connection('slow', port => $relay->port, ssl => 'disable');
my $secret = $lab->connection('secret', port => $relay->port, ssl_config => {
	mode => 'verify-ca', client_cert => cert('guest'),
	client_key => key('guest'),
	ca_cert => slurp(PgJump::Postgres::root_certificate()) });
my $daemon = $lab->daemon([$served, $slow, $secret], log_level => 'debug');

sub sessions
{
	return $pg->sql(q{select count(*) from pg_stat_activity
		where usename = 'readonly'});
}

# A TCP port on which a process listens; 0: on none.
sub listening_port($pid)
{
	my %inode = map { (readlink($_) // '') =~ /^socket:\[(\d+)\]/
		? ($1 => 1) : () } glob "/proc/$pid/fd/*";

	for (split /\n/, slurp("/proc/$pid/net/tcp")) {
		my @field = split;
		next unless @field > 9 && $field[3] eq '0A';
		return hex((split /:/, $field[1])[1]) if $inode{ $field[9] };
	}
	return 0;
}

subtest 'a client that is served meanwhile' => sub {
	my $wire = $lab->wire($served);
	$wire->login(user => 'app');
	$wire->query('select 1')->until('Z');
	my ($links, $before) = (scalar $box->session_pids, sessions());
	my $descriptors = $daemon->descriptors;
	my $mark = $daemon->mark;

	my @checks = map { $daemon->start_check('served') } 1 .. 3;
	is($_->wait_end(60), 'exit 0', 'a check beside it is green')
	    or diag($_->text) for @checks;
	ok(PgJump::Wire::is_ready($wire->query('select 1')->until('Z')),
	    'it is served on');
	is($daemon->since($mark), '', 'pgjump has not noticed anything');
	is($daemon->descriptors, $descriptors, 'nor opened anything');
	ok(eventually(20, sub { $box->session_pids == $links }),
	    'no session is left on the jump box');
	ok(eventually(20, sub { sessions() == $before }),
	    'and none in the database');
	$wire->close;
};

subtest 'strangers at its own port' => sub {
	$relay->delay(0.3);
	my $check = $daemon->start_check('slow');
	my $port = eventually(20, sub { listening_port($check->pid) });
	ok($port, 'there is one, while it logs in') or return;
	my $stranger = IO::Socket::IP->new(PeerHost => '127.0.0.1',
	    PeerPort => $port);
	ok($stranger, 'anybody can knock');
	syswrite $stranger, pack 'NN', 8, 80877103;
	is(sysread($stranger, my $bytes, 1) || 0, 0,
	    'and is sent away without a byte');
	is($check->wait_end(60), 'exit 0', 'the check goes on')
	    or diag($check->text);
	$relay->delay(0);
};

subtest 'certificate and key reach libpq without touching the disk' => sub {
	$relay->delay(0.3);
	my $check = $daemon->start_check('secret');
	my @files;
	ok(eventually(20, sub {
		@files = map { readlink // () }
		    glob '/proc/' . $check->pid . '/fd/*';
		3 == grep { m{^/memfd:} } @files;
	}), 'all three are in memory while it logs in');
	is_deeply([grep { m{^/(?!memfd:|dev/)} && $_ ne $check->{log} } @files],
	    [], 'and no file is open');
	is($check->wait_end(60), 'exit 0', 'the check is green')
	    or diag($check->text);
	$relay->delay(0);
};

$lab->done;
