# SPDX-License-Identifier: PostgreSQL
#
# client_tls: terminate.  A lost session ends in TLS as it does in plain text:
# with the cause if it can be told, with a reset if not, and after everything
# that was received before.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Pki qw(cert key);
use PgJump::Process qw(eventually);
use Test::More;

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $box = $lab->box;
my $relay = PgJump::Relay->new(to => $box->port);
my @ours = (box => $box, ssh_tunnel => { port => $relay->port },
	client_tls => 'terminate', tls_cert => cert('door'),
	tls_key => key('door'));
my %to = (plain => $lab->connection('e_plain', @ours),
	TLS => $lab->connection('e_tls', @ours, ssl => 'require'));
my $daemon = $lab->daemon([values %to]);
my %label = (label => 'tunnel_lost');

sub is_up($connection)
{
	return eventually(20, sub {
		$lab->psql($connection, 'select 1',
		    channel_binding => 'disable')->{rc} eq '0';
	});
}

sub enter($connection)
{
	my $wire = $lab->wire($connection);

	$wire->ssl_request;
	$wire->start_tls;
	PgJump::Wire::is_ready($wire->login) or die 'no login';
	return $wire;
}

sub heard($wire)
{
	my $messages = $wire->until('!');
	my ($error) = grep { $_->[0] eq 'E' } reverse @$messages;

	return { types => join('', map { $_->[0] } @$messages),
		error => PgJump::Wire::fields($error ? $error->[1] : ''),
		ended => $wire->ended };
}

sub runs($wire)
{
	return eventually(20, sub {
		$pg->sql('select state from pg_stat_activity where pid = '
		    . $wire->{backend_pid}) eq 'active';
	});
}

for my $way (sort keys %to) {
	subtest "the database is spoken to in $way" => sub {
		ok(is_up($to{$way}), 'the tunnel is up');
		my %wire = map { $_ => enter($to{$way}) } qw(idle busy extended);
		$wire{busy}->query('select pg_sleep(60)');
		$wire{extended}->put(join '', map {
			pack 'a N a*', $_->[0], 4 + length $_->[1], $_->[1]
		} ['P', "\0select pg_sleep(60)\0\0\0"], ['B', "\0\0\0\0\0\0\0\0"],
		    ['E', "\0\0\0\0\0"], ['S', '']);
		ok(runs($wire{$_}), "$_ is busy") for qw(busy extended);
		$relay->cut;
		my %seen = map { $_ => heard($wire{$_}) } keys %wire;
		for my $which (sort keys %seen) {
			like($seen{$which}{error}{M},
			    qr/^terminating connection: pgjump: tunnel lost: .*\[$label{label}\]$/,
			    "$which: told");
			is($seen{$which}{ended}, 'eof', "$which: then the end");
		}
		is($seen{idle}{error}{C}, '57P01', 'idle: SQLSTATE');
		is($seen{idle}{types}, 'E', 'idle: an error alone');
		is($seen{busy}{error}{C}, '08006', 'busy: SQLSTATE');
		is($seen{busy}{types}, 'EZ', 'busy: ReadyForQuery follows');
		is($seen{extended}{error}{S}, 'ERROR', 'extended: an error');
		like($seen{extended}{types}, qr/EZ$/, 'extended: and its end');
	};
}

subtest 'cut in the middle of a message' => sub {
	ok(is_up($to{plain}), 'the tunnel is up');
	my $wire = $lab->wire($to{plain}, small => 1);
	$wire->ssl_request;
	$wire->start_tls;
	$wire->login;
	my ($start, $stood) = ($relay->bytes_out, 0);
	my $mark = $daemon->mark;
	$wire->query(q{select repeat('x', 100000000)});
	ok(eventually(20, sub {
		my $now = $relay->bytes_out;
		my $stands = $now == $stood && $now > $start + 100_000;
		$stood = $now;
		$stands;
	}), 'a client that does not read yet');
	$relay->cut;
	ok($daemon->says(qr/=tunnel_lost\b/, 10, $mark), 'the tunnel dies');
	my $got = 0;
	while (defined(my $more = $wire->take(1))) {
		$got += length($more) + length $wire->{in};
		$wire->{in} = '';
	}
	is($wire->ended, 'reset', 'the end is a reset');
	cmp_ok($got, '>', ($stood - $start) * 0.9, 'what came before is read');
};

subtest "the database's own words" => sub {
	ok(is_up($to{TLS}), 'the tunnel is up');
	my $wire = enter($to{TLS});
	$pg->sql("select pg_terminate_backend($wire->{backend_pid})");
	my $seen = heard($wire);
	is($seen->{error}{M},
	    'terminating connection due to administrator command', 'pass');
	is($seen->{ended}, 'eof', 'and so does its end');
};

subtest 'pgjump stops' => sub {
	my $idle = enter($to{plain});
	$daemon->signal('TERM');
	my $seen = heard($idle);
	is($seen->{error}{C}, '57P01', 'an idle session is told');
	like($seen->{error}{M}, qr/pgjump is shutting down/, 'in words');
	is($daemon->wait_end, 'exit 143', 'and pgjump ends');
};

$pg->down; # it would wait for those who sleep
$lab->done;
