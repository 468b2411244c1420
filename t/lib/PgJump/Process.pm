# SPDX-License-Identifier: PostgreSQL
#
# A process of the lab: started with its output in a log file, up as soon as a
# line or a condition says so, and ended by its own pid, never by a name.
# Processes that a test program has forgotten are ended when that program ends.
# Every wait has a deadline, and none is a fixed sleep.  A Process knows nothing
# of PostgreSQL, SSH or pgjump.
package PgJump::Process;

use v5.36;
use Carp qw(croak);
use Exporter qw(import);
use POSIX ();
use Scalar::Util qw(weaken);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(eventually run slurp spew);

# A factor for all deadlines, for slow runs (sanitizers, CI).
our $PATIENCE = $ENV{PGJUMP_TEST_PATIENCE} // 1;

my $owner = $$;
my %live;

# A test program that is interrupted ends what it started as well; when it is
# killed, the kernel does that (prctl(2), by machine).
$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);
my ($machine) = (POSIX::uname())[4];
my $prctl = { x86_64 => 157, aarch64 => 167 }->{$machine};
use constant PR_SET_PDEATHSIG => 1;

# Call `$holds` until it is true, and return its value; nothing after
# `$seconds`.
sub eventually($seconds, $holds)
{
	my $end = time + $seconds * $PATIENCE;
	my $pause = 0.002;

	for (;;) {
		my $value = $holds->();
		return $value if $value;
		return if time > $end;
		sleep $pause;
		$pause = $pause * 1.5 > 0.05 ? 0.05 : $pause * 1.5;
	}
}

sub slurp($path)
{
	open my $file, '<:raw', $path or return '';
	local $/;
	return <$file> // '';
}

sub spew($path, $text, $mode = 0644)
{
	open my $file, '>:raw', $path or croak "$path: $!";
	print $file $text;
	close $file or croak "$path: $!";
	chmod $mode, $path;
	return $path;
}

# name, argv; optional: dir (of the log), log, cwd, env (added to the
# environment), clean_env (the whole environment), stdin (a path), stdout (a
# path; else the log).
sub new($class, %is)
{
	$is{log} //= "$is{dir}/$is{name}.log";
	return bless {%is}, $class;
}

