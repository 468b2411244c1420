# SPDX-License-Identifier: PostgreSQL
#
# A real pgbouncer in front of a database of the lab, if the machine has one.
# It lets the users that it knows in without a password, and postgres to its
# console.
package PgJump::Pgbouncer;

use v5.36;
use PgJump::Port qw(reserve);
use PgJump::Postgres;
use PgJump::Process qw(run spew);

sub program
{
	my ($found) = grep { -x } map { "$_/pgbouncer" }
	    split(/:/, $ENV{PATH} // ''), '/usr/sbin';

	return $found;
}

# dir, to (a port of PostgreSQL); optional: conf (settings of its own).
sub new($class, %is)
{
	my $self = bless { port => reserve(), conf => {}, %is }, $class;
	my $home = "$is{dir}/pgbouncer";
	my %conf = (
		listen_addr => '127.0.0.1',
		listen_port => $self->{port},
		unix_socket_dir => $home,
		auth_type => 'trust',
		auth_file => "$home/users",
		admin_users => 'postgres',
		%{ $self->{conf} },
	);

	my $mark = -s "$is{dir}/pgbouncer.log" // 0; # of an earlier one
	mkdir $home, 0755;
	spew("$home/users", qq("app" ""\n"postgres" ""\n));
	spew("$home/pgbouncer.ini", join '', "[databases]\n",
	    "myapp = host=127.0.0.1 port=$is{to}\n", "[pgbouncer]\n",
	    map { "$_ = $conf{$_}\n" } sort keys %conf);
	PgJump::Postgres::own($home);
	$self->{process} = PgJump::Process->new(name => 'pgbouncer',
	    dir => $is{dir}, argv => [PgJump::Postgres::as_owner(program(),
		"$home/pgbouncer.ini")])->start;
	$self->{process}->up(qr/process up/, 20, $mark);
	return $self;
}

sub port($self) { $self->{port} }
sub process($self) { $self->{process} }

# A command of its console.
sub command($self, $command)
{
	return run([PgJump::Postgres::bin('psql'), '-XAtq', '-h', '127.0.0.1',
		'-p', $self->{port}, '-U', 'postgres', '-d', 'pgbouncer', '-c',
		$command]);
}

1;
