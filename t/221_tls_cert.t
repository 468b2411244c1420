# SPDX-License-Identifier: PostgreSQL
#
# tls_cert and tls_key.  A client that verifies certificates and trusts tls_cert
# is told what has failed, in direct TLS as well; if it does not trust it, the
# log says so.  The files are read again, and errors in them are reported at
# start.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pki qw(cert cert_file key key_file);
use PgJump::Port qw(reserve);
use PgJump::Process qw(slurp spew);
use Test::More;

my $lab = PgJump::Lab->new;
$lab->secret($_) for grep { length > 40 } map { split /\n/, key($_) }
    qw(door door2);
my ($cert, $key) = map { $lab->dir . "/door.$_" } qw(crt key);

sub show($name)
{
	spew($cert, cert($name));
	spew($key, key($name), 0600);
}

# Nothing listens where the database should be.
my $broken = $lab->connection('c_broken', port => reserve(),
    tls_cert_file => $cert, tls_key_file => $key);
my $bare = $lab->connection('c_bare', port => $broken->{port});
show('door');
my $daemon = $lab->daemon([$broken, $bare]);
my %label = (label => 'db_refused');
my @verifying = (sslmode => 'verify-full', host => 'door.pgjump.test',
    hostaddr => '127.0.0.1', sslrootcert => cert_file('root'));

sub told_in_tls($options, $what)
{
	my $seen = $lab->psql($broken, 'select 1', @$options);

	like($seen->{err}, qr/FATAL:  pgjump: tunnel is up, database failed:.*\[$label{label}\]/,
	    $what);
}

told_in_tls(\@verifying, 'verify-full is told');
told_in_tls([@verifying, sslmode => 'verify-ca', host => 'any'],
    'verify-ca is told');
told_in_tls([sslmode => 'require'], 'so is require');

subtest 'direct TLS' => sub {
	my $wire = $lab->wire($broken);
	ok($wire->start_tls(SSL_alpn_protocols => ['postgresql'],
	    SSL_verify_mode => IO::Socket::SSL::SSL_VERIFY_PEER(),
	    SSL_hostname => 'door.pgjump.test',
	    SSL_verifycn_name => 'door.pgjump.test',
	    SSL_ca_file => cert_file('root')), 'is verified')
	    or diag($wire->{tls_error});
	my ($error) = @{ $wire->startup->until('E') };
	like(PgJump::Wire::fields($error->[1] // '')->{M},
	    qr/\[$label{label}\]$/, 'and told');
	$wire = $lab->wire($broken);
	ok(!$wire->start_tls, 'without ALPN');
	like($wire->{tls_error}, qr/no application protocol/,
	    'it ends in alert 120');
};

subtest 'another protocol in TLS that was asked for' => sub {
	for my $connection ($broken, $bare) {
		my $wire = $lab->wire($connection);
		$wire->ssl_request;
		ok(!$wire->start_tls(SSL_alpn_protocols => ['h2']),
		    "$connection->{name}: is refused");
		like($wire->{tls_error}, qr/no application protocol/,
		    'by alert 120');
	}
};

for my $case (
	[$broken, 'stranger', 'an authority that the client does not know'],
	[$bare, 'root', 'the throwaway certificate'],
) {
	my ($connection, $root, $what) = @$case;
	my $mark = $daemon->mark;
	my $seen = $lab->psql($connection, 'select 1', @verifying,
	    sslrootcert => cert_file($root));
	like($seen->{err}, qr/certificate verify failed/,
	    "$what: the client shows its own error");
	my $id = qr/client could not be told.*stage=db_refused/;
	ok($daemon->says(
	    qr/$id.*reason="client sent alert: (?:unknown CA|bad certificate)/,
	    10, $mark), "$what: the log has the cause, and why it was not told")
	    or diag($daemon->since($mark));
}

subtest 'files are read again' => sub {
	my $names = sub {
		my $wire = $lab->wire($broken);
		$wire->ssl_request;
		$wire->start_tls;
		return $wire->socket->peer_certificate('subject');
	};
	like($names->(), qr/CN=pgjump$/, 'the first certificate');
	show('door2');
	like($names->(), qr/CN=pgjump, renewed$/, 'a new one is shown at once');
	my $mark = $daemon->mark;
	spew($key, key('door'), 0600);
	like($names->(), qr/CN=pgjump, renewed$/, 'a bad pair changes nothing');
	ok($daemon->says(qr/tls_cert and tls_key cannot be used.*is not the key of the certificate/,
	    10, $mark), 'and is told') or diag($daemon->since($mark));
	show('door');
	like($names->(), qr/CN=pgjump$/, 'a good pair is taken');
};

subtest 'what is wrong is named at start' => sub {
	my $file = $lab->dir . '/wrong.yaml';
	my %good = (tls_cert_file => cert_file('door'),
		tls_key_file => key_file('door'));
	my @wrong = (
		[{ tls_key_file => key_file('db') }, 4,
			qr/tls_key_file: it is not the key of the certificate/],
		[{ tls_key_file => PgJump::Pki::key_file('locked') }, 4,
			qr/tls_key_file: it is encrypted/],
		[{ tls_key_file => cert_file('door') }, 4,
			qr/tls_key_file: it is a certificate, not a private key/],
		[{ tls_cert_file => key_file('door') }, 3,
			qr/tls_cert(?:_file)? must be a certificate/],
		[{ tls_cert_file => '/nowhere/x.crt' }, 3,
			qr/tls_cert_file: cannot read/],
		[{ tls_key_file => undef }, 3,
			qr/tls_cert and tls_key must be given together/],
		[{ tls_cert_file => cert_file('expired'),
			tls_key_file => key_file('expired') }, 3,
			qr/warning: tls_cert_file: the certificate expired on/],
	);
	for my $case (@wrong) {
		my ($change, $line, $says) = @$case;
		my %is = (%good, %$change);
		spew($file, "- name: a\n  host: h\n" . join('', map {
			"  $_: $is{$_}\n" } grep { defined $is{$_} }
			qw(tls_cert_file tls_key_file)), 0600);
		my $seen = PgJump::Daemon::command(['-c', $file, 'config'],
		    dir => $lab->dir, timeout => 60);
		like($seen->{err} . $seen->{out},
		    qr/^\Q$file\E:$line:\d+: $says/m, "$says");
	}
};

$lab->done;
