/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of addresses, each with the connection to which it leads now and the
 * one to which it leads next.  Clients know a port, not a name: where a port is
 * kept only because connections are numbered anew, it would show them another
 * database, so that is refused.
 */
#include "command/entrances.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "client/listener.h"
#include "command/port_holder.h"
#include "config/config.h"
#include "config/jump.h"

#define NOWHERE ((size_t)-1)

struct entrance {
	struct entrances *all;
	char *label; /* its identity */
	unsigned port;
	bool is_unix;
	size_t connection; /* NOWHERE: it is new */
	size_t next;       /* NOWHERE: it will be closed */
	struct listener *listener;
};

struct entrances {
	struct event_base *base;
	entrances_client_fn *on_client;
	void *arg;
	struct entrance **list;
	size_t count;
};

/* While the next configuration is looked at. */
struct outlook {
	struct entrances *all;
	const struct config *now, *next;
	struct entrance **known; /* those that are open, by label */
	size_t known_count;
	FILE *errors;
	bool is_good;
};

struct entrances *
entrances_new(struct event_base *base, entrances_client_fn *on_client,
    void *arg)
{
	struct entrances *all = xcalloc(1, sizeof *all);

	all->base = base;
	all->on_client = on_client;
	all->arg = arg;
	return all;
}

static void
on_accept(void *arg, int take_fd, const struct sockaddr *peer,
    socklen_t peer_len)
{
	struct entrance *entrance = arg;
	struct entrances *all = entrance->all;

	all->on_client(all->arg, entrance->connection, take_fd, peer, peer_len);
}

/* --- Errors --------------------------------------------------------------- */

/* The line that an error about the addresses of a connection begins with. */
static void
begin_error(struct outlook *outlook, const struct config_connection *of)
{
	outlook->is_good = false;
	fprintf(outlook->errors, "%s:%u:%u: ", of->file, of->listen_line,
	    of->listen_column);
}

/* An address of our own that goes, and with which a new one may collide. */
static const struct entrance *
in_the_way(const struct outlook *outlook, const struct config_listen *listen)
{
	for (size_t i = 0; i < outlook->known_count; i++) {
		const struct entrance *known = outlook->known[i];

		if (!known->is_unix && listen->host != NULL &&
		    known->port == listen->port)
			return known;
	}
	return NULL;
}

/* Who holds the port, and which option chooses another one. */
static void
tell_taken(const struct config_connection *of,
    const struct config_listen *listen, const char *error)
{
	bool is_taken = strcmp(error, strerror(EADDRINUSE)) == 0 &&
	    listen->host != NULL;
	char *holder = is_taken ? port_holder(listen->port) : NULL;
	char hint[200];

	snprintf(hint, sizeof hint,
	    "Set listen of this connection to another port, or stop what "
	    "listens there: ss -ltnp 'sport = :%u' shows it.",
	    listen->port);
	log_error("cannot listen", log_str("connection", of->name),
	    log_str("listen", listen->label), log_str("error", error),
	    log_str("held_by", holder),
	    log_str("hint", is_taken ? hint : NULL));
	free(holder);
}

static void
refuse_to_open(struct outlook *outlook, const struct config_connection *of,
    const struct config_listen *listen, const char *error)
{
	const struct entrance *own = in_the_way(outlook, listen);

	if (outlook->errors == NULL) {
		outlook->is_good = false;
		tell_taken(of, listen, error);
		return;
	}
	begin_error(outlook, of);
	fprintf(outlook->errors, "connection \"%s\" cannot listen on %s: %s",
	    of->name, listen->label, error);
	if (own != NULL)
		fprintf(outlook->errors,
		    "; pgjump itself listens on %s, which it closes only after "
		    "new addresses are open: take that one out by a reload of "
		    "its own, or restart pgjump",
		    own->label);
	fputc('\n', outlook->errors);
}

/* The port at which a connection of that name was reached so far; 0: none. */
static unsigned
former_port(const struct config *now, const char *name)
{
	for (size_t i = 0; i < now->connection_count; i++)
		if (strcmp(now->connections[i].name, name) == 0)
			return now->connections[i].listens[0].port;
	return 0;
}

static void
refuse_to_move(struct outlook *outlook, const struct config_connection *from,
    const struct config_connection *to, const struct config_listen *listen)
{
	unsigned former = former_port(outlook->now, to->name);

	begin_error(outlook, to);
	fprintf(outlook->errors,
	    "connection \"%s\" would get %s by its position in the file, "
	    "where clients reach \"%s\" now; write ",
	    to->name, listen->label, from->name);
	if (former != 0)
		fprintf(outlook->errors,
		    "\"listen: %u\" in \"%s\" to keep its port", former,
		    to->name);
	else
		fprintf(outlook->errors,
		    "a \"listen\" with a port of its own in \"%s\"", to->name);
	fprintf(outlook->errors,
	    ", or \"listen: %u\" to move that port on purpose\n", listen->port);
}

