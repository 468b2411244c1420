# SPDX-License-Identifier: PostgreSQL
#
# The ways in which a client's TLS goes through pgjump:
#	passed	to the database, if the client asks for it
#	ended	to pgjump (client_tls: terminate), in the clear from there
#	renewed	to pgjump, and TLS again from there to the database
package PgJump::Ways;

use v5.36;
use Exporter qw(import);
use PgJump::Pki qw(cert cert_file key);

our @EXPORT_OK = qw(ways);

sub ways { qw(passed ended renewed) }

# A connection of the lab (PgJump::Lab) which goes that way.
sub connection($way, $lab, $name, %is)
{
	my %tls = $way eq 'passed' ? () : (client_tls => 'terminate',
		tls_cert => cert('door'), tls_key => key('door'));

	$tls{ssl} = 'require' if $way eq 'renewed';
	return $lab->connection($name, %tls, %is);
}

# How libpq reaches such a connection without a password.
sub conninfo($way, $lab, $connection, $sslmode)
{
	my %verified = $way eq 'passed' || $sslmode !~ /^verify/ ? ()
	    : (host => 'door.pgjump.test', hostaddr => '127.0.0.1',
		sslrootcert => cert_file('root'));

	return $lab->conninfo($connection, user => 'app', password => undef,
	    sslmode => $sslmode, %verified);
}

1;
