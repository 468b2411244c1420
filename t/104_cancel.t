# SPDX-License-Identifier: PostgreSQL
#
# A running statement can be cancelled through pgjump: by Ctrl-C in psql, by a
# driver, and by the bare packet; a client that vanishes takes its backend
# with it.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $main = $lab->connection('main_jump');
my $daemon = $lab->daemon([$main]);

# Wait until a statement of this application runs.
sub running($application, $count = 1)
{
	return PgJump::Process::eventually(20, sub {
		$pg->sql("select count(*) from pg_stat_activity where
		    application_name = '$application' and state = 'active'")
		    == $count;
	});
}

# A client that does not close when the database has closed; see the end.
my $lasting = $lab->wire($main);
$lasting->login;
$pg->sql("select pg_terminate_backend($lasting->{backend_pid})");
is($lasting->ended, 'eof', 'a client hears the end of its session');

for my $mode (qw(disable require)) {
	my $psql = PgJump::Process->new(
		name => "psql.$mode",
		dir => $lab->dir,
		argv => [PgJump::Postgres::bin('psql'), '-X', '-d',
			$lab->conninfo($main, sslmode => $mode,
				application_name => "cancel_$mode"),
			'-c', 'select pg_sleep(120)'],
	)->start;
	ok(running("cancel_$mode"), "$mode: psql runs a statement");
	$psql->signal('INT');
	is($psql->wait_end, 'exit 1', "$mode: Ctrl-C ends it");
	like($psql->text, qr/canceling statement due to user request/,
	    "$mode: by the database");
}

subtest 'DBD::Pg' => sub {
	require DBI;
	require DBD::Pg;
	my $dbh = DBI->connect('dbi:Pg:host=127.0.0.1;dbname=myapp;'
	    . "application_name=dbd;port=$main->{listen}", 'app', '',
	    { PrintError => 0, RaiseError => 1 });
	$dbh->do('select pg_sleep(120)', { pg_async => 1 });
	ok(running('dbd'), 'a statement runs');
	ok($dbh->pg_cancel, 'is cancelled');
	is_deeply($dbh->selectrow_arrayref('select 1'), [1],
	    'the session lives on');
	$dbh->disconnect;
};

subtest 'the bare packet' => sub {
	my $wire = $lab->wire($main);
	$wire->login(application_name => 'bare');
	$wire->query('select pg_sleep(120)');
	ok(running('bare'), 'a statement runs');
	my $mark = $daemon->mark;
	my $cancel = $lab->wire($main);
	$cancel->put(pack 'NNNN', 16, 80877102,
	    @$wire{qw(backend_pid backend_key)});
	is($cancel->rest, '', 'a cancel request gets no answer');
	is($cancel->ended, 'eof', 'but an orderly end');
	my ($error) = grep { $_->[0] eq 'E' } @{ $wire->until('Z') };
	is(PgJump::Wire::fields($error->[1])->{C}, '57014', 'cancelled');
};

# libpq 17 cancels in TLS, so pgjump cannot see that this is a cancel request.
subtest 'a cancel request in TLS' => sub {
	my $wire = $lab->wire($main);
	$wire->login(application_name => 'in_tls');
	$wire->query('select pg_sleep(120)');
	ok(running('in_tls'), 'a statement runs');
	my $cancel = $lab->wire($main);
	is($cancel->ssl_request, 'S', 'the database speaks TLS');
	ok($cancel->start_tls, 'it begins');
	$cancel->put(pack 'NNNN', 16, 80877102,
	    @$wire{qw(backend_pid backend_key)});
	my ($error) = grep { $_->[0] eq 'E' } @{ $wire->until('Z') };
	is(PgJump::Wire::fields($error->[1])->{C}, '57014', 'cancelled');
};

subtest 'a client that vanishes' => sub {
	for my $end (qw(close abort)) {
		my $wire = $lab->wire($main);
		$wire->login(application_name => "gone_$end");
		$wire->$end;
		ok(PgJump::Process::eventually(20, sub {
			$pg->sql("select count(*) from pg_stat_activity
			    where application_name = 'gone_$end'") == 0;
		}), "$end: its backend ends");
	}
};

ok($daemon->says(qr/client closed client=1\b/, 30),
    'a client does not keep its place by not closing');

$lab->done;
