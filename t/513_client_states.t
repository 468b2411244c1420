# SPDX-License-Identifier: PostgreSQL
#
# Every state of a client x everything that can happen to it: the client
# vanishes (RST) or stops sending (FIN), its tunnel dies, its time is over,
# pgjump stops.  Each case says what the client gets and the cause in its
# closing log line, and no descriptor is left.  The states are read from the
# table in client/clients.c: a state without a case fails.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::SSL;
use List::Util qw(sum);
use PgJump::Lab;
use PgJump::Pki qw(cert key);
use Test::More;

use constant STARTUP => PgJump::Wire::startup_packet(user => 'app',
	database => 'myapp');
use constant CANCEL => pack 'NNNN', 16, 80877102, 4711, 4712;

my $patience = $PgJump::Process::PATIENCE;
my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
# An open that hangs has a link of its own, so that it does not delay the
# answers of the others.
my @boxes = map { $lab->new_box } 1 .. 2;
my @relays = map { PgJump::Relay->new(to => $_->port) } @boxes;
my $hole = PgJump::Peer->black_hole;
my $silent = PgJump::Peer->new('silent');
# The end of a message whose beginning was not read yet.
my $cut = PgJump::Peer->new(['data', pack('a N N a N a a N a*',
	'R', 8, 0, 'Z', 5, 'I', 'D', 1_000_000, 'x' x 250_000), 'close']);
my @ends_tls = (client_tls => 'terminate', tls_cert => cert('door'),
	tls_key => key('door'));
# The way of each connection.
my %databases = (
	main => [],
	hole => [port => $hole->{port}],
	silent => [port => $silent->port],
	jammed => [port => $silent->port],
	secure => [port => $silent->port, ssl => 'require', @ends_tls],
	choice => [@ends_tls],
	cut => [port => $cut->port],
	refused => [port => PgJump::Port::reserve()],
);

# --- How each state is reached --------------------------------------------

my %connections; # by name, those of the present daemon
my $present;     # which it is

sub comes($to, @packets)
{
	my $wire = $lab->wire($connections{$to}, small => 1);
	$wire->put($_) for @packets;
	return $wire;
}

sub logs_in(@sql)
{
	my $wire = comes('main');
	$wire->login;
	$wire->query($_) for @sql;
	return $wire;
}

sub is_busy($event)
{
	my $seconds = $event =~ /link|shutdown/ ? 60 : 1;
	return logs_in("select pg_sleep($seconds)");
}

sub logs_in_by_tls($)
{
	my $wire = comes('main');
	$wire->ssl_request;
	$wire->start_tls;
	$wire->login;
	return $wire;
}

# Behind as many cancel requests as are delivered at a time.
my @jam;

sub cancels_behind_others($)
{
	for (1 .. 8) {
		my $wire = comes('jammed', CANCEL);
		$wire->{from} = $wire->local_port;
		my $one = { id => id_of($present, $wire), state => 'relaying' };
		PgJump::Process::eventually(20, sub {
			is_in_state($present->log_text, $one);
		});
		push @jam, $wire;
	}
	return comes('jammed', CANCEL);
}

# They are over.
sub clears_the_jam { $_->abort for splice @jam }

# Asked for a password, in TLS that pgjump ends.
sub has_a_choice($)
{
	my $wire = comes('choice');
	$wire->ssl_request;
	$wire->start_tls;
	$wire->startup(user => 'readonly')->message;
	return $wire;
}

sub asks_for_tls($)
{
	my $wire = comes('main');
	$wire->ssl_request;
	return $wire;
}

# Its ClientHello is sent; the handshake waits.
sub says_hello($)
{
	my $wire = comes('silent');
	IO::Socket::SSL->start_SSL($wire->socket, SSL_startHandshake => 0,
	    SSL_verify_mode => SSL_VERIFY_NONE,
	    SSL_alpn_protocols => ['postgresql']);
	$wire->socket->timeout(undef);
	$wire->socket->blocking(0);
	$wire->socket->connect_SSL;
	return $wire;
}

# It was told the error, and does not close.
sub is_refused($)
{
	my $wire = comes('refused', STARTUP);
	$wire->until('E');
	return $wire;
}

sub database_says_goodbye($)
{
	my $wire = logs_in();
	$pg->sql("select pg_terminate_backend($wire->{backend_pid})");
	$wire->until('E');
	$wire->ended;
	return $wire;
}

# --- How a client listens after what happened -----------------------------

sub completes_its_packet($wire) { $wire->put(substr STARTUP, 8) }

sub takes_tls($wire)
{
	$wire->start_tls and $wire->put(STARTUP);
}

