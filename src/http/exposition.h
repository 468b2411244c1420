/* SPDX-License-Identifier: PostgreSQL */

/*
 * Metrics in words: the text format 0.0.4 of Prometheus, or OpenMetrics 1.0,
 * which differ in the names of counters and in the last line.
 */
#ifndef PGJUMP_HTTP_EXPOSITION_H
#define PGJUMP_HTTP_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define HTTP_EXPOSITION_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define HTTP_EXPOSITION_OPEN \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

enum exposition_kind {
	EXPOSITION_GAUGE,
	EXPOSITION_COUNTER,
	EXPOSITION_HISTOGRAM,
};

struct exposition {
	FILE *out;
	bool is_open; /* OpenMetrics */
	const char *name;
	enum exposition_kind kind;
};

struct exposition_label {
	const char *name, *value; /* the name is NULL at the end of a list */
};

#define EXPOSITION_LABELS(...) \
	((const struct exposition_label[]){ __VA_ARGS__, { NULL, NULL } })
#define EXPOSITION_NONE EXPOSITION_LABELS({ NULL, NULL })

/* A family begins; a counter's name comes without "_total". */
void exposition_begin(struct exposition *, const char *name,
    enum exposition_kind, const char *help);

/* A sample of a gauge or a counter. */
void exposition_count(struct exposition *, const struct exposition_label *,
    uint64_t value);
void exposition_value(struct exposition *, const struct exposition_label *,
    double value);

/* All samples of a histogram of durations (base/histogram.h). */
void exposition_histogram(struct exposition *, const struct exposition_label *,
    const uint64_t *buckets, uint64_t sum_ms);

/* The last line. */
void exposition_end(struct exposition *);

#endif
