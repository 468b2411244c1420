# SPDX-License-Identifier: PostgreSQL
#
# Who may use the port of pgjump exec: its own user and the one of --user, as
# the kernel knows them.  Root is asked for because only root can be others.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::IP;
use PgJump::Exec;
use PgJump::Lab;
use PgJump::Process qw(eventually run slurp spew);
use Test::More;

plan skip_all => 'root is needed to be other users' if $> != 0;
my $lab = PgJump::Lab->new;
my $exec = PgJump::Exec->new(lab => $lab,
    connections => [$lab->connection('orders')]);
my $psql = PgJump::Postgres::bin('psql');
my @psql = ($psql, '-XAtq', '-c', 'select 1');
my $password = PgJump::Postgres::PASSWORD;
my ($nobody, $nogroup) = (getpwnam 'nobody')[2, 3];
my @as_nobody = ('setpriv', "--reuid=$nobody", "--regid=$nogroup",
	'--clear-groups');

# A command that says where the port is and waits for the end of its input.
sub waiting(@arguments)
{
	my $process = $exec->start('--no-check', @arguments, 'orders', 'sh',
	    '-c', 'echo "port $PGPORT"; exec sleep 1000');

	$process->up(qr/^port \d+$/m);
	my ($port) = $process->text =~ /^port (\d+)$/m;
	return ($process, $port);
}

sub psql_as($wrap, $port, $host = '127.0.0.1')
{
	return run([@$wrap, @psql, '-d', "host=$host port=$port dbname=myapp "
		. "user=readonly password=$password"], dir => $lab->dir);
}

subtest 'another user is denied, with the uid in the log' => sub {
	my ($process, $port) = waiting();
	my $seen = psql_as([], $port);
	is($seen->{out}, "1\n", 'the own user comes in') or diag($seen->{err});
	$seen = psql_as(\@as_nobody, $port);
	isnt($seen->{rc}, 0, 'another does not');
	like($seen->{err}, qr/refused: .* not user $nobody \[client_denied\]/,
	    'and hears why');
	ok(eventually(20, sub { $process->text =~ /client\ refused.*
	    stage=client_denied.*user\ $nobody\b/x }), 'the log has the uid');
	is(psql_as([], $port, '::1')->{out}, "1\n", 'IPv6: the own user');
	like(psql_as(\@as_nobody, $port, '::1')->{err}, qr/client_denied/,
	    'IPv6: another');
	$process->down;
};

# Java, for one, uses IPv6 sockets for IPv4 addresses.
subtest 'IPv4 through an IPv6 socket' => sub {
	my ($process, $port) = waiting();
	is(psql_as([], $port, '::ffff:127.0.0.1')->{out}, "1\n", 'own user');
	like(psql_as(\@as_nobody, $port, '::ffff:127.0.0.1')->{err},
	    qr/client_denied/, 'another user');
	$process->down;
};

# The kernel says user 0 of a socket that its process has closed.
subtest 'a client that sends and closes at once' => sub {
	my ($process, $port) = waiting();
	my $hello = pack 'N/a*', pack('N', 196608)
	    . "user\0readonly\0database\0myapp\0\0";

	substr($hello, 0, 4, pack 'N', length $hello);
	$process->signal('STOP');
	my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1',
		PeerPort => $port) or die "connect: $@";
	print $socket $hello;
	$socket->close;
	$process->signal('CONT');
	ok(eventually(20, sub { $process->text =~ /client\ refused.*
	    stage=client_denied.*a\ user\ who\ cannot\ be\ told/x }),
	    'is denied, though its user is root and so is pgjump')
	    or diag($process->text);
	$process->down;
	unlike($lab->postgres->log_text, qr/authorized: .*unknown/,
	    'the database was not asked');
};

subtest '--user admits one more' => sub {
	for my $user ('nobody', $nobody) {
		my ($process, $port) = waiting('--user', $user);
		is(psql_as($_, $port)->{out}, "1\n", "--user $user")
		    for [], \@as_nobody;
		like(psql_as(['setpriv', '--reuid=1', '--clear-groups'],
			$port)->{err}, qr/client_denied/, 'and no third');
		$process->down;
	}
	my $seen = $exec->run_to_end('--user', 'nobody', 'orders',
	    @as_nobody, @psql);
	is($seen->{out}, "1\n", 'a command of that user finds all')
	    or diag($seen->{err});
};

my $file = spew($lab->dir . '/plain.yaml', slurp($exec->file), 0600);
chown $nobody, $nogroup, $file;
$exec->{file} = $file;

subtest 'a plain user' => sub {
	my $seen = $exec->run_to_end('orders', @psql, { wrap => \@as_nobody });
	is($seen->{out}, "1\n", 'reaches the database')
	    or diag($seen->{err});
	$seen = $exec->run_to_end('orders', 'sh', '-c',
	    'cat "$PGPASSFILE"; echo ${PGPASSWORD-none}',
	    { wrap => \@as_nobody });
	like($seen->{out}, qr/:readonly:\Q$password\E\nnone\n\z/,
	    'with the password in the file');
	my $process = $exec->start('orders', 'sh', '-c',
	    'echo "port $PGPORT"; echo "file $PGPASSFILE"; exec sleep 1000',
	    { wrap => \@as_nobody });
	$process->up(qr/^file /m);
	my ($port) = $process->text =~ /^port (\d+)$/m;
	my ($path) = $process->text =~ /^file (.+)$/m;
	like(psql_as([], $port)->{err}, qr/client_denied/, 'root is denied');
	isnt(run(['setpriv', '--reuid=1', '--clear-groups', 'cat',
		$path])->{rc}, 0, 'no other user can read the password');
	$process->down;
};

subtest 'where /proc is closed to the command' => sub {
	my @closed = ('unshare', '--mount', 'sh', '-c',
		'umount -l /proc && exec "$@"', 'sh');

	plan skip_all => 'no mount namespaces'
	    if run([@closed, 'true'])->{rc} ne '0';
	my $seen = $exec->run_to_end('orders', 'sh', '-c',
	    'echo ${PGPASSFILE-none} $PGPASSWORD', { wrap => \@closed });
	is($seen->{out}, "none $password\n", 'the password is in PGPASSWORD')
	    or diag($seen->{err});
	$seen = $exec->run_to_end('orders', @psql, { wrap => \@closed });
	is($seen->{out}, "1\n", 'and works') or diag($seen->{err});
};

$lab->done;
