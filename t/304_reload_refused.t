# SPDX-License-Identifier: PostgreSQL
#
# A reload that cannot be done whole changes nothing: each error is told with
# its place in the file, and clients of every connection are served as before.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use IO::Socket::IP;
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually spew);

my $lab = PgJump::Lab->new;
my @ports = reserve(2);
my $key = spew($lab->dir . '/key', PgJump::Keys::private('ed25519'), 0600);
my $first = $lab->connection('first', listen => $ports[0], ssh_tunnel => {
	private_key => undef, private_key_file => $key });
my $second = $lab->connection('second', listen => $ports[1],
    ssh_tunnel => 0);
my %good = (connections => [$first, $second]);
my $daemon = $lab->daemon([$first, $second]);
my $file = $daemon->file;

ok($daemon->tunnel_up, 'the tunnel is up');
my @wires = map { my $w = $lab->wire($_); $w->login; $w } $first, $second;

sub is_as_before($what)
{
	for my $i (0, 1) {
		$wires[$i]->query('select 1');
		is(join('', map { $_->[0] } @{ $wires[$i]->until('Z') }),
		    'TDCZ', "$what: the session of $i goes on");
		is($lab->psql([$first, $second]->[$i], 'select 7')->{out},
		    "7\n", 'new clients are served');
	}
}

# name, file, what the log must say of it
my $taken = IO::Socket::IP->new(LocalHost => '127.0.0.1',
    LocalPort => reserve(), Listen => 1, Proto => 'tcp');
my @cases = (
	['a file that is no YAML', "connections: [\n  {",
	    qr/^\Q$file\E:\d+:\d+: not YAML/],
	['an unknown key', { %good, max_link => 3 },
	    qr/^\Q$file\E:\d+:\d+: .*max_link\b.*max_links/],
	['all errors at once', { connections => [
		{ %$first, port => 'none' }, { %$second, max_clients => -1 }] },
	    qr/^\Q$file\E:\d+:\d+: .*port.*\n\Q$file\E:\d+:\d+: .*max_clients/],
	['a list without connections', { connections => [] },
	    qr/^\Q$file\E:\d+:\d+: there is no connection/],
	['an empty file', '', qr/^\Q$file\E:/],
	['a port in use', { connections => [$first, $second, { %$second,
		name => 'third', listen => $taken->sockport + 0 }] },
	    qr/^\Q$file\E:\d+:\d+: connection "third" cannot listen on 127\.0\.0\.1:\d+: Address already in use$/m],
	['an address that contains one of its own', { connections => [$first,
		{ %$second, listen => "0.0.0.0:$ports[1]",
		allow_from => '127.0.0.0/8' }] },
	    qr/cannot listen on 0\.0\.0\.0:$ports[1]: .*; pgjump itself listens on 127\.0\.0\.1:$ports[1]/],
);

for my $case (@cases) {
	my ($what, $config, $words) = @$case;
	my $verdict = $daemon->reload($config);
	is($verdict->{accepted}, 0, "$what is refused");
	like($verdict->{errors}, $words, 'and told with its place');
	is($verdict->{level}, 'error', 'as an error');
	is_as_before($what);
}

my $others = $lab->connection('fourth', listen => reserve());
is($daemon->reload({ connections => [$first, $others, { %$second,
	name => 'third', listen => $taken->sockport + 0 }] })->{accepted}, 0,
    'one port of several is in use');
ok(!IO::Socket::IP->new(PeerHost => '127.0.0.1',
	PeerPort => $others->{listen}), 'so the others are closed again');

SKIP: {
	skip 'root may read every file', 2 if $> == 0;
	chmod 0, $key;
	my $verdict = $daemon->reload(\%good);
	is($verdict->{accepted}, 0, 'a key that cannot be read is refused');
	like($verdict->{errors}, qr/^\Q$file\E:\d+:\d+: .*private_key.*Permission denied/,
	    'and told');
	chmod 0600, $key;
}
rename $key, "$key.away";
my $verdict = $daemon->reload(\%good);
is($verdict->{accepted}, 0, 'a key that is not there is refused');
like($verdict->{errors}, qr/^\Q$file\E:\d+:\d+: .*private_key.*No such file/,
    'and told');
is_as_before('without key');
spew($key, "no key at all\n", 0600);
$verdict = $daemon->reload(\%good);
is($verdict->{accepted}, 0, 'a file that holds no key is refused');
like($verdict->{errors}, qr/^\Q$file\E:\d+:\d+: .*private_key_file/, 'and told');
rename "$key.away", $key;
unlink $file;
my $mark = $daemon->mark;
$daemon->signal('HUP');
ok($daemon->says(qr/reload refused/, 20, $mark), 'no file at all is refused');
is_as_before('without file');

$verdict = $daemon->reload(\%good);
is($verdict->{accepted}, 1, 'the good file is accepted again');
is($verdict->{kept}, 2, 'which changes nothing');
ok(!exists $verdict->{changed}, 'at all');

$verdict = $daemon->reload({ %good, workers => 2, log_level => 'debug' });
is($verdict->{accepted}, 1, 'workers need a restart');
is($verdict->{settings}, 'log_level', 'other settings do not');
like(($daemon->events('configuration warning'))[-1]{warning},
    qr/workers needs a restart, and stays as it was/, 'which is said by name');
is_as_before('after all');
$lab->done;
