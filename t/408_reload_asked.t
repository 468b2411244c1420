# SPDX-License-Identifier: PostgreSQL
#
# A reload that is asked for over HTTP or by pgjump reload: the verdict is the
# answer, with every error, and status and metrics tell of it.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Http qw(asked dialled head heard);
use PgJump::Metrics qw(metric);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually slurp spew);

my $lab = PgJump::Lab->new;
my $near = $lab->connection('near', ssh_tunnel => 0);
my $more = $lab->connection('more', ssh_tunnel => 0);
my $http = reserve();
my $admin = $lab->dir . '/admin.sock';
my %global = (http => $http + 0, admin => $admin);
my $daemon = $lab->daemon([$near], %global);

sub write_config(@connections)
{
	spew($daemon->file, JSON::PP->new->encode({ %global,
		connections => \@connections }), 0600);
}

sub command(@arguments)
{
	return PgJump::Daemon::command(['-c', $daemon->file, @arguments],
	    clean_env => 1, dir => $lab->dir, timeout => 90);
}

sub last_reload
{
	return JSON::PP::decode_json(asked($http, '/status')->{body})
	    ->{configuration}{last_reload};
}

is(metric($http, 'pgjump_config_last_reload_successful'), 1,
    'no reload is a good one');

write_config($near, $more);
my $seen = command('reload');
is($seen->{rc}, 0, 'pgjump reload');
like($seen->{out}, qr/\bmore\b/, 'says what has changed');
is($lab->psql($more, 'select 1')->{out}, "1\n", 'the new port answers');
ok(last_reload()->{accepted}, 'the status has the verdict');
is(metric($http, 'pgjump_sessions_total', connection => 'more'), 1,
    'and metrics have the new connection');

write_config({ %$near, port => 'x' }, { %$more, nonsense => 1 });
$seen = command('reload');
is("$seen->{rc} $seen->{out}", '1 ', 'a bad file: exit 1');
like($seen->{err}, qr/^\Q@{[ $daemon->file ]}\E:\d+:\d+: .*port/m,
    'the first error');
like($seen->{err}, qr/^\Q@{[ $daemon->file ]}\E:\d+:\d+: .*nonsense/m,
    'and the second one');
is($lab->psql($more, 'select 1')->{out}, "1\n", 'everything stays');
my $verdict = last_reload();
ok(!$verdict->{accepted}, 'the status says so');
like($verdict->{text}, qr/nonsense/, 'and why');
is(metric($http, 'pgjump_config_last_reload_successful'), 0,
    'the metric as well');
cmp_ok(metric($http, 'pgjump_config_last_reload_timestamp_seconds'), '==',
    $verdict->{at}, 'with the time');
like(command('status')->{out}, qr/^The last reload was refused: /m,
    'and pgjump status');

$seen = asked($admin, '/reload', method => 'POST');
is($seen->{status}, 409, 'POST /reload');
like($seen->{body}, qr/nonsense/, 'has every error');
is(asked($admin, '/reload')->{status}, 405, 'GET does not reload');
is(asked($http, '/reload', method => 'POST')->{status}, 404,
    'nor does http');

write_config($near);
$daemon->signal('HUP');
ok(eventually(20, sub { last_reload()->{accepted} }),
    'a reload by a signal is told, too');

# a client that goes before the verdict, and many at once
write_config($near, $more);
for (1 .. 20) {
	my $gone = dialled($admin);
	syswrite $gone, "POST /reload HTTP/1.0\r\n\r\n";
	close $gone;
}
my @all = map { dialled($admin) } 1 .. 10;
syswrite $_, "POST /reload HTTP/1.0\r\n\r\n" for @all;
is_deeply([map { head(heard($_))->{status} } @all], [(200) x 10],
    'ten at once are all answered');
is($daemon->process->how, 'running', 'and those that left harm nobody');

my $waiting = dialled($admin);
syswrite $waiting, "POST /reload HTTP/1.0\r\n\r\n";
is(command('shutdown')->{rc}, 0, 'a stop while somebody waits');
is($daemon->wait_end(20), 'exit 0', 'is a stop');
is(command('reload')->{rc}, 1, 'then nobody answers');
$lab->done;
