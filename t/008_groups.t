# SPDX-License-Identifier: PostgreSQL
#
# The groups of contrib/test --with: skipped tests are named; it is a failure if
# every test of a group was skipped, or if a group is unknown.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use PgJump::Group;
use PgJump::Process qw(run spew);
use Test::More;

my $dir = tempdir(CLEANUP => 1);
my $lib = "$FindBin::Bin/lib";

# What prove says of such test programs: { name => text }, with this --with.
sub proved($with, %programs)
{
	spew("$dir/$_.t", "use lib '$lib'; use v5.36; use Test::More;\n"
		. 'use PgJump::Group qw(wanted runs);' . $programs{$_})
	    for keys %programs;
	return run(['prove', '--harness', 'PgJump::Harness',
		map { "$dir/$_.t" } sort keys %programs],
	    env => { PERL5LIB => $lib, PGJUMP_TEST_WITH => $with });
}

my %programs = (
	all => q{plan skip_all => 'no rubber'; },
	part => q{SKIP: { skip 'no glue', 1 } subtest s => sub {
		plan skip_all => 'no string' };
		say '# skip no wire'; done_testing},
	clients => q{plan skip_all => 'no client' unless wanted('clients');
		runs('clients'); pass; done_testing},
);
my $seen = proved('', %programs);
like($seen->{out}, qr/^Skipped:\n\ \ all\.t:\ no\ rubber\n
	\ \ clients\.t:\ no\ client\n\ \ part\.t:\ no\ glue\n
	\ \ part\.t:\ no\ string\n\ \ part\.t:\ no\ wire\n/mx, 'skipped, by name')
    or diag($seen->{out});
is($seen->{rc}, 0, 'which is no failure');
$seen = proved('clients', %programs);
unlike($seen->{out}, qr/no client/, 'a group that was asked for runs');
is($seen->{rc}, 0, 'all is well');
$seen = proved('all', %programs);
like($seen->{out}, qr/^Failed: --with=servers: everything was skipped$/m,
    'a group of which nothing ran is named');
isnt($seen->{rc}, 0, 'and fails');
$seen = proved('', all => $programs{all});
like($seen->{out}, qr/^Failed: no test ran$/m, 'nothing ran at all');
isnt($seen->{rc}, 0, 'which fails');

for my $with ('nonsense', 'servers,nonsense', '') {
	my $setup = run(["$FindBin::Bin/../contrib/setup", "--with=$with"]);
	my $names = join ' ', PgJump::Group::GROUPS;
	isnt($setup->{rc}, 0, "--with=$with is refused");
	like($setup->{err}, qr/there are: $names, and all$/, 'with the names');
}
done_testing();
