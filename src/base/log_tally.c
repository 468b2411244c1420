/* SPDX-License-Identifier: PostgreSQL */

/*
 * A record for each kind of line, in lists by hash under one mutex.  The words
 * that tell kinds apart come from the configuration and from failure.def, so no
 * stranger can make the number of kinds grow.  A record without a debt whose
 * second is over is reused for another kind.  When there is no memory for a
 * record, every line is written.
 */
#include "base/log_tally.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define LIST_COUNT 64 /* some hundred kinds make short lists */

struct record {
	SLIST_ENTRY(record) entry;
	struct log_debt debt;
	int64_t since_ms; /* when its second began (base/clock.h) */
	unsigned written; /* lines since then */
};

SLIST_HEAD(record_list, record);

static struct record_list lists[LIST_COUNT];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* --- Kinds --------------------------------------------------------------- */

static bool
tells_kinds_apart(const char *key)
{
	static const char *const keys[] = { "connection", "jump", "listen",
		"stage" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

/* A text is cut to the room that is left. */
static void
add_mark(struct log_kind *kind, const struct log_field *field)
{
	size_t len = strlen(field->text), room = sizeof kind->texts - kind->len;

	if (kind->count == LOG_TALLY_MARKS || room == 0)
		return;
	kind->keys[kind->count++] = field->key;
	if (len > room - 1)
		len = room - 1;
	memcpy(kind->texts + kind->len, field->text, len);
	kind->len += len;
	kind->texts[kind->len++] = '\0';
}

static struct log_kind
kind_of(enum log_level level, const char *message,
    const struct log_field *field)
{
	struct log_kind kind = { .level = level, .message = message };

	for (; field->key != NULL; field++)
		if (field->is_text && field->text != NULL &&
		    tells_kinds_apart(field->key))
			add_mark(&kind, field);
	return kind;
}

static bool
is_same(const struct log_kind *one, const struct log_kind *other)
{
	return one->message == other->message && one->level == other->level &&
	    one->len == other->len &&
	    memcmp(one->texts, other->texts, one->len) == 0;
}

/* FNV-1a over the texts, begun with the address of the constant message. */
static struct record_list *
list_of(const struct log_kind *kind)
{
	uint32_t hash = (uint32_t)((uintptr_t)kind->message >> 3);

	for (size_t i = 0; i < kind->len; i++)
		hash = (hash ^ (unsigned char)kind->texts[i]) * 0x01000193U;
	return &lists[hash % LIST_COUNT];
}

/* --- Records (with the mutex) -------------------------------------------- */

static bool
is_over(const struct record *record, int64_t now_ms)
{
	return now_ms - record->since_ms >= LOG_TALLY_WINDOW_MS;
}

/* The record of this kind, else a free one, else a new one; NULL: no memory. */
static struct record *
record_of(const struct log_kind *kind, int64_t now_ms)
{
	struct record_list *list = list_of(kind);
	struct record *record, *spare = NULL;

	SLIST_FOREACH(record, list, entry) {
		if (is_same(&record->debt.kind, kind))
			return record;
		if (is_over(record, now_ms) && record->debt.repeated == 0)
			spare = record;
	}
	if (spare == NULL) {
		spare = calloc(1, sizeof *spare);
		if (spare == NULL)
			return NULL;
		SLIST_INSERT_HEAD(list, spare, entry);
	}
	spare->debt.kind = *kind;
	spare->since_ms = now_ms;
	spare->written = 0;
	return spare;
}

static void
take(struct record *record, struct log_debt *owed)
{
	*owed = record->debt;
	record->debt.repeated = 0;
}

static enum log_verdict
judge(struct record *record, int64_t now_ms, struct log_debt *owed)
{
	if (is_over(record, now_ms)) {
		take(record, owed);
		record->since_ms = now_ms;
		record->written = 0;
	}
	if (record->written < LOG_TALLY_LINES) {
		record->written++;
		return LOG_WRITE;
	}
	return record->debt.repeated++ == 0 ? LOG_COUNT_FIRST : LOG_COUNT;
}

/* --- Judging lines ------------------------------------------------------- */

enum log_verdict
log_tally(enum log_level level, const char *message,
    const struct log_field *fields, int64_t now_ms, struct log_debt *owed)
{
	struct log_kind kind = kind_of(level, message, fields);
	enum log_verdict verdict = LOG_WRITE;
	struct record *record;

	owed->repeated = 0;
	pthread_mutex_lock(&mutex);
	record = record_of(&kind, now_ms);
	if (record != NULL)
		verdict = judge(record, now_ms, owed);
	pthread_mutex_unlock(&mutex);
	return verdict;
}

/* A debt that may be reported now; else NULL, and *due_ms. */
static struct record *
find_debt(int64_t now_ms, bool is_last, int64_t *due_ms)
{
	struct record *record;
	int64_t end_ms;

	*due_ms = 0;
	for (size_t i = 0; i < LIST_COUNT; i++) {
		SLIST_FOREACH(record, &lists[i], entry) {
			if (record->debt.repeated == 0)
				continue;
			if (is_last || is_over(record, now_ms))
				return record;
			end_ms = record->since_ms + LOG_TALLY_WINDOW_MS;
			if (*due_ms == 0 || end_ms < *due_ms)
				*due_ms = end_ms;
		}
	}
	return NULL;
}

bool
log_tally_take(int64_t now_ms, bool is_last, struct log_debt *owed,
    int64_t *due_ms)
{
	struct record *record;

	pthread_mutex_lock(&mutex);
	record = find_debt(now_ms, is_last, due_ms);
	if (record != NULL)
		take(record, owed);
	pthread_mutex_unlock(&mutex);
	return record != NULL;
}

void
log_tally_fields(const struct log_debt *debt,
    struct log_field fields[LOG_DEBT_FIELDS])
{
	const char *text = debt->kind.texts;
	size_t i;

	for (i = 0; i < debt->kind.count; i++) {
		fields[i] = log_str(debt->kind.keys[i], text);
		text += strlen(text) + 1;
	}
	fields[i++] = log_num("repeated", debt->repeated);
	fields[i] = LOG_END;
}
