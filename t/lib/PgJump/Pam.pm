# SPDX-License-Identifier: PostgreSQL
#
# A PAM service for an sshd of the tests, with the modules that a test wants.
# Only root can make one, a file in /etc/pam.d; it is removed at the end of the
# test program.
package PgJump::Pam;

use v5.36;
use Carp qw(croak);
use PgJump::JumpBox;
use PgJump::Process qw(spew);

use constant DIRECTORY => '/etc/pam.d';

my $owner = $$;
my @made;

sub possible { $> == 0 && -d DIRECTORY && -x PgJump::JumpBox::program() }

# Whether there is such a module.
sub has_module($module)
{
	return !!grep { -e "$_/$module" } glob '/lib/security '
	    . '/usr/lib/security /lib*/security /usr/lib/*/security';
}

# dir (of the program), lines (of the service)
sub new($class, %is)
{
	state $count = 0;
	my $name = "pgjump-test-$$-" . $count++;
	my $self = bless { name => $name, file => DIRECTORY . "/$name",
		program => "$is{dir}/$name" }, $class;

	symlink PgJump::JumpBox::program(), $self->{program}
	    or croak "$self->{program}: $!";
	push @made, $self;
	spew($self->{file}, join('', map { "$_\n" } @{ $is{lines} }), 0644);
	return $self;
}

# The arguments of PgJump::JumpBox for this service: sshd uses the name of its
# program, or from OpenSSH 9.8 on a setting.
sub box($self, %config)
{
	$config{PAMServiceName} = $self->{name}
	    if PgJump::JumpBox::has_pam_service_name();
	return (program => $self->{program}, config => {
		UsePAM => 'yes', KbdInteractiveAuthentication => 'yes',
		%config });
}

END {
	local $?;
	if ($$ == $owner) {
		unlink $_->{file} for @made;
	}
}

1;
