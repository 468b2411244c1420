# SPDX-License-Identifier: PostgreSQL
#
# A jump box that confirms a channel of an unknown type, which is how pgjump
# asks for a sign of life.  Whether it keeps such channels for ever, ends them
# at once, or answers no question on them: its link stays, a session goes on,
# and its silence is noticed in time.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Process qw(eventually);
use PgJump::Unruly;
use Test::More;

plan skip_all => 'python3-paramiko is not installed'
    unless PgJump::Unruly->possible;

use constant ASKED => 25; # links were retired for eight, once

my $lab = PgJump::Lab->new;
my @kinds = qw(confirm confirm_and_end confirm_in_silence);

# All at the same time, since most of it is waiting.
my %jump = map { $_ => PgJump::Unruly->new(dir => $lab->dir, does => $_) }
    @kinds;
my %connection = map { $_ => $lab->connection($_,
	ssh_tunnel => $jump{$_}->tunnel) } @kinds;
my $daemon = $lab->daemon([values %connection], workers => 1,
    keepalive_interval => '1s', keepalive_count => 3);
my %wire = map { $_ => $lab->wire($connection{$_}, sslmode => 'disable') }
    @kinds;

sub works($wire)
{
	return PgJump::Wire::is_ready($wire->query('select 1')->until('Z'));
}

# Events that name this jump box.
sub events($what, $kind)
{
	my $port = $jump{$kind}->tunnel->{port};

	return scalar(grep { $_->{jump} =~ /:$port\z/ } $daemon->events($what));
}

ok(PgJump::Wire::is_ready($wire{$_}->login), "$_: a session is up")
    for @kinds;
for my $kind (@kinds) {
	ok(eventually(60, sub { $jump{$kind}->said(qr/^(confirmed|asked)/m)
		    >= ASKED }), "$kind: asked often");
	is(events('link retired', $kind), 0, '... no link was retired');
	is(events('link lost', $kind), 0, '... or lost');
	is(events('jump box reached', $kind), 1, '... or dialled anew');
	ok(works($wire{$kind}), '... and the session lives');
}
is($jump{confirm}->said(qr/^confirmed/m), 1, 'one ping was confirmed');
cmp_ok($jump{confirm}->said(qr/^asked by/m), '<=', 2,
    'and after its first answer nothing was asked of which a packet stays');

for my $kind (@kinds) {
	$jump{$kind}->freeze;
	my ($last) = grep { $_->[0] eq 'E' } @{ $wire{$kind}->until('!') };
	like($last->[1] // '', qr/silent.*\[tunnel_lost\]/,
	    "$kind: its silence is noticed");
	$jump{$kind}->down;
}
$lab->done;
