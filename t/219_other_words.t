# SPDX-License-Identifier: PostgreSQL
#
# Poolers, and servers that only speak like PostgreSQL, close or refuse
# connections in ways of their own: the error names the likely cause.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pgbouncer;
use PgJump::Standin;
use Test::More;

use JSON::PP ();

my $lab = PgJump::Lab->new;

sub report($connection)
{
	my $seen = $lab->new_daemon([$connection])->check('--json');
	return JSON::PP::decode_json($seen->{out});
}

# The error for a client that asks for this protocol; with `answer`, after this
# answer to its SSLRequest.
sub told($connection, $version, $answer = undef)
{
	my $wire = $lab->wire($connection);

	is($wire->ssl_request, $answer, 'an answer to SSLRequest')
	    if defined $answer;
	$wire->startup(version => $version);
	my ($error) = @{ $wire->until('E') };
	return PgJump::Wire::fields($error ? $error->[1] : '');
}

# --- a protocol that it does not know ---------------------------------------

use constant { V3_0 => 196_608, V3_2 => 196_610 };

# Answers N to SSLRequest; then closes, or says nothing.
sub old_pooler($closes)
{
	return PgJump::Peer->new(sub ($peer) {
		while (sysread $peer, my $bytes, 4096) {
			if ($bytes eq PgJump::Wire::SSL_REQUEST) {
				syswrite $peer, 'N';
			} elsif ($closes) {
				last;
			}
		}
	});
}

for my $case ([1, 'db_closed', 'closes'], [0, 'db_silent', 'is silent']) {
	my ($closes, $label, $how) = @$case;
	subtest "a newer protocol, and it $how" => sub {
		my $peer = old_pooler($closes);
		my $connection = $lab->connection("c_$label",
		    port => $peer->port, connection_timeout => 2);
		my $daemon = $lab->daemon([$connection]);

		for my $answer (undef, 'N') {
			my $new = told($connection, V3_2, $answer);
			my $old = told($connection, V3_0, $answer);

			like($new->{M}, qr/newer than 3\.0.* \[$label\]$/,
			    '3.2: the message');
			like($new->{H}, qr/^Set max_protocol_version=3\.0/,
			    'and the hint');
			like($old->{M}, qr/ \[$label\]$/, '3.0: the stage');
			unlike("$old->{M}$old->{H}", qr/3\.0/,
			    'and nothing of that');
		}
		$daemon->down;
		$peer->down;
	};
}

# --- a wrong password ---------------------------------------------------------

# Ask for a password in plain text, and close on getting it, as H2 does.
sub asks_and_closes($peer)
{
	while (sysread $peer, my $bytes, 4096) {
		last if $bytes =~ /\Ap/;
		syswrite $peer, $bytes eq PgJump::Wire::SSL_REQUEST ? 'N'
		    : PgJump::Standin::message('R', pack 'N', 3);
	}
}

subtest 'the end comes after the password' => sub {
	my $peer = PgJump::Peer->new(\&asks_and_closes);
	my $connection = $lab->connection('c_password', port => $peer->port);
	my $daemon = $lab->daemon([$connection]);
	my $wire = $lab->wire($connection);

	$wire->startup;
	is(($wire->message)[0], 'R', 'a password is asked for');
	$wire->put(PgJump::Standin::message('p', "wrong\0"));
	my ($error) = @{ $wire->until('E') };
	my $fields = PgJump::Wire::fields($error->[1]);
	like($fields->{M}, qr/when it was given the password.*\[db_closed\]$/,
	    'a client is told so');
	like($fields->{H}, qr/^Most likely the password is wrong/,
	    'and what that means');
	$daemon->down;

	my $report = report($connection);
	is($report->{stage}, 'db_closed', 'check: the stage');
	like($report->{message}, qr/when it was given the password/,
	    'check: the message');
	like($report->{hint}, qr/^Most likely the password is wrong/,
	    'check: the hint');
	$peer->down;
};

# --- refusals of pgbouncer ----------------------------------------------------

subtest 'pgbouncer' => sub {
	plan skip_all => 'no pgbouncer here' unless PgJump::Pgbouncer::program();
	my $pooler = PgJump::Pgbouncer->new(dir => $lab->dir,
	    to => $lab->postgres->port, conf => { max_client_conn => 2,
		query_wait_timeout => 1 });
	my %to = (port => $pooler->port, username => 'app');
	my $good = $lab->connection('c_good', %to);
	my $report = report($lab->connection('c_nothere', %to,
		database => 'nothere'));

	like($report->{hint}, qr/add it to \[databases\] of the pooler/,
	    'an unknown database');
	is($report->{command}, "psql -d pgbouncer -c 'SHOW DATABASES'",
	    'where to look');

	my $daemon = $lab->daemon([$good]);
	my @wires = map { $lab->wire($good) } 1 .. 2;
	PgJump::Wire::is_ready($_->login) or die 'no login' for @wires;
	$report = report($lab->connection('c_full', %to));
	like($report->{hint}, qr/raise its max_client_conn/, 'no more clients');

	$_->close for @wires;
	ok($daemon->says(qr/client closed(?s:.*)client closed/), 'they leave');
	is($pooler->command('PAUSE myapp')->{rc}, 0, 'it is paused');
	$report = report($good);
	like($report->{hint}, qr/pooler is not paused \(RESUME\)/, 'a query that waits');
	$daemon->down;
	$pooler->process->down;
};

$lab->done;
