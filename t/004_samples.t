# SPDX-License-Identifier: PostgreSQL
#
# What is installed is right: the samples in etc/ load, and every option of the
# option table is documented in pgjump.yaml.5 and shown in etc/pgjump.yaml with
# its default.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use File::Path qw(make_path);
use PgJump::Process qw(run slurp spew);

my $lab = PgJump::Lab->new;
my $top = "$FindBin::Bin/..";
my $manual = slurp("$top/src/pgjump.yaml.5");
my $sample = slurp("$top/etc/pgjump.yaml");

# The rows: section, name, type, need, then named fields up to the next row.
my @rows = map {
	my ($section, $name, $type, $need, $rest) =
	    /^SECTION_(\w+), "(\w+)", OPTION_(\w+),\s+NEED_(\w+),(.*)/s;
	{ section => $section, name => $name, type => $type, need => $need,
		fallback => $rest =~ /\.fallback = "([^"]*)"/ ? $1 : undef }
} grep { /^SECTION/ } split /\n\t\{ /, slurp("$top/src/config/options.c");

cmp_ok(scalar(@rows), '>', 45, 'the option table is read');

for my $row (@rows) {
	my $name = $row->{name};
	my $in_manual = $manual =~ s/\\-/-/gr =~ s/\\fB|\\fR|\\fI//gr;

	like($in_manual, qr/\b$name\b/, "$row->{name} is in pgjump.yaml.5");
	like($sample, qr/^\s*(?:#\s*)?(?:-\s+)?$name:/m,
	    "$row->{name} is in etc/pgjump.yaml");
	next unless defined $row->{fallback};
	like($sample, qr/^\s*(?:#\s*)?$name:\s*"?\Q$row->{fallback}\E"?\b/m,
	    "$row->{name} stands there with its default");
	like($in_manual, qr/\b$name\b.*?\b\Q$row->{fallback}\E\b/s,
	    "$row->{name} and its default in pgjump.yaml.5");
}

subtest 'no option is invented' => sub {
	my %known = map { $_->{name} => 1, "$_->{name}_file" => 1 } @rows;
	my @keys = $sample =~ /^\s*(?:# ?)?(?:- )?([a-z_]+):(?: |$)/mg;
	is_deeply([grep { !$known{$_} } @keys], [], 'in etc/pgjump.yaml');
};

# Put a key of the lab's in the place of the placeholder, and change nothing
# else.
sub with_key($text)
{
	my $key = PgJump::Keys::private('ed25519') =~ s/\n/\\n/gr;

	return $text =~ s/-----BEGIN OPENSSH PRIVATE KEY-----\\n\.\.\./$key/gr;
}

my @samples = glob "$top/etc/*.yaml $top/etc/*.json";
cmp_ok(scalar(@samples), '>=', 4, 'the samples are there');
for my $path (@samples) {
	my $text = with_key(slurp($path));
	my ($name) = $path =~ m{([^/]+)\z};
	if ($text =~ /BEGIN OPENSSH PRIVATE KEY-----\n\s+\.\.\./) {
		my $key = PgJump::Keys::private('ed25519');
		$text =~ s{^(\s+)-----BEGIN OPENSSH.*?\n\s+\.\.\.\n(?:\s+-----END.*\n)?}
		    {$key =~ s/^/$1/gmr}mse;
	}
	my $file = spew($lab->dir . "/$name", $text, 0600);
	my $seen = PgJump::Daemon::command(['-c', $file, 'config'],
	    dir => $lab->dir);
	is($seen->{rc}, 0, "etc/$name loads") or diag($seen->{err});
	unlike($seen->{err}, qr/error/, 'without an error');
}

# What systemd says of the unit.  systemd also reads the units of other packages
# and reports their faults; here there is always one such unit.
sub complaints($unit)
{
	my $units = $lab->dir . '/units';

	make_path("$units/basic.target.wants");
	spew("$units/other.service",
	    "[Unit]\nNonsense=1\n[Service]\nExecStart=/nonexistent\n");
	symlink '../other.service', "$units/basic.target.wants/other.service";
	my $seen = run(['systemd-analyze', '--man=no', 'verify',
		spew($lab->dir . '/pgjump.service', $unit)],
	    env => { SYSTEMD_UNIT_PATH => "$units:" });
	return join "\n", grep { /\bpgjump\.service:/ }
	    split /\n/, $seen->{err};
}

subtest 'pgjump.service' => sub {
	my $unit = slurp("$top/etc/pgjump.service");
	my ($start) = $unit =~ /^ExecStart=(.*)/m;
	like($start, qr/pgjump/, 'starts pgjump');
	plan skip_all => 'systemd-analyze is not installed' if
	    run(['systemd-analyze', '--version'])->{rc} ne '0';
	plan skip_all => 'systemd-analyze wants a /run/systemd, or to make it'
	    unless -d '/run/systemd' || -w '/run';
	my $program = PgJump::Daemon::program();
	$unit =~ s/^(Exec(?:Start|Reload)=)\S+/$1$program/mg;
	is(complaints($unit), '', 'systemd has nothing to complain of');
	like(complaints($unit =~ s/^(\[Service\]\n)/$1Nonsense=1\n/mr),
	    qr/Nonsense/, 'as it would of an unknown setting');
	like(complaints($unit =~ s/^(ExecStart=)\S+/$1\/nonexistent/mr),
	    qr/not executable/, 'or of a program that is not there');
	my $judged = run(['systemd-analyze', 'security', '--offline=true',
		"$top/etc/pgjump.service"]);
	my ($exposure) = $judged->{out} =~ /exposure level .*: ([\d.]+)/;
	SKIP: {
		skip 'this systemd-analyze judges running units only', 1
		    unless defined $exposure;
		cmp_ok($exposure, '<=', 1.5, 'little is exposed');
	}
};

$lab->done;
