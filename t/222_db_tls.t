# SPDX-License-Identifier: PostgreSQL
#
# client_tls: terminate, and TLS with the database fails: the client is told
# each cause in words, in every sslmode.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pki qw(cert cert_file key key_file);
use PgJump::Process qw(slurp spew);
use PgJump::Told;
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;

my $lab = PgJump::Lab->new;

sub owned($file, $mode)
{
	my $to = $lab->dir . '/' . $file =~ s{.*/}{}r;

	spew($to, slurp($file), $mode);
	PgJump::Postgres::own($to);
	return $to;
}

# A database that shows this certificate.
sub postgres($name, %conf)
{
	return PgJump::Postgres->new(dir => $lab->dir, name => "pg_$name",
	    conf => { ssl_cert_file => owned(cert_file($name), 0644),
		ssl_key_file => owned(key_file($name), 0600), %conf },
	    hba => "hostssl all app all trust clientcert=verify-ca\n");
}

my %postgres = map { ($_ => postgres($_)) } qw(expired elsewhere own);
$postgres{db} = postgres('db', ssl_ca_file => owned(cert_file('root'), 0644));
$postgres{plain} = PgJump::Postgres->new(dir => $lab->dir, name => 'pg_plain',
    conf => { ssl => 'off' });
my $silent = PgJump::Peer->new('silent');
# It offers TLS and resets the connection once the handshake has begun.
my $resetting = PgJump::Peer->new(sub ($socket) {
	sysread $socket, my $request, 8;
	syswrite $socket, 'S';
	sysread $socket, my $hello, 65_536;
	setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
});

my %tls = (label => 'db_tls', side => 'database',
	detail => qr/the connection to \S+ had been open for/);
my @cases = (
	{ name => 'the database has no TLS', to => 'plain', ssl => 'require',
		says => qr/does not offer TLS, which ssl mode require insists on/,
		hint => qr/ssl = on in postgresql\.conf/ },
	{ name => 'self-signed', to => 'own', ssl => 'verify-full',
		ca => 'root', says => qr/is not trusted: it is self-signed/,
		detail => qr/its certificate is CN=db\.pgjump\.test/,
		hint => qr/ssl_config\.ca_cert/ },
	{ name => 'signed by a stranger', to => 'db', ssl => 'verify-ca',
		ca => 'stranger',
		says => qr/is not trusted: the issuer is not in ssl_config\.ca_cert: CN=root of the lab/,
		hint => qr/ssl_config\.ca_cert/ },
	{ name => 'expired', to => 'expired', ssl => 'verify-ca', ca => 'root',
		says => qr/is not valid now: it expired on 20\d\d-\d\d-\d\d/,
		hint => qr/Renew the certificate/ },
	{ name => 'for another host', to => 'elsewhere', ssl => 'verify-full',
		ca => 'root',
		says => qr/is for another host: elsewhere\.pgjump\.test, \*\.pool\.pgjump\.test/,
		hint => qr/Set host to a name which the certificate holds/ },
	{ name => 'it knows not our certificate', to => 'db',
		ssl => 'require', cert => 'intruder',
		says => qr/does not accept the client certificate: the database sent alert: unknown CA/,
		hint => qr/ssl_ca_file/, detail => qr/\S/ },
);

my @ours = (client_tls => 'terminate', tls_cert => cert('door'),
    tls_key => key('door'));
for my $case (@cases) {
	my %is = (%tls, %$case);
	my %config = (mode => $is{ssl});

	$config{ca_cert} = cert($is{ca}) if $is{ca};
	@config{qw(client_cert client_key)} = (cert($is{cert}), key($is{cert}))
	    if $is{cert};
	$is{connection} = $lab->connection('c_' . $is{name} =~ s/\W/_/gr, @ours,
	    port => $postgres{ $is{to} }->port, ssl_config => \%config);
	$case = \%is;
}
my $gone = $lab->dir . '/gone.pem';
spew($gone, cert('root'));
my $missing = $lab->connection('c_missing', @ours,
    port => $postgres{db}->port,
    ssl_config => { mode => 'verify-ca', ca_cert_file => $gone });
my $mute = $lab->connection('c_mute', @ours, port => $silent->port,
    ssl => 'require', connection_timeout => '2s');
my $broken = $lab->connection('c_broken', @ours, port => $resetting->port,
    ssl => 'require', ssh_tunnel => 0);
my $daemon = $lab->daemon([$missing, $mute, $broken,
	map { $_->{connection} } @cases]);

told($lab, $daemon, $_->{connection}, { %$_,
	sslmodes => ['disable', 'require'] }) for @cases;

told($lab, $daemon, $mute, { name => 'a silent database',
	label => 'db_silent', side => 'database', says => qr/did not answer/,
	hint => qr/hangs or is overloaded/, sslmodes => ['require'] });

told($lab, $daemon, $broken, { %tls, name => 'a reset in the handshake',
	says => qr/closed the connection during the TLS handshake/,
	hint => qr/\S/, detail => qr/reset by peer/, side => 'direct',
	sslmodes => ['require'] });

subtest 'ca_cert_file is read again when it changes' => sub {
	my @unbound = (channel_binding => 'disable');
	is($lab->psql($missing, 'select 1', @unbound)->{out}, "1\n", 'good');
	unlink $gone;
	told($lab, $daemon, $missing, { %tls, name => 'gone',
		says => qr/TLS settings for .* cannot be used: ca_cert: cannot read \Q$gone\E/,
		hint => qr/Correct ssl_config/, sslmodes => ['require'],
		check => 0 }); # which reads the configuration anew
	spew($gone, cert('stranger'));
	told($lab, $daemon, $missing, { %tls, name => 'another authority',
		says => qr/is not trusted/, hint => qr/ca_cert/,
		sslmodes => ['require'] });
	spew($gone, cert('root'));
	is($lab->psql($missing, 'select 1', @unbound)->{out}, "1\n",
	    'good again');
};

$lab->done;
