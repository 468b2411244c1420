# SPDX-License-Identifier: PostgreSQL
#
# A jump box that lets pgjump in and then fails: what `pgjump check` says of it,
# as text, as JSON and by its exit code.  The database behind it never answers,
# so that the forward waits as long as needed.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Golden qw(golden);
use PgJump::Process qw(eventually);
use PgJump::PythonBox;

my $lab = PgJump::Lab->new;
my $hole = PgJump::Peer->black_hole;
my $opening = qr/^debug1: connect_next: connect host .* in progress/m;

# Everything in the text must be in the JSON.
sub is_told($name, $text, $json, $facts)
{
	my $report = eval { JSON::PP::decode_json($json) } // {};
	my ($failed) = grep { $_->{status} eq 'failed' }
	    @{ $report->{phases} // [] };

	golden($lab, "check/$name.txt", $text);
	is($report->{$_}, $facts->{$_}, "JSON: $_") for sort keys %$facts;
	is($failed->{phase}, 'forward', 'the phase');
	is($failed->{hint}, $report->{hint}, 'its hint');
	is_deeply([map { $_->{status} } @{ $report->{phases} }[-4 .. -1]],
	    [('skipped') x 4], 'the rest is skipped');
}

# sshd fails while two checks, one for each form, wait for their forwards.
sub fails($name, $fail)
{
	my $box = $lab->new_box(config => { LogLevel => 'DEBUG1' });
	# a quarter of it is the time for $fail
	my $daemon = $lab->new_daemon([$lab->connection($name, box => $box,
		port => $hole->{port})],
	    open_timeout => 8 * $PgJump::Process::PATIENCE . 's');
	my ($text, $json) = map { $daemon->start_check(@$_) } [], ['--json'];

	ok(eventually(20, sub {
		2 == (() = $box->log_text =~ /$opening/g);
	}), 'the database is asked for');
	$fail->($box);
	is($_->wait_end(60), 'exit 18', 'exit code') for $text, $json;
	is_told($name, $text->text, $json->text,
	    { stage => 'tunnel_lost', side => 'tunnel' });
	$box->kill_all;
}

subtest 'sshd dies' => sub {
	fails('tunnel_broken', sub ($box) { $box->kill_sessions });
};

subtest 'sshd falls silent' => sub {
	fails('tunnel_silent', sub ($box) {
		kill 'STOP', $box->session_pids;
	});
};

# The database is not slow to log in, however long it takes to see that.
subtest 'the jump box falls silent before the login' => sub {
	my $relay = PgJump::Relay->new(to => $lab->box->port);
	my $daemon = $lab->new_daemon([$lab->connection('late',
		box => $lab->box, ssh_tunnel => { port => $relay->port },
		host => 'localhost', ssl => 'disable',
		connection_timeout => $PgJump::Process::PATIENCE)],
	    open_timeout => '2s', handshake_timeout => '4s');

	$relay->delay(0.2); # a round trip is the time to freeze it
	my $check = $daemon->start_check;
	$check->up(qr/^  ok .* postgres /m);
	$relay->freeze;
	is($check->wait_end(60), 'exit 18', 'exit code');
	like($check->text, qr/^  tunnel failed: .* \[tunnel_lost\]/m,
	    'the tunnel is blamed') or diag($check->text);
};

subtest 'the jump box has no room for a channel' => sub {
	plan skip_all => 'python3-paramiko is not installed'
	    unless PgJump::PythonBox->possible('paramiko');
	my $box = PgJump::PythonBox->new(dir => $lab->dir,
	    server => 'no_room');
	my $daemon = $lab->new_daemon([$lab->connection('no_room',
		ssh_tunnel => $box->tunnel)]);
	my ($text, $json) = map { $daemon->check(@$_) } [], ['--json'];

	is($_->{rc}, 17, 'exit code') for $text, $json;
	is_told('no_room', $text->{out}, $json->{out},
	    { stage => 'forward_limit', side => 'tunnel' });
};

$lab->done;
