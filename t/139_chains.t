# SPDX-License-Identifier: PostgreSQL
#
# Chains of jump boxes: a session with an inner one travels through the outer
# one, which one login serves; check and hostkey know every hop.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::MD5 qw(md5_hex);
use JSON::PP ();
use PgJump::Chain;
use PgJump::Lab;
use Test::More;

use PgJump::Keys qw(fingerprint public);
use PgJump::Load;
use PgJump::Process qw(eventually slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $chain = PgJump::Chain->new($lab, 3);

sub connection($name, $tunnel)
{
	return $chain->connection($name, ssh_tunnel => $tunnel);
}

sub command($arguments, $connections, $boxes)
{
	my $file = spew("$dir/chains.json", JSON::PP->new->encode({
		jump_boxes => $boxes, connections => $connections }), 0600);

	return PgJump::Daemon::command(['-c', $file, @$arguments],
	    dir => $dir, env => { HOME => "$dir/home" });
}

subtest 'one, two and three hops' => sub {
	my @connections = map { connection("through$_", "hop$_") } 1 .. 3;
	my $daemon = $lab->daemon(\@connections,
	    jump_boxes => $chain->jump_boxes);
	for my $connection (@connections) {
		my $seen = $lab->psql($connection, 'select 1');
		is($seen->{out}, "1\n", $connection->{name})
		    or diag($seen->{err});
	}
	my $bulk = ${ PgJump::Load::bulk() };
	my $make = PgJump::Load::bulk_sql() =~
	    s/create table/create temporary table/r;
	my $seen = $lab->psql($connections[2], "$make; copy bulk to stdout");
	is(md5_hex($seen->{out}), md5_hex($bulk), 'COPY out, every byte');
	$seen = $lab->psql($connections[2], undef, stdin =>
	    "create temporary table sink (i int, line text);\n"
	    . "copy sink from stdin;\n$bulk\\.\n"
	    . "select md5(string_agg(i || e'\\t' || line || e'\\n', '' "
	    . "order by i)) from sink;\n");
	is($seen->{out}, md5_hex($bulk) . "\n", 'COPY in, every byte')
	    or diag($seen->{err});
	$seen = $lab->psql($connections[2],
	    "set statement_timeout = 0; select 'inner ' || pg_backend_pid()");
	like($seen->{out}, qr/^inner \d+$/m, 'and small ones after that');
	$daemon->down;
};

subtest 'cancel' => sub {
	my $connection = connection('cancels', 'hop2');
	my $daemon = $lab->daemon([$connection],
	    jump_boxes => $chain->jump_boxes);
	my $seen = $lab->psql($connection, 'select pg_sleep(60)',
	    wrap => ['timeout', '--signal=INT', '--foreground', '2'],
	    timeout => 40);
	like($seen->{err}, qr/canceling statement due to user request/,
	    'reaches the database');
	$daemon->down;
};

subtest 'one login to each for all that is behind it' => sub {
	my @before = map { $chain->logins($_) } 1 .. 2;
	my @connections = map { connection("db$_", 'hop2') } 1 .. 20;
	# a slow moment must not add links
	my $daemon = $lab->daemon([@connections,
		map { connection("direct$_", 'hop1') } 1 .. 20],
	    jump_boxes => $chain->jump_boxes, max_links => 1, workers => 1);
	my @wires = map {
		my $wire = $lab->wire($_);
		$wire->login;
		$wire;
	} @connections[0, 5, 10, 19];
	is($chain->logins(1) - $before[0], 1, 'the outer one');
	is($chain->logins(2) - $before[1], 1, 'the inner one');
	$daemon->down;
};

subtest 'each hop has its own login' => sub {
	for my $n (1 .. 3) {
		my $log = $chain->box($n)->log_text;
		for my $other (grep { $_ != $n } 1 .. 3) {
			my $print = fingerprint(PgJump::Chain::user_key($other));
			unlike($log, qr/\Q$print\E/,
			    "hop $n never sees the key for hop $other");
		}
	}
};

subtest 'every form of via' => sub {
	my $boxes = $chain->jump_boxes(2 => { via => undef },
	    3 => { via => undef });
	my %forms = (
		name => { use => 'hop2', via => 'hop1' },
		mapping => { use => 'hop2', via => $boxes->{hop1} },
		used => { use => 'hop2', via => { use => 'hop1',
				host_key => $chain->box(1)->pin } },
		list => { use => 'hop3', via => ['hop1', 'hop2'] },
		nested => { use => 'hop3', via => { use => 'hop2',
				via => 'hop1' } },
		whole => { %{ $chain->hop(2) }, via => ['hop1'] },
		own => { use => 'hop1' },
	);
	my @connections = map { connection($_, $forms{$_}) } sort keys %forms;
	my $daemon = $lab->daemon(\@connections, jump_boxes => $boxes);
	for my $connection (@connections) {
		is($lab->psql($connection, 'select 1')->{out}, "1\n",
		    $connection->{name});
	}
	$daemon->down;
};

subtest 'check walks every hop' => sub {
	my @connections = (connection('a', 'hop3'));
	my $seen = command(['check', '--no-login', 'a'], \@connections,
	    $chain->jump_boxes);
	is($seen->{rc}, 0, 'exit 0') or diag($seen->{out});
	like($seen->{out}, qr/^  hop $_ of 3: \Q127.0.0.1:@{[$chain->port($_)]}\E$/m,
	    "hop $_") for 1 .. 3;
	$seen = command(['check', '--json', '--no-login', 'a'], \@connections,
	    $chain->jump_boxes);
	my $report = JSON::PP::decode_json($seen->{out});
	my @hops = map { "$_->{phase}$_->{hop}" }
	    grep { defined $_->{hop} } @{ $report->{phases} };
	is("@hops", join(' ', 'resolve1', map {
		my $n = $_;
		map { "$_$n" } qw(connect handshake hostkey auth)
	} 1 .. 3), 'the phases of each');
	is(grep({ $_->{status} ne 'ok' && $_->{phase} !~ /login|server/ }
		@{ $report->{phases} }), 0, 'are all well');
	$seen = command(['check', '--json', 'a'], \@connections,
	    $chain->jump_boxes(2 => { host_key => fingerprint('stranger') }));
	$report = JSON::PP::decode_json($seen->{out});
	is($seen->{rc}, 14, 'a wrong pin of hop 2: exit 14');
	is($report->{hop}, 2, 'of hop 2');
	like($report->{message}, qr/\Q@{[$chain->named(2)]}\E/, 'by its name');
	is($report->{file}, 'jump_boxes.hop2, after you compared the key',
	    'and where the right one belongs');
};

subtest 'hostkey shows every hop' => sub {
	my $known = "$dir/known";
	my $boxes = $chain->jump_boxes(map {
		($_ => { host_key => undef, known_hosts => $known })
	} 1 .. 3);
	my @connections = (connection('a', 'hop3'));
	my $seen = command(['hostkey', 'a'], \@connections, $boxes);
	is($seen->{rc}, 14, 'as far as they are trusted');
	like($seen->{out}, qr/jump box \Q127.0.0.1:@{[$chain->port(1)]} (a)\E/,
	    'so the first one');
	unlike($seen->{out}, qr/hop 2/, 'alone');
	$seen = command(['hostkey', '--add', 'hop2'], \@connections, $boxes);
	is($seen->{rc}, 0, '--add of a jump box by its name')
	    or diag($seen->{err});
	$seen = command(['hostkey', '--add', 'a'], \@connections, $boxes);
	is($seen->{rc}, 0, '--add of a connection') or diag($seen->{err});
	for my $n (1 .. 3) {
		my ($type, $key) = split ' ',
		    public(PgJump::Chain::host_key($n));
		my $port = $chain->port($n);
		like(slurp($known), qr/^\S+:$port $type \Q$key\E$/m,
		    "the key of hop $n");
	}
	like($seen->{out}, qr/\Q@{[$chain->named(3)]}\E/, 'each with its hop');
	is(command(['check', '--no-login', 'a'], \@connections, $boxes)->{rc},
	    0, 'and check is content');
};

subtest 'the outer one that comes back' => sub {
	my $connection = connection('returns', 'hop2');
	my $daemon = $lab->daemon([$connection],
	    jump_boxes => $chain->jump_boxes);
	is($lab->psql($connection, 'select 1')->{out}, "1\n", 'it works');
	$chain->box(1)->kill_all;
	like($lab->psql($connection, 'select 1')->{err},
	    qr/jump box \Q@{[$chain->named(1, 2)]}\E/, 'its fault is told');
	$chain->box(1)->start;
	ok(eventually(30, sub {
		$lab->psql($connection, 'select 1')->{out} eq "1\n" }),
	    'and when it is back, so is the way');
	$daemon->down;
};

$lab->done;
