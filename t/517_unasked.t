# SPDX-License-Identifier: PostgreSQL
#
# A jump box that sends what nobody asked for.  A little of it costs nothing,
# and keeps no session from ending; much of it ends the link, at any stage, with
# an error that says so.  A host key that changes between two key exchanges ends
# it too.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Process qw(eventually);
use PgJump::Told;
use PgJump::Unruly;
use Test::More;

plan skip_all => 'python3-paramiko is not installed'
    unless PgJump::Unruly->possible;

my $lab = PgJump::Lab->new;
my $excess = qr/it sent more than was asked for/;
my %protocol = (side => 'tunnel', hint => qr/which SSH server|log of (?:sshd|the SSH server)/,
	sslmodes => ['disable']);

# A pgjump before such a jump box, with one session that stays.
sub before($does)
{
	my $box = PgJump::Unruly->new(dir => $lab->dir, does => $does);
	my $main = $lab->connection($does, ssh_tunnel => $box->tunnel);
	my $daemon = $lab->daemon([$main], log_level => 'debug',
		max_links => $does eq 'much_litter' ? 2 : 1);
	my $stays = $lab->wire($main);

	ok(PgJump::Wire::is_ready($stays->login), 'a session is up');
	return ($box, $main, $daemon, $stays);
}

sub works($wire)
{
	return PgJump::Wire::is_ready($wire->query('select 1')->until('Z'));
}

sub end($box, $daemon, @wires)
{
	$_->close for @wires;
	$daemon->down;
	$box->down;
}

sub links($daemon) { return scalar(() = $daemon->events('jump box reached')) }

# --- a little -----------------------------------------------------------------

for my $does (qw(stderr stderr_at_once empty)) {
	subtest "$does: nobody notices" => sub {
		my ($box, $main, $daemon, $stays) = before($does);
		my $base = $daemon->descriptors;

		for my $count (1 .. 5) {
			my $seen = $lab->psql($main, 'select 40 + 2');
			is($seen->{out}, "42\n", "client $count is served")
			    or diag($seen->{err});
		}
		my $ends = $lab->wire($main);
		$ends->login;
		$lab->postgres->sql(
		    "select pg_terminate_backend($ends->{backend_pid})");
		is($ends->until('!')->[-1][0], 'E', 'the last word');
		is($ends->ended, 'eof', 'and the end of a database');
		ok(eventually(20, sub { $daemon->events('client closed') == 6 }),
		    'their sessions have ended');
		ok(works($stays), 'the one beside them goes on');
		ok(eventually(20, sub { $daemon->descriptors <= $base }),
		    'no descriptor is left');
		is(links($daemon), 1, 'the link has stayed');
		unlike($daemon->log_text, qr/link (?:lost|retired)/, 'in peace');
		end($box, $daemon, $stays);
	};
}

subtest 'some packets of no known kind' => sub {
	my ($box, $main, $daemon, $stays) = before('some_litter');

	$box->act;
	ok(works($stays), 'the session goes on');
	is($lab->psql($main, 'select 1')->{out}, "1\n", 'the next one comes');
	is(links($daemon), 1, 'by the same link');
	end($box, $daemon, $stays);
};

subtest 'the same key in a later key exchange' => sub {
	my ($box, $main, $daemon, $stays) = before('same_key');

	$box->act->up(qr/(?:done\n){$_}/) for 1 .. 3;
	ok(works($stays), 'the session goes on');
	is(links($daemon), 1, 'by the same link');
	end($box, $daemon, $stays);
};

# --- much ----------------------------------------------------------------------

subtest 'many packets of no known kind' => sub {
	my ($box, $main, $daemon, $stays) = before('much_litter');

	$box->act;
	ok($daemon->says(qr/link retired/), 'the link takes no new channel');
	ok(works($stays), 'its session goes on');
	is($lab->psql($main, 'select 1')->{out}, "1\n", 'the next one comes');
	cmp_ok(links($daemon), '>=', 2, 'by another link');
	end($box, $daemon, $stays);
};

for my $case (
	['too_much_litter', 'too many packets of no known kind', $excess],
	['small_hoard', 'two megabytes of large ones', $excess],
	['hoard', 'too large ones', $excess],
	['claim', 'a name of 3 MB, 200 times', $excess],
	['huge_claim', 'a name of 4 GB', $excess],
	['other_key', 'another host key in a later key exchange',
		qr/it\ showed\ another\ host\ key\ in\ a\ later\ key\ exchange,
		\ \Q${\ PgJump::Keys::fingerprint('ed25519')}\E/x],
) {
	my ($does, $name, $words) = @$case;

	subtest $name => sub {
		my ($box, $main, $daemon, $stays) = before($does);
		my $memory = $daemon->memory;

		$stays->query('select pg_sleep(60)');
		$box->act;
		my ($error) = grep { $_->[0] eq 'E' } @{ $stays->until('Z') };
		my $fields = PgJump::Wire::fields($error->[1] // '');
		like($fields->{M}, qr/^terminating\ connection:\ pgjump:
		    \ tunnel\ lost:\ .*$words\ \[tunnel_lost\]$/x,
		    'the session hears why');
		like($fields->{H}, qr/which SSH server/, 'HINT');
		my ($lost) = $daemon->events('link lost');
		is($lost->{stage}, 'tunnel_lost', 'the log has the stage');
		like($lost->{cause}, $words, 'and the cause');
		unless ($does eq 'other_key') {
			is($lab->psql($main, 'select 1')->{out}, "1\n",
			    'the next one comes');
		}
		cmp_ok($daemon->memory, '<', $memory + 16 * 1024,
		    'within a few MB') unless $ENV{PGJUMP_SANITIZED};
		end($box, $daemon, $stays);
	};
}

# --- before there is a session ---------------------------------------------------

subtest 'in the login' => sub {
	my $box = PgJump::Unruly->new(dir => $lab->dir, does => 'hoard_in_login');
	my $main = $lab->connection('c_login', ssh_tunnel => $box->tunnel);
	my $daemon = $lab->daemon([$main]);

	told($lab, $daemon, $main, { name => 'much in the login',
		label => 'jump_auth', says => qr/login .*: $excess/,
		%protocol });
	end($box, $daemon);
};

# A packet of one byte takes about thirty bytes to keep.
subtest 'in the handshake' => sub {
	my $packet = pack 'N C C', 2, 0, 192;
	my $box = PgJump::Peer->new(['accept',
		"SSH-2.0-unruly\r\n" . $packet x 40_000, 'stay']);
	my $main = $lab->connection('c_handshake', ssh_tunnel => {
		port => $box->port,
		host_key => PgJump::Keys::fingerprint('host-ed25519') });
	my $daemon = $lab->daemon([$main]);

	told($lab, $daemon, $main, { name => 'much in the handshake',
		label => 'jump_handshake',
		says => qr/SSH handshake .* failed: $excess/, %protocol });
	$daemon->down;
};

$lab->done;
