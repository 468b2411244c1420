# SPDX-License-Identifier: PostgreSQL
#
# A pgjump with its configuration file and its log.  Only this file knows the
# two lines that say it is up, and the form of a log line.
package PgJump::Daemon;

use v5.36;
use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use JSON::PP ();
use PgJump::Process qw(eventually run slurp spew);

my $json = JSON::PP->new->canonical->pretty->allow_nonref;

# The program under test: $PGJUMP, or the one in the build directory of the
# tests, or in the source tree.
sub program
{
	my $top = dirname(abs_path(__FILE__)) . '/../../..';
	my ($found) = grep { defined && -x }
	    $ENV{PGJUMP}, 'src/pgjump', "$top/src/pgjump";

	croak 'no pgjump to test: build it, or set PGJUMP'
	    unless defined $found;
	return abs_path($found);
}

# dir; and either config (a structure, written as JSON) or text (written
# unchanged).  Optional: name, arguments, env, wrap (a command put before
# pgjump), mode (of the file).
sub new($class, %is)
{
	my $self = bless { name => 'pgjump', arguments => [], wrap => [],
		%is }, $class;
	my $config = "$is{dir}/$self->{name}.yaml";

	spew($config, $is{text} // $json->encode($is{config}),
	    $is{mode} // 0600) if defined $is{text} || defined $is{config};
	$self->{file} = $config;
	mkdir "$is{dir}/home", 0755;
	$self->{process} = PgJump::Process->new(
		name => $self->{name},
		dir => $is{dir},
		clean_env => 1,
		env => {
			PATH => $ENV{PATH},
			HOME => "$is{dir}/home",
			(map { defined $ENV{$_} ? ($_ => $ENV{$_}) : () }
				qw(ASAN_OPTIONS LSAN_OPTIONS TSAN_OPTIONS
				UBSAN_OPTIONS)),
			%{ $is{env} // {} },
		},
		argv => [@{ $self->{wrap} }, program(), '-c', $config,
			@{ $self->{arguments} }],
	);
	return $self;
}

sub start($self)
{
	$self->{process}->start;
	return $self;
}

# The test makes this pgjump abort, so the lab must not report that.
sub doom($self) { $self->{doomed} = 1; return $self }
sub is_doomed($self) { $self->{doomed} }

# Listening on every address of every connection.
sub up($self, $seconds = 20)
{
	my $mark = 0;

	if (!defined $self->pid || $self->{process}->ended) {
		$mark = $self->mark; # an earlier run logged it, too
		$self->start;
	}
	$self->{process}->up(qr/ info: ready\b|"message":"ready"/, $seconds,
	    $mark);
	return $self;
}

sub process($self) { $self->{process} }
sub pid($self) { $self->{process}->pid }
sub file($self) { $self->{file} }
sub signal($self, $signal) { $self->{process}->signal($signal) }
sub wait_end($self, @seconds) { $self->{process}->wait_end(@seconds) }
sub down($self, @how) { $self->{process}->down(@how) }
sub log_text($self) { $self->{process}->text }
sub mark($self) { $self->{process}->mark }
sub since($self, $mark) { $self->{process}->since($mark) }

# Wait for a line of the log, from a mark on.
sub says($self, $line, $seconds = 20, $from = 0)
{
	return eventually($seconds, sub { $self->since($from) =~ $line });
}

# Write another configuration (a structure or a text) in the place of the file,
# which is never half written.
sub rewrite($self, $config, $mode = 0600)
{
	my $new = "$self->{file}.new";

	$self->{config} = $config if ref $config;
	spew($new, ref $config ? $json->encode($config) : $config, $mode);
	rename $new, $self->{file} or croak "$self->{file}: $!";
	return $self;
}

# Wait for the verdict on a reload after a mark: the event of the log, with
# `accepted`, and with all `errors` that were told.
sub verdict($self, $mark, $seconds = 20)
{
	my $line = qr/(?:: |"message":")(?:configuration reloaded|reload refused)/;

	croak 'no verdict on the reload: ' . $self->since($mark)
	    unless $self->says($line, $seconds, $mark);
	my ($event) = $self->events('configuration reloaded|reload refused.*',
	    $mark);
	$event->{accepted} = $event->{message} =~ /reloaded/ ? 1 : 0;
	$event->{errors} = join "\n", map { $_->{error} }
	    $self->events('configuration refused', $mark);
	return $event;
}

# Reload by SIGHUP, with another configuration if there is one.
sub reload($self, @config)
{
	my $mark = $self->mark;

	$self->rewrite(@config) if @config;
	$self->signal('HUP');
	return $self->verdict($mark);
}

# Wait for the login at a jump box.
sub tunnel_up($self, $seconds = 20, $from = 0)
{
	return $self->says(qr/ info: jump box reached\b/, $seconds, $from);
}

# One log line as { level, message, time, key => value... }.
sub parse_line($line)
{
	if ($line =~ /^\{/) {
		my $event = eval { JSON::PP::decode_json($line) } or return;
		$event->{level} = lc $event->{severity};
		return $event;
	}
	my ($time, $level, $rest) = $line =~
	    /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (\w+): (.*)/ or return;
	my %event = (time => $time, level => $level);
	my $pair = qr/ ([a-z_0-9]+)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']*)/;
	($event{message}, my $pairs) = $rest =~ /^(.*?)((?:$pair)*)$/ or return;
	while ($pairs =~ /$pair/g) {
		my ($key, $value) = ($1, $2);
		$value = JSON::PP->new->utf8->allow_nonref->decode($value)
		    if $value =~ /^"/;
		$value =~ s/^'(.*)'$/$1/;
		$event{$key} = $value;
	}
	return \%event;
}

# The events of the log, from a mark on; those with this message only.
sub events($self, $message = undef, $from = 0)
{
	my @lines = split /\n/, $self->since($from);

	# parsing takes long, and most lines are others
	@lines = grep { /(?:: |"message":")(?:$message)/ } @lines
	    if defined $message;
	return grep { !defined $message || $_->{message} =~ /^(?:$message)$/ }
	    map { parse_line($_) } @lines;
}

# How many lines these events stand for: the log counts lines of a flood.
sub stand_for(@events)
{
	my $sum = 0;

	$sum += $_->{repeated} // 1 for @events;
	return $sum;
}

# How often this message was logged, with the counted lines.
sub times($self, $message, $from = 0)
{
	return stand_for($self->events($message, $from));
}

sub descriptors($self)
{
	my @open = glob '/proc/' . $self->pid . '/fd/*';
	return scalar @open;
}

sub threads($self)
{
	my @tasks = glob '/proc/' . $self->pid . '/task/*';
	return scalar @tasks;
}

# Resident memory in KB; seconds of processor time so far.
sub memory($self) { $self->{process}->memory }
sub cpu($self) { $self->{process}->cpu }

# The largest resident memory in KB since the last call; writing a 5 resets the
# kernel's record (proc(5)).
sub peak_memory($self)
{
	my $proc = '/proc/' . $self->pid;
	my ($peak) = slurp("$proc/status") =~ /^VmHWM:\s+(\d+)/m;

	spew("$proc/clear_refs", '5');
	return $peak;
}

# The complaints of a sanitizer or an assertion, or nothing.
sub complaint($self)
{
	return $self->log_text =~ /^(.*(?:(?:Address|Thread|Leak)Sanitizer|
	    :\ runtime\ error:\ |Assertion\ .*failed).*)$/mx ? $1 : undef;
}

# Run `pgjump check` with this configuration, in this environment, whether this
# pgjump runs or not: { out, err, rc }.
sub check($self, @arguments)
{
	return command([@{ $self->{arguments} }, '-c', $self->{file},
		'check', @arguments], clean_env => 1,
	    env => $self->{process}{env}, dir => $self->{dir});
}

# The same in the background: a Process, whose text is all that it prints.
sub start_check($self, @arguments)
{
	state $count = 0;

	return PgJump::Process->new(name => "$self->{name}-check" . $count++,
	    dir => $self->{dir}, clean_env => 1,
	    env => $self->{process}{env}, argv => [program(),
		@{ $self->{arguments} }, '-c', $self->{file}, 'check',
		@arguments])->start;
}

# A subcommand run to its end: { out, err, rc }.
sub command($arguments, %with)
{
	return run([program(), @$arguments], timeout => 30, %with);
}

1;
