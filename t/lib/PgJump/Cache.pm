# SPDX-License-Identifier: PostgreSQL
#
# Directories that are slow to make and never change: made once per machine
# and maker, under a lock, shared by all test programs.  A half-made one is
# never seen.
package PgJump::Cache;

use v5.36;
use Carp qw(croak);
use Digest::MD5 qw(md5_hex);
use Exporter qw(import);
use Fcntl qw(:flock);
use File::Path qw(remove_tree);
use PgJump::Process qw(slurp);

our @EXPORT_OK = qw(cached);

# The directory `$name`, filled by `$make->($dir)` when it is not there yet or
# when the maker's source (`$source`, and words that matter) has changed.
sub cached($name, $make, $source, @words)
{
	my $root = "/tmp/pgjump-test-cache.$>";
	my $key = substr md5_hex(slurp($source), @words), 0, 12;
	my $dir = "$root/$name-$key";

	mkdir $root, 0755;
	croak "$root is not ours" unless -d $root && -o $root;
	return $dir if -d $dir;
	open my $lock, '>', "$root/$name.lock" or croak "$root: $!";
	flock $lock, LOCK_EX or croak "$root: $!";
	return $dir if -d $dir;
	remove_tree("$dir.new", glob "$root/$name-*");
	mkdir "$dir.new", 0755 or croak "$dir.new: $!";
	$make->("$dir.new");
	rename "$dir.new", $dir or croak "$dir: $!";
	return $dir;
}

1;
