# SPDX-License-Identifier: PostgreSQL
#
# The JSON documents that users have are accepted unchanged, in each of the
# three top-level shapes: only addresses, ports and keys are those of the lab.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Cache qw(shared_dir);

my $lab = PgJump::Lab->new;
my $pg = $lab->postgres;
my $box = $lab->box;

# as pasted
my ($staging, $analytics) = map {
	PgJump::Process::slurp("$FindBin::Bin/../etc/$_.json")
} qw(my-staging-db prod-analytics);
like($staging, qr/"100\.64\.1\.50".*"203\.0\.113\.10"/s, 'one document');
like($analytics, qr/"10\.0\.2\.45".*"bastion\.example\.com"/s, 'the other');

# Addresses and keys, nothing else; the port to listen on is the default.
sub here($document)
{
	my $key = PgJump::Keys::private('ed25519') =~ s/\n/\\n/gr;

	$document =~ s/100\.64\.1\.50|10\.0\.2\.45/127.0.0.1/;
	$document =~ s/: 5432/': ' . $pg->port/e;
	$document =~ s/203\.0\.113\.10|bastion\.example\.com/127.0.0.1/;
	$document =~ s/: 22,/': ' . $box->port . ','/e;
	$document =~ s/"(?:ubuntu|ec2-user)"/'"' . $box->user . '"'/e;
	$document =~ s/-----BEGIN OPENSSH PRIVATE KEY-----\\n\.\.\./$key/;
	return $document;
}

my $known = PgJump::Process::spew($lab->dir . '/known',
    $box->known_line . "\n");
my %shapes = (
	'a single connection' => here($staging),
	'a list' => '[' . here($staging) . ',' . here($analytics) . ']',
	'a mapping with global settings' => '{"connections": ['
	    . here($staging) . ',' . here($analytics)
	    . '], "log_level": "debug"}',
);

# The documents name no port to listen on, so only one test program at a time
# may use the default ones.
open my $lock, '>', shared_dir() . '/documents.lock' or die $!;
flock $lock, 2 or die $!;

for my $shape (sort keys %shapes) {
	subtest $shape => sub {
		my $daemon = $lab->new_daemon([], text => $shapes{$shape},
		    env => { PGJUMP_KNOWN_HOSTS => $known })->up;
		my @lines = $daemon->log_text =~
		    /(host=127\.0\.0\.1 port=\d+ dbname=\w+ user=readonly)/g;
		my @databases = $shape =~ /single/ ? 'myapp'
		    : qw(myapp analytics);

		is(@lines, @databases, 'start-up prints a psql line for each');
		for my $i (0 .. $#databases) {
			like($lines[$i], qr/port=@{[6432 + $i]} /,
			    'default ports in the order of the file');
			my $seen = PgJump::Process::run(['psql', '-XAtq', '-d',
				$lines[$i], '-c', 'select current_database()'],
			    env => { PGPASSWORD =>
				PgJump::Postgres::PASSWORD });
			is($seen->{out}, "$databases[$i]\n",
			    'and the line can be pasted') or diag($seen->{err});
		}
		$daemon->down;
	};
}

$lab->done;
