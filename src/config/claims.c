/* SPDX-License-Identifier: PostgreSQL */

/* Names and addresses, each sorted, so that equal ones are neighbours. */
#include "config/claims.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"

struct claim {
	const char *text;
	const struct config_connection *connection;
	bool is_optional; /* an address that is */
};

struct claims {
	const struct connection_place *places;
	struct report *report;
	struct claim *list;
	size_t count;
};

static int
compare_claims(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;
	int order = strcmp(left->text, right->text);

	if (order != 0)
		return order;
	return left->connection < right->connection
	    ? -1
	    : left->connection > right->connection;
}

static void
refuse_name(const struct claims *claims, const struct claim *first,
    const struct claim *second)
{
	struct place here = claims->places[second->connection->index].whole;
	struct place there = claims->places[first->connection->index].whole;

	report_error(claims->report, here,
	    "the name \"%s\" is taken by the connection in %s", second->text,
	    report_line_text(claims->report, here, there));
}

static const char *
name_of(const struct claim *claim)
{
	return claim->connection->name != NULL ? claim->connection->name : "?";
}

/* Two localhosts clash on 127.0.0.1 and on ::1: one error is enough. */
static void
refuse_listen(const struct claims *claims, const struct claim *first,
    const struct claim *second)
{
	struct place place = claims->places[second->connection->index].listen;
	struct place other = claims->places[first->connection->index].listen;
	bool is_same_file = place.file == other.file;

	if (first->is_optional && second->is_optional)
		return;
	if (first->connection == second->connection)
		report_error(claims->report, place,
		    "connection \"%s\" listens twice on %s", name_of(first),
		    first->text);
	else
		report_error(claims->report, place,
		    "connections \"%s\" and \"%s\" both listen on %s%s%s",
		    name_of(first), name_of(second), first->text,
		    is_same_file ? "" : "; the first is at ",
		    is_same_file
			? ""
			: report_line_text(claims->report, place, other));
}

/* Refuse every claim that another one makes, and release the list. */
static void
settle(struct claims *claims,
    void (*refuse)(const struct claims *, const struct claim *first,
	const struct claim *second))
{
	struct claim *list = claims->list;

	if (claims->count > 0)
		qsort(list, claims->count, sizeof *list, compare_claims);
	for (size_t i = 1; i < claims->count; i++)
		if (strcmp(list[i - 1].text, list[i].text) == 0)
			refuse(claims, &list[i - 1], &list[i]);
	free(list);
	claims->list = NULL;
	claims->count = 0;
}

static void
add_name(struct claims *claims, const struct config_connection *connection)
{
	if (connection->name == NULL)
		return;
	claims->list = xreallocarray(claims->list, claims->count + 1,
	    sizeof *claims->list);
	claims->list[claims->count++] = (struct claim){
		.text = connection->name,
		.connection = connection,
	};
}

static void
add_listens(struct claims *claims, const struct config_connection *connection)
{
	claims->list = xreallocarray(claims->list,
	    claims->count + connection->listen_count, sizeof *claims->list);
	for (size_t i = 0; i < connection->listen_count; i++)
		claims->list[claims->count++] = (struct claim){
			.text = connection->listens[i].label,
			.connection = connection,
			.is_optional = connection->listens[i].is_optional,
		};
}

void
config_claims_check(const struct config *cfg,
    const struct connection_place *places, struct report *report)
{
	struct claims claims = { .places = places, .report = report };

	for (size_t i = 0; i < cfg->connection_count; i++)
		add_name(&claims, &cfg->connections[i]);
	settle(&claims, refuse_name);
	for (size_t i = 0; i < cfg->connection_count; i++)
		add_listens(&claims, &cfg->connections[i]);
	settle(&claims, refuse_listen);
}
