# SPDX-License-Identifier: PostgreSQL
#
# The programs of contrib/ say what they do when asked for help, and what to run
# first if something that they need is not installed.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Process qw(run spew);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $contrib = "$FindBin::Bin/../contrib";
my $dir = tempdir(CLEANUP => 1);

# A request for help must not build or install anything.
make_path("$dir/bin", "$dir/perl/DBD");
spew("$dir/bin/$_", "#!/bin/sh\necho $_ was called >&2\nexit 1\n", 0755)
    for qw(make apt-get configure autoreconf);

for my $name (qw(setup test quickstart bench soak regress)) {
	my $help = run(["$contrib/$name", '--help'], timeout => 60,
	    env => { PATH => "$dir/bin:$ENV{PATH}" });

	is($help->{rc}, 0, "contrib/$name --help: ends well");
	is($help->{err}, '', 'does nothing else');
	like($help->{out}, qr{\Acontrib/\Q$name\E\b.*\n(?:.*\n)*?\n\S},
	    'and says what it is');
}

# As on a machine where contrib/setup ran without --for-tests.
spew("$dir/perl/DBD/Pg.pm",
    qq(die "Can't locate DBD/Pg.pm in \\\@INC (\\\@INC: nothing)\\n";\n));
for my $name (qw(bench soak regress)) {
	my $done = run(["$contrib/$name", 1], timeout => 60,
	    env => { PGJUMP => '/bin/false', PERL5LIB => "$dir/perl" });

	is($done->{rc}, 1, "contrib/$name without a module: fails");
	is($done->{err}, "$contrib/$name: Perl's DBD::Pg is missing: run "
	    . "contrib/setup --for-tests first\n",
	    'and says in one line what to run first');
}

done_testing();
