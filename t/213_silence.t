# SPDX-License-Identifier: PostgreSQL
#
# Is the jump box still there?  A silent link asks, by opening a channel of a
# type that no server knows; if it stays silent, it is given up after the time
# that keepalive_interval and keepalive_count make, whoever uses it.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(eventually run);

my $lab = PgJump::Lab->new;
my $box = $lab->new_box(config => { LogLevel => 'DEBUG1' });
my $relay = PgJump::Relay->new(to => $box->port);
my $main = $lab->connection('c_main', box => $box,
    ssh_tunnel => { port => $relay->port });

sub enter($over = 'plain')
{
	my $wire = $lab->wire($main);

	$wire->ssl_request, $wire->start_tls if $over eq 'tls';
	PgJump::Wire::is_ready($wire->login) or die 'no login';
	return $wire;
}

# How often the jump box was asked, according to its own log.
sub asked { scalar(() = $box->log_text =~ /ctype ping\@pgjump/g) }

sub reached($daemon) { scalar(() = $daemon->events('jump box reached')) }

subtest 'who is silent too long is given up' => sub {
	my $daemon = $lab->daemon([$main], keepalive_interval => '300ms',
	    keepalive_count => 4);
	my ($idle, $busy, $tls) = (enter(), enter(), enter('tls'));

	$busy->query('select pg_sleep(60)');
	ok(eventually(20, sub {
		$lab->postgres->sql(q{select count(*) from pg_stat_activity
		    where state = 'active' and query like '%sleep(60)'}) == 1;
	}), 'a query is in flight');
	my ($mark, $before) = ($daemon->mark, asked());
	ok(eventually(20, sub { asked() >= $before + 2 }),
	    'silence is asked about, and answered');
	$relay->freeze;
	my $new = $lab->wire($main)->startup;
	ok($daemon->says(qr/link lost/, 20, $mark), 'silence is noticed');
	my ($lost) = $daemon->events('link lost', $mark);
	my ($number, $unit) = $lost->{cause} =~ /^([\d.]+) (m?s)$/;
	my $silent_ms = $number * ($unit eq 's' ? 1000 : 1);
	cmp_ok($silent_ms, '>=', 1200, 'not before interval x count');
	cmp_ok($silent_ms, '<=', 1500 + 500 * $PgJump::Process::PATIENCE,
	    'and hardly later than interval and interval x count') unless $ENV{PGJUMP_SANITIZED};

	my @words = @{ $idle->until('!') };
	is(join('', map { $_->[0] } @words), 'E', 'idle: an error alone');
	my $error = PgJump::Wire::fields($words[0][1]);
	is($error->{C}, '57P01', 'idle: SQLSTATE');
	like($error->{M}, qr/^terminating connection: pgjump: tunnel lost: .* silent for/,
	    'idle: words');
	@words = @{ $busy->until('!') };
	is(join('', map { $_->[0] } @words), 'EZ',
	    'busy: an error and ReadyForQuery');
	is(PgJump::Wire::fields($words[0][1])->{C}, '08006', 'busy: SQLSTATE');
	is($tls->ended, 'reset', 'TLS: a reset');
	($error) = @{ $new->until('E') };
	like(PgJump::Wire::fields($error->[1])->{M},
	    qr/^pgjump: tunnel failed: /,
	    'who comes then hears of the tunnel, not of the database');
	$relay->thaw;
	ok(eventually(20, sub {
		$lab->psql($main, 'select 1')->{out} eq "1\n";
	}), 'and who comes later is served');
	$_->close for $idle, $busy, $tls, $new;
	$daemon->down;
};

subtest 'a link that nobody uses' => sub {
	my $daemon = $lab->daemon([$main], keepalive_interval => '300ms',
	    keepalive_count => 2);
	ok($daemon->tunnel_up, 'the tunnel is up');
	my $mark = $daemon->mark;
	$relay->freeze;
	ok($daemon->says(qr/link lost .*channels=0/, 20, $mark),
	    'falls silent, and is given up');
	$relay->thaw;
	ok($daemon->tunnel_up(20, $mark), 'another takes its place');
	my $links = reached($daemon);
	is($lab->psql($main, 'select 1')->{out}, "1\n", 'a client comes');
	is(reached($daemon), $links, 'and finds it');
	$mark = $daemon->mark;
	$box->kill_sessions;
	ok($daemon->says(qr/link lost/, 20, $mark),
	    'a hang-up is noticed as well');
	ok($daemon->tunnel_up(20, $mark), 'and mended before anybody comes');
	$daemon->down;
};

subtest 'asking does no harm' => sub {
	my $daemon = $lab->daemon([$main], keepalive_interval => '100ms',
	    keepalive_count => 50);
	my $wire = enter();
	my $before = asked();
	ok(eventually(8, sub { asked() >= $before + 20 }),
	    'the jump box is asked in each interval');
	$wire->query('select 1');
	is_deeply([map { $_->[0] } @{ $wire->until('Z') }], [qw(T D C Z)],
	    'the session goes on');
	is(reached($daemon), 1, 'over the same link');
	$wire->close;
	$daemon->down;
};

subtest 'the kernel asks as well' => sub {
	plan skip_all => 'ss (iproute2) is not installed'
	    unless run(['ss', '-V'])->{rc} eq '0';
	my $daemon = $lab->daemon([$main], keepalive_interval => '200s');
	ok($daemon->tunnel_up, 'the tunnel is up');
	ok(eventually(20, sub {
		run(['ss', '-tnoH', 'dport', '=', ':' . $relay->port])->{out}
		    =~ /timer:\(keepalive,(?:3min|19\dsec)/;
	}), 'SO_KEEPALIVE follows keepalive_interval');
	$daemon->down;
};

$lab->done;
