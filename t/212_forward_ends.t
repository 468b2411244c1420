# SPDX-License-Identifier: PostgreSQL
#
# One forward ends while the link lives.  An end by sshd's ChannelTimeout is
# reported as the jump box's.  The database's own end is passed on as it came,
# but an end that cuts something off never looks orderly, because some drivers
# would run their statement again.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(eventually);

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $reset = PgJump::Relay->new(to => $pg->port);
my %version = ('TLS 1.2' => 'TLSv1_2', 'TLS 1.3' => 'TLSv1_3');

sub enter($connection, $over)
{
	my $wire = $lab->wire($connection);

	if ($over ne 'plain') {
		$wire->ssl_request;
		$wire->start_tls(SSL_version => $version{$over});
	}
	PgJump::Wire::is_ready($wire->login) or die 'no login';
	return $wire;
}

# Fields of the last error of these messages.
sub error_of($messages)
{
	my ($error) = grep { $_->[0] eq 'E' } reverse @$messages;

	return PgJump::Wire::fields($error ? $error->[1] : '');
}

# What comes until the end: types of messages, fields of the last error, and
# how it ended.
sub heard($wire)
{
	my $messages = $wire->until('!');

	return { types => join('', map { $_->[0] } @$messages),
		error => error_of($messages), ended => $wire->ended };
}

sub busy($wire)
{
	$wire->query('select pg_sleep(60)');
	eventually(20, sub {
		$pg->sql('select state from pg_stat_activity where pid = '
		    . $wire->{backend_pid}) eq 'active';
	}) or die 'the query does not run';
	return $wire;
}

