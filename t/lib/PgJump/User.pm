# SPDX-License-Identifier: PostgreSQL
#
# A throwaway Unix user with a random password and a home directory, for logins
# that need a password.  Only root can make one; it is removed at the end of the
# test program.
package PgJump::User;

use v5.36;
use Carp qw(croak);
use Fcntl qw(:flock);
use File::Path qw(remove_tree);
use PgJump::Cache qw(shared_dir);
use PgJump::Process qw(run);

my $owner = $$;
my @made;

sub possible { $> == 0 }

sub _random_word($length)
{
	my @letters = ('a' .. 'z', 0 .. 9);

	open my $random, '<:raw', '/dev/urandom' or croak "urandom: $!";
	read($random, my $bytes, $length);
	return join '', map { $letters[$_ % @letters] } unpack 'C*', $bytes;
}

# The account files have one lock, and useradd does not wait for it.
sub _locked($change)
{
	open my $lock, '>', shared_dir() . '/users.lock' or croak "lock: $!";
	flock $lock, LOCK_EX or croak "lock: $!";
	return $change->();
}

# dir: where its home directory is made.
sub new($class, %is)
{
	my $self = bless {
		name => 'pgjt' . _random_word(8),
		password => 'Pw ' . _random_word(20) . '$',
		home => "$is{dir}/home." . _random_word(4),
	}, $class;
	my $hash = run(['openssl', 'passwd', '-6', '-stdin'],
	    stdin => $self->{password})->{out} =~ s/\n\z//r;
	my $done = _locked(sub {
		run(['useradd', '-m', '-k', '/nonexistent', '-d',
			$self->{home}, '-s', '/bin/sh', '-p', $hash,
			$self->{name}]);
	});
	croak "useradd: $done->{err}" if $done->{rc} ne '0';
	push @made, $self;
	return $self;
}

sub name($self) { $self->{name} }
sub password($self) { $self->{password} }
sub home($self) { $self->{home} }

# A file below its home directory, owned by it.
sub write($self, $path, $text)
{
	my ($uid, $gid) = (getpwnam $self->{name})[2, 3];
	my $full = "$self->{home}/$path";

	if ($path =~ m{(.*)/}) {
		mkdir "$self->{home}/$1", 0700;
		chown $uid, $gid, "$self->{home}/$1";
	}
	PgJump::Process::spew($full, $text, 0600);
	chown $uid, $gid, $full;
}

sub remove($self)
{
	return unless defined $self->{name};
	_locked(sub { run(['userdel', $self->{name}]) });
	remove_tree($self->{home});
	delete $self->{name};
}

END {
	local $?;
	if ($$ == $owner) {
		PgJump::Process::end_all();
		$_->remove for @made;
	}
}

1;
