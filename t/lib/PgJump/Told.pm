# SPDX-License-Identifier: PostgreSQL
#
# What a client must be told when pgjump fails, checked in one place: for each
# sslmode what psql prints and what is on the wire, and the line in the log.
# A case is data:
#	name	what is broken
#	label	the stage (a row of failure.def)
#	side	tunnel, database, direct (no tunnel), refused
#	says	the message must contain this (a regex)
#	detail	so must DETAIL (optional; who is refused needs none)
#	hint	and HINT
#	sqlstate	default 57P03
#	sslmodes	default disable, prefer, require
#	check	0 where `pgjump check` cannot meet the same fault
package PgJump::Told;

use v5.36;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use JSON::PP ();
use PgJump::Process qw(eventually slurp);
use PgJump::Wire;
use Test::More;

our @EXPORT = qw(told passed_through);

# How DETAIL ends if the jump box was not reached; which of these it is depends
# on the moment.
our $next_try =
    qr/(?:next try in \d+\.\d s|next try now|the next try is under way)/;

my %opening = (
	tunnel => 'pgjump: tunnel failed: ',
	database => 'pgjump: tunnel is up, database failed: ',
	direct => 'pgjump: database failed: ',
	refused => 'pgjump: refused: ',
);

my %exit_code = slurp(dirname(abs_path(__FILE__))
	. '/../../../src/base/failure.def') =~
    /^STAGE\(\w+, "(\w+)", \w+, "\w+", (\d+)\)/mg;

# Rules for every text that pgjump writes into an error.
sub _good_text($case, $connection, $error)
{
	my ($message, $detail, $hint) = map { $_ // '' } @$error{qw(M D H)};
	my $start = $opening{ $case->{side} };

	like($message, qr/^\Q$start\E/, 'the side is named first');
	like($message, qr/ \[\Q$case->{label}\E\]\z/, 'the label comes last');
	like($message, $case->{says}, 'the message names cause and peer');
	like($message, qr/\A[ -~]+\z/, 'the message is one line of ASCII');
	like($detail, $case->{detail} // qr/\S/, 'DETAIL has the facts')
	    unless $case->{side} eq 'refused';
	like($hint, $case->{hint}, 'HINT says what to change');
	like($hint, qr/\A[A-Z][ -~]+\.\z/, 'HINT is a sentence');
	for my $name (@$connection{qw(name database username)}) {
		next unless defined $name;
		unlike("$message\n$detail\n$hint", qr/\b\Q$name\E\b/,
		    "no text holds the name $name");
	}
}

sub _wire($case, $connection, $mode)
{
	my $error = PgJump::Wire->refusal(port => $connection->{listen},
	    sslmode => $mode, %{ $case->{wire} // {} });

	is($error->{C}, $case->{sqlstate} // '57P03', 'SQLSTATE');
	is($error->{S}, 'FATAL', 'severity');
	is($error->{over}, $mode eq 'disable' ? 'plain' : 'tls',
	    'the error comes the way the client asked for');
	is($error->{types}, 'E', 'one message, and nothing before it');
	is($error->{ended}, 'eof', 'then the end of the connection');
	_good_text($case, $connection, $error);
	return $error;
}

sub _psql($lab, $case, $connection, $mode)
{
	my $seen = $lab->psql($connection, 'select 1', sslmode => $mode,
	    timeout => 30, %{ $case->{psql} // {} });
	my $start = $opening{ $case->{side} };

	is($seen->{rc}, 2, 'psql ends with 2');
	is(() = $seen->{err} =~ /FATAL:/g, 1, 'psql prints it once');
	like($seen->{err}, qr/FATAL:  \Q$start\E/, 'psql shows the side');
	like($seen->{err}, qr/\[\Q$case->{label}\E\]$/m, 'psql shows the label');
	like($seen->{err}, $case->{says}, 'psql shows the cause');
	like($seen->{err}, qr/^DETAIL:  \S/m, 'psql shows DETAIL')
	    unless $case->{side} eq 'refused';
	like($seen->{err}, $case->{hint}, 'psql shows HINT');
}

# The log line of each refused client: its id, the connection, the stage, and
# the text that the client got.
sub _log($case, $connection, $daemon, $mark, $clients)
{
	my $logged = eventually(10, sub {
		$clients == grep {
			$_->{connection} eq $connection->{name}
			    && $_->{stage} eq $case->{label}
			    && $_->{client} =~ /^\d+$/
			    && $_->{error} =~ $case->{says}
			    && $_->{error} =~ / \[\Q$case->{label}\E\]$/
		} $daemon->events('client refused', $mark);
	});

	ok($logged, 'the log has client, connection, stage and words')
	    or diag($daemon->since($mark));
}

# check reports the same fault with the same stage and the same words.
sub _check($case, $connection, $daemon)
{
	my $seen = $daemon->check('--json', '--no-login', $connection->{name});
	my $report = eval { JSON::PP::decode_json($seen->{out}) }
	    // return ok(0, "JSON of check: $seen->{out}$seen->{err}");
	my @failed = grep { $_->{status} eq 'failed' } @{ $report->{phases} };

	is($report->{status}, 'failed', 'check fails, too');
	is($report->{stage}, $case->{label}, 'at the same stage');
	is($seen->{rc}, $exit_code{ $case->{label} }, 'with its exit code');
	is($report->{side}, $case->{side} eq 'direct' ? 'database'
	    : $case->{side}, 'and blames the same side');
	like($report->{message}, $case->{says}, 'in the same words');
	is(@failed, 1, 'one phase failed');
	like($report->{hint}, qr/\A[A-Z][ -~]+\.\z/, 'a hint');
	is($failed[0]{hint}, $report->{hint}, 'there as well');
}

sub told($lab, $daemon, $connection, $case)
{
	subtest "$case->{label}: $case->{name}" => sub {
		subtest check => sub {
			_check($case, $connection, $daemon);
		} if $case->{check} // $case->{side} ne 'refused';
		for my $mode (@{ $case->{sslmodes}
			// [qw(disable prefer require)] }) {
			subtest "sslmode=$mode" => sub {
				my $mark = $daemon->mark;
				# on the wire prefer is the same as require
				my $clients = $mode eq 'prefer' ? 1 : 2;
				_wire($case, $connection, $mode)
				    if $clients > 1;
				_psql($lab, $case, $connection, $mode);
				_log($case, $connection, $daemon, $mark,
				    $clients);
			};
		}
	};
}

# The database's own error, word for word, and (in the clear) in the log with
# its SQLSTATE.  case: name, says (the text as the server writes it),
# sqlstate, psql (what to change in the connection string).
sub passed_through($lab, $daemon, $connection, $case)
{
	subtest "the database's own words: $case->{name}" => sub {
		for my $mode (qw(disable prefer require)) {
			my $mark = $daemon->mark;
			my $seen = $lab->psql($connection, 'select 1',
			    sslmode => $mode, %{ $case->{psql} // {} });

			is($seen->{rc}, 2, "$mode: psql ends with 2");
			like($seen->{err}, $case->{says}, "$mode: word for word");
			unlike($seen->{err}, qr/pgjump/,
			    "$mode: not mistaken for ours");
			next if $mode ne 'disable';
			ok($daemon->says(qr/db_rejected/, 10, $mark),
			    'the log counts it as db_rejected');
			like($daemon->since($mark), qr/\b$case->{sqlstate}\b/,
			    'the log has its SQLSTATE');
		}
	};
}

1;
