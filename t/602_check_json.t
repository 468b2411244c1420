# SPDX-License-Identifier: PostgreSQL
#
# `pgjump check --json`: the keys that pgjump(1) documents, each with its type,
# in every report, whatever failed; one object, or an array of several.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use JSON::PP ();
use PgJump::Keys qw(fingerprint private);
use PgJump::Port qw(reserve);
use PgJump::Process qw(slurp);

my $lab = PgJump::Lab->new;
my $denied = $lab->new_box(config => { AllowTcpForwarding => 'no' });
my @connections = (
	$lab->connection('all_is_well'),
	$lab->connection('direct', ssh_tunnel => 0),
	$lab->connection('stranger', ssh_tunnel => {
		private_key => private('stranger') }),
	$lab->connection('denied', box => $denied),
	$lab->connection('refused', port => reserve()),
	$lab->connection('wrong', password => $lab->secret('wrong one')),
);
my $daemon = $lab->new_daemon(\@connections);

my $man = slurp("$FindBin::Bin/../src/pgjump.1");
my ($documented) = $man =~ /^\.Ss The output of check --json\n(.*?)^\.S[sh] /ms;

# The schema: a type by its first letter, a list by its element, an object by
# its keys; a key with a question mark may be missing.
my %fact = map { ($_ => 's') } qw(key_type? key_fingerprint? key_comment?
    addresses? address? software? kex? cipher? host_key_type? type?
    fingerprint? methods? tls_offered? version? subject? issuer? names?
    expires? verified? encrypted? sqlstate? words? in_recovery?);
$fact{$_} = ['s'] for qw(auth_method? keys? tried?);
$fact{$_} = 'n' for qw(rtt_ms? connections? max_connections? hop?);
my %phase = (phase => 's', status => 's', message => 's', hint => 's',
    duration_ms => 'n', %fact);
my %probe = (target => 's', message => 's', duration_ms => 'n');
my %report = (name => 's', status => 's', phases => [\%phase],
    probes => [\%probe], side => 's', stage => 's', 'hop?' => 'n', message => 's',
    detail => 's', remarks => ['s'], hint => 's', file => 's',
    lines => ['s'], place => 's', command => 's', total_duration_ms => 'n');

