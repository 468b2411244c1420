# SPDX-License-Identifier: PostgreSQL
#
# The admin address and the commands that use it: who may connect, what becomes
# of a socket that is there already, and pgjump wait and shutdown.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use IO::Socket::UNIX;
use PgJump::Http qw(asked dialled heard);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run slurp spew);
use Socket qw(SOCK_STREAM);
use Time::HiRes qw(time);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $near = $lab->connection('near', ssh_tunnel => 0);

# A subcommand with this configuration.
sub command($daemon, @arguments)
{
	return PgJump::Daemon::command(['-c', $daemon->file, @arguments],
	    clean_env => 1, dir => $dir, timeout => 60);
}

# A pgjump with this admin address that stops, and how it ended.
sub ended($admin, %with)
{
	my $daemon = $lab->new_daemon([$near], admin => $admin, %with)->start;
	return ($daemon->wait_end(20), $daemon->log_text);
}

subtest 'the socket' => sub {
	my $path = "$dir/one.sock";
	my $daemon = $lab->daemon([$near], admin => $path);
	is((stat $path)[2] & 07777, 0600, 'is for its owner alone');
	my ($how, $log) = ended($path);
	is($how, 'exit 1', 'a second pgjump does not start');
	like($log, qr/error:\ cannot\ listen\ on\ the\ admin\ address\ .*
	    process\ @{[ $daemon->pid ]}\ listens/x,
	    'and names the process that is there');
	is(asked($path, '/liveness')->{status}, 200, 'which still answers');
	$daemon->process->down('KILL');
	$daemon->doom;
	ok(-S $path, 'a killed pgjump leaves its socket');
	my $next = $lab->daemon([$near], admin => $path);
	like($next->log_text, qr/info: stale socket removed/,
	    'the next one takes it');
	is(asked($path, '/liveness')->{status}, 200, 'and answers');
	unlink $path;
	spew($path, 'mine');
	$next->down;
	is(slurp($path), 'mine', 'another file in its place is not removed');
	($how, $log) = ended($path);
	is($how, 'exit 1', 'nor taken for a socket');
	like($log, qr/not a socket that a process has left behind/, 'it says so');
};

subtest 'who may connect' => sub {
	plan skip_all => 'only root can become another user' if $> != 0;
	my $path = "$dir/peer.sock";
	my $daemon = $lab->daemon([$near], admin => $path);
	chmod 0777, $path;
	my $nobody = getpwnam 'nobody';
	my $seen = run(['setpriv', "--reuid=$nobody", '--clear-groups', '--',
		'perl', '-MIO::Socket::UNIX', '-e', <<'PERL', $path]);
$SIG{PIPE} = 'IGNORE';
my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$!";
syswrite $s, "GET /liveness HTTP/1.0\r\n\r\n";
print "<", join('', <$s>) // '', ">";
PERL
	is($seen->{out}, '<>', 'another user gets no answer');
	ok($daemon->says(qr/warning:\ admin\ client\ refused\ .*uid=$nobody\b/x),
	    'and is named in the log');
	is(asked($path, '/liveness')->{status}, 200, 'root gets one');
	$daemon->down;
};

