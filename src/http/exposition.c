/* SPDX-License-Identifier: PostgreSQL */

#include "http/exposition.h"

#include <inttypes.h>

#include "base/histogram.h"

/* The bounds as OpenMetrics wants them, in seconds. */
static const char *const bounds[] = { "0.005", "0.01", "0.025", "0.05", "0.1",
	"0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf" };

_Static_assert(sizeof bounds / sizeof *bounds == HISTOGRAM_BUCKETS,
    "each bucket has its bound");

static const char *
total(const struct exposition *exposition)
{
	return exposition->kind == EXPOSITION_COUNTER ? "_total" : "";
}

void
exposition_begin(struct exposition *exposition, const char *name,
    enum exposition_kind kind, const char *help)
{
	static const char *const kinds[] = {
		[EXPOSITION_GAUGE] = "gauge",
		[EXPOSITION_COUNTER] = "counter",
		[EXPOSITION_HISTOGRAM] = "histogram",
	};
	const char *suffix;

	exposition->name = name;
	exposition->kind = kind;
	suffix = exposition->is_open ? "" : total(exposition);
	fprintf(exposition->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name,
	    suffix, help, name, suffix, kinds[kind]);
}

static void
write_value(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			putc(*text, out);
}

/* `bound` is that of a bucket; NULL: this is none. */
static void
write_labels(FILE *out, const struct exposition_label *labels,
    const char *bound)
{
	const char *separator = "{";

	for (; labels->name != NULL; labels++) {
		fprintf(out, "%s%s=\"", separator, labels->name);
		write_value(out, labels->value);
		putc('"', out);
		separator = ",";
	}
	if (bound != NULL) {
		fprintf(out, "%sle=\"%s\"", separator, bound);
		separator = ",";
	}
	if (separator[0] == ',')
		putc('}', out);
}

static void
begin_sample(const struct exposition *exposition, const char *suffix,
    const struct exposition_label *labels, const char *bound)
{
	fprintf(exposition->out, "%s%s", exposition->name, suffix);
	write_labels(exposition->out, labels, bound);
	putc(' ', exposition->out);
}

void
exposition_count(struct exposition *exposition,
    const struct exposition_label *labels, uint64_t value)
{
	begin_sample(exposition, total(exposition), labels, NULL);
	fprintf(exposition->out, "%" PRIu64 "\n", value);
}

void
exposition_value(struct exposition *exposition,
    const struct exposition_label *labels, double value)
{
	begin_sample(exposition, total(exposition), labels, NULL);
	fprintf(exposition->out, "%.15g\n", value);
}

void
exposition_histogram(struct exposition *exposition,
    const struct exposition_label *labels, const uint64_t *buckets,
    uint64_t sum_ms)
{
	uint64_t count = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		count += buckets[i];
		begin_sample(exposition, "_bucket", labels, bounds[i]);
		fprintf(exposition->out, "%" PRIu64 "\n", count);
	}
	begin_sample(exposition, "_sum", labels, NULL);
	fprintf(exposition->out, "%" PRIu64 ".%03u\n", sum_ms / 1000,
	    (unsigned)(sum_ms % 1000));
	begin_sample(exposition, "_count", labels, NULL);
	fprintf(exposition->out, "%" PRIu64 "\n", count);
}

void
exposition_end(struct exposition *exposition)
{
	if (exposition->is_open)
		fputs("# EOF\n", exposition->out);
}
