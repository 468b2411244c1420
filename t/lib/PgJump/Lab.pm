# SPDX-License-Identifier: PostgreSQL
#
# A laboratory for one test program: a directory, a throwaway PostgreSQL, a
# private sshd as the jump box, and pgjump between them, each made when it is
# first asked for.  `done` ends all of them, looks for secrets and for
# complaints of sanitizers in every log of pgjump, and keeps the directory if
# something failed.
package PgJump::Lab;

use v5.36;
use Carp qw(croak);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use JSON::PP ();
use List::Util qw(min);
use PgJump::Daemon;
use PgJump::JumpBox;
use PgJump::Keys;
use PgJump::Netns;
use PgJump::Peer;
use PgJump::Port qw(reserve);
use PgJump::Postgres;
use PgJump::Process qw(eventually run slurp spew);
use PgJump::Relay;
use PgJump::User;
use PgJump::Wire;
use Test::More ();

my $owner = $$;
my @labs;

# No variable of the caller's environment may influence a client or pgjump.
delete @ENV{ grep { /^(?:PG(?!JUMP)|XDG_|SSH_|KRB5)|^PGJUMP_KNOWN/ }
	keys %ENV };
$ENV{LC_ALL} = 'C';
$ENV{PGSSLROOTCERT} = '/nonexistent';

sub new($class)
{
	my $dir = tempdir('pgjump-lab.XXXXXX', TMPDIR => 1);

	chmod 0755, $dir;
	my $self = bless { dir => $dir, daemons => [], boxes => [],
		secrets => [PgJump::Postgres::PASSWORD,
			PgJump::Keys::PASSPHRASE] }, $class;
	push @labs, $self;
	return $self;
}

sub dir($self) { $self->{dir} }

sub postgres($self)
{
	return $self->{postgres} //= PgJump::Postgres->new(dir => $self->{dir});
}

# The jump box of connections that name no other.
sub box($self)
{
	return $self->{box} //= $self->new_box(name => 'sshd');
}

sub new_box($self, %is)
{
	my $box = PgJump::JumpBox->new(dir => $self->{dir},
	    name => 'sshd' . @{ $self->{boxes} }, %is);

	push @{ $self->{boxes} }, $box;
	return $box;
}

sub user($self)
{
	return $self->{user} //= do {
		my $user = PgJump::User->new(dir => $self->{dir});
		push @{ $self->{secrets} }, $user->password;
		$user;
	};
}

sub true { JSON::PP::true() }
sub false { JSON::PP::false() }

# Texts that no log may ever hold.
sub secret($self, $text)
{
	push @{ $self->{secrets} }, $text;
	return $text;
}

