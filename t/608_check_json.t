# SPDX-License-Identifier: PostgreSQL
#
# The output of pgjump check --json, held by a schema: the keys of a report, of
# a phase and of its facts are those of the manual page, whatever failed, and
# no others; labels, sides and exit codes are those of failure.def.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use PgJump::Lab;
use Test::More;

use PgJump::Port qw(reserve);
use PgJump::Process qw(slurp spew);

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $json = JSON::PP->new->utf8;
my $text = qr/\A[ -~]*\z/;
my $ms = qr/\A\d+\z/;
my $number = qr/\A\d+(?:\.\d+)?\z/;
my $yes_no = qr/\A(?:yes|no)\z/;
my $fingerprint = qr{\ASHA256:[A-Za-z0-9+/]{43}\z};

my $def = slurp("$FindBin::Bin/../src/failure.def");
my %side = $def =~ /^STAGE\(\w+, "(\w+)", (\w+),/mg;
my %code = $def =~ /^STAGE\(\w+, "(\w+)", \w+, "\w+", (\d+)\)/mg;

# What a key holds: a pattern, or any list.
my %phase = (
	phase => qr/\A[a-z]+\z/,
	status => qr/\A(?:ok|failed|skipped|interrupted)\z/,
	message => $text,
	hint => $text,
	duration_ms => $ms,
);
my %facts = (
	config => { key_type => $text, key_fingerprint => $fingerprint,
		key_comment => $text },
	resolve => { addresses => qr/./ },
	connect => { address => qr/./ },
	handshake => { software => qr/./, kex => qr/./, cipher => qr/./,
		host_key_type => qr/./ },
	hostkey => { type => qr/./, fingerprint => $fingerprint },
	auth => { methods => qr/./ },
	forward => { rtt_ms => $number },
	postgres => { tls_offered => $yes_no },
	tls => { version => qr/\ATLS/, cipher => qr/./, subject => qr/./,
		issuer => qr/./, names => $text, expires => qr/\d{4}/,
		verified => qr/./ },
	login => { encrypted => $yes_no, sqlstate => qr/\A\w{5}\z/,
		words => qr/./ },
	server => { version => qr/\A\d/, in_recovery => $yes_no,
		connections => $ms, max_connections => $ms,
		rtt_ms => $number },
);
my @phases = qw(config resolve connect handshake hostkey auth forward postgres
    tls login server);
my %direct = map { $_ => 1 } grep { !/^(?:handshake|hostkey|auth|forward)$/ }
    @phases;
my %probe = (target => qr/./, message => qr/./, duration_ms => $ms);
my %report = (
	name => qr/\A[\w-]+\z/,
	status => qr/\A(?:ok|failed|interrupted)\z/,
	phases => 'array', probes => 'array', remarks => 'array',
	lines => 'array',
	side => qr/\A(?:tunnel|database|)\z/,
	stage => $text, message => $text, detail => $text, hint => $text,
	file => $text, place => $text, command => $text,
	total_duration_ms => $ms,
);

# What is wrong with an object, as the schema has it.
sub faults($object, $required, $optional = {})
{
	my %rules = (%$required, %$optional);

	return ((map { "no $_" } grep { !exists $object->{$_} }
			sort keys %$required),
		map {
			my ($value, $rule) = ($object->{$_}, $rules{$_});
			!defined $rule ? "$_ is unknown"
			    : $rule eq 'array' ? (ref $value eq 'ARRAY' ? ()
				: "$_ is no list")
			    : !ref $value && $value =~ $rule ? ()
			    : "$_: $value";
		} sort keys %$object);
}

sub report_faults($report)
{
	my $tunnel = grep { $_->{phase} eq 'handshake' }
	    @{ $report->{phases} };
	my @expected = grep { $tunnel || $direct{$_} } @phases;
	my @names = map { $_->{phase} } @{ $report->{phases} };

	return (faults($report, \%report),
		"@names" eq "@expected" ? () : "phases: @names",
		(map { my $phase = $_;
			map { "$phase->{phase}: $_" } faults($phase, \%phase,
			    $facts{ $phase->{phase} } // {}) }
			@{ $report->{phases} }),
		(map { faults($_, \%probe) } @{ $report->{probes} }),
		(grep { ref || !/\A[ -~]+\z/ } @{ $report->{remarks} },
			@{ $report->{lines} }));
}

# One phase at most fails; what comes behind it is skipped.
sub is_consistent($report, $rc)
{
	my @failed = grep { $_->{status} eq 'failed' } @{ $report->{phases} };
	my ($hint) = map { $_->{hint} } @failed;

	if ($report->{status} eq 'ok') {
		is(@failed, 0, 'nothing failed');
		is("@$report{qw(side stage message detail hint)}", '    ',
		    'and nothing is said of a failure');
		return;
	}
	is(@failed, 1, 'one phase failed');
	is($hint, $report->{hint}, 'its hint is the one of all');
	is(lc($side{ $report->{stage} } // ''), $report->{side},
	    'the side is that of the stage');
	is($rc, $code{ $report->{stage} }, 'and so is the exit code');
	like($report->{message}, qr/ \[$report->{stage}\]\z/,
	    'the message ends in it');
	like($report->{hint}, qr/\A[A-Z].*\.\z/, 'the hint is a sentence');
	my @after = @{ $report->{phases} };
	shift @after while @after && $after[0]{status} ne 'failed';
	is_deeply([grep { $_->{status} ne 'skipped' } @after[1 .. $#after]],
	    [], 'what is behind it is skipped');
}

sub check($connections, @arguments)
{
	my $file = spew("$dir/check.yaml", $json->encode($connections), 0600);

	return PgJump::Daemon::command(['-c', $file, 'check', '--json',
		@arguments], dir => $dir, clean_env => 1,
	    env => { HOME => "$dir/home" });
}

my $peer = PgJump::Peer->new('http');
my $silent = PgJump::Peer->new('silent');
my $closed = $lab->new_box(authorized => []);
my $bare = PgJump::Postgres->new(dir => $dir, name => 'bare',
    conf => { ssl => 'off' });
my $narrow = $lab->new_box(config => { AllowTcpForwarding => 'no' });

# what => the connection, its stage ('' is fine), facts that must be there
my @cases = (
	['all is well', $lab->connection('good'), '',
		config => 'key_fingerprint', connect => 'address',
		handshake => 'kex', hostkey => 'fingerprint',
		forward => 'rtt_ms', postgres => 'tls_offered',
		tls => 'expires', login => 'encrypted', server => 'version'],
	['a direct connection', $lab->connection('straight', ssh_tunnel => 0),
		'', connect => 'address', server => 'in_recovery'],
	['no password', $lab->connection('quiet', password => undef), '',
		tls => 'verified'],
	['no address', $lab->connection('nowhere', ssh_tunnel => {
		host => 'nowhere.invalid', port => 22 }), 'jump_resolve'],
	['no sshd', $lab->connection('down', ssh_tunnel => {
		port => reserve() }), 'jump_connect', resolve => 'addresses'],
	['a web server', $lab->connection('web', ssh_tunnel => {
		port => $peer->port }), 'jump_handshake',
		connect => 'address'],
	['another pin', $lab->connection('pinned', ssh_tunnel => {
		host_key => PgJump::Keys::fingerprint('host-other') }),
		'jump_hostkey', handshake => 'software'],
	['a key that is rejected', $lab->connection('locked', box => $closed),
		'jump_auth', auth => 'methods'],
	['no forwarding', $lab->connection('narrow', box => $narrow),
		'forward_denied'],
	['a name that the jump box does not know', $lab->connection('unnamed',
		host => 'nowhere.invalid', port => 5432), 'db_resolve'],
	['no database', $lab->connection('refused', port => reserve()),
		'db_refused'],
	['something else', $lab->connection('other', port => $peer->port),
		'db_not_postgres'],
	['a database without TLS', $lab->connection('bare',
		port => $bare->port, ssl => 'require'), 'db_tls',
		postgres => 'tls_offered'],
	['a wrong password', $lab->connection('wrong', password => 'wrong'),
		'db_rejected', login => 'sqlstate'],
);

for my $case (@cases) {
	my ($what, $connection, $stage, %has) = @$case;
	subtest $what => sub {
		my $seen = check($connection);
		my $report = eval { $json->decode($seen->{out}) };
		ok($report, 'is JSON') or diag($seen->{out}, $seen->{err});
		is_deeply([report_faults($report)], [], 'as the schema says');
		is($report->{name}, $connection->{name}, 'the name');
		is($report->{stage}, $stage, 'the stage');
		is($seen->{rc}, 0, 'exit 0') if $stage eq '';
		is_consistent($report, $seen->{rc});
		my %phase = map { $_->{phase} => $_ } @{ $report->{phases} };
		ok(exists $phase{$_}{ $has{$_} }, "$_ has $has{$_}")
		    for sort keys %has;
	};
}

subtest 'several are a list, in the order named' => sub {
	my @some = map { $_->[1] } @cases[0, 4, 10];
	my $seen = check(\@some, map { $_->{name} } @some[2, 0, 1]);
	my $reports = $json->decode($seen->{out});
	is_deeply([map { $_->{name} } @$reports],
	    [map { $_->{name} } @some[2, 0, 1]], 'as named');
	is_deeply([map { report_faults($_) } @$reports], [],
	    'each as the schema says');
	is($seen->{rc}, $code{db_refused}, 'the code of the first that failed');
	$seen = check(\@some, $some[1]{name});
	is(ref $json->decode($seen->{out}), 'HASH', 'one of them is no list');
	$seen = check(\@some);
	is(@{ $json->decode($seen->{out}) }, 3, 'all, when none is named');
};

subtest 'cut short' => sub {
	my $connection = $lab->connection('silent', port => $silent->port);
	my $seen = check($connection, '--timeout', '1500ms');
	my $report = $json->decode($seen->{out});
	is_deeply([report_faults($report)], [], 'as the schema says');
	is_consistent($report, $seen->{rc});
	is($report->{stage}, 'db_silent', 'the phase it was in has failed');
};

subtest 'the manual page names every key' => sub {
	my ($section) = slurp("$FindBin::Bin/../src/pgjump.1") =~
	    /^\.Ss The output of check --json\n(.*?)^\.S[hs] /ms;
	my %known = map { $_ => 1 } keys %report, keys %phase, keys %probe,
	    map { keys %$_ } values %facts;
	like($section, qr/\b$_\b/, $_) for sort keys %known;
};

$lab->done;