sub start($self)
{
	my $pid = fork // croak "fork: $!";

	if ($pid == 0) {
		$self->_become;
		POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	delete $self->{status};
	weaken($live{$pid} = $self);
	return $self;
}

sub _become($self)
{
	$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE CHLD);
	POSIX::setpgid(0, 0);
	syscall $prctl, PR_SET_PDEATHSIG, POSIX::SIGTERM() if defined $prctl;
	open STDIN, '<', $self->{stdin} // '/dev/null' or return;
	open STDOUT, '>>', $self->{stdout} // $self->{log} or return;
	open STDERR, '>>', $self->{log} or return;
	if (defined $self->{cwd}) {
		chdir $self->{cwd} or return;
	}
	%ENV = () if $self->{clean_env};
	$ENV{$_} = $self->{env}{$_} for keys %{ $self->{env} // {} };
	my @argv = @{ $self->{argv} };
	no warnings 'exec';
	exec { $argv[0] } @argv or print STDERR "exec $argv[0]: $!\n";
}

sub pid($self) { $self->{pid} }
sub text($self) { slurp($self->{log}) }

# The present length of the log, and what was written since such a mark.
sub mark($self) { -s $self->{log} // 0 }
sub since($self, $mark) { substr($self->text, $mark) }

# Wait for a line (a regex, looked for after `from`) or a condition (code). Dies
# with the end of the log at the deadline.
sub up($self, $what, $seconds = 20, $from = 0)
{
	my $said = ref $what eq 'CODE' ? $what
	    : sub { $self->since($from) =~ $what };
	my $ended;

	eventually($seconds, sub { $said->() || ($ended = $self->ended) });
	return $self if $said->();
	croak sprintf "%s %s: %s\n%s", $self->{name},
	    $ended ? 'ended early (' . $self->how . ')' : 'is not up', $what,
	    substr($self->text, -4000);
}

# Whether the process has ended; its wait status is kept.
sub ended($self)
{
	return 1 if defined $self->{status} || !defined $self->{pid};
	return 0 if waitpid($self->{pid}, POSIX::WNOHANG) == 0;
	$self->{status} = $?;
	delete $live{ $self->{pid} };
	return 1;
}

# "exit N" or "signal N", or "running".
sub how($self)
{
	return 'running' unless $self->ended;
	my $status = $self->{status} // 0;
	return $status & 127 ? 'signal ' . ($status & 127)
	    : 'exit ' . ($status >> 8);
}

sub signal($self, $signal)
{
	kill $signal, $self->{pid} unless $self->ended;
	return $self;
}

# How it ended, within this many seconds; "running" if it did not.
sub wait_end($self, $seconds = 20)
{
	eventually($seconds, sub { $self->ended });
	return $self->how;
}

# End it by the signal, or by SIGKILL if it ignores that.
sub down($self, $signal = 'TERM', $seconds = 20)
{
	return $self->how if !defined $self->{pid} || $self->ended;
	$self->signal($signal);
	if ($self->wait_end($seconds) eq 'running') {
		$self->signal('CONT')->signal('KILL')->wait_end(20);
		return 'killed';
	}
	return $self->how;
}

# Pids of all processes below this one.
sub descendants($self)
{
	my (%children, @found);

	for my $stat (glob '/proc/[0-9]*/stat') {
		my ($pid, $parent) = slurp($stat) =~ /^(\d+) .*\) \S (\d+)/s
		    or next;
		push @{ $children{$parent} }, $pid;
	}
	my @todo = ($self->{pid});
	while (defined(my $pid = shift @todo)) {
		push @found, @{ $children{$pid} // [] };
		push @todo, @{ $children{$pid} // [] };
	}
	return @found;
}

# Resident memory in KB.
sub memory($self)
{
	return (slurp("/proc/$self->{pid}/status") =~ /^VmRSS:\s+(\d+)/m)[0];
}

# Seconds of processor time so far, with that of children that have ended.
sub cpu($self)
{
	my @fields = split ' ', slurp("/proc/$self->{pid}/stat") =~
	    s/^.*\) //sr;
	return ($fields[11] + $fields[12] + $fields[13] + $fields[14])
	    / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# Run a program: { out, err, rc }; `stdin` is text.  rc is the exit code, 128 +
# N for a signal, or 'timeout'.
sub run($argv, %with)
{
	my $base = ($with{dir} // '/tmp') . "/run.$$." . int(time * 1e6);
	my $in = defined $with{stdin} ? spew("$base.in", $with{stdin}) : undef;
	my $process = __PACKAGE__->new(
		%with,
		name => "run $argv->[0]",
		argv => $argv,
		stdin => $in,
		log => "$base.err",
		stdout => "$base.out",
	)->start;
	my $timeout = $process->wait_end($with{timeout} // 60) eq 'running';
	$process->down('KILL') if $timeout;
	my $status = $process->{status};
	my %result = (
		out => slurp("$base.out"),
		err => slurp("$base.err"),
		rc => $timeout ? 'timeout'
		    : $status & 127 ? 128 + ($status & 127) : $status >> 8,
	);
	unlink "$base.in", "$base.out", "$base.err";
	return \%result;
}

sub end_all
{
	return if $$ != $owner;
	my @left = grep { defined } values %live;
	$_->signal('CONT')->signal('TERM') for @left;
	$_->down('TERM', 5) for @left;
}

# A process is ended when nothing refers to it any more.
sub DESTROY($self)
{
	return if ${^GLOBAL_PHASE} eq 'DESTRUCT' || $$ != $owner;
	local ($?, $@);
	$self->down if defined $self->{pid};
}

END { local $?; end_all() }

1;
