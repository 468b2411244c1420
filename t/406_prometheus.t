# SPDX-License-Identifier: PostgreSQL
#
# A real Prometheus scrapes pgjump, and its queries return what pgjump counted.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use PgJump::Lab;
use Test::More;

use HTTP::Tiny;
use JSON::PP ();
use PgJump::Group qw(runs wanted);
use PgJump::Port qw(reserve);
use PgJump::Process qw(eventually run slurp spew);

plan skip_all => 'Prometheus needs contrib/test --with=monitoring'
    unless wanted('monitoring') && run(['prometheus', '--version'])->{rc} eq 0;
runs('monitoring');

my $lab = PgJump::Lab->new;
my $dir = $lab->dir;
my $good = $lab->connection('orders');
my $bad = $lab->connection('billing', port => reserve(),
    ssh_tunnel => $good->{ssh_tunnel});
my $http = reserve();
my $daemon = $lab->daemon([$good, $bad], http => $http + 0);
ok(eventually(20, sub {
	$lab->psql($good, 'select 1')->{rc} eq '0' }), 'a session');
$lab->psql($bad, 'select 1', sslmode => 'disable');

my $port = reserve();
my $file = spew("$dir/prometheus.yaml", <<"YAML");
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: pgjump
    static_configs: [{ targets: ['127.0.0.1:$http'] }]
YAML
my $prometheus = PgJump::Process->new(name => 'prometheus', dir => $dir,
    cwd => $dir, argv => ['prometheus', "--config.file=$file",
	"--storage.tsdb.path=$dir/data",
	"--web.listen-address=127.0.0.1:$port"])->start;

# The values of a query: { label value => number }.
sub values_of($query, $label)
{
	my $encoded = $query =~ s/([^\w])/sprintf '%%%02X', ord $1/ger;
	my $seen = HTTP::Tiny->new->get(
	    "http://127.0.0.1:$port/api/v1/query?query=$encoded");
	my $answer = eval { JSON::PP::decode_json($seen->{content}) }
	    or return {};
	return { map { $_->{metric}{$label} // '' => $_->{value}[1] }
		@{ $answer->{data}{result} // [] } };
}

ok(eventually(60, sub {
	(values_of('up', 'job')->{pgjump} // 0) == 1;
}), 'the scrape succeeds') or diag($prometheus->text);
ok(eventually(30, sub {
	(values_of('pgjump_sessions_total', 'connection')->{orders} // 0) >= 1;
}), 'a counter');
my ($jump) = keys %{ values_of('pgjump_jump_up', 'jump') };
is($jump, '127.0.0.1:' . $lab->box->port . '/orders', 'a jump box');
is(values_of('pgjump_jump_up', 'jump')->{$jump}, 1, 'which is up');
my $refused = 'sum by (connection) '
    . '(pgjump_failures_total{stage="db_refused",side="database"})';
ok(eventually(30, sub {
	(values_of($refused, 'connection')->{billing} // 0) >= 1;
}), 'a failure by its stage and side');
my $quantile = values_of('histogram_quantile(0.5, '
    . 'pgjump_jump_dial_seconds_bucket)', 'jump')->{$jump};
cmp_ok($quantile, '>', 0, 'a histogram');
like(values_of('process_resident_memory_bytes', 'job')->{pgjump},
    qr/^[1-9]\d{5,}$/, 'the process');
is(values_of('pgjump_build_info', 'version')->{
	(PgJump::Daemon::command(['--version'])->{out} =~ /^pgjump (\S+)/)[0]
}, 1, 'the version');
like(HTTP::Tiny->new->get("http://127.0.0.1:$port/api/v1/targets")->{content},
    qr/"lastError":""/,
    'Prometheus has nothing to complain about');
$prometheus->down;
$daemon->down;
$lab->done;
