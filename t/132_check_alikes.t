# SPDX-License-Identifier: PostgreSQL
#
# `pgjump check` finds no fault in a database that works for its clients, even
# if it takes only one connection at a time, or has no catalogs of PostgreSQL.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pgbouncer;
use PgJump::Standin;
use Test::More;

use JSON::PP ();

my $lab = PgJump::Lab->new;

sub message($type, $body) { PgJump::Standin::message($type, $body) }
my $one = message('T', pack 'n Z* N n N n N n', 1, 'a', 0, 0, 25, 65_535, 0, 0)
    . message('D', pack 'n N/a*', 1, '1') . message('C', "SELECT 1\0");
my $ready = message('Z', 'I');

# The answers of H2; `S` alone, as from servers before PostgreSQL 9.6.
sub refused($severity)
{
	return message('E', "S$severity\0C90022\0"
	    . "MFunction \"current_setting\" not found\0\0");
}

sub report($connection)
{
	my $seen = $lab->new_daemon([$connection])->check('--json');
	my $report = JSON::PP::decode_json($seen->{out});

	$report->{by} = { map { $_->{phase} => $_ } @{ $report->{phases} } };
	return { %$report, rc => $seen->{rc} };
}

for my $way ([through => undef], [without => 0]) {
	my ($how, $tunnel) = @$way;
	my %tunnel = defined $tunnel ? (ssh_tunnel => $tunnel) : ();

	subtest "one connection at a time, $how a jump box" => sub {
		my $single = PgJump::Standin->new('single', alone => 1,
		    answer => sub ($query) {
			$query eq 'SELECT 1' ? "$one$ready"
			    : refused('ERROR') . $ready;
		    });
		my $seen = report($lab->connection("single_$how",
			port => $single->port, %tunnel));

		is($seen->{rc}, 0, 'is enough') or diag($seen->{message});
		is($seen->{by}{login}{status}, 'ok', 'for a login');
		is($single->accepted, 2, 'after the first words with it');
		$single->down;
	};
}

subtest 'pgbouncer with room for one client' => sub {
	plan skip_all => 'no pgbouncer here' unless PgJump::Pgbouncer::program();
	my $pooler = PgJump::Pgbouncer->new(dir => $lab->dir,
	    to => $lab->postgres->port, conf => { max_client_conn => 1 });
	my $seen = report($lab->connection('pooled', port => $pooler->port,
		username => 'app'));

	is($seen->{rc}, 0, 'is enough') or diag($seen->{message});
	is($seen->{by}{server}{in_recovery}, 'no', 'for all questions');
	$pooler->process->down;
};

subtest 'none of the catalogs' => sub {
	my $alike = PgJump::Standin->new('alike', answer => sub ($query) {
		$query eq 'SELECT 1' ? "$one$ready"
		    : refused('ERROR') . $ready;
	});
	my $connection = $lab->connection('alike', port => $alike->port);
	my $seen = report($connection);
	my $server = $seen->{by}{server};

	is($seen->{rc}, 0, 'are no failure') or diag($seen->{message});
	is($seen->{status}, 'ok', 'as the report says');
	is_deeply([grep { exists $server->{$_} } qw(version in_recovery
		connections max_connections)], [], 'facts are left out');
	like($server->{rtt_ms}, qr/^[\d.]+$/, 'but for the round trip');
	is_deeply($seen->{remarks}, ['The query for its version and '
		. 'its connections failed: Function "current_setting" not found '
		. '(SQLSTATE 90022).'], 'and a remark says why');
	like($lab->new_daemon([$connection])->check->{out},
	    qr/^  ok .* server +it answers queries; .*^  The query for its version/ms,
	    'and so does the text');
	$alike->down;
};

for my $case (
	['a FATAL', sub ($query) { refused('FATAL') }],
	['an error to everything', sub ($query) { refused('ERROR') . $ready }],
) {
	my ($what, $answer) = @$case;
	subtest "$what is a failure" => sub {
		my $alike = PgJump::Standin->new('alike', answer => $answer);
		my $seen = report($lab->connection('alike',
			port => $alike->port));

		is($seen->{rc}, 29, 'of the database');
		is($seen->{by}{server}{status}, 'failed', 'in this phase');
		like($seen->{message}, qr/not found \(SQLSTATE 90022\)/,
		    'in its words');
		$alike->down;
	};
}

$lab->done;
