# SPDX-License-Identifier: PostgreSQL
#
# The command that a fix names is pasted as it stands: then the check is green.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use File::Basename qw(dirname);
use JSON::PP ();
use PgJump::Process qw(run spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir . "/a b's";
mkdir $dir;
my $file = spew("$dir/pgjump.yaml", JSON::PP->new->encode([
	$lab->connection('other'),
	$lab->connection('unknown', ssh_tunnel => { host_key => undef,
		known_hosts => "$dir/known" })]), 0600);
my $program = PgJump::Daemon::program();

sub check
{
	return PgJump::Daemon::command(['-c', $file, 'check', 'unknown'],
	    dir => $lab->dir);
}

subtest 'a host key that is not known' => sub {
	my $seen = check();
	is($seen->{rc}, 14, 'the check fails');
	my ($command) = $seen->{out} =~ /\((pgjump .*hostkey --add \w+)\)/;
	ok(defined $command, 'and names a command') or diag($seen->{out});
	my $done = run(['sh', '-c', $command], dir => $lab->dir, env => {
		PATH => dirname($program) . ":$ENV{PATH}" });
	is($done->{rc}, 0, 'which does its work') or diag($done->{err});
	is(check()->{rc}, 0, 'and turns the check green');
};

$lab->done;
