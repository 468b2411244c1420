# SPDX-License-Identifier: PostgreSQL
#
# A throwaway realm of Kerberos on loopback: a KDC, the keytab of a database on
# "localhost", and a ticket of the user app.  The environment of everything that
# the test program starts names its configuration.
package PgJump::Kerberos;

use v5.36;
use Carp qw(croak);
use PgJump::Group qw(runs wanted);
use PgJump::Port qw(reserve);
use PgJump::Postgres;
use PgJump::Process qw(run spew);

use constant REALM => 'PGJUMP.TEST';
use constant PASSWORD => 'Of-the-t1cket';

# Nothing if the machine has what is needed, else a word for it.
sub missing
{
	return 'Kerberos needs --with=servers' unless wanted('servers');
	my @where = (split(/:/, $ENV{PATH} // ''), '/usr/sbin');
	for my $program (qw(krb5kdc kdb5_util kadmin.local kinit)) {
		return 'krb5-kdc, krb5-admin-server, krb5-user are not installed'
		    unless grep { -x "$_/$program" } @where;
	}
	return 'psql has no GSSAPI' unless run(['ldd',
		PgJump::Postgres::bin('psql')])->{out} =~ /gssapi/;
	runs('servers');
	return;
}

sub _must($argv, %with)
{
	my $done = run($argv, %with);

	croak "@$argv: $done->{out}$done->{err}" if $done->{rc} ne '0';
}

sub _configure($home, $port)
{
	my $realm = REALM;

	spew("$home/krb5.conf", <<~"CONF");
		[libdefaults]
		default_realm = $realm
		dns_lookup_kdc = false
		dns_lookup_realm = false
		dns_canonicalize_hostname = false
		rdns = false
		[realms]
		$realm = {
			kdc = 127.0.0.1:$port
		}
		CONF
	spew("$home/kdc.conf", <<~"CONF");
		[kdcdefaults]
		kdc_listen = 127.0.0.1:$port
		kdc_tcp_listen = 127.0.0.1:$port
		[realms]
		$realm = {
			database_name = $home/principal
			key_stash_file = $home/stash
			acl_file = $home/acl
		}
		CONF
}

# dir
sub new($class, %is)
{
	my $home = "$is{dir}/kerberos";
	my $self = bless { home => $home }, $class;

	mkdir $home, 0755 or croak "$home: $!";
	_configure($home, reserve());
	$ENV{PATH} .= ':/usr/sbin';
	$ENV{KRB5_CONFIG} = "$home/krb5.conf";
	$ENV{KRB5_KDC_PROFILE} = "$home/kdc.conf";
	$ENV{KRB5RCACHENAME} = 'none:'; # it would lie in $TMPDIR, which is ours
	_must(['kdb5_util', 'create', '-s', '-P', PASSWORD]);
	_must(['kadmin.local', '-q', $_]) for
	    'addprinc -pw ' . PASSWORD . ' app',
	    'addprinc -randkey postgres/localhost',
	    "ktadd -k $home/keytab postgres/localhost";
	PgJump::Postgres::own("$home/keytab");
	$self->{kdc} = PgJump::Process->new(name => 'krb5kdc',
	    dir => $is{dir}, argv => ['krb5kdc', '-n'])->start;
	$self->{kdc}->up(sub {
		run(['kinit', '-c', $self->cache, 'app'],
		    stdin => PASSWORD . "\n")->{rc} eq '0'
	});
	return $self;
}

sub keytab($self) { "$self->{home}/keytab" }

# Where a client finds its ticket, for $KRB5CCNAME.
sub cache($self) { "$self->{home}/ticket" }

1;
