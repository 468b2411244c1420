# SPDX-License-Identifier: PostgreSQL
#
# The tunnel is up, but the database is not there, does not answer, or is
# something else: reported as the database's failure, with and without a tunnel.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

use PgJump::Port qw(reserve);
use Time::HiRes qw(time);

my $lab = PgJump::Lab->new;
my $box = $lab->box;
my $closed = reserve();
my $hole = PgJump::Peer->black_hole;
my @peers;

sub peer($script)
{
	push @peers, PgJump::Peer->new($script);
	return $peers[-1]->port;
}

my $other = qr/another service answers/;
my @cases = (
	{ name => 'refused', label => 'db_refused', port => $closed,
		says => qr/127\.0\.0\.1:$closed refused the connection/,
		hint => qr/listen_addresses/ },
	{ name => 'a black hole', label => 'db_timeout',
		port => $hole->{port}, within => $PgJump::Process::PATIENCE,
		says => qr/127\.0\.0\.1:$hole->{port} did not accept a connection.* within/,
		hint => qr/firewall/ },
	{ name => 'closes at once', label => 'db_closed',
		port => peer('close'),
		says => qr/accepted the connection.* and closed it without a byte/,
		hint => qr/log of the database server/ },
	{ name => 'closes when it is spoken to', label => 'db_closed',
		port => peer('close_on_data'),
		says => qr/closed it without a byte/,
		hint => qr/log of the database server/ },
	{ name => 'resets at once', label => 'db_closed',
		port => peer('reset'),
		says => qr/closed it without a byte/, hint => qr/./ },
	{ name => 'silence', label => 'db_silent', port => peer('silent'),
		within => $PgJump::Process::PATIENCE,
		says => qr/accepted the connection.* but did not answer (?:the request for TLS )?within/,
		hint => qr/hangs or is overloaded/ },
	{ name => 'HTTP', label => 'db_not_postgres', port => peer('http'),
		says => qr/not a PostgreSQL server, it answered: .*HTTP\/1\.1 400/,
		hint => $other },
	{ name => 'MySQL', label => 'db_not_postgres', port => peer('mysql'),
		says => qr/it answered: .*8\.0\.36/, hint => $other },
	{ name => 'SSH', label => 'db_not_postgres', port => peer('ssh'),
		says => qr/it answered: .*SSH-2\.0-OpenSSH/, hint => $other },
	{ name => 'TLS', label => 'db_not_postgres', port => peer('tls'),
		says => qr/is not a PostgreSQL server/, hint => $other },
	{ name => 'noise', label => 'db_not_postgres', port => peer('noise'),
		says => qr/it answered: .*garbage/, hint => $other },
);

my (@through, @direct);
for my $i (0 .. $#cases) {
	my %to = (port => $cases[$i]{port},
		connection_timeout => $cases[$i]{within});
	push @through, $lab->connection("c_far_$i", %to);
	push @direct, $lab->connection("c_near_$i", %to, ssh_tunnel => 0);
}
my $soon = 700 * $PgJump::Process::PATIENCE . 'ms';
my $daemon = $lab->daemon([@through, @direct], open_timeout => $soon,
    connect_timeout => $soon);

for my $i (0 .. $#cases) {
	told($lab, $daemon, $through[$i], { side => 'database',
		detail => qr/jump box/, %{ $cases[$i] } });
	told($lab, $daemon, $direct[$i], { side => 'direct',
		%{ $cases[$i] }, sslmodes => [qw(disable require)] });
}

subtest 'the message names the jump box that was used' => sub {
	my $error = PgJump::Wire->refusal(port => $through[0]{listen});
	my $port = $box->port;
	like($error->{M}, qr/from jump box 127\.0\.0\.1:$port /, 'through');
	$error = PgJump::Wire->refusal(port => $direct[0]{listen});
	unlike($error->{M}, qr/jump box|tunnel/, 'and none where none was');
};

subtest 'bytes that ride with the answer to SSLRequest' => sub {
	my $connection = $lab->connection('c_stuffed',
	    port => peer('stuffed'));
	my $daemon = $lab->daemon([$connection]);
	my $wire = $lab->wire($connection);
	is($wire->ssl_request, 'S', 'are never passed on');
	ok($wire->start_tls, 'the session is with pgjump');
	my ($error) = @{ $wire->startup->until('E') };
	like(PgJump::Wire::fields($error->[1])->{M},
	    qr/not a PostgreSQL server, it answered: .*SX/, 'and told');
};

subtest 'every way to ask, while it fails' => sub {
	my $wire = $lab->wire($through[0]);
	is($wire->gssenc_request, 'N', 'GSSENCRequest: N');
	is($wire->ssl_request, 'S', 'then SSLRequest: S');
	ok($wire->start_tls, 'a handshake');
	like($wire->socket->dump_peer_certificate, qr/pgjump/i,
	    'with a certificate that says whose it is');
	my ($error) = @{ $wire->startup->until('E') };
	like(PgJump::Wire::fields($error->[1])->{M}, qr/\[db_refused\]$/,
	    'and the text');

	my $cancel = $lab->wire($through[0]);
	$cancel->put(pack 'NNNN', 16, 80877102, 4711, 4712);
	is($cancel->rest, '', 'a cancel request ends without a word');
	is($cancel->ended, 'eof', 'in order');
};

subtest 'a client that verifies certificates cannot be told' => sub {
	my $mark = $daemon->mark;
	my $seen = $lab->psql($through[0], 'select 1',
	    sslmode => 'verify-full');
	like($seen->{err}, qr/certificate verify failed/, 'it refuses ours');
	ok($daemon->says(qr/\bstage=db_refused\b/, 10, $mark),
	    'the log has the cause');
};

subtest 'an answer to SSLRequest comes within 4 s' => sub {
	my $slow = $lab->connection('c_slow', port => peer('silent'));
	my $daemon = $lab->daemon([$slow]);
	my $started = time;
	my $wire = $lab->wire($slow);
	is($wire->ssl_request, 'S', 'S');
	my $took = time - $started;
	cmp_ok($took, '<', 4.8, 'before pgjdbc gives up');
	ok($wire->start_tls, 'a handshake');
	my ($error) = @{ $wire->startup->until('E') };
	like(PgJump::Wire::fields($error->[1])->{M}, qr/\[db_silent\]$/,
	    'and the text');
	cmp_ok(time - $started, '<', 8.8, 'within the time of a login');
};

subtest 'failing answers are braked' => sub {
	my $bad = $lab->connection('c_storm', port => $closed);
	my $daemon = $lab->daemon([$bad]);
	my $started = time;
	PgJump::Wire->refusal(port => $bad->{listen}) for 1 .. 8;
	cmp_ok(time - $started, '>=', 1, 'three of eight by half a second');
};

subtest 'multi-host strings go on to the next host' => sub {
	my $good = $lab->connection('c_good');
	my $bad = $lab->connection('c_bad', port => $closed);
	my $daemon = $lab->daemon([$bad, $good]);
	for my $mode (qw(disable prefer require)) {
		my $seen = $lab->psql({ listen =>
			"$bad->{listen},$good->{listen}" }, 'select 1',
		    host => '127.0.0.1,127.0.0.1', sslmode => $mode);
		is($seen->{out}, "1\n", $mode);
	}
	my $ready = PgJump::Process::run([PgJump::Postgres::bin('pg_isready'),
		'-h', '127.0.0.1', '-p', $bad->{listen}]);
	like($ready->{out}, qr/rejecting connections/,
	    'and pg_isready says "rejecting connections"');
};

$lab->done;