# A number of JSON is no string to JSON::PP.
sub is_number($value) { JSON::PP->new->allow_nonref->encode($value) !~ /^"/ }

# Everything that is wrong with a value.
sub flaws($schema, $value, $where)
{
	return "$where is not there" unless defined $value;
	if (ref $schema eq 'ARRAY') {
		return "$where is no list" unless ref $value eq 'ARRAY';
		return map { flaws($schema->[0], $value->[$_], "$where\[$_]") }
		    0 .. $#$value;
	}
	return ref $value || (is_number($value) xor $schema eq 'n')
	    ? "$where is no '$schema'" : () unless ref $schema;
	return "$where is no object" unless ref $value eq 'HASH';
	my %known = map { (s/\?\z//r => $_) } keys %$schema;
	my @flaws = map { "$where.$_ is not documented" }
	    grep { !exists $known{$_} } sort keys %$value;
	for my $key (sort keys %known) {
		next if !exists $value->{$key} && $known{$key} =~ /\?\z/;
		push @flaws, flaws($schema->{ $known{$key} }, $value->{$key},
		    "$where.$key");
	}
	return @flaws;
}

is_deeply([flaws([\%probe], [{ target => 1, more => '' }], 'x')],
    ['x[0].more is not documented', 'x[0].duration_ms is not there',
	'x[0].message is not there', q(x[0].target is no 's')],
    'the schema catches what is wrong');

my $seen = $daemon->check('--json');
my $all = eval { JSON::PP::decode_json($seen->{out}) };
my %of = map { $_->{name} => $_ } @{ $all // [] };

is($seen->{rc}, 15, 'the exit code of the first that failed');
is($seen->{err}, '', 'nothing on stderr');
is_deeply([map { $_->{name} } @$all], [map { $_->{name} } @connections],
    'an array, in the order of the file');
is_deeply([flaws([\%report], $all, 'reports')], [], 'it keeps the schema');
is_deeply([grep { index($seen->{out}, $_) >= 0 } @{ $lab->{secrets} },
	'PRIVATE KEY'], [], 'no secret');
for my $key (map { s/\?\z//r } keys %report, keys %phase, keys %probe) {
	like($documented, qr/\b$key\b/, "$key is in pgjump.1");
}

# The phases of one report as { phase => { ... } }.
sub phases($name)
{
	return { map { $_->{phase} => $_ } @{ $of{$name}{phases} } };
}

subtest 'all is well' => sub {
	my ($report, $phase) = ($of{all_is_well}, phases('all_is_well'));

	is($report->{status}, 'ok', 'status');
	is_deeply([@$report{qw(side stage message hint command)}],
	    [('') x 5], 'and nothing to do');
	is_deeply([map { $_->{phase} } @{ $report->{phases} }],
	    [qw(config resolve connect handshake hostkey auth forward
		postgres tls login server)], 'the phases in order');
	is_deeply([grep { $_->{status} ne 'ok' } @{ $report->{phases} }], [],
	    'each of them ok');
	is($phase->{config}{key_fingerprint}, fingerprint('ed25519'),
	    'the key that is used');
	is($phase->{config}{key_comment}, 'lab', 'and its comment');
	is($phase->{hostkey}{fingerprint}, fingerprint('host-ed25519'),
	    'the host key');
	is($phase->{auth}{methods}, 'publickey', 'what the jump box takes');
	like($phase->{handshake}{software}, qr/^OpenSSH_\d/, 'its software');
	like($phase->{handshake}{kex}, qr/sha2/, 'what was agreed on');
	like($phase->{handshake}{cipher}, qr/^(?:aes|chacha20)/, 'the cipher');
	is($phase->{handshake}{host_key_type}, 'ssh-ed25519',
	    'the type of the host key');
	is($phase->{tls}{subject}, 'CN=db.pgjump.test', 'the certificate');
	is($phase->{server}{in_recovery}, 'no', 'no standby');
	is($phase->{server}{max_connections}, 320, 'the limit');
	cmp_ok($phase->{server}{connections}, '>=', 1, 'what is used of it');
	cmp_ok($phase->{$_}{rtt_ms}, '>', 0, "round trip: $_")
	    for qw(forward server);
	cmp_ok($report->{total_duration_ms}, '>=',
	    $phase->{handshake}{duration_ms}, 'the whole takes longer');
};

subtest 'without a tunnel there are fewer phases' => sub {
	is_deeply([map { $_->{phase} } @{ $of{direct}{phases} }],
	    [qw(config resolve connect postgres tls login server)], 'these');
};

subtest 'what failed' => sub {
	for my $case (
		[stranger => qw(tunnel jump_auth auth)],
		[denied => qw(tunnel forward_denied forward)],
		[refused => qw(database db_refused forward)],
		[wrong => qw(database db_rejected login)],
	) {
		my ($name, $side, $stage, $failed) = @$case;
		my ($report, $phase) = ($of{$name}, phases($name));

		is($report->{status}, 'failed', "$name: status");
		is_deeply([@$report{qw(side stage)}], [$side, $stage],
		    "$name: side and stage");
		is($phase->{$failed}{status}, 'failed', "$name: the phase");
		is($phase->{$failed}{hint}, $report->{hint}, "$name: hint");
		is($phase->{server}{status}, 'skipped',
		    "$name: the rest is skipped");
		isnt($report->{command}, '', "$name: a command");
	}
	is(phases('wrong')->{login}{sqlstate}, '28P01', 'the SQLSTATE');
	is(phases('stranger')->{auth}{methods}, 'publickey',
	    'what the jump box takes');
	is(@{ $of{denied}{probes} }, 1, 'what else was asked');
};

subtest 'one connection is no array' => sub {
	my $one = JSON::PP::decode_json(
	    $daemon->check('--json', 'refused')->{out});
	is(ref $one, 'HASH', 'an object');
	is($one->{name}, 'refused', 'that one');
};

$lab->done;
