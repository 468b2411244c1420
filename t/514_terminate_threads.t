# SPDX-License-Identifier: PostgreSQL
#
# client_tls: terminate with three workers, which share one certificate, one
# count of clients and one jump box: crowds come while the certificate is
# renewed, statements are cancelled, and the tunnel is killed under busy
# clients, each of which is told.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pki qw(cert key);
use PgJump::Process qw(eventually run spew);
use POSIX ();
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $box = $lab->new_box;
my ($cert, $key) = map { $lab->dir . "/door.$_" } qw(crt key);

sub show($name)
{
	spew($cert, cert($name));
	spew($key, key($name), 0600);
}

show('door');
my @ours = (box => $box, client_tls => 'terminate', tls_cert_file => $cert,
    tls_key_file => $key);
my %to = (plain => $lab->connection('w_plain', @ours),
	TLS => $lab->connection('w_tls', @ours, ssl => 'require'));
my $daemon = $lab->daemon([values %to], workers => 3);
my $script = spew($lab->dir . '/one.sql', "select 1;\n");

sub come_and_go($connection, @arguments)
{
	my $pid = fork // die "fork: $!";

	return $pid if $pid;
	my $done = run([PgJump::Postgres::bin('pgbench'), '-n', '-f', $script,
		'-C', @arguments, $lab->conninfo($connection, user => 'app',
			password => undef, sslmode => 'require')],
	    dir => $lab->dir, timeout => 120);
	print {*STDERR} $done->{err} if $done->{rc} ne '0';
	POSIX::_exit($done->{rc} eq '0' ? 0 : 1);
}

sub enter($connection)
{
	my $wire = $lab->wire($connection);

	$wire->ssl_request;
	$wire->start_tls or die $wire->{tls_error};
	PgJump::Wire::is_ready($wire->login) or die 'no login';
	return $wire;
}

sub active
{
	return $pg->sql(q{select count(*) from pg_stat_activity
	    where usename = 'app' and state = 'active'});
}

my @crowds = map { come_and_go($to{$_}, '-c', 6, '-t', 8) } sort keys %to;
for my $name (('door2', 'door') x 5) {
	show($name);
	my $wire = enter($to{plain});
	like($wire->socket->peer_certificate('subject'), $name eq 'door2'
	    ? qr/renewed$/ : qr/pgjump$/, "shows $name");
	$wire->close;
}
for my $pid (@crowds) {
	waitpid $pid, 0;
	is($?, 0, 'a crowd is served meanwhile');
}

my @sleeping = map { enter($_) } (values %to) x 6;
$_->query('select pg_sleep(120)') for @sleeping;
ok(eventually(20, sub { active() == @sleeping }), 'busy clients');
for my $wire (@sleeping) {
	my $cancel = $lab->wire($to{TLS});
	$cancel->put(pack 'NNNN', 16, 80877102,
	    @$wire{qw(backend_pid backend_key)});
}
my @codes = map {
	my ($error) = grep { $_->[0] eq 'E' } @{ $_->until('Z') };
	PgJump::Wire::fields($error->[1])->{C};
} @sleeping;
is_deeply(\@codes, [('57014') x @sleeping], 'all are cancelled');

$_->query('select pg_sleep(120)') for @sleeping;
ok(eventually(20, sub { active() == @sleeping }), 'busy again');
$box->kill_all;
my %lost = (label => 'tunnel_lost');
my @untold = grep {
	my ($error) = grep { $_->[0] eq 'E' } @{ $_->until('!') };
	!$error || PgJump::Wire::fields($error->[1])->{M} !~ /\[$lost{label}\]$/;
} @sleeping;
is(@untold, 0, 'and told, each, when the tunnel dies');

$pg->down; # it would wait for those who sleep
$lab->done;
