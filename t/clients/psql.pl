# SPDX-License-Identifier: PostgreSQL
#
# psql, as a person at a terminal uses it: each connection is one psql, fed by
# hand; what it prints is read up to a mark.  See t/lib/PgJump/Client.pm.
#
#	perl psql.pl PSQL
use v5.36;
use IPC::Open2;

my ($program) = @ARGV;
my ($pid, $from, $to);

$| = 1;
$SIG{PIPE} = 'IGNORE';

sub answer($what, @fields)
{
	state %escape = ("\\" => '\\\\', "\n" => '\\n', "\t" => '\\t');

	print join("\t", $what, map { s/([\\\n\t])/$escape{$1}/gr } @fields),
	    "\n";
}

# What psql says to this, and how that went; it ends where it has lost its
# connection, and then nothing tells the SQLSTATE.
sub ask($sql)
{
	my $text = '';

	print $to "$sql;\n\\echo <end :ERROR :SQLSTATE>\n";
	$to->flush;
	while (defined(my $line = readline $from)) {
		if ($line =~ /^<end (\w+) (\w+)>$/) {
			$text =~ s/\n\z//;
			return $1 eq 'true' || $text =~ /^FATAL:/m
			    ? answer('error', $2 eq '00000' ? '' : $2, $text)
			    : answer('ok', $text);
		}
		$text .= $line;
	}
	disconnect();
	answer('error', '', $text);
}

sub disconnect
{
	return unless $pid;
	close $to;
	close $from;
	waitpid $pid, 0;
	undef $pid;
}

sub quoted($value) { "'" . $value =~ s/([\\'])/\\$1/gr . "'" }

sub start($host, $port, $user, $password, $dbname, $sslmode, $root)
{
	my %is = (host => $host, port => $port, user => $user,
		password => $password, dbname => $dbname, sslmode => $sslmode,
		$root ? (sslrootcert => $root) : ());

	$pid = open2($from, $to, 'sh', '-c', 'exec "$0" "$@" 2>&1', $program,
	    '-XAtq', '-d', join ' ', map { "$_=" . quoted($is{$_}) } keys %is);
	ask(q{select ''});
}

while (defined(my $line = readline STDIN)) {
	chomp $line;
	my ($what, @with) = split /\t/, $line, -1;
	if ($what eq 'connect') {
		disconnect();
		start(@with);
	} elsif ($what eq 'query') {
		$pid ? ask($with[0]) : answer('error', '', 'psql has ended');
	} else {
		disconnect();
		answer('ok', '');
	}
}