/* --- Looking ahead -------------------------------------------------------- */

static int
compare_labels(const void *a, const void *b)
{
	const struct entrance *const *left = a, *const *right = b;

	return strcmp((*left)->label, (*right)->label);
}

static struct entrance *
find_known(const struct outlook *outlook, char *label)
{
	const struct entrance wanted = { .label = label }, *key = &wanted;
	struct entrance **found = NULL;

	if (outlook->known_count > 0)
		found = bsearch(&key, outlook->known, outlook->known_count,
		    sizeof *outlook->known, compare_labels);
	return found != NULL ? *found : NULL;
}

/* The same database by the same way: only the name of the connection differs.
 */
static bool
leads_alike(const struct config_connection *a,
    const struct config_connection *b)
{
	if ((a->jump == NULL) != (b->jump == NULL) ||
	    (a->jump != NULL && !config_jump_equal(a->jump, b->jump)))
		return false;
	return strcmp(a->label, b->label) == 0 &&
	    text_equal(a->database, b->database);
}

/* False: refused, so that a further address of it need not be judged. */
static bool
keep(struct outlook *outlook, struct entrance *entrance,
    const struct config_connection *to, const struct config_listen *listen)
{
	const struct config_connection
	    *from = &outlook->now->connections[entrance->connection];

	entrance->next = to->index;
	if (!listen->has_default_port || strcmp(from->name, to->name) == 0 ||
	    leads_alike(from, to))
		return true;
	refuse_to_move(outlook, from, to, listen);
	return false;
}

static void
open_one(struct outlook *outlook, const struct config_connection *of,
    const struct config_listen *listen)
{
	struct entrances *all = outlook->all;
	struct entrance *entrance = xcalloc(1, sizeof *entrance);
	char error[256];

	entrance->all = all;
	entrance->connection = NOWHERE;
	entrance->next = of->index;
	entrance->port = listen->port;
	entrance->is_unix = listen->dir != NULL;
	entrance->listener = listener_open(all->base, listen, on_accept,
	    entrance, error, sizeof error);
	if (entrance->listener == NULL) {
		refuse_to_open(outlook, of, listen, error);
		free(entrance);
		return;
	}
	entrance->label = xstrdup(listen->label);
	all->list = xreallocarray(all->list, all->count + 1, sizeof *all->list);
	all->list[all->count++] = entrance;
}

static void
prepare_connection(struct outlook *outlook, const struct config_connection *of)
{
	for (size_t i = 0; i < of->listen_count; i++) {
		struct entrance *known = find_known(outlook,
		    of->listens[i].label);

		if (known == NULL)
			open_one(outlook, of, &of->listens[i]);
		else if (!keep(outlook, known, of, &of->listens[i]))
			return;
	}
}

bool
entrances_prepare(struct entrances *all, const struct config *now,
    const struct config *next, FILE *errors)
{
	struct outlook outlook = { .all = all,
		.now = now,
		.next = next,
		.known = xcalloc(all->count + 1, sizeof *outlook.known),
		.known_count = all->count,
		.errors = errors,
		.is_good = true };

	for (size_t i = 0; i < all->count; i++) {
		outlook.known[i] = all->list[i];
		all->list[i]->next = NOWHERE;
	}
	qsort(outlook.known, outlook.known_count, sizeof *outlook.known,
	    compare_labels);
	for (size_t i = 0; i < next->connection_count; i++)
		prepare_connection(&outlook, &next->connections[i]);
	free(outlook.known);
	return outlook.is_good;
}

/* --- Going there ---------------------------------------------------------- */

static void
entrance_free(struct entrance *entrance)
{
	listener_close(entrance->listener);
	free(entrance->label);
	free(entrance);
}

static void
log_moved(const struct entrance *entrance, const struct config *now,
    const struct config *next)
{
	const char *from = now->connections[entrance->connection].name;
	const char *to = next->connections[entrance->next].name;

	if (strcmp(from, to) != 0)
		log_warning("address moved to another connection",
		    log_str("listen", entrance->label), log_str("from", from),
		    log_str("to", to));
}

void
entrances_commit(struct entrances *all, const struct config *now,
    const struct config *next)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct entrance *entrance = all->list[i];

		if (entrance->next == NOWHERE) {
			entrance_free(entrance);
			continue;
		}
		if (entrance->connection != NOWHERE)
			log_moved(entrance, now, next);
		entrance->connection = entrance->next;
		all->list[kept++] = entrance;
	}
	all->count = kept;
}

void
entrances_abandon(struct entrances *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (all->list[i]->connection == NOWHERE)
			entrance_free(all->list[i]);
		else
			all->list[kept++] = all->list[i];
	all->count = kept;
}

void
entrances_close(struct entrances *all)
{
	for (size_t i = 0; i < all->count; i++)
		entrance_free(all->list[i]);
	all->count = 0;
}

void
entrances_free(struct entrances *all)
{
	if (all == NULL)
		return;
	entrances_close(all);
	free(all->list);
	free(all);
}
