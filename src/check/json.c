/* SPDX-License-Identifier: PostgreSQL */

/*
 * The object of a report, one key a line.  Facts that do not apply are left
 * out; the keys that every report has stay.
 */
#include "check/json.h"

#include <string.h>

#include "base/fault.h"
#include "base/json_text.h"
#include "check/report.h"
#include "config/config.h"

static void
put_string(FILE *out, const char *text)
{
	struct json_piece piece;

	putc('"', out);
	while (*text != '\0') {
		text = json_text_piece(text, &piece);
		fwrite(piece.bytes, 1, piece.len, out);
	}
	putc('"', out);
}

static void
put_pair(FILE *out, const char *key, const char *text)
{
	fprintf(out, "\"%s\": ", key);
	put_string(out, text);
}

/* A further pair of an object, on a line of its own. */
static void
next_pair(FILE *out, const char *indent, const char *key, const char *text)
{
	fprintf(out, ",\n%s", indent);
	put_pair(out, key, text);
}

static void
next_number(FILE *out, const char *indent, const char *key, int64_t number)
{
	fprintf(out, ",\n%s\"%s\": %lld", indent, key, (long long)number);
}

static void
put_list(FILE *out, const struct check_fact *fact)
{
	const char *between = "";

	fprintf(out, ",\n      \"%s\": [", fact->key);
	for (const char *item = fact->text; *item != '\0';) {
		size_t len = strcspn(item, "\n");
		char text[sizeof fact->text];

		snprintf(text, sizeof text, "%.*s", (int)len, item);
		fputs(between, out);
		put_string(out, text);
		item += len + 1;
		between = ", ";
	}
	putc(']', out);
}

static void
put_fact(FILE *out, const struct check_fact *fact)
{
	if (fact->is_list)
		put_list(out, fact);
	else if (!fact->is_number)
		next_pair(out, "      ", fact->key, fact->text);
	else
		fprintf(out, ",\n      \"%s\": %.12g", fact->key, fact->number);
}

/* The hint stands at the phase that failed, and again at the report. */
static void
put_phase(FILE *out, const struct check_report *report, size_t index)
{
	const struct check_step *step = &report->steps[index];
	unsigned hop = report->connection->jump != NULL
	    ? check_report_hop(index)
	    : 0;
	bool is_failed = step->status == CHECK_FAILED;

	fputs("    {\n      ", out);
	put_pair(out, "phase",
	    check_report_phase_name(check_report_phase(index)));
	if (hop > 0)
		next_number(out, "      ", "hop", hop);
	next_pair(out, "      ", "status",
	    check_report_status_name(step->status));
	next_pair(out, "      ", "message", step->message);
	next_pair(out, "      ", "hint", is_failed ? report->advice.hint : "");
	next_number(out, "      ", "duration_ms", step->duration_ms);
	for (size_t i = 0; i < step->fact_count; i++)
		put_fact(out, &step->facts[i]);
	fputs("\n    }", out);
}

static void
put_phases(FILE *out, const struct check_report *report)
{
	const char *between = "\n";

	fputs(",\n  \"phases\": [", out);
	for (size_t i = 0; i < CHECK_STEPS_MAX; i++) {
		if (!check_report_has(report, i))
			continue;
		fputs(between, out);
		put_phase(out, report, i);
		between = ",\n";
	}
	fputs("\n  ]", out);
}

static void
put_probes(FILE *out, const struct check_report *report)
{
	fputs(",\n  \"probes\": [", out);
	for (size_t i = 0; i < report->probe_count; i++) {
		const struct check_probe *probe = &report->probes[i];

		fputs(i > 0 ? ",\n    { " : "\n    { ", out);
		put_pair(out, "target", probe->target);
		next_pair(out, "      ", "message", probe->outcome);
		next_number(out, "      ", "duration_ms", probe->duration_ms);
		fputs(" }", out);
	}
	fputs(report->probe_count > 0 ? "\n  ]" : "]", out);
}

static void
put_texts(FILE *out, const char *key, const char *first, size_t size,
    size_t count)
{
	fprintf(out, ",\n  \"%s\": [", key);
	for (size_t i = 0; i < count; i++) {
		fputs(i > 0 ? ", " : "", out);
		put_string(out, first + i * size);
	}
	putc(']', out);
}

/* Empty texts where nothing failed. */
static void
put_verdict(FILE *out, const struct check_report *report)
{
	bool is_failed = strcmp(check_report_status(report), "failed") == 0;
	char message[FAULT_DETAIL_MAX] = "";

	if (is_failed)
		fault_message_bare(&report->fault, message, sizeof message);
	next_pair(out, "  ", "side", check_report_side(report));
	next_pair(out, "  ", "stage",
	    is_failed ? failure_stage(report->fault.code)->label : "");
	if (is_failed && report->fault.hop > 0)
		next_number(out, "  ", "hop", report->fault.hop);
	next_pair(out, "  ", "message", message);
	next_pair(out, "  ", "detail", is_failed ? report->fault.detail : "");
}

void
check_json_put(FILE *out, const struct check_report *report)
{
	const struct check_advice *advice = &report->advice;

	fputs("{\n  ", out);
	put_pair(out, "name", report->connection->name);
	next_pair(out, "  ", "status", check_report_status(report));
	put_phases(out, report);
	put_probes(out, report);
	put_verdict(out, report);
	put_texts(out, "remarks", report->remarks[0], sizeof report->remarks[0],
	    report->remark_count);
	next_pair(out, "  ", "hint", advice->hint);
	next_pair(out, "  ", "file", advice->file);
	put_texts(out, "lines", advice->lines[0], sizeof advice->lines[0],
	    advice->line_count);
	next_pair(out, "  ", "place", advice->place);
	next_pair(out, "  ", "command", advice->command);
	next_number(out, "  ", "total_duration_ms", report->duration_ms);
	fputs("\n}", out);
}
