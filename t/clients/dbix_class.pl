# SPDX-License-Identifier: PostgreSQL
#
# DBIx::Class, which runs what failed again where its connection is gone.  See
# t/lib/PgJump/Client.pm; "begin" makes what follows transactions.
#
#	perl dbix_class.pl
use v5.36;
use DBIx::Class::Schema;

my ($schema, $in_transaction);

$| = 1;

sub answer($what, @fields)
{
	state %escape = ("\\" => '\\\\', "\n" => '\\n', "\t" => '\\t');

	print join("\t", $what, map { s/([\\\n\t])/$escape{$1}/gr } @fields),
	    "\n";
}

sub enter($host, $port, $user, $password, $dbname, $sslmode, $root)
{
	my $source = "dbi:Pg:host=$host;port=$port;dbname=$dbname;"
	    . "sslmode=$sslmode" . ($root ? ";sslrootcert=$root" : '');

	$in_transaction = 0;
	$schema = DBIx::Class::Schema->connect($source, $user, $password,
	    { PrintError => 0, PrintWarn => 0 });
	$schema->storage->ensure_connected;
}

sub query($sql)
{
	my $ask = sub { $schema->storage->dbh_do(sub ($storage, $dbh) {
		$dbh->selectrow_array($sql) }) };

	return ($in_transaction ? $schema->txn_do($ask) : $ask->()) // '';
}

my %words = (connect => \&enter, query => \&query, begin => sub {
	$in_transaction = 1 }, close => sub { undef $schema });

while (defined(my $line = readline STDIN)) {
	chomp $line;
	my ($what, @with) = split /\t/, $line, -1;
	my $value = eval { $words{$what}->(@with) };
	$@ eq '' ? answer('ok', $what eq 'query' ? $value : '')
	    : answer('error', '', "$@");
}
