# SPDX-License-Identifier: PostgreSQL
#
# The command line: --version, --help, usage errors, and which configuration
# file is read.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Port qw(reserve);
use PgJump::Process qw(spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;

sub pgjump($arguments, %with)
{
	return PgJump::Daemon::command($arguments, dir => $dir,
	    clean_env => 1, %with);
}

subtest '--version' => sub {
	for my $option ('--version', '-V') {
		my $seen = pgjump([$option]);
		is($seen->{rc}, 0, "$option: exit 0");
		like($seen->{out}, qr/^pgjump \d+\.\d+/, 'the program');
		like($seen->{out}, qr/\b$_\b.*?\d/, "the version of $_")
		    for qw(libssh2 OpenSSL libevent libpq libyaml);
		is($seen->{err}, '', 'nothing on stderr');
	}
};

subtest '--help' => sub {
	for my $option ('--help', '-h') {
		my $seen = pgjump([$option]);
		is($seen->{rc}, 0, "$option: exit 0");
		like($seen->{out}, qr/(?<!\w)\Q$_\E\b/, "names $_")
		    for qw(serve hostkey --add config --print), '-c';
		like($seen->{out}, qr/PGJUMP_CONFIG/, 'says where files are');
		my @long = grep { length > 80 } split /\n/, $seen->{out};
		is_deeply(\@long, [], 'fits a terminal');
	}
};

subtest '--help of a subcommand' => sub {
	my %takes = (serve => ['--admin'],
		check => [qw(--json --no-login --quiet --timeout)],
		hostkey => ['--add'], config => ['--print'], help => [],
		exec => [qw(--keep-env --no-check --set --user)],
		wait => [qw(--admin --max --timeout --tunnels)],
		status => [qw(--admin --json)], reload => ['--admin'],
		shutdown => ['--admin'], dsn => [qw(--format --with-password)],
		tunnel => []);

	for my $command (sort keys %takes) {
		my $seen = pgjump([$command, '--help']);
		is(pgjump(['help', $command])->{out}, $seen->{out}, 'as help');
		is($seen->{rc}, 0, "$command: exit 0");
		like($seen->{out}, qr/^Usage: pgjump .*\b$command\b/, 'usage');
		is_deeply([sort grep { $_ !~ /config|help|version/ }
			$seen->{out} =~ /^  (?:-\w, )?(--[\w-]+)/mg],
		    [sort @{ $takes{$command} }], 'its options, no others');
	}
	is(pgjump(['--help', 'nonsense'])->{rc}, 1, 'an unknown one: exit 1');
	is(pgjump(['help', 'nonsense'])->{rc}, 1, 'also behind help');
	is(pgjump(['help'])->{out}, pgjump(['--help'])->{out}, 'help alone');
};

# Usage errors: exit 1, a line that names the error, and the word that may be
# meant.
for my $case (
	[['--nonsense'], qr/unknown option "--nonsense"/],
	[['--hlep'], qr/did you mean "--help"/],
	[['-z'], qr/unknown option "-z"/],
	[['srve'], qr/unknown command "srve"; did you mean "serve"\?/],
	[['config', 'extra'], qr/extra/],
	[['-c'], qr/a file name must follow "-c"/],
	[['--config'], qr/a file name must follow "--config"/],
	[['hostkey'], qr/a connection must follow "hostkey"/],
	[['config', '--add'], qr/config does not take the option "--add"/],
	[['hostkey', '--print', 'x'],
		qr/hostkey does not take the option "--print"/],
	[['--add'], qr/serve does not take the option "--add"/],
	[['serve', 'and', 'more'], qr/and/],
	[['exec'], qr/a connection must follow "exec"/],
	[['exec', 'db'], qr/a command must follow "db"/],
	[['exec', 'db', '--'], qr/a command must follow "db"/],
	[['exec', '--json', 'db', 'true'],
		qr/exec does not take the option "--json"/],
	[['dsn'], qr/a connection must follow "dsn"/],
	[['dsn', 'db', 'other'], qr/unexpected argument "other"/],
	[['exec', '--user'], qr/a user must follow "--user"/],
	[['check', '--set', 'A=uri'],
		qr/check does not take the option "--set NAME=FORMAT"/],
	[['--admin'], qr/an address must follow "--admin"/],
	[['shutdown', 'now'], qr/unexpected argument "now"/],
) {
	my ($arguments, $says) = @$case;
	subtest "pgjump @$arguments" => sub {
		my $seen = pgjump($arguments);
		is($seen->{rc}, 1, 'exit 1');
		like($seen->{err}, $says, 'says what is wrong');
		like($seen->{err}, qr/--help/, 'and where to look');
		is($seen->{out}, '', 'nothing on stdout');
	};
}

subtest 'which file is read' => sub {
	my $config = <<'YAML';
connections:
  - { name: %s, host: 127.0.0.1, listen: 127.0.0.1:1 }
YAML
	mkdir "$dir/$_" for 'here', 'xdg', 'xdg/pgjump', 'home',
	    'home/.config', 'home/.config/pgjump';
	my %file = (
		option => "$dir/option.yaml",
		variable => "$dir/variable.yaml",
		here => "$dir/here/pgjump.yaml",
		xdg => "$dir/xdg/pgjump/pgjump.yaml",
		home => "$dir/home/.config/pgjump/pgjump.yaml",
	);
	spew($file{$_}, sprintf $config, $_) for keys %file;
	my %env = (PGJUMP_CONFIG => $file{variable},
		XDG_CONFIG_HOME => "$dir/xdg", HOME => "$dir/home");

	my $seen = pgjump(['-c', $file{option}, 'config'],
	    cwd => "$dir/here", env => \%env);
	like($seen->{out}, qr/\Q$file{option}\E is valid/, 'first -c');
	$seen = pgjump(['config'], cwd => "$dir/here", env => \%env);
	like($seen->{out}, qr/\Q$file{variable}\E is valid/,
	    'then $PGJUMP_CONFIG');
	delete $env{PGJUMP_CONFIG};
	$seen = pgjump(['config'], cwd => "$dir/here", env => \%env);
	like($seen->{out}, qr/pgjump\.yaml is valid/, 'then ./pgjump.yaml');
	unlike($seen->{out}, qr/xdg/, 'and no other');
	$seen = pgjump(['config'], cwd => $dir, env => \%env);
	like($seen->{out}, qr/\Q$file{xdg}\E is valid/,
	    'then $XDG_CONFIG_HOME');
	delete $env{XDG_CONFIG_HOME};
	$seen = pgjump(['config'], cwd => $dir, env => \%env);
	like($seen->{out}, qr/\Q$file{home}\E is valid/, 'or ~/.config');
	$seen = pgjump(['config'], cwd => $dir,
	    env => { HOME => "$dir/nowhere" });
	is($seen->{rc}, 1, 'no file at all: exit 1');
	like($seen->{err}, qr/pgjump\.yaml/, 'and where it was looked for');
	$seen = pgjump(['-c', "$dir/none.yaml"]);
	is($seen->{rc}, 1, 'a file that is not there: exit 1');
	like($seen->{err}, qr/\Q$dir\E\/none\.yaml: .*No such file/, 'named');
	$seen = pgjump(['-c', "$dir/xdg"]);
	is($seen->{rc}, 1, 'a directory without files: exit 1');
	like($seen->{err}, qr/directory/i, 'named');
};

# libpq must not see the PG variables of the caller, but the file may.
subtest 'check finds its file and its variables' => sub {
	my $port = reserve();
	my $file = spew("$dir/check.yaml", JSON::PP->new->encode({
		name => 'refused', host => '127.0.0.1', port => '${PGPORT}',
		listen => '127.0.0.1:1' }), 0600);
	my $seen = pgjump(['check'], env => { PGJUMP_CONFIG => $file,
		PGPORT => $port, PGHOST => '192.0.2.1' });
	is($seen->{rc}, 21, 'db_refused') or diag($seen->{err});
	like($seen->{out}, qr/127\.0\.0\.1:$port/, 'at the port of the file');
};

subtest 'config opens no connection' => sub {
	my $peer = PgJump::Relay->new(to => 1);
	my $connection = $lab->connection('quiet_one', port => 5432,
	    ssh_tunnel => { port => $peer->port, host_key => 'any' });
	my $file = spew("$dir/quiet.yaml",
	    JSON::PP->new->encode($connection), 0600);
	my $seen = pgjump(['-c', $file, 'config']);
	is($seen->{rc}, 0, 'exit 0') or diag($seen->{err});
	is($peer->accepted, 0, 'nothing is dialled');
};

$lab->done;
