# SPDX-License-Identifier: PostgreSQL
#
# A configuration that is in no file: -c - and PGJUMP_CONFIG_TEXT.  Which one is
# used, where two are given, and what a reload does with it.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Process qw(eventually run slurp spew);

my $lab = PgJump::Lab->new;
my $json = JSON::PP->new->canonical;
my $key = spew($lab->dir . '/key', PgJump::Keys::private('rsa'), 0600);
my $main = $lab->connection('main', ssh_tunnel => { private_key => undef,
	private_key_file => $key });
my $document = $json->encode({ connections => [$main] });

# `pgjump config` with these arguments and variables.
sub validated($arguments, $input = '', %env)
{
	return run([PgJump::Daemon::program(), @$arguments, 'config'],
	    dir => $lab->dir, clean_env => 1, stdin => $input,
	    env => { PATH => $ENV{PATH}, HOME => $lab->dir, %env });
}

sub minimal($name) { qq([{ name: $name, host: "\${DBHOST:-db}" }]) }

my $file = spew($lab->dir . '/named.yaml', minimal('named'), 0600);
my $seen = validated(['-c', '-'], minimal('piped'));
is($seen->{rc}, 0, 'standard input is valid') or diag($seen->{err});
like($seen->{out}, qr/^standard input is valid: connections 1/, 'by its name');
$seen = validated([], '', PGJUMP_CONFIG_TEXT => minimal('text'));
like($seen->{out}, qr/^PGJUMP_CONFIG_TEXT is valid/, 'as is the variable');
is($seen->{err}, '', 'without a warning');
$seen = validated([], '', PGJUMP_CONFIG_TEXT => minimal('text'),
    PGJUMP_CONFIG => $file);
like($seen->{out}, qr/^PGJUMP_CONFIG_TEXT is valid/,
    'it goes before PGJUMP_CONFIG');
like($seen->{err}, qr/warning: PGJUMP_CONFIG_TEXT is used, and PGJUMP_CONFIG is not/,
    'with a warning');
$seen = validated(['-c', $file], '', PGJUMP_CONFIG_TEXT => minimal('text'));
like($seen->{out}, qr/^\Q$file\E is valid/, '-c goes before both');
like($seen->{err}, qr/warning: -c is used, and PGJUMP_CONFIG_TEXT is not/,
    'with a warning, too');
$seen = validated([], '', PGJUMP_CONFIG_TEXT => '', PGJUMP_CONFIG => $file);
like($seen->{out}, qr/^\Q$file\E is valid/, 'an empty variable is none');
is($seen->{err}, '', 'and no reason for a warning');

$seen = validated(['-c', '-'], "[{ name: a,\n   nam: b }]");
is($seen->{rc}, 1, 'errors');
like($seen->{err}, qr/^standard input:2:4: .*"nam"/m, 'have a place');
$seen = validated([], '', PGJUMP_CONFIG_TEXT =>
    '[{ name: a, host: d, password_file: secrets/password }]');
is($seen->{rc}, 1, 'a relative path is refused');
like($seen->{err}, qr/^PGJUMP_CONFIG_TEXT:1:\d+: password_file: a path must be absolute here/m,
    'and says why');

# A pgjump whose configuration comes from there.
sub daemon($how)
{
	my $daemon = $lab->new_daemon([], text => $document);
	my $process = $daemon->process;
	$process->{argv} = [PgJump::Daemon::program(),
		$how eq 'stdin' ? ('-c', '-') : ()];
	$process->{stdin} = $daemon->file if $how eq 'stdin';
	$process->{env}{PGJUMP_CONFIG_TEXT} = $document if $how eq 'variable';
	return $daemon->up;
}

for my $how (qw(stdin variable)) {
	subtest "a reload of $how" => sub {
		spew($key, PgJump::Keys::private('rsa'), 0600);
		my $daemon = daemon($how);
		ok($daemon->says(qr/stage=jump_auth/), 'a key is rejected');
		spew($daemon->file, 'connections: []', 0600);
		spew($key, PgJump::Keys::private('ed25519'), 0600);
		my $mark = $daemon->mark;
		my $verdict = $daemon->reload;
		is($verdict->{accepted}, 1, 'is accepted');
		is($verdict->{kept}, 1, 'with the document as at start');
		like(join(' ', map { $_->{warning} }
			$daemon->events('configuration warning', $mark)),
		    qr/this document stays as it was at start; its files of secrets and certificates were read again/,
		    'which is said');
		ok($daemon->tunnel_up(20, $mark), 'a new key is found');
		is($lab->psql($main, 'select 3')->{out}, "3\n", 'and works');
		spew($key, "no key\n", 0600);
		like($daemon->reload->{errors}, qr/:1:\d+: .*private_key_file/,
		    'a bad one is refused');
		$daemon->down;
	};
}

$lab->done;
