# SPDX-License-Identifier: PostgreSQL
#
# Peers that misbehave, by kind: jump boxes, databases and clients of
# t/lib/hostile/.  Each kind has a connection of its own in pgjump, so that no
# other connection should notice what it does.
package PgJump::Hostile;

use v5.36;
use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PgJump::Keys qw(fingerprint key_file);
use PgJump::Pki qw(cert key);
use PgJump::Port qw(reserve);
use PgJump::Process qw(run);

use constant {
	PYTHON => '/usr/bin/python3',
	# The windows of the clients that visit a peer of one kind (VISITORS of
	# hostile/, 256 KB each), and a few MB.
	MEMORY_KB => 3 * 256 + 4 * 1024,
};

# Silence asyncssh's warnings of old ciphers, and write no bytecode into the
# sources.
my @run = (PYTHON, '-B', '-W', 'ignore',
	dirname(abs_path(__FILE__)) . '/../hostile');

sub possible
{
	return -x PYTHON
	    && run([PYTHON, '-c', 'import asyncssh'])->{rc} eq '0';
}

# name => side: box, database, client; tls-database, tls-client where pgjump
# speaks TLS with it
sub kinds
{
	state $kinds = do {
		my $listed = run([@run, '--list']);
		croak $listed->{err} if $listed->{rc} ne '0';
		+{ map { reverse split ' ' } split /\n/, $listed->{out} };
	};
	return $kinds;
}

# lab, kind, database (a PgJump::Postgres for those whose database is not the
# one that misbehaves)
sub new($class, %is)
{
	my $side = kinds()->{ $is{kind} } // croak "no kind $is{kind}";
	my $self = bless { %is, port => $side =~ /client/ ? 0 : reserve() },
	    $class;
	my %to = (port => $is{database}->port);

	$to{ssh_tunnel} = { port => $self->{port},
		host_key => fingerprint('host-ed25519') } if $side eq 'box';
	$to{port} = $self->{port} if $side =~ /database/;
	@to{qw(client_tls tls_cert tls_key)} =
	    ('terminate', cert('door'), key('door')) if $side =~ /tls/;
	$to{ssl} = 'require' if $side eq 'tls-database';
	$self->{connection} = $is{lab}->connection($is{kind}, %to);
	return $self;
}

sub kind($self) { $self->{kind} }
sub connection($self) { $self->{connection} }

# Start these peers, in one process.
sub start($dir, @peers)
{
	state $count = 0;
	my $name = 'hostile' . $count++;

	return PgJump::Process->new(name => $name, dir => $dir,
	    argv => [@run, key_file('host-ed25519'),
		map { join ':', $_->{kind}, $_->{port},
			$_->{connection}{listen} } @peers])
	    ->start->up(qr/^ready$/m);
}

# The peers of these that have not misbehaved yet.
sub idle($process, @peers)
{
	my %acts = map { $_ => 1 } $process->text =~ /^acts (\S+)$/mg;

	return grep { !$acts{ $_->{kind} } } @peers;
}

# End it; returns how often each kind has misbehaved.
sub end($process)
{
	$process->down;
	return { $process->text =~ /^(\S+) (\d+)$/mg };
}

1;