sub takes_the_answer($wire)
{
	takes_tls($wire) if ($wire->take(1) // '') eq 'S';
}

sub goes_on_with_tls($wire)
{
	$wire->socket->blocking(1);
	$wire->_timed(sub { $wire->socket->connect_SSL }) and
	    $wire->put(STARTUP);
}

# --- The cases ------------------------------------------------------------

my $early = 'client closed before the session was up';
my $wordless = 'client closed when asked for SCRAM; it has no password, or '
    . 'wants channel binding, which client_tls: terminate cannot give';

# What the client gets, and how the log says that it ended: `how`, or `how:
# stage`.  "-": no client is left to look at.  The order matters: clients are
# brought to their states one after the other, so states that last only seconds
# come last; they are looked at in reverse, so ends that may take time come
# first. A pattern allows more than one end, where two limits are reached at the
# same moment.
my @cases = (
	{ state => 'relaying', with => 'busy',
	    reach => \&is_busy,
	    rst => ['-', 'client lost'],
	    fin => ['ZI eof', 'client closed'],
	    link => ['FATAL 08006 tunnel_lost ZI eof',
		'tunnel_lost: tunnel_lost'],
	    deadline => ['lives', 'client closed'],
	    shutdown => ['FATAL 08006 shutdown ZI eof', 'stopped: shutdown'] },
	{ state => 'relaying', with => 'TLS',
	    reach => \&logs_in_by_tls,
	    rst => ['-', 'client lost'],
	    fin => ['eof', 'client closed'],
	    link => ['reset', 'tunnel_lost: tunnel_lost'],
	    deadline => ['lives', 'client closed'],
	    shutdown => ['reset', 'stopped: shutdown'] },
	{ state => 'greeting', with => 'half a packet',
	    reach => sub ($) { comes('main', substr STARTUP, 0, 8) },
	    listen => \&completes_its_packet,
	    rst => ['-', $early],
	    fin => ['eof', $early],
	    link => ['served', 'client closed'],
	    deadline => ['FATAL 57P03 client_timeout eof',
		'refused: client_timeout'],
	    shutdown => ['FATAL 57P03 shutdown eof', 'refused: shutdown'] },
	{ state => 'greeting', with => 'TLS agreed',
	    reach => \&asks_for_tls,
	    listen => \&takes_tls,
	    rst => ['-', $early],
	    fin => ['eof', $early],
	    link => ['FATAL 57P03 tunnel_lost eof', 'refused: tunnel_lost'],
	    deadline => ['eof', 'refused: client_timeout'],
	    shutdown => ['FATAL 57P03 shutdown eof', 'refused: shutdown'] },
	{ state => 'opening', with => 'a black hole',
	    reach => sub ($) { comes('hole', STARTUP) },
	    rst => ['-', $early],
	    fin => ['eof', $early],
	    link => ['FATAL 57P03 db_timeout eof', 'refused: db_timeout'],
	    deadline => ['FATAL 57P03 db_timeout eof', 'refused: db_timeout'],
	    shutdown => ['FATAL 57P03 shutdown eof', 'refused: shutdown'] },
	{ state => 'queued', with => 'its cancel request',
	    reach => \&cancels_behind_others,
	    '-' => sub ($) { clears_the_jam(); '-' },
	    eof => sub ($wire) { clears_the_jam(); what_comes($wire) },
	    rst => ['-', 'client lost'],
	    fin => ['eof', 'client closed'],
	    link => ['eof', qr/^cancel request not \w+/],
	    deadline => ['eof', qr/^cancel request (?:had no turn|not \w+)/],
	    shutdown => ['eof', 'cancel request not delivered: shutdown'] },
	{ state => 'securing', with => 'TLS ends here',
	    reach => sub ($) { comes('secure', STARTUP) },
	    rst => ['-', $early],
	    fin => ['eof', $early],
	    link => ['FATAL 57P03 tunnel_lost eof', 'refused: tunnel_lost'],
	    deadline => ['FATAL 57P03 db_silent eof', 'refused: db_silent'],
	    shutdown => ['FATAL 57P03 shutdown eof', 'refused: shutdown'] },
	{ state => 'choosing', with => 'TLS ends here',
	    reach => \&has_a_choice,
	    lives => \&makes_a_bad_choice,
	    rst => ['-', $wordless],
	    fin => ['eof', $wordless],
	    link => ['FATAL 57P03 tunnel_lost eof', 'refused: tunnel_lost'],
	    deadline => ['lives', 'client closed'],
	    shutdown => ['FATAL 57P03 shutdown eof', 'refused: shutdown'] },
	{ state => 'login', with => 'in the clear',
	    reach => sub ($) { comes('silent', STARTUP) },
	    rst => ['-', $early],
	    fin => ['eof', $early],
	    link => ['FATAL 57P03 tunnel_lost eof', 'refused: tunnel_lost'],
	    deadline => ['FATAL 57P03 db_silent eof', 'refused: db_silent'],
	    shutdown => ['FATAL 57P03 shutdown eof', 'refused: shutdown'] },
	{ state => 'hello', with => 'direct TLS',
	    reach => \&says_hello,
	    listen => \&goes_on_with_tls,
	    rst => ['-', $early],
	    fin => ['eof', $early],
	    link => ['FATAL 57P03 tunnel_lost eof', 'refused: tunnel_lost'],
	    deadline => ['FATAL 57P03 db_silent eof', 'refused: db_silent'],
	    shutdown => ['FATAL 57P03 shutdown eof', 'refused: shutdown'] },
	{ state => 'relaying', with => 'idle',
	    reach => sub ($) { logs_in() },
	    rst => ['-', 'client lost'],
	    fin => ['eof', 'client closed'],
	    link => ['FATAL 57P01 tunnel_lost eof', 'tunnel_lost: tunnel_lost'],
	    deadline => ['lives', 'client closed'],
	    shutdown => ['FATAL 57P01 shutdown eof', 'shutdown: shutdown'] },
	{ state => 'relaying', with => 'after goodbye',
	    reach => \&database_says_goodbye,
	    rst => ['-', 'client lost'],
	    fin => ['eof', 'client closed'],
	    link => ['eof', 'client closed'],
	    deadline => ['eof', 'database closed'],
	    shutdown => ['eof', 'database closed'] },
	{ state => 'negotiating', with => 'SSLRequest',
	    reach => sub ($) { comes('silent', PgJump::Wire::SSL_REQUEST) },
	    listen => \&takes_the_answer,
	    rst => ['-', $early],
	    fin => ['eof', $early],
	    link => ['FATAL 57P03 tunnel_lost eof', 'refused: tunnel_lost'],
	    deadline => ['FATAL 57P03 db_silent eof', 'refused: db_silent'],
	    shutdown => ['FATAL 57P03 shutdown eof', 'refused: shutdown'] },
	{ state => 'leaving', with => 'unread bytes',
	    reach => sub ($) { comes('cut', STARTUP) },
	    rst => ['-', 'db_closed: db_closed'],
	    fin => ['ZI reset', 'db_closed: db_closed'],
	    link => ['ZI reset', 'db_closed: db_closed'],
	    deadline => ['ZI reset', 'db_closed: db_closed'],
	    shutdown => ['ZI reset', 'db_closed: db_closed'] },
	{ state => 'refusing', with => 'told',
	    reach => \&is_refused,
	    rst => ['-', 'refused: db_refused'],
	    fin => ['eof', 'refused: db_refused'],
	    link => ['eof', 'refused: db_refused'],
	    deadline => ['eof', 'refused: db_refused'],
	    shutdown => ['eof', 'refused: db_refused'] },
);

sub states
{
	my $table = PgJump::Process::slurp("$FindBin::Bin/../src/client/states.c");
	return $table =~ /^\t\[CLIENT_\w+\] = \{ "(\w+)"/mg;
}

my @states = states();
cmp_ok(scalar @states, '>=', 9, 'the table of states is found');
for my $state (@states) {
	ok((grep { $_->{state} eq $state } @cases),
	    "there is a case for \"$state\"") unless $state eq 'closed';
}

# --- Walking --------------------------------------------------------------

# Its number in the log.
sub id_of($daemon, $wire)
{
	my ($name) = grep { $connections{$_}{listen} == $wire->{port} }
	    keys %connections;
	my $port = $wire->{from};
	my $accepted = qr/ client=(\d+) connection=$name peer=\S+ port=$port$/m;

	$daemon->says($accepted);
	return ($daemon->log_text =~ $accepted)[0] // 0;
}

sub is_in_state($log, $client)
{
	my @states = $log =~
	    /client state client=$client->{id} .*?\bto=(\w+)/g;

	return ($states[-1] // 'greeting') eq $client->{state};
}

sub closing_line($daemon, $id)
{
	my $line = PgJump::Process::eventually(20, sub {
		(grep { $_->{client} == $id }
		    $daemon->events('client closed'))[0];
	}) or return 'none';
	return join ': ', grep { defined } @$line{qw(how stage)};
}

# Errors (severity, SQLSTATE, stage), ReadyForQuery and the end.
sub what_comes($wire)
{
	my @seen;

	while (my ($type, $body) = $wire->message) {
		my $fields = PgJump::Wire::fields($body);
		push @seen, @$fields{qw(S C)}, $fields->{M} =~ /\[(\w+)\]$/
		    if $type eq 'E';
		push @seen, "Z$body" if $type eq 'Z';
	}
	# TLS answers a farewell, which who stopped sending cannot
	return join ' ', @seen, $wire->ended =~ s/Broken pipe/eof/r;
}

sub says_goodbye($wire)
{
	$wire->put(pack 'a N', 'X', 4);
	$wire->ended;
}

sub is_served($wire)
{
	PgJump::Wire::is_ready($wire->until('Z')) or return 'not served';
	says_goodbye($wire);
	return 'served';
}

sub lives($wire)
{
	$wire->query('select 1');
	my $types = join '', map { $_->[0] } @{ $wire->until('Z') };
	says_goodbye($wire);
	return $types =~ /TDCZ$/ ? 'lives' : "answers $types";
}

# The database waits for a password.
sub makes_a_bad_choice($wire)
{
	says_goodbye($wire);
	return $wire->{in} =~ /C08P01/ ? 'lives' : 'does not live';
}

my %look = (lives => \&lives, served => \&is_served, '-' => sub { '-' });

my %happens = (
	rst => sub ($daemon, @wires) { $_->abort for @wires },
	fin => sub ($daemon, @wires) {
		shutdown $_->socket, 1 for @wires;
	},
	link => sub ($daemon, @wires) { $_->kill_sessions for @boxes },
	deadline => sub ($daemon, @wires) { },
	shutdown => sub ($daemon, @wires) { $daemon->signal('TERM') },
);

sub reach_all($daemon, $event)
{
	my @clients = map { { %$_ } } @cases;

	for my $client (@clients) {
		$client->{wire} = $client->{reach}->($event);
		$client->{wire}{from} = $client->{wire}->local_port;
	}
	$_->{id} = id_of($daemon, $_->{wire}) for @clients;
	my @missed;
	ok(PgJump::Process::eventually(10, sub {
		my $log = $daemon->log_text;
		@missed = grep { !is_in_state($log, $_) } @clients;
		return !@missed;
	}), 'every state is reached')
	    or diag(map { "not $_->{state}, $_->{with}\n" } @missed);
	return @clients;
}

sub look($event, $client)
{
	my $expected = $client->{$event}[0];

	$client->{seen} = ($client->{$expected} // $look{$expected}
		// \&what_comes)->($client->{wire});
	$client->{wire}->close;
}

# The clients that are still there go on as clients do.
sub listen_all($event, @clients)
{
	for my $client (reverse grep { $_->{listen} } @clients) {
		next if $event =~ /rst|fin/;
		next if $event eq 'deadline' && $client->{state} eq 'greeting';
		$client->{listen}->($client->{wire});
	}
}

sub new_daemon($limit, %global)
{
	%connections = map {
		my $way = $_ eq 'hole';
		$_ => $lab->connection($_, connection_timeout => $limit,
		    box => $boxes[$way],
		    ssh_tunnel => { port => $relays[$way]->port },
		    @{ $databases{$_} })
	} keys %databases;
	my $daemon = $lab->daemon([@connections{sort keys %connections}],
	    log_level => 'debug', max_links => 1, %global);

	ok($daemon->says(qr/(?:info: jump box reached.*){2}/s),
	    'both tunnels are up');
	$present = $daemon;
	return $daemon;
}

# Those of clients and their forwards.
sub descriptors($daemon)
{
	return $daemon->descriptors - sum(map { $_->open_now } @relays);
}

sub walk($event, $limit, %global)
{
	my $daemon = new_daemon($limit, %global);
	my $base = descriptors($daemon);
	my @clients = reach_all($daemon, $event);

	$happens{$event}->($daemon, map { $_->{wire} } @clients);
	listen_all($event, @clients);
	for my $client (reverse @clients) {
		# a deadline is waited for, all others need not be
		closing_line($daemon, $client->{id}) if $event eq 'deadline'
		    && $client->{deadline}[0] ne 'lives';
		look($event, $client);
	}
	for my $client (@clients) {
		my $name = "$client->{state}, $client->{with}";
		my @seen = ($client->{seen},
			closing_line($daemon, $client->{id}));
		note(sprintf '%-26s %-9s %-32s %s', $name, $event, @seen);
		my ($gets, $ends) = @{ $client->{$event} };
		is($seen[0], $gets, "$name: what it gets");
		like($seen[1], ref $ends ? $ends : qr/\A\Q$ends\E\z/,
		    "$name: how it ends");
	}
	ok(PgJump::Process::eventually(20, sub {
		descriptors($daemon) <= $base;
	}), 'no descriptor is left') if $event ne 'shutdown';
	$daemon->down;
}

my @long = (60, startup_timeout => '60s', open_timeout => '60s');
my $short = 3 * $patience;

subtest 'the client vanishes' => sub { walk('rst', @long) };
subtest 'the client stops sending' => sub { walk('fin', @long) };
subtest 'the tunnel dies' => sub { walk('link', $short) };
subtest 'its time is over' => sub {
	walk('deadline', $short, startup_timeout => "${short}s");
};
subtest 'pgjump stops' => sub {
	walk('shutdown', @long, shutdown_timeout => 2 * $patience . 's');
};

$lab->done;
