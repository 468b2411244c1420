# SPDX-License-Identifier: PostgreSQL
#
# What `pgjump check` says of names and routes, and asks the jump box after a
# forward that failed, if the database is given by name; with a name server and
# a router of our own.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Golden qw(golden);
use PgJump::Names;
use PgJump::Port qw(reserve);

PgJump::Netns->enter;

my $lab = PgJump::Lab->new;
my $names = PgJump::Names->new(dir => $lab->dir, names => {
	'dead.test' => ['127.0.0.4', '127.0.0.3'],
	'slow.test' => 'silent',
	'local.test' => ['127.0.0.1'],
	'localhost' => ['127.0.0.1'],
});
my $router = PgJump::Netns->router(dir => $lab->dir);
my $closed = reserve();
my @connections = (
	$lab->connection('dead', host => 'dead.test', port => $closed),
	$lab->connection('unknown', host => 'nowhere.test', port => 5432),
	$lab->connection('slow', host => 'slow.test', port => $closed),
	$lab->connection('local', host => 'localhost', port => $closed),
	$lab->connection('good', host => 'local.test',
		port => $lab->postgres->port),
	$lab->connection('jump_unknown', port => $closed, ssh_tunnel => {
		host => 'nowhere.test', port => 22, host_key => 'any' }),
	$lab->connection('unreachable', host => '10.99.1.1', port => 5432),
);
my $daemon = $lab->new_daemon(\@connections, open_timeout => '800ms');

sub report($name)
{
	return JSON::PP::decode_json(
	    $daemon->check('--json', $name)->{out});
}

# How many logins the jump box has had since then.
sub sessions($mark)
{
	return scalar(() = $lab->box->process->since($mark) =~
	    /^Accepted publickey/mg);
}

sub asked($report)
{
	return [map { $_->{message} } @{ $report->{probes} }];
}

subtest 'refused: the other addresses' => sub {
	my $mark = $lab->box->process->mark;
	my $report = report('dead');

	is($report->{stage}, 'db_refused', 'the stage');
	is_deeply([sort map { $_->{target} } @{ $report->{probes} }],
	    ["127.0.0.3:$closed", "127.0.0.4:$closed"], 'each is asked for');
	like($_, qr/: "Connection refused"$/, 'with its answer')
	    for @{ asked($report) };
	like("@{ $report->{remarks} }", qr/Refused after .* network path/, 'no silence');
	is(sessions($mark), 1, 'through the same session');
};

subtest 'an unknown name' => sub {
	my $report = report('unknown');

	is($report->{stage}, 'db_resolve', 'the stage');
	like($report->{probes}[0]{target}, qr/\.invalid:/,
	    'a name that cannot exist is asked for');
	like("@{ $report->{remarks} }", qr/the same answer for a name that cannot/,
	    'and is told like it');
	like($report->{command}, qr/^getent hosts nowhere\.test$/,
	    'the command');
};

subtest 'a name server that does not answer for the name' => sub {
	my $mark = $lab->box->process->mark;
	my $report = report('slow');
	my @asked = @{ asked($report) };

	is($report->{stage}, 'db_timeout',
	    'a jump box that lives is not blamed') or diag($report->{message});
	like($asked[0], qr/its own SSH port: accepted$/,
	    'another session asks for its own port');
	like($asked[1], qr/cannot exist: ".*not known"$/,
	    'and for a name that cannot exist');
	like("@{ $report->{remarks} }", qr/its name servers answer/,
	    'what follows');
	is(sessions($mark), 2, 'the first waits for its answer');
};

subtest 'localhost' => sub {
	like("@{ report('local')->{remarks} }",
	    qr/Host localhost means the jump box itself/, 'is remarked on');
	is_deeply([grep { /itself/ } @{ report('dead')->{remarks} }], [],
	    'another name is not');
};

is(report('good')->{status}, 'ok', 'a name that works');

for my $case ([jump_unknown => 10, 'jump_resolve', 'tunnel'],
	[unknown => 20, 'db_resolve', 'database'],
	[unreachable => 22, 'db_unreachable', 'database']) {
	my ($name, $code, $stage, $side) = @$case;
	subtest "$stage, whole" => sub {
		my $seen = $daemon->check($name);
		my $report = report($name);

		is($seen->{rc}, $code, 'exit code');
		golden($lab, "check/$name.txt", $seen->{out});
		is($report->{stage}, $stage, 'JSON: the stage');
		is($report->{side}, $side, 'JSON: the side');
	};
}

$lab->done;
