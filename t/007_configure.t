# SPDX-License-Identifier: PostgreSQL
#
# configure refuses a libssh2 that lacks what pgjump needs, says what to run,
# and recognises a patched one; contrib/setup knows both kinds.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use PgJump::Process qw(run spew);
use Test::More;

my $configure = "$FindBin::Bin/../configure";
plan(skip_all => 'no configure here: autoreconf makes it')
    unless -x $configure;

my $lab = PgJump::Lab->new;
my $deps = $lab->dir . '/deps';

# What configure would see of a library, without the library.
sub fake_libssh2($version_num, $more = '')
{
	mkdir "$deps$_" for '', '/include', '/lib';
	spew("$deps/include/libssh2.h",
	    "#define LIBSSH2_VERSION_NUM $version_num\n$more");
	spew("$deps/lib/libssh2.a", "!<arch>\n");
	mkdir $lab->dir . '/build';
	return run([$configure, "--with-deps=$deps"],
	    dir => $lab->dir, cwd => $lab->dir . '/build', timeout => 120);
}

my $seen = fake_libssh2('0x010a00');
isnt($seen->{rc}, 0, 'libssh2 1.10.0 is refused');
like($seen->{err}, qr/libssh2 1\.11\.1 or newer is needed/, 'says why');
like($seen->{err}, qr{Run contrib/setup}, 'says what to run');

$seen = fake_libssh2('0x010b01');
unlike($seen->{err}, qr/1\.11\.1 or newer is needed/,
    'the version of 1.11.1 is not the reason of a refusal');
like($seen->{out}, qr/patches of contrib\/libssh2\.\.\. no .*--libssh2=bundled/,
    'one without the patches is told, and how to have them');

$seen = fake_libssh2('0x010b01', "#define LIBSSH2_FEATURE_CIPHER_RUNS 1\n"
	. "#define LIBSSH2_FEATURE_HOST_CERTIFICATES 1\n");
like($seen->{out}, qr/patches of contrib\/libssh2\.\.\. yes/, 'one with them');

for my $choice ('--libssh2', '--libssh2=', '--libssh2=newest') {
	$seen = run(["$FindBin::Bin/../contrib/setup", $choice]);
	is($seen->{rc}, 1, "contrib/setup $choice: refused");
	like($seen->{err}, qr/say --libssh2=bundled or --libssh2=system/,
	    'says what to say');
}

$lab->done;
