# SPDX-License-Identifier: PostgreSQL
#
# Either side ends its direction first and goes on reading: everything that the
# other side still sends arrives, both ways, in plain text and in TLS.  Clients
# that are killed in the middle of a transfer leave nothing.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 qw(md5_hex);
use PgJump::Lab;
use Test::More;

use constant BULK => 8 << 20;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;

# In plain text: AuthenticationOk and ReadyForQuery; CopyData of 64 KB each.
# Else the first bytes of TLS, and anything after them.
my %speech = (
	clear => { hello => PgJump::Wire::startup_packet(user => 'app'),
		answer => pack('a N N a N a', 'R', 8, 0, 'Z', 5, 'I'),
		unit => pack('a N', 'd', 65_536) . 'c' x 65_532 },
	opaque => { hello => "\x16\x03\x01\x00\x05\x01\x00\x00\x01x",
		answer => "\x16\x03\x03hello",
		unit => join('', map { chr } 0 .. 255) x 256 },
);

sub bulk($how) { $speech{$how}{unit} x (BULK / length $speech{$how}{unit}) }

sub take_hello($socket, $length)
{
	my $bytes = '';

	while (length $bytes < $length) {
		sysread $socket, $bytes, $length - length $bytes, length $bytes
		    or die "no hello\n";
	}
}

sub put_all($socket, $bytes)
{
	my $at = 0;

	while ($at < length $bytes) {
		$at += syswrite($socket, $bytes, length($bytes) - $at, $at)
		    // die "write: $!\n";
	}
}

sub read_all($socket)
{
	my $bytes = '';

	while (sysread $socket, $bytes, 1 << 18, length $bytes) { }
	return $bytes;
}

# The database.  The side that ends first sends everything, ends its direction,
# and reads on.  The digest of what it received goes to a file, since it may no
# longer be able to send.
sub database($how, $ends_first, $file)
{
	my $mine = bulk($how);

	return PgJump::Peer->new(sub ($socket) {
		take_hello($socket, length $speech{$how}{hello});
		put_all($socket, $speech{$how}{answer});
		if ($ends_first) {
			put_all($socket, $mine);
			shutdown $socket, 1;
		}
		my $got = read_all($socket);
		PgJump::Process::spew("$file.new", md5_hex($got));
		rename "$file.new", $file;
		put_all($socket, $mine) unless $ends_first;
	});
}

# The client, slow enough for an end to arrive while bytes for it are kept.
# Returns what it received, without the answer to its hello.
sub client($connection, $how, $ends_first)
{
	my $wire = $lab->wire($connection, small => 1);
	my $socket = $wire->socket;

	put_all($socket, $speech{$how}{hello});
	take_hello($socket, length $speech{$how}{answer});
	if ($ends_first) {
		put_all($socket, bulk($how));
		shutdown $socket, 1;
	}
	my $got = $wire->_timed(sub { read_all($socket) }) // '';
	if (!$ends_first) {
		put_all($socket, bulk($how));
		shutdown $socket, 1;
	}
	return $got;
}

# In plain text a database that ends while it owes an answer has failed, so
# there only the client may end first.
for my $case (['clear', 'client'], ['opaque', 'client'],
	['opaque', 'database']) {
	my ($how, $first) = @$case;
	subtest "$how, the $first ends first" => sub {
		my $file = $lab->dir . "/$how.$first";
		my $peer = database($how, $first eq 'database', $file);
		my $connection = $lab->connection("${how}_$first",
		    port => $peer->port);
		my $daemon = $lab->daemon([$connection]);
		my $expected = md5_hex(bulk($how));
		is(md5_hex(client($connection, $how, $first eq 'client')),
		    $expected, 'the client has every byte');
		ok(PgJump::Process::eventually(20, sub { -e $file }),
		    'the database sees the end');
		is(PgJump::Process::slurp($file), $expected,
		    'and has every byte');
		ok($daemon->says(qr/client closed .* how="client closed"/),
		    'an orderly end');
		$daemon->down;
	};
}

subtest 'killed in the middle of a transfer' => sub {
	my $main = $lab->connection('main');
	my $daemon = $lab->daemon([$main], max_links => 1);
	is($lab->psql($main, 'select 1')->{out}, "1\n", 'served');
	my $base = $daemon->descriptors;
	$pg->sql('create table sink (line text); alter table sink owner to app');
	my %copies = (
		out => [q{copy (select repeat('x', 1000)
		    from generate_series(1, 10000000)) to stdout}, '/dev/null'],
		in => ['copy sink from stdin', '/dev/zero'],
	);
	for my $way (sort keys %copies) {
		for my $mode (qw(disable require)) {
			my ($sql, $input) = @{ $copies{$way} };
			my $psql = PgJump::Process->new(name => "copy_$way",
			    dir => $lab->dir, stdin => $input,
			    stdout => '/dev/null', argv => [
				PgJump::Postgres::bin('psql'), '-Xq', '-d',
				$lab->conninfo($main, user => 'app',
				    password => undef, sslmode => $mode),
				'-c', $sql])->start;
			my $is_busy = q{select count(*) from pg_stat_activity
			    where query like 'copy %' and state = 'active'};
			ok(PgJump::Process::eventually(20, sub {
				$pg->sql($is_busy) == 1;
			}), "$mode: COPY $way");
			$psql->down('KILL');
			ok(PgJump::Process::eventually(20, sub {
				$pg->sql($is_busy) == 0;
			}), 'its backend ends with it');
		}
	}
	ok(PgJump::Process::eventually(20, sub {
		$daemon->descriptors <= $base
	}), 'no descriptor is left');
	is($lab->psql($main, 'select 1')->{out}, "1\n", 'others are served');
	$daemon->down;
};

$lab->done;
