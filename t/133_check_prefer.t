# SPDX-License-Identifier: PostgreSQL
#
# With ssl_config.mode prefer a database whose TLS fails is reached in plain
# text, and `pgjump check` does as the clients do.  One real server has a TLS
# that is too old for today's clients; one has certificates for names only.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use IO::Socket::SSL;
use JSON::PP ();
use PgJump::Pki qw(cert cert_file key key_file);

my $lab = PgJump::Lab->new;
my $old = PgJump::Postgres->new(dir => $lab->dir, name => 'old', conf => {
	ssl_min_protocol_version => 'TLSv1',
	ssl_max_protocol_version => 'TLSv1.1' });

sub report($name, %is)
{
	my $connection = $lab->connection($name, port => $old->port, %is);
	my $seen = $lab->new_daemon([$connection])->check('--json');
	my $report = JSON::PP::decode_json($seen->{out});

	$report->{by} = { map { $_->{phase} => $_ } @{ $report->{phases} } };
	return { %$report, rc => $seen->{rc} };
}

subtest 'a client' => sub {
	my $connection = $lab->connection('c_client', port => $old->port);
	my $daemon = $lab->daemon([$connection]);

	is($lab->psql($connection, 'select 1', sslmode => 'prefer')->{out},
	    "1\n", 'gets in with sslmode=prefer');
	isnt($lab->psql($connection, 'select 1', sslmode => 'require')->{rc},
	    0, 'and not with require');
	$daemon->down;
};

for my $way ([through => undef], [without => 0]) {
	my ($how, $tunnel) = @$way;
	subtest "check, $how a jump box" => sub {
		my $seen = report("c_prefer_$how", ssl => 'prefer',
		    defined $tunnel ? (ssh_tunnel => $tunnel) : ());

		is($seen->{rc}, 0, 'gets in, too') or diag($seen->{message});
		like($seen->{by}{tls}{message}, qr/^in the clear, .* TLS failed/,
		    'in the clear');
		is($seen->{by}{login}{encrypted}, 'no', 'as the login says');
		like($seen->{remarks}[0], qr/^Clients\ with\ sslmode=prefer
		    \ continue\ in\ the\ clear,\ because\ the\ TLS\ handshake\ with
		    \ .*\ failed.*protocol\ version/x, 'a remark says why');
		like($seen->{remarks}[1], qr/^To get TLS: /, 'and what to change');
	};
}

is(report('c_require', ssl => 'require')->{rc}, 28, 'require insists on TLS');
is(report('c_terminate', ssl => 'prefer', client_tls => 'terminate',
	tls_cert => cert('door'), tls_key => key('door'))->{rc}, 28,
    'and so does pgjump where it encrypts itself');

# A stand-in for ssl_sni of PostgreSQL 19, which hosts_file gives no `*`.
sub wants_a_name($socket)
{
	sysread $socket, my $request, 8;
	syswrite $socket, 'S';
	IO::Socket::SSL->start_SSL($socket, SSL_server => 1,
	    SSL_cert_file => { 'db.pgjump.test' => cert_file('db') },
	    SSL_key_file => { 'db.pgjump.test' => key_file('db') });
}

subtest 'a server that wants a name' => sub {
	my $peer = PgJump::Peer->new(\&wants_a_name);
	my $seen = report('c_name', ssl => 'require', port => $peer->port);

	is($seen->{stage}, 'db_tls', 'refuses an address');
	like($seen->{message}, qr/it was told no name/, 'as the message says');
	like($seen->{hint}, qr/^Give host as a name.*ssl_sni/, 'and the hint');
	$peer->down;
};

$lab->done;
