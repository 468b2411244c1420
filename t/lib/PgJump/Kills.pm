# SPDX-License-Identifier: PostgreSQL
#
# A ledger under tunnel kills.  Several real drivers write numbered entries, one
# after the other, in plain text, in TLS to the database, and in TLS that ends
# at pgjump, and the sessions of the jump box are killed under them again and
# again.  At the end every entry that a driver confirmed is in the ledger, and
# none is there twice, whatever a driver repeats by itself.
package PgJump::Kills;

use v5.36;
use Carp qw(croak);
use PgJump::Client qw(clients);
use PgJump::Lab;
use PgJump::Process qw(eventually);
use PgJump::Ways qw(ways);
use Time::HiRes qw(sleep time);

use constant {
	# pgjump leaves a jump box alone for a while if each of its tunnels
	# breaks within seconds, so the kills take turns on several.
	BOXES => 8,
	ENTRIES => 60,   # that each writer is told to write at a time
	LATEST_S => 0.1, # a kill after the first of them
	SHOWN => 20,     # problems
};

my @drivers = ('DBD::Pg', 'lib/pq', 'pgjdbc', 'psycopg2');

# How the writers of each driver connect: words, connection, sslmode.
my @ways = (
	['in the clear', 'passed', 'disable'],
	['TLS to the database', 'passed', 'require'],
	['TLS to pgjump', 'ended', 'require'],
	['TLS to pgjump and on', 'renewed', 'require'],
);

# The connections to the ledger through one jump box.
sub _route($lab, $database, $number)
{
	my $box = $lab->new_box(name => "sshd$number");

	return { box => $box, map {
		$_ => PgJump::Ways::connection($_, $lab, "$_-$number",
		    box => $box, port => $database->port)
	} ways() };
}

# A process for each way and driver.
sub _writers($dir)
{
	my (@writers, $missing);

	for my $way (@ways) {
		(my $found, $missing) = clients($dir, @drivers);
		push @writers, map { { client => $found->{$_}, way => $way,
			name => "$_, $way->[0]", entries => 0 } }
		    sort keys %$found;
	}
	say "left out: $missing->{$_}" for sort keys %$missing;
	return @writers;
}