# The database tells it something again and again.
sub chatty($wire)
{
	$wire->query('do $$begin loop raise notice $_$on$_$;
	    perform pg_sleep(0.1); end loop; end$$');
	$wire->until('N')->[-1][0] eq 'N' or die 'the query does not run';
	return $wire;
}

# Idle or busy for longer than sshd's limit: only a close in both directions
# tells sshd's time-out from the database's end.
sub still($wire)
{
	eventually(20, sub {
		$pg->sql("select now() - state_change > interval '600 ms'
		    from pg_stat_activity
		    where pid = $wire->{backend_pid}") eq 't';
	}) or die 'not still';
}

sub up_again
{
	return $pg->start if $pg->process->ended;
	eventually(30, sub { eval { $pg->sql('select 1') } });
}

# --- the jump box ends it ---------------------------------------------------

subtest 'ChannelTimeout of sshd' => sub {
	plan skip_all => 'this sshd knows no ChannelTimeout'
	    unless PgJump::JumpBox::has_channel_timeouts();
	my $box = $lab->new_box(
	    config => { ChannelTimeout => 'direct-tcpip=3s' });
	my $connection = $lab->connection('c_timeout', box => $box);
	my $daemon = $lab->daemon([$connection]);
	my $stays = chatty(enter($connection, 'plain'));
	my %wire = (idle => enter($connection, 'plain'),
		busy => busy(enter($connection, 'plain')),
		'idle in TLS' => enter($connection, 'TLS 1.3'),
		'busy in TLS' => busy(enter($connection, 'TLS 1.2')));

	# A client that is not idle is left alone, and keeps the link in use.
	ok(eventually(20, sub { $daemon->times('session ended') == 4 }),
	    'who is idle is ended, whatever it waits for');
	my %seen = map { $_ => heard($wire{$_}) } keys %wire;
	for my $which (qw(idle busy)) {
		my $error = $seen{$which}{error};
		like($error->{M}, qr/^terminating\ connection:\ pgjump:\ tunnel
		    \ lost:\ jump\ box\ 127\.0\.0\.1:\d+\ closed\ the\ forward
		    .*\[tunnel_lost\]$/x, "$which: the jump box is named");
		like($error->{H}, qr/ChannelTimeout/, "$which: so is the cause");
		is($seen{$which}{ended}, 'eof', "$which: then the end");
	}
	is($seen{idle}{types}, 'E', 'idle: an error alone');
	is($seen{idle}{error}{C}, '57P01', 'idle: SQLSTATE');
	is($seen{busy}{types}, 'EZ', 'busy: an error and ReadyForQuery');
	is($seen{busy}{error}{C}, '08006', 'busy: SQLSTATE');
	for my $which ('idle in TLS', 'busy in TLS') {
		is($seen{$which}{types}, '', "$which: not a word");
		is($seen{$which}{ended}, 'reset', "$which: a reset");
	}
	$pg->sql("select pg_cancel_backend($stays->{backend_pid})");
	is(error_of($stays->until('Z'))->{C}, '57014',
	    'who was not idle goes on to its own end');
	is(() = $daemon->events('jump box reached'), 1,
	    'and the link has stayed');
	$daemon->down;
};

# --- the database ends it ---------------------------------------------------

my %end_by = (
	'the client says Terminate' => sub ($wire) {
		$wire->put(pack 'a N', 'X', 4);
	},
	'pg_terminate_backend' => sub ($wire) {
		$pg->sql("select pg_terminate_backend($wire->{backend_pid})");
	},
	'its backend is killed' => sub ($wire) {
		kill 'KILL', $wire->{backend_pid};
	},
	'another backend is killed' => sub ($wire) {
		kill 'KILL', $pg->sql(q{select pid from pg_stat_activity
		    where backend_type = 'walwriter'});
	},
	'immediate shutdown' => sub ($wire) { $pg->down('QUIT') },
	'a reset' => sub ($wire) { $reset->cut },
);

# If the database was asked to end, or said FATAL, its end reaches the client as
# it does without pgjump.  After any other end a client in plain text is told,
# and a client in TLS gets a reset.
my $table = <<'TABLE';
how                        was               over     types  ended
the client says Terminate  idle              plain    -      eof
the client says Terminate  idle              TLS 1.2  -      eof
the client says Terminate  idle              TLS 1.3  -      eof
pg_terminate_backend       idle              plain    E      eof
pg_terminate_backend       idle              TLS 1.2  E      eof
pg_terminate_backend       idle              TLS 1.3  E      eof
pg_terminate_backend       busy              plain    TE     eof
pg_terminate_backend       busy              TLS 1.2  TE     eof
pg_terminate_backend       busy              TLS 1.3  TE     eof
its backend is killed      idle              plain    E      eof
its backend is killed      in a transaction  plain    E      eof
its backend is killed      idle              TLS 1.2  -      reset
its backend is killed      busy              plain    EZ     eof
its backend is killed      busy              TLS 1.3  -      reset
another backend is killed  idle              plain    NE     eof
another backend is killed  busy              plain    TNEZ   eof
immediate shutdown         idle              plain    NE     eof
another backend is killed  busy              TLS 1.2  TN     reset
another backend is killed  busy              TLS 1.3  TN     reset
a reset                    idle              plain    E      eof
a reset                    in a transaction  plain    E      eof
a reset                    busy              plain    EZ     eof
a reset                    idle              TLS 1.3  -      reset
a reset                    busy              TLS 1.2  -      reset
TABLE

# A server that takes the time to warn its clients.
my %words = (
	'another backend is killed' => qr/had\ said:\ terminating\ connection
	    \ because\ of\ crash\ of\ another\ server\ process
	    \ \(SQLSTATE\ 57P02\)/x,
	'immediate shutdown' => qr/had\ said:\ terminating\ connection\ due
	    \ to\ immediate\ shutdown\ command\ \(SQLSTATE\ 57P01\)/x,
);

sub check_ends($lab, $connection, $rows)
{
	for (@$rows) {
		my ($how, $was, $over, $types, $ended) = split /  +/;
		my $wire = enter($connection, $over);

		busy($wire) if $was eq 'busy';
		$wire->query('begin')->until('Z') if $was eq 'in a transaction';
		still($wire) if $how =~ /killed|reset|shutdown/;
		$end_by{$how}->($wire);
		my $heard = heard($wire);
		up_again();
		is("$heard->{types} $heard->{ended}",
		    ($types eq '-' ? '' : $types) . " $ended",
		    "$how, $was, $over");
		next unless $over eq 'plain' && $how !~ /terminate/i;
		like($heard->{error}{M}, qr/\[db_closed\]$/,
		    'the database is named');
		is($heard->{error}{C}, $was eq 'busy' ? '08006' : '57P01',
		    'SQLSTATE');
		like($heard->{error}{M}, $words{$how}
		    // qr/without giving a reason/, 'and its reason');
	}
}

my (undef, @rows) = split /\n/, $table;
subtest 'the database ends it' => sub {
	my $connection = $lab->connection('c_ends', port => $reset->port);
	my $daemon = $lab->daemon([$connection]);

	check_ends($lab, $connection, \@rows);
	is(() = $daemon->events('jump box reached'), 1, 'the link has stayed');
	unlike($daemon->log_text, qr/stage=tunnel_lost/,
	    'and was never blamed');
	$daemon->down;
};

subtest 'the same without a tunnel' => sub {
	my $connection = $lab->connection('c_direct', ssh_tunnel => undef,
	    port => $reset->port);
	my $daemon = $lab->daemon([$connection]);

	check_ends($lab, $connection, [grep { /Terminate|terminate/ } @rows]);
	$daemon->down;
};

$lab->done;
