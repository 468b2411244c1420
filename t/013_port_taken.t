# SPDX-License-Identifier: PostgreSQL
#
# A port that is taken: which option chooses another one, and who holds it.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use IO::Socket::INET;
use PgJump::Process qw(spew);

my $lab = PgJump::Lab->new;
my $holder = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
    or die "listen: $!";
my $port = $holder->sockport;
my $file = spew($lab->dir . '/taken.yaml',
    "- { name: a, host: h, listen: '127.0.0.1:$port' }\n", 0600);
my $seen = PgJump::Daemon::command(['-c', $file], dir => $lab->dir);

is($seen->{rc}, 1, 'pgjump does not start');
like($seen->{err}, qr/error: cannot listen connection=a listen=127\.0\.0\.1:$port error="Address already in use"/,
    'says where');
like($seen->{err}, qr/ held_by="[^"]+ \(pid $$\)"/, 'who holds the port');
like($seen->{err}, qr/ hint="Set listen of this connection to another port, or stop what listens there: ss -ltnp 'sport = :$port' shows it\."/,
    'and what to do');

$lab->done;