# A connection as users write it, through the lab's jump box to its PostgreSQL,
# on a reserved port.  The arguments replace keys; `ssh_tunnel` is merged key by
# key; undef removes a key; `box` is another jump box.
sub connection($self, $name, %change)
{
	my $box = delete $change{box};
	my $tunnel = delete $change{ssh_tunnel} // {};
	my %is = (
		name => $name,
		db_type => 'postgres',
		listen => exists $change{listen} ? undef : reserve(),
		host => '127.0.0.1',
		port => exists $change{port} ? undef : $self->postgres->port,
		database => 'myapp',
		username => 'readonly',
		password => PgJump::Postgres::PASSWORD,
		%change,
	);

	if (ref $tunnel && ($tunnel->{enabled} // 1)) {
		$box //= $self->box unless exists $tunnel->{port};
		$is{ssh_tunnel} = {
			enabled => true,
			host => '127.0.0.1',
			username => scalar getpwuid $>,
			auth_method => 'key',
			$box ? (port => $box->port, username => $box->user,
				host_key => $box->pin) : (),
			private_key => PgJump::Keys::private('ed25519'),
			%$tunnel,
		};
	} elsif (ref $tunnel) {
		$is{ssh_tunnel} = { %$tunnel, enabled => false };
	}
	delete $is{$_} for grep { !defined $is{$_} } keys %is;
	delete @{ $is{ssh_tunnel} }{ grep { !defined $is{ssh_tunnel}{$_} }
		keys %{ $is{ssh_tunnel} } } if $is{ssh_tunnel};
	$_ += 0 for grep { defined && /^\d+$/ } @is{qw(listen port)};
	return \%is;
}

# A pgjump with these connections and global settings, not yet started.
sub new_daemon($self, $connections, %global)
{
	my %process = map { exists $global{$_} ? ($_ => delete $global{$_})
		: () } qw(env wrap arguments text mode);
	my $count = @{ $self->{daemons} };

	# where the suite is run with several workers (t/README)
	$global{workers} //= min($ENV{PGJUMP_TEST_WORKERS},
	    $global{max_links} // 8) if $ENV{PGJUMP_TEST_WORKERS};
	my $daemon = PgJump::Daemon->new(
		dir => $self->{dir},
		name => $count ? "pgjump$count" : 'pgjump',
		config => { %global, connections => $connections },
		%process,
	);

	push @{ $self->{daemons} }, $daemon;
	return $daemon;
}

# The same, started, and ready when this returns.
sub daemon($self, $connections, %global)
{
	return $self->new_daemon($connections, %global)->up;
}

# A libpq connection string for a connection's listener.
sub conninfo($self, $connection, %change)
{
	my %is = (
		host => '127.0.0.1',
		port => $connection->{listen},
		dbname => 'myapp',
		user => 'readonly',
		password => PgJump::Postgres::PASSWORD,
		sslmode => 'prefer',
		connect_timeout => 20,
		%change,
	);

	if ($is{sslmode} =~ /^verify/ && !exists $change{host}) {
		@is{qw(host hostaddr sslrootcert)} = (
			PgJump::Postgres::TLS_NAME, '127.0.0.1',
			PgJump::Postgres::root_certificate());
	}
	return join ' ', map {
		"$_='" . $is{$_} =~ s/([\\'])/\\$1/gr . "'"
	} grep { defined $is{$_} } sort keys %is;
}

# A copy of a certificate or key with the owner that PostgreSQL demands.
sub copy($self, $file)
{
	my $to = "$self->{dir}/" . $file =~ s{.*/}{}r;

	spew($to, slurp($file), $file =~ /\.key$/ ? 0600 : 0644);
	PgJump::Postgres::own($to);
	return $to;
}

# psql as a person uses it: { out, err, rc }.
sub psql($self, $connection, $sql, %change)
{
	my %with = map { exists $change{$_} ? ($_ => delete $change{$_}) : () }
	    qw(stdin timeout env wrap);
	my $wrap = delete $with{wrap} // [];

	return run([@$wrap, PgJump::Postgres::bin('psql'), '-XAtq',
		'-v', 'ON_ERROR_STOP=1', '-d',
		$self->conninfo($connection, %change),
		defined $sql ? ('-c', $sql) : ()],
	    dir => $self->{dir}, %with);
}

sub wire($self, $connection, %is)
{
	return PgJump::Wire->new(port => $connection->{listen}, %is);
}

# The chunks of a private key's body are secrets, too.
sub _key_bodies
{
	return grep { length > 40 } map { split /\n/ }
	    map { PgJump::Keys::private($_) } qw(ed25519 rsa ecdsa);
}

# The secrets that appear in the log of one pgjump.
sub told($self, $daemon)
{
	my $log = $daemon->log_text;

	return grep { index($log, $_) >= 0 } @{ $self->{secrets} },
	    'PRIVATE KEY', _key_bodies();
}

# The end of every test program that has a lab.
sub done($self)
{
	my @daemons = grep { defined $_->pid } @{ $self->{daemons} };

	$_->down for @daemons;
	Test::More::is_deeply([grep { !/^exit (?:0|1|130|131|143)$/ }
		map { $_->process->how }
		grep { !$_->is_doomed } @daemons], [],
	    'no pgjump ended otherwise than it should');
	Test::More::is_deeply([map { $self->told($_) } @daemons], [],
	    'no secret in any log of pgjump');
	Test::More::is_deeply([grep { defined } map { $_->complaint }
		@daemons], [], 'no sanitizer or assertion complains');
	Test::More::done_testing();
	$self->_end(!Test::More->builder->is_passing);
}

sub _end($self, $failed)
{
	return if $self->{ended}++ || $$ != $owner;
	PgJump::Process::end_all();
	if ($failed || $ENV{PGJUMP_KEEP}) {
		Test::More::diag("the lab is kept in $self->{dir}");
	} else {
		$self->{user}->remove if $self->{user};
		remove_tree($self->{dir}, { safe => 0 });
	}
}

END {
	my $status = $?;
	$_->_end($status != 0 || !Test::More->builder->is_passing)
	    for grep { defined } @labs;
	$? = $status;
}

1;
