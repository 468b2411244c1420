# SPDX-License-Identifier: PostgreSQL
#
# DBI with DBD::Pg.  See t/lib/PgJump/Client.pm.
#
#	perl dbd_pg.pl
use v5.36;
use DBI;

my $dbh;

$| = 1;

sub answer($what, @fields)
{
	state %escape = ("\\" => '\\\\', "\n" => '\\n', "\t" => '\\t');

	print join("\t", $what, map { s/([\\\n\t])/$escape{$1}/gr } @fields),
	    "\n";
}

sub start($host, $port, $user, $password, $dbname, $sslmode, $root)
{
	my $source = "dbi:Pg:host=$host;port=$port;dbname=$dbname;"
	    . "sslmode=$sslmode" . ($root ? ";sslrootcert=$root" : '');

	$dbh = DBI->connect($source, $user, $password,
	    { PrintError => 0, PrintWarn => 0, AutoCommit => 1 });
	return $dbh ? answer('ok', '') : answer('error', $DBI::state,
	    $DBI::errstr);
}

sub query($sql)
{
	return answer('error', '', 'not connected') unless $dbh;
	my $row = $dbh->selectrow_arrayref($sql);

	return answer('error', $dbh->state, $dbh->errstr) if $dbh->err;
	answer('ok', $row->[0] // '');
}

while (defined(my $line = readline STDIN)) {
	chomp $line;
	my ($what, @with) = split /\t/, $line, -1;
	if ($what eq 'connect') {
		undef $dbh;
		start(@with);
	} elsif ($what eq 'query') {
		query($with[0]);
	} else {
		undef $dbh;
		answer('ok', '');
	}
}
