/* SPDX-License-Identifier: PostgreSQL */

/*
 * A ring for each connection.  The first minute of one counts from its first
 * note, since nobody knows how long the time before was.
 */
#include "http/history.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/xmalloc.h"

struct track {
	LIST_ENTRY(track) entry;
	char *name;
	struct http_minute totals; /* at the last note */
	struct http_minute ring[HTTP_HISTORY_MINUTES];
	size_t next, count;
	bool is_noted; /* in the minute that is being noted */
};

struct http_history {
	LIST_HEAD(, track) tracks;
};

struct http_history *
http_history_new(void)
{
	struct http_history *history = xcalloc(1, sizeof *history);

	LIST_INIT(&history->tracks);
	return history;
}

static void
forget(struct track *track)
{
	LIST_REMOVE(track, entry);
	free(track->name);
	free(track);
}

void
http_history_free(struct http_history *history)
{
	struct track *track;

	while ((track = LIST_FIRST(&history->tracks)) != NULL)
		forget(track);
	free(history);
}

static struct track *
find(const struct http_history *history, const char *name)
{
	struct track *track;

	LIST_FOREACH(track, &history->tracks, entry)
		if (strcmp(track->name, name) == 0)
			break;
	return track;
}

void
http_history_begin(struct http_history *history)
{
	struct track *track;

	LIST_FOREACH(track, &history->tracks, entry)
		track->is_noted = false;
}

static void
add_minute(struct track *track, const struct http_minute *totals)
{
	const struct http_minute *before = &track->totals;

	track->ring[track->next] = (struct http_minute){
		.clients = totals->clients,
		.to_database = totals->to_database - before->to_database,
		.to_client = totals->to_client - before->to_client,
		.failures = totals->failures - before->failures,
	};
	track->next = (track->next + 1) % HTTP_HISTORY_MINUTES;
	if (track->count < HTTP_HISTORY_MINUTES)
		track->count++;
}

void
http_history_note(struct http_history *history, const char *name,
    const struct http_minute *totals)
{
	struct track *track = find(history, name);

	if (track != NULL) {
		add_minute(track, totals);
	} else {
		track = xcalloc(1, sizeof *track);
		track->name = xstrdup(name);
		LIST_INSERT_HEAD(&history->tracks, track, entry);
	}
	track->totals = *totals;
	track->is_noted = true;
}

void
http_history_end(struct http_history *history)
{
	struct track *track = LIST_FIRST(&history->tracks), *next;

	for (; track != NULL; track = next) {
		next = LIST_NEXT(track, entry);
		if (!track->is_noted)
			forget(track);
	}
}

size_t
http_history_read(const struct http_history *history, const char *name,
    struct http_minute out[HTTP_HISTORY_MINUTES])
{
	const struct track *track = find(history, name);
	size_t oldest;

	if (track == NULL)
		return 0;
	oldest = track->next + HTTP_HISTORY_MINUTES - track->count;
	for (size_t i = 0; i < track->count; i++)
		out[i] = track->ring[(oldest + i) % HTTP_HISTORY_MINUTES];
	return track->count;
}
