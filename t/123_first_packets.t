# SPDX-License-Identifier: PostgreSQL
#
# What newer clients and servers send first passes through unchanged: direct
# TLS, protocol 3.2 with its long cancel keys.  Client certificates are between
# client and database.  No forward is opened for a client that has sent no first
# packet.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Eighteen;
use PgJump::Lab;
use PgJump::Pki qw(cert_file key_file);
use PgJump::Process qw(eventually slurp spew);
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $new = PgJump::Eighteen->new(dir => $lab->dir);
my %to = (old => $lab->connection('f_old'),
	new => $lab->connection('f_new', port => $new->port));
my $daemon = $lab->daemon([values %to], log_level => 'debug');

subtest 'direct TLS reaches the database' => sub {
	my $wire = $lab->wire($to{new});
	ok($wire->start_tls(SSL_alpn_protocols => ['postgresql'],
	    SSL_verify_mode => IO::Socket::SSL::SSL_VERIFY_PEER(),
	    SSL_hostname => 'db.pgjump.test',
	    SSL_verifycn_name => 'db.pgjump.test',
	    SSL_ca_file => cert_file('root')), 'whose certificate is verified')
	    or diag($wire->{tls_error});
	is($wire->socket->alpn_selected, 'postgresql', 'which selects ALPN');
	ok(PgJump::Wire::is_ready($wire->login), 'and lets us in');
	$wire->query('select 1');
	is($wire->until('Z')->[0][0], 'C', 'and answers');
	$wire->close;

	$wire = $lab->wire($to{new});
	ok(!$wire->start_tls, 'without ALPN');
	like($wire->{tls_error}, qr/no application protocol/,
	    'it is the database that sends alert 120');
};

subtest 'protocol 3.2' => sub {
	my $wire = $lab->wire($to{new});
	my $messages = $wire->login(version => 3 << 16 | 2);
	ok(PgJump::Wire::is_ready($messages), 'login');
	my ($key) = grep { $_->[0] eq 'K' } @$messages;
	is(length $key->[1], 4 + 256, 'a cancel key of 256 bytes');
	my $cancel = $lab->wire($to{new});
	my $packet = pack 'NN a*', 8 + length $key->[1], 80877102, $key->[1];
	$cancel->put($packet);
	is($cancel->ended, 'eof', 'a cancel request with it is taken');
	ok(eventually(10, sub { $new->heard(unpack 'H*', $packet) }),
	    'and delivered byte by byte');
};

subtest 'client certificates' => sub {
	my $strict = PgJump::Postgres->new(dir => $lab->dir, name => 'strict',
	    conf => { ssl_ca_file => owned(cert_file('root')) },
	    hba => 'hostssl all app 127.0.0.1/32 cert');
	my $connection = $lab->connection('f_strict', port => $strict->port);
	my $daemon = $lab->daemon([$connection]);
	my $key = $lab->dir . '/guest.key';
	spew($key, slurp(key_file('guest')), 0600);
	my @app = (user => 'app', password => undef, sslmode => 'verify-full');
	my $seen = $lab->psql($connection, 'select 1', @app,
	    sslcert => cert_file('guest'), sslkey => $key);
	is($seen->{out} . $seen->{err}, "1\n", 'reach the database');
	$seen = $lab->psql($connection, 'select 1', @app);
	like($seen->{err}, qr/requires a valid client certificate/,
	    'which asks for them itself');
	$daemon->down;
};

sub owned($file)
{
	my $to = $lab->dir . '/' . $file =~ s{.*/}{}r;

	spew($to, slurp($file), 0644);
	PgJump::Postgres::own($to);
	return $to;
}

sub received { my $n = () = $pg->log_text =~ /connection received/g; $n }

subtest 'no forward before the first packet is known' => sub {
	is($lab->psql($to{old}, 'select 1')->{rc}, 0, 'the tunnel is up');
	my $before = received();
	my $packet = PgJump::Wire::startup_packet(user => 'app',
	    database => 'myapp');
	my $mark = $daemon->mark;
	my $silent = $lab->wire($to{old});
	my $slow = $lab->wire($to{old});
	$slow->put(substr $packet, 0, -1);
	ok($daemon->says(qr/client accepted(?s:.*)client accepted/, 10, $mark),
	    'a silent client, and one with half a packet');
	is($lab->psql($to{old}, 'select 1')->{rc}, 0, 'another comes and goes');
	is(received(), $before + 1, 'which is the only one to be seen');
	$slow->put(substr $packet, -1);
	ok(PgJump::Wire::is_ready($slow->until('ZE')), 'the last byte comes');
	is(received(), $before + 2, 'so does the forward');
};

$lab->done;
