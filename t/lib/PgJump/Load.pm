# SPDX-License-Identifier: PostgreSQL
#
# One client process of a soak: it does one thing after the other at random
# (queries, COPY both ways, cancels, idle waits, short and lasting connections),
# checks every byte that it gets, and reports each thing as a line: what, by
# which way, how it went, words.  A connection may break; but it must not break
# without a known error, nor return anything wrong.
package PgJump::Load;

use v5.36;
use DBI;
use Digest::MD5 qw(md5_hex);
use PgJump::Process;
use POSIX ();
use Time::HiRes qw(sleep time);

use constant {
	HANGS => 60,  # seconds in one thing: a client hangs, and dies of it
	LASTS => 20,  # seconds at most, of a session that is always busy
};

my %do = (
	queries => \&_queries,
	ledger => \&_ledger,
	'copy out' => \&_copy_out,
	'copy in' => \&_copy_in,
	cancel => \&_cancel,
	idle => \&_idle,
	lasting => \&_lasting,
	short => \&_short,
	refused => \&_refused,
);

# What a client may be told when its connection is cut under it: words of
# pgjump, of the database, or of libpq.  A client that verifies certificates
# sees that pgjump answers in place of the database, and reports that.
my $known = qr/pgjump:\ |certificate\ verify\ failed|terminating\ connection|
	the\ database\ system\ is|
	server\ closed\ the\ connection|no\ connection\ to\ the\ server|
	could\ not\ receive\ data|could\ not\ send\ data|
	SSL\ SYSCALL\ error|SSL\ connection\ has\ been\ closed|
	Connection\ reset\ by\ peer|Broken\ pipe/x;

# The content of the table `bulk`, as COPY prints it.
sub bulk_sql
{
	return q{create table bulk as select i, repeat(md5(i::text), 30) as line
	    from generate_series(1, 4000) i};
}

sub bulk
{
	state $bulk = join '',
	    map { "$_\t" . md5_hex($_) x 30 . "\n" } 1 .. 4000;
	return \$bulk;
}

# Run as a child process, for ever; returns its pid.  targets (a list of { way,
# conninfo, identity }, or of { way, conninfo, label } for those that must be
# refused; results are counted by the way); seed; report (a handle to write
# lines to); log (a path: libpq prints notices).
sub start(%is)
{
	my $pid = fork // die "fork: $!";

	return $pid if $pid;
	@SIG{qw(ALRM INT TERM)} = ('DEFAULT') x 3;
	open STDERR, '>>', $is{log} or die "$is{log}: $!\n";
	srand $is{seed};
	DBI->install_driver('Pg');
	_run(\%is) for 1 .. 1_000_000;
	POSIX::_exit(0);
}

