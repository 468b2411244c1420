# SPDX-License-Identifier: PostgreSQL
#
# A client process of a soak that measures how others are served: it asks
# `select 1` of its sessions in turn, connects anew now and then, and reports
# the milliseconds that each took as a line: "reply: MS", "connect: MS".
# Anything that must not happen is reported as "probe: WORDS", and then it
# begins again.
package PgJump::Probe;

use v5.36;
use DBI;
use Time::HiRes qw(sleep time);

use constant {
	PAUSE_S => 0.02,
	REPLIES => 20, # of each session, before the next connect
};

# Run as a child process, for ever: its pid.  conninfos (a list); report (a
# handle to write lines to); log (a path: libpq prints notices).
sub start(%is)
{
	my $pid = fork // die "fork: $!";

	return $pid if $pid;
	@SIG{qw(ALRM INT TERM)} = ('DEFAULT') x 3;
	open STDERR, '>>', $is{log} or die "$is{log}: $!\n";
	for (;;) {
		eval { _run(\%is) };
		_report(\%is, 'probe', $@ =~ s/\s+/ /gr);
		sleep 1;
	}
}

sub _report($self, $what, $words)
{
	syswrite $self->{report}, substr("$what: $words", 0, 1000) . "\n";
}

sub _timed($self, $what, $do)
{
	my $began = time;
	my $value = $do->();

	_report($self, $what, sprintf '%.3f', 1000 * (time - $began));
	sleep PAUSE_S;
	return $value;
}

sub _connect($self, $conninfo)
{
	return _timed($self, 'connect', sub {
		DBI->connect("dbi:Pg:$conninfo", '', '',
		    { RaiseError => 1, PrintError => 0 });
	});
}

sub _run($self)
{
	my @conninfos = @{ $self->{conninfos} };
	my @sessions = map { _connect($self, $_) } @conninfos;

	for (my $next = 0;; $next = ($next + 1) % @sessions) {
		for my $session ((@sessions) x REPLIES) {
			_timed($self, 'reply',
			    sub { $session->do('select 1') });
		}
		$sessions[$next]->disconnect;
		$sessions[$next] = _connect($self, $conninfos[$next]);
	}
}

# The smallest of these times in milliseconds that this share of them does not
# exceed.
sub part($share, @times)
{
	my @sorted = sort { $a <=> $b } @times;

	return $sorted[$#sorted * $share] // 0;
}

1;
