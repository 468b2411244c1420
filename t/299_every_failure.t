# SPDX-License-Identifier: PostgreSQL
#
# Every stage of failure.def is provoked by a test of the 2xx class, and through
# `pgjump check` by one of the 6xx class; it is in the manual page; every
# message has its hint.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Process qw(slurp);
use Test::More;

my $top = "$FindBin::Bin/..";
my $def = slurp("$top/src/base/failure.def");
my $man = slurp("$top/src/pgjump.1");
my @stages = $def =~ /^STAGE\(\w+, "(\w+)",/mg;
my %side = $def =~ /^STAGE\(\w+, "(\w+)", (\w+),/mg;
my %code = $def =~ /^STAGE\(\w+, "(\w+)", \w+, "\w+", (\d+)\)/mg;
my %provoked;

for my $file (glob "$FindBin::Bin/2[0-9][0-9]_*.t") {
	$provoked{$_}++ for slurp($file) =~ /\blabel => '(\w+)'/g;
}
# The log has this stage in every case of 206_database_words.t.
$provoked{db_rejected}++ if slurp("$FindBin::Bin/lib/PgJump/Told.pm") =~
    /db_rejected/;

cmp_ok(scalar(@stages), '>=', 20, 'stages are found');
for my $label (@stages) {
	ok($provoked{$label}, "$label is provoked by a 2xx test");
	like($man, qr/\b$label\b/, "$label is in pgjump.1");
}
is_deeply([grep { !exists $code{$_} } sort keys %provoked], [],
    'every label of the tests is in failure.def');

# What check cannot meet, and why.
my %not_of_check = (
	(map { ("client_$_" => 'is said of a client, and check has none') }
		qw(protocol timeout limit denied)),
	shutdown => 'check is interrupted, and no connection has failed',
);

# A failure is provoked through check if a 6xx test compares what check prints
# with a text of t/golden/check that has its label.
my $checks = join '', map { slurp($_) } glob "$FindBin::Bin/6[0-9][0-9]_*.t";
my %checked;
for my $file (glob "$FindBin::Bin/golden/check/*.txt") {
	my ($name) = $file =~ m{([^/]+)\.txt\z};

	like($checks, qr/\b$name\b(?: =>|'|\.txt)/,
	    "golden/check/$name.txt has its test");
	$checked{$_} = $name
	    for slurp($file) =~ /^  \w.*: .* \[(\w+)\], after N ms$/mg;
}
for my $label (@stages) {
	my $why = $not_of_check{$label};

	if (defined $why) {
		ok(!$checked{$label}, "$label: $why");
	} else {
		ok($checked{$label}, "$label is provoked through check");
	}
}

my %range = (TUNNEL => [10, 19], DATABASE => [20, 29], CLIENT => [40, 49],
	LOCAL => [40, 49]);
for my $label (@stages) {
	my ($low, $high) = @{ $range{ $side{$label} } };
	ok($code{$label} >= $low && $code{$label} <= $high,
	    "$label has an exit code of its side");
}

# The table of exit codes in the manual page agrees with failure.def; check has
# no stages that only a client can meet.
my %documented = $man =~ /^\.It (?=\w* Ta)(?:.* Ta )?(\w+) Ta (\d+)$/mg;
%documented = (%documented, $man =~ /^\.It (\w+) Ta (\d+)\b/mg);
is_deeply(\%documented, { map { $_ => $code{$_} }
	grep { $code{$_} < 30 } @stages }, 'pgjump.1 has their exit codes');

my $imperative = 'check|compare|connect|correct|point|raise|repair|see|set|try';

# Under each label: what it means, and what to do.
for my $label (@stages) {
	my ($said) = $man =~ /^\.It Bq $label\n((?:(?!\.It |\.El).*\n)+)/m;

	like($said // '', qr/\A[A-Z.].{12}/s, "pgjump.1 explains $label");
	like($said // '', qr/^(?:There )?(?:$imperative)\b/im,
	    "and says what to do about $label") if $code{$label} < 30;
}

# A FAILURE row: symbol, stage, retry, message, hint.
my @rows = $def =~ /^FAILURE\((\w+, \w+, \w+,\s+"(?:[^"\\]|\\.)*",\s+"(?:[^"\\]|\\.)*")\)/mg;
my $count = () = $def =~ /^FAILURE\(/mg;
is(@rows, $count, 'every row is read');
for my $row (@rows) {
	my ($symbol, $message, $hint) =
	    $row =~ /^(\w+), \w+, \w+,\s+"((?:[^"\\]|\\.)*)",\s+"((?:[^"\\]|\\.)*)"/;

	like($message, qr/^[^A-Z].*[^.]$/,
	    "$symbol: message in lower case, without a period");
	like($hint, qr/^[A-Z][^.]*(?:\.[^. ][^.]*)*\.$/,
	    "$symbol: the hint is one sentence");
}

done_testing();
