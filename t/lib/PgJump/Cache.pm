# SPDX-License-Identifier: PostgreSQL
#
# Directories that the test programs of one user share: one for locks, and
# others that are slow to make and never change.  Each is made once, under a
# lock; nobody ever sees a half-made one.
package PgJump::Cache;

use v5.36;
use Carp qw(croak);
use Digest::MD5 qw(md5_hex);
use Exporter qw(import);
use Fcntl qw(:flock);
use File::Path qw(remove_tree);
use PgJump::Process qw(slurp);

our @EXPORT_OK = qw(cached shared_dir);

# Not below $TMPDIR, so that it is the same for all.
sub shared_dir
{
	my $dir = "/tmp/pgjump-test.$>";

	mkdir $dir, 0755;
	croak "$dir is not ours" if -l $dir || !-d $dir || !-o $dir;
	return $dir;
}

# The directory `$name`.  `$make->($dir)` fills it if it is not there yet, or if
# the maker's source (`$source`, and other words that matter) has changed.
sub cached($name, $make, $source, @words)
{
	my $root = shared_dir();
	my $key = substr md5_hex(slurp($source), @words), 0, 12;
	my $dir = "$root/$name-$key";

	return $dir if -d $dir;
	open my $lock, '>', "$root/$name.lock" or croak "$root: $!";
	flock $lock, LOCK_EX or croak "$root: $!";
	return $dir if -d $dir;
	remove_tree("$dir.new", grep { -M > 1 } glob "$root/$name-*");
	mkdir "$dir.new", 0755 or croak "$dir.new: $!";
	$make->("$dir.new");
	rename "$dir.new", $dir or croak "$dir: $!";
	return $dir;
}

1;