sub _run($self)
{
	my @targets = @{ $self->{targets} };
	my $target = $targets[rand @targets];
	my @names = grep { $_ ne 'refused' } sort keys %do;
	my $name = exists $target->{label} ? 'refused' : $names[rand @names];

	alarm HANGS * $PgJump::Process::PATIENCE;
	my $how = eval { $do{$name}->($self, $target) // 'ok' } // $@;
	alarm 0;
	$how =~ s/\s+/ /g;
	$how = "cut $how" if $how !~ /^(?:ok|WRONG)/ && $how =~ $known;
	_report($self, $target, $name, $how);
	sleep rand 0.1;
}

# Lines shorter than PIPE_BUF are written in one piece.
sub _report($self, $target, $name, $how)
{
	syswrite $self->{report},
	    substr("$name by $target->{way}: $how", 0, 1000) . "\n";
}

sub _wrong($words) { die "WRONG: $words\n" }

# The session is with the database that was asked for.
sub _connect($target)
{
	my $session = DBI->connect("dbi:Pg:$target->{conninfo}", '', '',
	    { RaiseError => 1, PrintError => 0, PrintWarn => 0 });
	my ($port) = $session->selectrow_array('show port');

	_wrong("the database of port $port, not $target->{identity}")
	    if $port ne $target->{identity};
	return $session;
}

sub _queries($self, $target)
{
	my $session = _connect($target);

	_ask($session, int 2 ** rand 16) for 1 .. 1 + rand 200;
	return;
}

# Whatever happens to the tunnel in that time happens to work in flight.
sub _lasting($self, $target)
{
	my $session = _connect($target);
	my $end = time + rand LASTS;

	while (time < $end) {
		_ask($session, int 2 ** rand 20);
		_enter($self, $target, $session);
	}
	return;
}

# A confirmed entry must be there once, any other at most once.
sub _ledger($self, $target)
{
	my $session = _connect($target);

	_enter($self, $target, $session) for 1 .. 1 + rand 20;
	return;
}

sub _enter($self, $target, $session)
{
	my $entry = "$$." . ++$self->{entries};

	$session->do('insert into ledger values (?)', undef, $entry);
	_report($self, $target, 'ledger',
	    "ok confirmed $target->{identity} $entry");
}

sub _ask($session, $length)
{
	my ($number, $text) = $session->selectrow_array(
	    "select $length, repeat('x', $length)");

	_wrong("an answer to another query") if $number != $length;
	_wrong("$length bytes differ") if $text ne 'x' x $length;
}

# Even if a copy is cut, what has come must be right.
sub _copy_out($self, $target)
{
	my $session = _connect($target);
	my $at = 0;

	$session->do('copy bulk to stdout');
	# a new row each time: DBD::Pg leaves the old length in another
	while ($session->pg_getcopydata(my $row) >= 0) {
		_wrong("COPY out differs at byte $at")
		    if substr(${ bulk() }, $at, length $row) ne $row;
		$at += length $row;
	}
	_wrong("COPY out ends at byte $at") if $at != length ${ bulk() };
	return;
}

sub _copy_in($self, $target)
{
	my $session = _connect($target);

	$session->do('create temp table sink (like bulk)');
	$session->do('copy sink from stdin');
	for (my $at = 0; $at < length ${ bulk() }; $at += 50_000) {
		$session->pg_putcopydata(substr ${ bulk() }, $at, 50_000);
	}
	$session->pg_putcopyend;
	my ($wrong) = $session->selectrow_array('select
	    (select count(*) from (table bulk except all table sink) a) +
	    (select count(*) from (table sink except all table bulk) b)');
	_wrong("COPY in: $wrong rows differ") if $wrong;
	return;
}

# A fault may swallow the cancel request; then the statement ends by itself.  A
# request that overtakes its statement stops nothing, so the statement first
# says that it runs.
sub _cancel($self, $target)
{
	my $session = _connect($target);
	my $runs;

	local $session->{PrintWarn} = 1;
	local $SIG{__WARN__} = sub { $runs = 1 };
	$session->do("do 'begin raise notice ''it runs'';
	    perform pg_sleep(20); end'", { pg_async => 1 });
	sleep 0.01 until $session->pg_ready || $runs;
	sleep rand 0.2;
	return if $session->pg_cancel;
	return 'cut the cancel was lost';
}

sub _idle($self, $target)
{
	my $session = _connect($target);

	sleep rand 5;
	_wrong('not 42') if $session->selectrow_array('select 42') != 42;
	return;
}

# Connect and leave, with a goodbye or without.
sub _short($self, $target)
{
	for (1 .. 1 + rand 10) {
		my $session = _connect($target);
		$session->disconnect if rand() < 0.5;
	}
	return;
}

sub _refused($self, $target)
{
	eval {
		DBI->connect("dbi:Pg:$target->{conninfo}", '', '',
		    { RaiseError => 1, PrintError => 0 });
		_wrong('a closed port lets clients in');
	};
	die $@ if $@ !~ /\[$target->{label}\]/;
	return;
}

1;