# Kill the tunnel this often under work; returns an exit code, 0 if all is well.
sub run($kills)
{
	my $lab = PgJump::Lab->new;
	my $database = PgJump::Postgres->new(dir => $lab->dir,
	    name => 'ledger');
	my @routes = map { _route($lab, $database, $_) } 1 .. BOXES;
	my $self = bless { lab => $lab, kills => 0, hit => 0, killed => 0,
		database => $database, problems => [],
		writers => [_writers($lab->dir)] };

	$database->sql('create table ledger (entry text);
	    alter table ledger owner to app');
	$self->{daemon} = $lab->daemon(
	    [map { @$_{ +ways() } } @routes], workers => 2);
	my $began = time;
	$self->_kill_under($routes[$self->{kills} % BOXES])
	    while $self->{hit} < $kills && $self->{kills} < 2 * $kills;
	$self->{seconds} = time - $began;
	$self->check_ledger;
	$self->_problem("only $self->{hit} kills hit work under way")
	    if $self->{hit} < $kills;
	$self->_check_daemon;
	return $self->_summary;
}

sub _problem($self, $words)
{
	my $problems = $self->{problems};

	push @$problems, $words;
	say "PROBLEM: $words" if @$problems <= SHOWN;
}

# Kill the tunnel under the writers, some time after the first answer; returns
# the entries that were confirmed.
sub _kill_under($self, $route)
{
	my @writers = $self->_enter($route) or return;
	my %asked;

	for my $writer (@writers) {
		$asked{ $writer->{name} } = [map { $self->_write($writer) }
			1 .. ENTRIES];
	}
	eventually(30, sub {
		!grep { !_has_begun($_, $asked{ $_->{name} }) } @writers
	}) or $self->_problem('writers do not begin');
	sleep rand LATEST_S;
	my @busy = grep { _is_busy($_, $asked{ $_->{name} }) } @writers;
	$self->{killed} += $route->{box}->kill_sessions;
	$self->{kills}++;
	$self->{hit}++ if @busy;
	$self->{under_way} += @busy;
	$self->_hear($_, $asked{ $_->{name} }) for @writers;
}

# The writers, once all are connected.
sub _enter($self, $route)
{
	my @left = @{ $self->{writers} };
	my $last = '';

	eventually(60, sub {
		my @asked = map {
			$_->{client}->connect($route->{ $_->{way}[1] },
			    sslmode => $_->{way}[2])
		} @left;
		my @seen = map { $_->{client}->answer(shift @asked, 60) } @left;
		($last) = map { $_->{ok} ? () : $_->{text} } @seen;
		@left = map { $seen[$_]{ok} ? () : $left[$_] } keys @left;
		!@left;
	}) or $self->_problem("cannot connect: $last");
	return @left ? () : @{ $self->{writers} };
}

# The question, and its number.
sub _write($self, $writer)
{
	my $entry = $writer->{name} . ' ' . ++$writer->{entries};

	return { entry => $entry, number => $writer->{client}->query(
		"insert into ledger values ('$entry') returning entry") };
}

sub _has_begun($writer, $asked)
{
	return $writer->{client}->answered > $asked->[0]{number};
}

sub _is_busy($writer, $asked)
{
	return $writer->{client}->answered <= $asked->[-1]{number};
}

sub _hear($self, $writer, $asked)
{
	for my $write (@$asked) {
		my $seen = $writer->{client}->answer($write->{number}, 60);
		my $entry = $write->{entry};

		if (!$seen->{ok}) {
			$self->{refused}{$entry} = $writer->{name};
			$self->_problem("$entry: $seen->{text}")
			    if $seen->{text} =~ /^no answer/;
			next;
		}
		$self->{confirmed}{$entry} = $writer->{name};
		$self->_problem("$entry: answered by $seen->{value}")
		    unless $seen->{value} =~ /^(?:\Q$entry\E)?$/;
	}
}

# --- What must hold at the end ----------------------------------------------

# A test uses this as well, with a ledger of its own.
sub check_ledger($self)
{
	my %found;

	$found{$_}++ for split /\n/, $self->{database}->sql(
	    'select entry from ledger');
	$self->_problem("confirmed and lost: $_")
	    for grep { !$found{$_} } sort keys %{ $self->{confirmed} };
	$self->_problem("written twice: $_")
	    for grep { $found{$_} > 1 } sort keys %found;
	for my $writer (@{ $self->{writers} }) {
		my $name = $writer->{name};
		$writer->{confirmed} = grep { $_ eq $name }
		    values %{ $self->{confirmed} };
		my @refused = grep { $self->{refused}{$_} eq $name }
		    keys %{ $self->{refused} };
		$writer->{refused} = @refused;
		$writer->{unsaid} = grep { $found{$_} } @refused;
	}
}

sub _check_daemon($self)
{
	my $daemon = $self->{daemon};
	my $complaint = $daemon->complaint;

	$self->_problem($complaint) if defined $complaint;
	$self->_problem('a secret in the log') if $self->{lab}->told($daemon);
	my $how = $daemon->down;
	$self->_problem("pgjump ended by $how") if $how ne 'exit 143';
}

sub _summary($self)
{
	my $problems = @{ $self->{problems} };

	printf "%-34s %9s %9s %9s\n", 'entries', 'confirmed', 'refused',
	    'but there';
	printf "%-34s %9d %9d %9d\n", @$_{qw(name confirmed refused unsaid)}
	    for @{ $self->{writers} };
	printf "\n%d kills in %.0f s (%d processes of sshd); %d hit work under "
	    . "way, of %.1f writers\n%s\n",
	    @$self{qw(kills seconds killed hit)},
	    $self->{under_way} / ($self->{kills} || 1),
	    $problems ? "$problems problems" : 'no problem';
	return $problems ? 1 : 0;
}

1;
