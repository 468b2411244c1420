# SPDX-License-Identifier: PostgreSQL
#
# TLS is between client and database: every sslmode has the same result through
# pgjump as without it, up to verify-full against the database's own
# certificate.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

my $lab = PgJump::Lab->new;
my $plain = PgJump::Postgres->new(dir => $lab->dir, name => 'plain',
    conf => { ssl => 'off' });
my %to = (
	tls => $lab->connection('to_tls'),
	plain => $lab->connection('to_plain', port => $plain->port),
);
my $daemon = $lab->daemon([values %to]);

my $no_tls = 'server does not support SSL, but SSL was required';
my $table = <<"TABLE";
database  sslmode      result
tls       disable      plain
tls       allow        plain
tls       prefer       TLS
tls       require      TLS
tls       verify-ca    TLS
tls       verify-full  TLS
plain     disable      plain
plain     allow        plain
plain     prefer       plain
plain     require      $no_tls
plain     verify-ca    $no_tls
plain     verify-full  $no_tls
TABLE

my $query = q{select case when ssl then 'TLS' else 'plain' end
    from pg_stat_ssl where pid = pg_backend_pid()};

sub result($database, $mode)
{
	my $seen = $lab->psql($to{$database}, $query, sslmode => $mode);

	return $seen->{out} =~ s/\n//r if $seen->{rc} eq '0';
	return $seen->{err} =~ s/.* failed: (.*)\n/$1/sr;
}

my ($head, @rows) = split /\n/, $table;
my @got = ($head);
for my $row (@rows) {
	my ($database, $mode) = split ' ', $row;
	push @got, sprintf '%-10s%-13s%s', $database, $mode,
	    result($database, $mode);
}
is(join("\n", @got, ''), $table, 'the matrix of modes');

like($lab->psql($to{tls}, 'select 1', sslmode => 'verify-full',
    host => 'other.pgjump.test', hostaddr => '127.0.0.1',
    sslrootcert => PgJump::Postgres::root_certificate())->{err},
    qr/server certificate for "db\.pgjump\.test" does not match/,
    'verify-full judges the certificate of the database');

my $channel = $lab->psql($to{tls}, 'select 1', sslmode => 'require',
    channel_binding => 'require');
is($channel->{out}, "1\n", 'channel binding holds end to end');

$lab->done;
