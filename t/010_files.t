# SPDX-License-Identifier: PostgreSQL
#
# Where a configuration is looked for, and how several files become one.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use PgJump::Process qw(spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir . '/files';

# Files by their names below a fresh directory, in which pgjump runs.
sub files(%text_of)
{
	system('rm', '-rf', $dir);
	mkdir $dir;
	for my $name (sort keys %text_of) {
		my @above = split m{/}, $name;
		pop @above;
		mkdir join '/', $dir, @above[0 .. $_] for 0 .. $#above;
		spew("$dir/$name", $text_of{$name}, 0600);
	}
}

sub judged(@arguments)
{
	return PgJump::Daemon::command([@arguments, 'config'], dir => $dir,
	    cwd => $dir, env => { HOME => $dir });
}

sub connection($name, $listen = undef)
{
	return qq({ "name": "$name", "host": "h")
	    . (defined $listen ? qq(, "listen": $listen) : '') . " }\n";
}

subtest 'the usual places' => sub {
	for my $place (qw(pgjump.yaml pgjump.yml pgjump.json
	    .config/pgjump/pgjump.yaml .config/pgjump/pgjump.yml
	    .config/pgjump/pgjump.json)) {
		files($place => connection('a'));
		my $seen = judged();
		is($seen->{rc}, 0, $place) or diag($seen->{err});
		like($seen->{out}, qr/\Q$place\E is valid/, 'found');
	}
	files('pgjump.json' => connection('a'), 'pgjump.yaml' => 'x');
	like(judged()->{err}, qr{^\./pgjump\.yaml:1:1: }, '.yaml is first');
	files('x' => '');
	like(judged()->{err}, qr/none of .*pgjump\.yaml.*\.yml or \.json/,
	    'nothing is found');
};

subtest 'several files' => sub {
	files('d/10-all.yaml' => "log_level: debug\njump_boxes:\n"
		. "  edge: { host: j, username: u, password_file: secret, "
		. "host_key: 'SHA256:" . 'A' x 43 . "' }\n",
	    'd/20-a.json' => connection('a', 7001),
	    'd/30-list.yml' => "- name: b\n  host: h\n  listen: 7002\n"
		. "  ssh_tunnel: edge\n",
	    'd/.hidden.yaml' => 'x', 'd/README' => 'x', 'd/secret' => 'x',
	    'more.yaml' => "connections: [" . connection('c', 7003) . "]\n");
	my $seen = judged('-c', 'd', '-c', 'more.yaml');
	is($seen->{rc}, 0, 'are one configuration') or diag($seen->{err});
	like($seen->{out}, qr/connections 3, jump boxes 1/, 'with all of them');
	is($seen->{err}, '', 'and without warnings');
	$seen = PgJump::Daemon::command(['-c', 'd', 'config', '--print'],
	    dir => $dir, cwd => $dir);
	like($seen->{out}, qr/log_level: debug/, 'a setting counts for all');
	like($seen->{out}, qr{password_file: "/.*/d/secret"},
	    'a relative path begins at its own file');
	$seen = PgJump::Daemon::command(['config'], dir => $dir, cwd => $dir,
	    env => { PGJUMP_CONFIG => 'd' });
	like($seen->{out}, qr/connections 2/, 'PGJUMP_CONFIG names a directory');
};

subtest 'what clashes is told with both places' => sub {
	files('a.yaml' => "log_level: info\njump_boxes:\n  edge: { host: j, "
		. "username: u, auth_method: agent }\nconnections:\n- "
		. connection('a', 7001) . '- ' . connection('b', 7002),
	    'b.yaml' => "log_level: info\njump_boxes:\n  edge: { host: j, "
		. "username: u, auth_method: agent }\nconnections:\n"
		. '- ' . connection('a', 7003)
		. '- ' . connection('c', 7002)
		. '- ' . connection('d'));
	my $seen = judged('-c', 'a.yaml', '-c', 'b.yaml');
	is($seen->{rc}, 1, 'refused');
	like($seen->{err}, qr/^b\.yaml:1:1: log_level is given twice; the first is in a\.yaml:1$/m, 'a setting');
	like($seen->{err}, qr/^b\.yaml:3:3: the name "edge" is taken by the jump box in a\.yaml:3$/m, 'a jump box');
	like($seen->{err}, qr/^b\.yaml:5:3: the name "a" is taken by the connection in a\.yaml:5$/m, 'a connection');
	like($seen->{err}, qr/^b\.yaml:6:\d+: connections "b" and "c" both listen on 127\.0\.0\.1:7002; the first is at a\.yaml:6$/m, 'a port');
	like($seen->{err}, qr/^b\.yaml:7:3: listen is required, since the configuration is several files/m, 'a default port');
};

subtest 'what is no configuration' => sub {
	files('d/README' => 'x', 'broken.yaml' => "- name: a\n\thost: h\n",
	    'wrong.yaml' => "- nam: b\n  host: h\n  listen: 7001\n",
	    'boxes.yaml' => "log_level: debug\n");
	my $seen = judged('-c', 'd');
	is($seen->{rc}, 1, 'a directory without files');
	like($seen->{err}, qr/^d: .*no \*\.yaml, \*\.yml or \*\.json/,
	    'is told');
	like(judged('-c', 'broken.yaml', '-c', 'nosuch.yaml')->{err},
	    qr/^broken\.yaml:2:1: .*^nosuch\.yaml: .*No such file/ms,
	    'every broken file is told');
	like(judged('-c', 'boxes.yaml')->{err},
	    qr/^boxes\.yaml:1:1: there is no connection; add a list/,
	    'settings alone');
};

subtest 'a thousand names that are nearly right' => sub {
	my $boxes = join '', map { "  box-number-$_-of-a-thousand: { host: h, "
	    . "username: u, auth_method: agent }\n" } 1 .. 1000;
	files('many.yaml' => "jump_boxes:\n${boxes}connections:\n" . join '',
		map { sprintf '- { name: c%d, host: h, listen: %d, ssh_tunnel: '
		    . "xbox-nmber-%dx-af-b-thousend }\n", $_, 1000 + $_, $_ }
		1 .. 1000);
	my $before = (times)[2];
	my $seen = judged('-c', 'many.yaml');
	is(() = $seen->{err} =~ /there is no jump box/g, 1000, 'all are told');
	like($seen->{err}, qr/did you mean "box-number-1-of-a-thousand"/,
	    'the first with the right one');
	cmp_ok((times)[2] - $before, '<', 10, 'in a moment');
};

$lab->done;
