# SPDX-License-Identifier: PostgreSQL
#
# The metrics of a running pgjump, read as a scraper reads them.
package PgJump::Metrics;

use v5.36;
use Exporter qw(import);
use PgJump::Http qw(asked);
use PgJump::Process qw(eventually);

our @EXPORT_OK = qw(becomes metric metrics);

# All samples: { 'name{label="value",...}' => number }.
sub metrics($where)
{
	my $seen = asked($where, '/metrics');
	return { $seen->{body} =~ /^(\w+(?:\{[^\n]*\})?) (\S+)$/mg };
}

# One of them; the labels are sorted as they are written.
sub metric($where, $name, %labels)
{
	my $all = metrics($where);

	for my $key (keys %$all) {
		my ($is, $rest) = $key =~ /^(\w+)(.*)$/;
		next if $is ne $name;
		my %has = $rest =~ /(\w+)="([^"]*)"/g;
		return $all->{$key}
		    if join(' ', map { "$_ $has{$_}" } sort keys %has)
		    eq join(' ', map { "$_ $labels{$_}" } sort keys %labels);
	}
	return;
}

# Whether it becomes this value; the last one seen.
sub becomes($where, $value, $name, %labels)
{
	my $seen;

	eventually(20, sub {
		$seen = metric($where, $name, %labels);
		defined $seen && $seen == $value;
	});
	return $seen;
}

1;
