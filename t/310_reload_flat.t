# SPDX-License-Identifier: PostgreSQL
#
# Many reloads leave nothing behind: descriptors and memory stay what they are,
# although connections and jump boxes come and go, and a session lives through
# all of them.  PGJUMP_TEST_RELOADS=500 for the whole of it.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(eventually);

my $lab = PgJump::Lab->new;
my $reloads = $ENV{PGJUMP_TEST_RELOADS} // 60;
my $kept = $lab->connection('kept');
my $other = $lab->connection('other');
my $third = $lab->connection('third', ssh_tunnel => 0);
my $daemon = $lab->daemon([$kept]);
my $wire = $lab->wire($kept);
$wire->login;

# The connections after so many reloads: databases and jump boxes are new ones.
sub after($n)
{
	my @list = ($kept);

	push @list, { %$other, host => "db$n.example", ssh_tunnel => {
		%{ $other->{ssh_tunnel} }, known_hosts => "/nonexistent$n" } }
	    if $n % 2;
	push @list, { %$third, max_clients => 10 + $n } if $n % 3;
	return { connections => [reverse @list] };
}

sub reload($n)
{
	my $accepted = $daemon->reload(after($n))->{accepted};

	if ($n % 3) { # a client of its own leaves a list that must go
		my $passing = $lab->wire($third);
		$passing->login;
		$passing->close;
	}
	return $accepted;
}

# 6 is a number after which everything is as at the start.
sub settled
{
	reload(6);
	return eventually(20, sub {
		$lab->box->session_pids <= 2 && $daemon->threads <= 3
	});
}

ok(reload($_), "reload $_") for 1 .. 20;
settled();
my ($descriptors, $memory) = ($daemon->descriptors, $daemon->memory);
my @refused = grep { !reload($_) } 21 .. 20 + $reloads;
is("@refused", '', "$reloads more are accepted");
settled();
ok(eventually(20, sub { $daemon->descriptors <= $descriptors }),
    'descriptors are what they were')
    or diag($daemon->descriptors . " > $descriptors");
SKIP: {
	skip 'a sanitizer keeps memory of its own', 1 if $ENV{PGJUMP_SANITIZED};
	cmp_ok($daemon->memory, '<', $memory + 2000 + 4 * $reloads,
	    'and so is memory');
	note("memory: $memory KB, then " . $daemon->memory . ' KB');
}
$wire->query('select 1');
is(join('', map { $_->[0] } @{ $wire->until('Z') }), 'TDCZ',
    'the first session lives');
$lab->done;
