# SPDX-License-Identifier: PostgreSQL
#
# 100 clients at once, 150 ms away from the jump box, with one link at first:
# all are served in time, because the pool grows as fast as an sshd with a limit
# on logins allows.  If the pool must not grow, the clients whose turn does not
# come are told why.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use List::Util qw(max);
use PgJump::Crowd;
use PgJump::Standin;

use constant ROUND_TRIP => 0.15;

my $lab = PgJump::Lab->new;
my $database = PgJump::Standin->new('far');
my $box = $lab->new_box(config => { MaxStartups => '10:30:100' });
my $relay = PgJump::Relay->new(to => $box->port);
my %far = (port => $database->port, box => $box,
    ssh_tunnel => { port => $relay->port });

$relay->delay(ROUND_TRIP / 2);

# The states of 100 clients of a daemon with one link: { state => [client] }.
sub crowd($daemon, $connection)
{
	my $crowd = PgJump::Crowd->new;
	my %by_state;

	ok($daemon->tunnel_up, 'the tunnel is up');
	is($daemon->events('jump box reached'), 1, 'over one link');
	my @clients = map { $crowd->add($connection->{listen}) } 1 .. 100;
	$crowd->run(30);
	push @{ $by_state{ $_->{state} } }, $_ for @clients;
	return \%by_state;
}

subtest 'with room to grow' => sub {
	my $far = $lab->connection('far', %far);
	my $daemon = $lab->daemon([$far]);
	my $seen = crowd($daemon, $far);
	is_deeply([keys %$seen], ['ready'], 'all are served');
	note(sprintf 'the last one after %.1f s',
	    max(map { $_->{seconds} } @{ $seen->{ready} }));
	my $links = $daemon->events('jump box reached');
	cmp_ok($links, '<=', 8, "over $links links");
	unlike($box->log_text, qr/MaxStartups|drop connection/,
	    'sshd sees no storm');
	$daemon->down;
};

# A link opens one forward at a time, each in a round trip.
subtest 'over a single link' => sub {
	my $far = $lab->connection('far_alone', %far, connection_timeout => 4);
	my $daemon = $lab->daemon([$far], max_links => 1);
	my $seen = crowd($daemon, $far);
	is_deeply([sort keys %$seen], [qw(ready refused)],
	    'everybody is served or told');
	cmp_ok(@{ $seen->{ready} }, '>=', 10, 'the slot is never idle');
	my @texts = map { join "\n", @{ $_->{error} }{qw(C M D H)} }
	    @{ $seen->{refused} };
	my $wanted = join "\n", qr/57P03/,
	    qr/pgjump: tunnel failed: no SSH session to jump box 127\.0\.0\.1:\d+ was free to open a forward within [\d.]+ s \[forward_limit\]/,
	    qr/the only link to the jump box was busy/, qr/Raise max_links\b.*/;
	is_deeply([grep { !/\A$wanted\z/ } @texts], [],
	    'that there is one link, and which setting allows more');
};

$lab->done;
