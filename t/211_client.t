# SPDX-License-Identifier: PostgreSQL
#
# The client itself is refused: it does not speak PostgreSQL, says nothing, is
# one too many, comes from the wrong address, or comes when pgjump stops.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Told;
use Test::More;

my $lab = PgJump::Lab->new;
my $main = $lab->connection('c_entry');
my $socket = $lab->connection('c_socket',
    host => $lab->postgres->socket_dir);
my $daemon = $lab->daemon([$main, $socket], startup_timeout => '1s');

# What is sent, and the fault that the log names.
my %protocol = (label => 'client_protocol', side => 'refused',
	hint => qr/PostgreSQL client/, sqlstate => '08P01');
my @noise = (
	['HTTP', "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
	['SSH', "SSH-2.0-OpenSSH_9.2\r\n"],
	['Redis', "*1\r\n\$4\r\nPING\r\n"],
	['zeros', "\0" x 16],
	['protocol 2.0', pack 'NNx288', 296, 2 << 16],
	['protocol 4.0', PgJump::Wire::startup_packet(version => 4 << 16,
		user => 'app')],
	['a length of 7', pack 'NN', 7, 3 << 16],
	['a length of 100 MB', pack('NN', 100_000_000, 3 << 16) . 'user'],
	['SSLRequest with more behind it',
		PgJump::Wire::SSL_REQUEST . "user\0app\0\0"],
	['a cancel request of an impossible length',
		pack 'NNN', 12, 80877102, 1],
);
for my $case (@noise) {
	my ($what, $bytes) = @$case;
	subtest "$protocol{label}: $what" => sub {
		my $mark = $daemon->mark;
		my $wire = $lab->wire($main, seconds => 10);
		$wire->put($bytes);
		isnt($wire->ended, 'deadline', 'is turned away');
		my $answer = $wire->rest;
		like($answer, qr/\AS?(?:E.*C08P01\0.*|HTTP\/1\.1 400.*)?\z/s,
		    'with 08P01, or without a word');
		ok($daemon->says(qr/client_protocol/, 10, $mark),
		    'and logged') or diag($daemon->since($mark));
	};
}

subtest 'each request once' => sub {
	my $wire = $lab->wire($socket);
	is($wire->gssenc_request, 'N', 'GSSENCRequest');
	my $mark = $daemon->mark;
	$wire->put(PgJump::Wire::GSSENC_REQUEST);
	ok($daemon->says(qr/client_protocol/, 10, $mark), 'not twice');
	isnt($wire->ended, 'deadline', 'that ends it');
};

my %silence = (label => 'client_timeout', side => 'refused');
subtest "$silence{label}: a silent client" => sub {
	for my $bytes ('', "\0", "\0\0\0\x20\0\3\0\0use") {
		my $mark = $daemon->mark;
		my $wire = $lab->wire($main, seconds => 10);
		$wire->put($bytes) if length $bytes;
		is($wire->ended, 'eof', length($bytes) . ' bytes: ended');
		ok($daemon->says(qr/client closed .*$silence{label}/, 10,
		    $mark), 'and logged');
		my @more = $daemon->events('client could not be told', $mark);
		is(scalar(grep { /warning/ } split /\n/,
			$daemon->since($mark)), 1 + @more, 'once');
		is_deeply([map { $_->{reason} } @more],
		    $bytes eq "\0" ? ['client sent half a packet'] : [],
		    'and truly');
	}
};

# One deadline for the whole packet: further bytes do not move it.
subtest "$silence{label}: a client that sends a byte now and then" => sub {
	my $mark = $daemon->mark;
	my $wire = $lab->wire($main, seconds => 10);
	my @bytes = split //, PgJump::Wire::startup_packet(user => 'app',
	    database => 'myapp', options => ' ' x 500);
	my $sent = 0;
	$wire->put(join '', splice @bytes, 0, 8);
	while (@bytes && !$daemon->says(qr/client refused.*$silence{label}/,
	    0.05, $mark)) {
		$wire->put(shift @bytes);
		$sent++;
	}
	cmp_ok($sent, '>', 1, 'several bytes');
	cmp_ok(scalar(@bytes), '>', 0, 'but not all');
	my ($error) = @{ $wire->until('E') };
	like(PgJump::Wire::fields($error->[1] // '')->{M},
	    qr/no complete startup packet within 1(?:\.0)? s \[$silence{label}\]$/,
	    'it is told');
};

subtest 'a port probe is no event' => sub {
	my $mark = $daemon->mark;
	$lab->wire($main)->close;
	$lab->wire($main)->abort;
	is($lab->psql($main, 'select 1')->{out}, "1\n", 'a client after it');
	is_deeply([$daemon->events('client refused', $mark)], [],
	    'is not logged as a failure');
};

subtest 'client_limit' => sub {
	my $few = $lab->connection('c_few', max_clients => 2);
	my $daemon = $lab->daemon([$few]);
	my @inside = map { my $w = $lab->wire($few); $w->login; $w } 1, 2;
	told($lab, $daemon, $few, { name => 'a third of two clients',
		label => 'client_limit', side => 'refused',
		sqlstate => '53300', says => qr/too many clients.*2/,
		hint => qr/max_clients/, sslmodes => ['disable', 'require'] });
	(shift @inside)->close;
	ok(PgJump::Process::eventually(10, sub {
		$lab->psql($few, 'select 1')->{out} eq "1\n";
	}), 'a place that is given back is free');
};

subtest 'client_limit: a crowd that says nothing' => sub {
	my $few = $lab->connection('c_crowd', max_clients => 2);
	my $daemon = $lab->daemon([$few], startup_timeout => '60s');
	my @silent = map { $lab->wire($few) } 1 .. 102;
	ok(PgJump::Process::eventually(10, sub {
		$daemon->descriptors >= 102 }), '102 silent clients');
	my $wire = $lab->wire($few);
	ok(PgJump::Wire::is_ready($wire->login),
	    'who says what it wants is served');
	my $late = $lab->wire($few);
	$late->put(substr PgJump::Wire::startup_packet(user => 'app'), 0, 15);
	my ($error) = @{ $late->until('E') };
	my $fields = PgJump::Wire::fields($error->[1] // '');
	is($fields->{C}, '53300', 'who does not is told soon');
	like($fields->{M}, qr/too many clients in start-up: .* within 1(?:\.0)? s \[client_limit\]$/,
	    'in words');
	$wire->query('select pg_sleep(60)');
	ok(PgJump::Process::eventually(10, sub {
		$lab->postgres->sql('select state from pg_stat_activity
		    where pid = ' . $wire->{backend_pid}) eq 'active' }),
	    'a query runs');
	my $cancel = $lab->wire($few);
	$cancel->put(pack 'NNNN', 16, 80877102,
	    @$wire{qw(backend_pid backend_key)});
	my ($cancelled) = grep { $_->[0] eq 'E' } @{ $wire->until('Z') };
	is(PgJump::Wire::fields($cancelled->[1])->{C}, '57014',
	    'a cancel request comes through');
	$_->close for @silent;
	$daemon->down;
};

subtest 'client_denied' => sub {
	my $port = PgJump::Port::reserve();
	my $fenced = $lab->connection('c_fenced',
	    listen => "0.0.0.0:$port", allow_from => ['127.0.0.2/32',
		'127.1.0.0/16']);
	my $daemon = $lab->daemon([$fenced]);
	told($lab, $daemon, { %$fenced, listen => $port }, {
		name => 'from another address',
		label => 'client_denied', side => 'refused',
		says => qr/clients from 127\.0\.0\.1 are not allowed/,
		hint => qr/allow_from/ });
	for my $from ('127.0.0.2', '127.1.2.3') {
		my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1',
		    PeerPort => $port, LocalHost => $from);
		my $wire = bless { socket => $socket, seconds => 10,
			in => '' }, 'PgJump::Wire';
		ok(PgJump::Wire::is_ready($wire->login), "$from is let in");
	}
};

subtest 'shutdown' => sub {
	my $silent = PgJump::Peer->new('silent');
	my $stuck = $lab->connection('c_waiting', port => $silent->port);
	my $daemon = $lab->daemon([$stuck], shutdown_timeout => '2s',
	    log_level => 'debug');
	my $wire = $lab->wire($stuck)->startup;
	ok($daemon->says(qr/client=/), 'a client is on its way in');
	$daemon->signal('TERM');
	my ($error) = @{ $wire->until('E') };
	my $fields = PgJump::Wire::fields($error->[1] // '');
	my %case = (label => 'shutdown');
	like($fields->{M}, qr/^pgjump: refused: pgjump is shutting down \[$case{label}\]$/,
	    'is told');
	is($fields->{C}, '57P03', 'SQLSTATE');
	is($daemon->wait_end, 'exit 143', 'pgjump ends');
};

$lab->done;