subtest 'where it is' => sub {
	my $run = "$dir/run";
	mkdir $run, 0700;
	my %places = (
		"$run/systemd/admin.sock" => { RUNTIME_DIRECTORY =>
			"$run/systemd:$run/other", XDG_RUNTIME_DIR => $run },
		"$run/pgjump/admin.sock" => { XDG_RUNTIME_DIR => $run },
		"$run/own.sock" => { PGJUMP_ADMIN => "$run/own.sock",
			XDG_RUNTIME_DIR => $run },
	);
	mkdir "$run/systemd", 0700;
	for my $path (sort keys %places) {
		my $daemon = $lab->daemon([$near], env => $places{$path});
		ok(-S $path, "$path is there");
		my $seen = PgJump::Daemon::command(['-c', $daemon->file,
			'wait'], clean_env => 1, env => $places{$path});
		is($seen->{rc}, 0, 'and the commands find it');
		$daemon->down;
	}
	my %env = (XDG_RUNTIME_DIR => $run, PGJUMP_ADMIN => "$run/own.sock");
	my $off = $lab->daemon([$near], admin => 'off', env => \%env);
	unlike($off->log_text, qr/admin address/, 'off');
	$off->down;
	my $none = $lab->daemon([$near]);
	unlike($none->log_text, qr/admin address/, 'none without a directory');
	is(command($none, 'shutdown')->{rc}, 1, 'so no command reaches it');
	like(command($none, 'shutdown')->{err}, qr/no admin address is known/,
	    'and says why');
	$none->down;
	my $option = $lab->daemon([$near], admin => "$run/file.sock",
	    arguments => ['--admin', "$run/option.sock"], env => \%env);
	ok(-S "$run/option.sock" && !-e "$run/file.sock",
	    '--admin goes before the file');
	$option->down;

	my $first = $lab->daemon([$near], env => { XDG_RUNTIME_DIR => $run });
	my $second = $lab->daemon([$lab->connection('other',
		    ssh_tunnel => 0)], env => { XDG_RUNTIME_DIR => $run });
	like($second->log_text, qr/error:\ cannot\ listen\ on\ the\ admin
	    .*process\ @{[ $first->pid ]}\ listens/x,
	    'a second pgjump of the same user runs without the default one');
	$_->down for $second, $first;
};

subtest 'what is refused' => sub {
	for my $case (
		['0.0.0.0:1', qr/must not be reachable from other machines/],
		['pgjump.example:1', qr/must not be reachable/],
		['relative.sock', qr/is none of these forms/],
		['/' . 'x' x 200, qr/too long/],
		["/dir/", qr/must end in the name of a socket/],
	) {
		my ($admin, $says) = @$case;
		my ($how, $log) = ended($admin);
		is($how, 'exit 1', "admin: $admin");
		like($log, $says, 'why');
		my $seen = PgJump::Daemon::command(['-c', spew("$dir/p.yaml",
			    "name: a\nhost: h\n", 0600), '--admin', $admin],
		    clean_env => 1);
		is($seen->{rc}, 1, 'nor by --admin');
		like($seen->{err}, $says, 'for the same reason');
	}
	my $port = reserve();
	my $daemon = $lab->daemon([$near], admin => "127.0.0.1:$port");
	like($daemon->log_text, qr/warning:\ admin:\ every\ user\ of\ this
	    \ machine/x, 'a port of loopback is warned about');
	is(asked($port, '/liveness')->{status}, 200, 'and works');
	$daemon->down;
};

subtest 'a stop on request' => sub {
	for my $method (qw(GET POST)) {
		my $daemon = $lab->daemon([$near], admin => "$dir/q.sock",
		    shutdown_timeout => '60s');
		my $wire = $lab->wire($near);
		$wire->login;
		$wire->query('begin')->until('Z');
		my $seen = asked("$dir/q.sock", '/quitquitquit',
		    method => $method);
		is($seen->{status}, 200, "$method /quitquitquit");
		ok(eventually(20, sub {
			asked("$dir/q.sock", '/readiness')->{status} eq 503;
		}), 'it drains');
		asked("$dir/q.sock", '/quitquitquit', method => $method);
		$daemon->signal('TERM');
		ok($daemon->says(qr/stopping signal=SIGTERM/),
		    'the signal of an orchestrator that follows');
		is($wire->query('select 1')->until('Z')->[-1][0], 'Z',
		    'cuts off no busy session');
		$wire->close;
		is($daemon->wait_end(20), 'exit 0', 'the end is a success');
	}
	my $daemon = $lab->daemon([$near], admin => "$dir/q.sock",
	    shutdown_timeout => '60s');
	my $wire = $lab->wire($near);
	$wire->login;
	$wire->query('begin')->until('Z');
	is(command($daemon, 'shutdown')->{rc}, 0, 'pgjump shutdown');
	$daemon->signal('TERM');
	ok($daemon->says(qr/stopping signal=SIGTERM/), 'one signal waits');
	$daemon->signal('TERM');
	is($daemon->wait_end(20), 'exit 0', 'a second one does not');
	is(command($daemon, 'shutdown')->{rc}, 1, 'nobody is left');
	like(command($daemon, 'shutdown')->{err},
	    qr{nobody answers at \Q$dir\E/q\.sock: }, 'the address is named');
};

