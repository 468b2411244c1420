# SPDX-License-Identifier: PostgreSQL
#
# The Debian package: built by contrib/debian/build in a root of its release
# without a network, installed in a fresh root of that release, installed again
# over itself, and purged.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Group qw(runs wanted);
use PgJump::Process qw(run slurp spew);
use File::Temp qw(tempdir);
use Test::More;

my $top = "$FindBin::Bin/..";
my %suites = (12 => 'bookworm', 13 => 'trixie');
# A build, with the packages that it needs, on a slow machine.
use constant BUILD_S => 1800;

# What is printed in the fresh root, a line for each question.
my $questions = <<'END';
set -e
export DEBIAN_FRONTEND=noninteractive
say() { printf '%s: %s\n' "$1" "$2"; }
facts() {
	say version "$(pgjump --version)"
	say user "$(getent passwd pgjump | cut -d: -f1,7)"
	say directory "$(stat -c '%U:%G %a' /etc/pgjump)"
	say config "$(ls /etc/pgjump)"
	say enabled "$(systemctl is-enabled pgjump.service)"
}
apt-get -q -y install --no-install-recommends systemd >&2
apt-get -q -y install --no-install-recommends /pgjump.deb >&2
facts
say examples "$(ls /usr/share/doc/pgjump/examples | tr '\n' ' ')"
say manual "$(ls /usr/share/man/man1/pgjump.1.gz /usr/share/man/man5/pgjump.yaml.5.gz | wc -l)"
say completions "$(ls /usr/share/bash-completion/completions/pgjump \
    /usr/share/zsh/vendor-completions/_pgjump \
    /usr/share/fish/vendor_completions.d/pgjump.fish | wc -l)"
unit=$(systemctl show -P FragmentPath pgjump.service 2>/dev/null ||
    dpkg -L pgjump | grep '/pgjump.service$')
[ -n "$unit" ] || unit=$(dpkg -L pgjump | grep '/pgjump.service$')
say reload "$(cat /usr/lib/systemd/system/pgjump.service.d/*.conf 2>/dev/null |
    grep '^Type=')"
say condition "$(grep '^ConditionPathExists=' "$unit")"
say start "$(grep '^ExecStart=' "$unit")"
say verify "$(systemd-analyze --man=no verify "$unit" 2>&1 | grep -c pgjump.service)"
echo 'connections: []' >/etc/pgjump/pgjump.yaml
echo remembered >/tmp/known_hosts
install -D /tmp/known_hosts /var/lib/pgjump/known_hosts
apt-get -q -y install --reinstall /pgjump.deb >&2
say kept "$(cat /etc/pgjump/pgjump.yaml)"
rm /etc/pgjump/pgjump.yaml
dpkg --purge pgjump >&2
say left "$(find / -xdev -name '*pgjump*' ! -path '/proc/*' ! -path /pgjump.deb | tr '\n' ' ')"
say user "$(getent passwd pgjump)"
END

# The answers: a list of values for each question.
sub answers($text)
{
	my %answers;

	push @{ $answers{$1} }, $2 while $text =~ /^(\w+): ?(.*)$/mg;
	return \%answers;
}

sub build($release, $dir)
{
	my $built = run(["$top/contrib/debian/build", $release, $dir],
	    timeout => BUILD_S);

	is($built->{rc}, 0, 'contrib/debian/build: builds it, lintian finds no error')
	    or diag($built->{out}, $built->{err});
	my @packages = grep { !/dbgsym/ } glob "$dir/pgjump_*.deb";
	is(@packages, 1, 'and leaves one package');
	return $packages[0];
}

# A fresh root of the release in which the questions were asked.
sub install($release, $package, $dir)
{
	spew("$dir/questions", $questions);
	return run(['mmdebstrap', '--variant=apt',
		"--customize-hook=copy-in $package /",
		"--customize-hook=mv \"\$1\"/pgjump_*.deb \"\$1\"/pgjump.deb",
		"--customize-hook=copy-in $dir/questions /",
		"--customize-hook=chroot \"\$1\" env -u TMPDIR sh /questions >$dir/answers",
		$suites{$release}, '/dev/null'],
	    timeout => BUILD_S);
}

sub judge($answers, $release)
{
	like($answers->{version}[0], qr/libssh2 \S+ bundled and patched/,
	    'the program holds the patched libssh2');
	is($answers->{user}[0], 'pgjump:/usr/sbin/nologin',
	    'the service has a user of its own, who cannot log in');
	is($answers->{directory}[0], 'root:pgjump 750',
	    '/etc/pgjump: root writes, the service reads, nobody else does');
	is($answers->{config}[0], '', 'and no configuration is installed');
	like($answers->{examples}[0], qr/\bpgjump-minimal\.yaml\b/,
	    'samples are among the examples');
	is($answers->{manual}[0], 2, 'both man pages are there');
	is($answers->{completions}[0], 3, 'and completions for three shells');
	is($answers->{condition}[0],
	    'ConditionPathExists=/etc/pgjump/pgjump.yaml',
	    'the unit waits for a configuration');
	like($answers->{start}[0], qr{^ExecStart=/usr/bin/pgjump\b},
	    'and starts the program that was installed');
	is($answers->{reload}[0], $release >= 13 ? 'Type=notify-reload' : '',
	    'a reload is a signal where systemd knows that it has an end');
	is($answers->{enabled}[0], 'enabled', 'the unit is enabled');
	is($answers->{verify}[0], 0, 'systemd finds no fault in it');
	is($answers->{kept}[0], 'connections: []',
	    'installed over itself, it keeps the configuration');
	is($answers->{left}[0], '', 'purged, it leaves no file');
	is($answers->{user}[1], '', 'and no user');
}

plan skip_all => 'group debian is not asked for' unless wanted('debian');
plan skip_all => 'roots of Debian are made by root only' if $> != 0;
plan skip_all => 'mmdebstrap is not installed'
    if run(['mmdebstrap', '--version'])->{rc} ne '0';
runs('debian');

for my $release (sort keys %suites) {
	subtest "Debian $release" => sub {
		my $dir = tempdir(CLEANUP => 1);
		my $package = build($release, $dir) // return;
		my $done = install($release, $package, $dir);

		is($done->{rc}, 0, 'it can be installed in a fresh root')
		    or return diag($done->{err});
		judge(answers(slurp("$dir/answers")), $release);
	};
}
done_testing();