subtest 'wait' => sub {
	my $port = reserve();
	my $later = $lab->connection('later', ssh_tunnel => {
		port => $port, host_key => 'any' });
	my $daemon = $lab->new_daemon([$near, $later],
	    admin => "$dir/w.sock");
	my $start = time;
	my $seen = command($daemon, 'wait', '--max', '300ms');
	is($seen->{rc}, 1, 'nobody answers');
	cmp_ok(time - $start, '>=', 0.3, 'it did wait');
	like($seen->{err}, qr{not within 0?\.?3?00? ms: nobody answers at},
	    'and says for what');
	my $waiting = PgJump::Process->new(name => 'wait', dir => $dir,
	    argv => [PgJump::Daemon::program(), '-c', $daemon->file, 'wait'],
	    clean_env => 1)->start;
	$daemon->up;
	is($waiting->wait_end(30), 'exit 0', 'until it has started');
	is(command($daemon, 'wait', 'near')->{rc}, 0, 'a direct connection');
	$seen = command($daemon, 'wait', '--timeout', '200ms', '--tunnels');
	is($seen->{rc}, 1, 'a tunnel that is down');
	like($seen->{err}, qr/the tunnel is down: later$/, 'by name');
	is(command($daemon, 'wait', 'nobody')->{rc}, 1,
	    'an unknown name fails at once');
	is(command($daemon, 'wait', '--max', 'x')->{rc}, 1, 'a wrong time');
	$waiting = PgJump::Process->new(name => 'wait2', dir => $dir,
	    argv => [PgJump::Daemon::program(), '-c', $daemon->file, 'wait',
		'later', 'near'], clean_env => 1)->start;
	my $relay = PgJump::Relay->new(to => $lab->box->port, port => $port);
	is($waiting->wait_end(40), 'exit 0', 'until a tunnel is up');
	$daemon->down;
};

subtest 'wait by http, and a file that is broken by now' => sub {
	my $port = reserve();
	my $daemon = $lab->daemon([$near], http => $port + 0);
	is(command($daemon, 'wait')->{rc}, 0, 'http serves as well');
	spew($daemon->file, "http: \${WHERE}\nconnections: nonsense\n"
		. "password: \${NOT_SET}\nunknown: 1\n", 0600);
	my $seen = PgJump::Daemon::command(['-c', $daemon->file, 'wait'],
	    clean_env => 1, env => { WHERE => "127.0.0.1:$port" });
	is("$seen->{rc} $seen->{err}", '0 ', 'only two keys of it count');
	$daemon->down;
};

subtest 'redial' => sub {
	my $port = reserve();
	my $key = $lab->connection('locked', ssh_tunnel => {
		port => $port, host_key => 'SHA256:' . 'A' x 43,
		auth_method => 'key' });
	my $box = $lab->box;
	my $relay = PgJump::Relay->new(to => $box->port, port => $port);
	my $daemon = $lab->daemon([$key], admin => "$dir/r.sock");
	ok($daemon->says(qr/jump box not reached .*stage=jump_hostkey/),
	    'a failure after which pgjump sleeps long');
	my $mark = $daemon->mark;
	my $name = "127.0.0.1:$port/locked";
	my $seen = asked("$dir/r.sock", "/redial?jump=$name",
	    method => 'POST');
	is("$seen->{status} $seen->{body}", "200 ok\n", '/redial');
	ok($daemon->says(qr/jump box not reached/, 20, $mark),
	    'ends the sleep');
	is(asked("$dir/r.sock", '/redial?jump=nobody', method => 'POST')
	    ->{status}, 404, 'an unknown name');
	is(asked("$dir/r.sock", '/redial', method => 'POST')->{status}, 400,
	    'no name');
	is(asked("$dir/r.sock", "/redial?jump=$name")->{status}, 405,
	    'by POST only');
	$daemon->down;
};

$lab->done;
