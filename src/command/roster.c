/* SPDX-License-Identifier: PostgreSQL */

/*
 * A reload opens a list of clients for every connection.  The list before it
 * leaves: it takes no client any more, and is freed with its last one.  So a
 * list and its clients have one configuration for life.  A view of a jump box
 * stays where the jump box does; otherwise it leaves, and is freed when no list
 * uses it and its links are gone.
 */
#include "command/roster.h"

#include <assert.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "client/clients.h"
#include "command/shared.h"
#include "config/config.h"
#include "jump/box.h"
#include "jump/jump.h"

/* A jump box as this worker sees it. */
struct view {
	LIST_ENTRY(view) entry; /* among those that leave */
	struct jump *jump;
	struct jump_box *box;
	struct shared *shared; /* whose configuration it follows */
	struct view *outer;    /* through which it is reached; or NULL */
	size_t users;          /* lists of clients, and inner views */
};

/* The clients of one connection in one configuration. */
struct list {
	LIST_ENTRY(list) entry; /* among those that leave */
	struct roster *roster;
	struct clients *clients;
	struct view *view;
	struct shared *shared;
	size_t connection;      /* its index there */
	struct event *deadline; /* NULL: it may leave whenever it likes */
};

LIST_HEAD(lists, list);
LIST_HEAD(views, view);

struct roster {
	struct roster_setup setup;
	struct shared *shared;
	struct list **lists; /* by connection */
	struct view **views; /* as shared->boxes; NULL where unused */
	struct lists leaving_lists;
	struct views leaving_views;
	bool is_untidy; /* something that leaves may be freed */
	void *scratch;  /* shared by all clients */
};

/* --- Views of jump boxes -------------------------------------------------- */

static const struct config_jump *
settings_of(const struct config *cfg, size_t index)
{
	return index < cfg->jump_count ? &cfg->jumps[index] : NULL;
}

static struct view *use_view(struct roster *, size_t index);

static struct view *
view_open(struct roster *roster, size_t index)
{
	struct config *cfg = roster->shared->cfg;
	const struct config_jump *settings = settings_of(cfg, index);
	struct view *view = xcalloc(1, sizeof *view);

	if (settings != NULL && settings->via != NULL)
		view->outer = use_view(roster, settings->via->index);
	view->shared = shared_ref(roster->shared);
	view->box = jump_box_ref(roster->shared->boxes[index]);
	view->jump = jump_open(roster->setup.base, cfg, settings, view->box,
	    roster->setup.mailbox,
	    view->outer != NULL ? view->outer->jump : NULL);
	return view;
}

/* The view in that slot, with one user more. */
static struct view *
use_view(struct roster *roster, size_t index)
{
	if (roster->views[index] == NULL)
		roster->views[index] = view_open(roster, index);
	roster->views[index]->users++;
	return roster->views[index];
}

static void
view_renew(struct view *view, struct shared *next, size_t index)
{
	jump_renew(view->jump, next->cfg, settings_of(next->cfg, index));
	shared_unref(view->shared);
	view->shared = shared_ref(next);
}

static void
view_close(struct view *view)
{
	jump_close(view->jump);
	if (view->outer != NULL)
		view->outer->users--;
	jump_box_unref(view->box);
	shared_unref(view->shared);
	free(view);
}

/* --- Lists of clients ----------------------------------------------------- */

static void
on_gone(void *arg)
{
	struct list *list = arg;
	struct roster *roster = list->roster;

	roster->is_untidy |= clients_count(list->clients) == 0;
	roster->setup.on_gone(roster->setup.arg, 1);
}

/* The slot of a connection's jump box; the last one is for no jump box. */
static size_t
slot_of(const struct config *cfg, const struct config_connection *connection)
{
	return connection->jump != NULL ? connection->jump->index
					: cfg->jump_count;
}

static struct list *
list_open(struct roster *roster, size_t index)
{
	struct shared *shared = roster->shared;
	struct config *cfg = shared->cfg;
	size_t slot = slot_of(cfg, &cfg->connections[index]);
	struct list *list = xcalloc(1, sizeof *list);

	list->roster = roster;
	list->view = use_view(roster, slot);
	list->shared = shared_ref(shared);
	list->connection = index;
	list->clients = clients_open(&(struct clients_setup){
	    .base = roster->setup.base,
	    .mailbox = roster->setup.mailbox,
	    .cfg = cfg,
	    .connection = &cfg->connections[index],
	    .gate = shared->gates[index],
	    .jump = list->view->jump,
	    .identity = shared->identities[index],
	    .owners = shared->owners,
	    .scratch = roster->scratch,
	    .on_gone = on_gone,
	    .arg = list,
	});
	return list;
}

static void
list_close(struct list *list)
{
	clients_close(list->clients);
	list->view->users--;
	if (list->deadline != NULL)
		event_free(list->deadline);
	shared_unref(list->shared);
	free(list);
}

static struct gate *
gate_of(const struct list *list)
{
	return list->shared->gates[list->connection];
}

/* --- Leaving -------------------------------------------------------------- */

static void
list_leave(struct roster *roster, struct list *list)
{
	LIST_INSERT_HEAD(&roster->leaving_lists, list, entry);
	roster->is_untidy = true;
}

static void
view_leave(struct roster *roster, struct view *view)
{
	jump_leave(view->jump);
	LIST_INSERT_HEAD(&roster->leaving_views, view, entry);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct list *list = arg;
	struct roster *roster = list->roster;
	size_t count = clients_count(list->clients);
	const struct config *cfg = list->shared->cfg;

	(void)fd, (void)what;
	if (count > 0)
		log_warning("shutdown_timeout has passed",
		    log_str("connection",
			cfg->connections[list->connection].name),
		    log_num("clients", (int64_t)count));
	LIST_REMOVE(list, entry);
	list_close(list);
	if (count > 0)
		roster->setup.on_gone(roster->setup.arg, count);
}

/* The connection is gone: its clients end within shutdown_timeout. */
static void
list_end(struct list *list)
{
	struct roster *roster = list->roster;
	struct timeval timeout = clock_timeval(
	    roster->shared->cfg->shutdown_timeout_ms);

	if (list->deadline != NULL)
		return;
	clients_drain(list->clients, FAIL_REMOVED);
	list->deadline = loop_event(roster->setup.base, -1, 0, on_deadline,
	    list);
	event_add(list->deadline, &timeout);
}

/* The same for every list that this connection has had. */
static void
end_lists(struct roster *roster, const struct list *of)
{
	struct list *list;

	LIST_FOREACH(list, &roster->leaving_lists, entry)
		if (gate_of(list) == gate_of(of))
			list_end(list);
}

static void
tidy_lists(struct roster *roster)
{
	struct list *list, *next;

	if (!roster->is_untidy)
		return;
	roster->is_untidy = false;
	for (list = LIST_FIRST(&roster->leaving_lists); list != NULL;
	     list = next) {
		next = LIST_NEXT(list, entry);
		if (clients_count(list->clients) > 0)
			continue;
		LIST_REMOVE(list, entry);
		list_close(list);
	}
}

static void
tidy_views(struct roster *roster)
{
	struct view *view, *next;

	for (view = LIST_FIRST(&roster->leaving_views); view != NULL;
	     view = next) {
		next = LIST_NEXT(view, entry);
		if (view->users > 0 || !jump_is_over(view->jump))
			continue;
		LIST_REMOVE(view, entry);
		view_close(view);
	}
}

/* --- Going over ----------------------------------------------------------- */

static void
renew_views(struct roster *roster, struct view **before, size_t count)
{
	const size_t *heirs = roster->shared->jump_heirs;

	for (size_t i = 0; i < count; i++) {
		if (before[i] == NULL)
			continue;
		if (heirs[i] == SHARED_NO_HEIR) {
			view_leave(roster, before[i]);
			continue;
		}
		roster->views[heirs[i]] = before[i];
		view_renew(before[i], roster->shared, heirs[i]);
	}
}

static void
leave_lists(struct roster *roster, struct list **before, size_t count)
{
	const size_t *heirs = roster->shared->connection_heirs;

	for (size_t i = 0; i < count; i++)
		list_leave(roster, before[i]);
	for (size_t i = 0; i < count; i++)
		if (heirs[i] == SHARED_NO_HEIR)
			end_lists(roster, before[i]);
}

static void
open_lists(struct roster *roster)
{
	size_t count = roster->shared->cfg->connection_count;

	roster->lists = xcalloc(count, sizeof(struct list *));
	for (size_t i = 0; i < count; i++)
		roster->lists[i] = list_open(roster, i);
}

static void
make_room_for_views(struct roster *roster)
{
	roster->views = xcalloc(roster->shared->cfg->jump_count + 1,
	    sizeof(struct view *));
}

void
roster_renew(struct roster *roster, struct shared *next)
{
	struct shared *before = roster->shared;
	struct list **lists = roster->lists;
	struct view **views = roster->views;

	roster->shared = shared_ref(next);
	make_room_for_views(roster);
	renew_views(roster, views, before->cfg->jump_count + 1);
	open_lists(roster);
	leave_lists(roster, lists, before->cfg->connection_count);
	free(views);
	free(lists);
	shared_unref(before);
}

/* --- Life ----------------------------------------------------------------- */

struct roster *
roster_open(const struct roster_setup *setup, struct shared *shared)
{
	struct roster *roster = xcalloc(1, sizeof *roster);

	roster->setup = *setup;
	roster->shared = shared_ref(shared);
	roster->scratch = xmalloc(CLIENTS_SCRATCH_LEN);
	LIST_INIT(&roster->leaving_lists);
	LIST_INIT(&roster->leaving_views);
	make_room_for_views(roster);
	open_lists(roster);
	return roster;
}

struct clients *
roster_clients(const struct roster *roster, size_t connection)
{
	assert(connection < roster->shared->cfg->connection_count);
	return roster->lists[connection]->clients;
}

void
roster_turn(struct roster *roster)
{
	struct view *view;

	for (size_t i = 0; i <= roster->shared->cfg->jump_count; i++)
		if (roster->views[i] != NULL)
			jump_turn(roster->views[i]->jump);
	LIST_FOREACH(view, &roster->leaving_views, entry)
		jump_turn(view->jump);
	tidy_lists(roster);
	tidy_views(roster);
}

void
roster_drain(struct roster *roster, enum failure code)
{
	struct list *list;

	for (size_t i = 0; i < roster->shared->cfg->connection_count; i++)
		clients_drain(roster->lists[i]->clients, code);
	LIST_FOREACH(list, &roster->leaving_lists, entry)
		if (list->deadline == NULL)
			clients_drain(list->clients, code);
}

/* One that leaves and is used no more; NULL: there is none. */
static struct view *
find_unused(const struct roster *roster)
{
	struct view *view;

	LIST_FOREACH(view, &roster->leaving_views, entry)
		if (view->users == 0)
			break;
	return view;
}

/* An inner jump box has a higher slot than the outer ones that it uses. */
static void
close_views(struct roster *roster)
{
	struct view *view;

	while ((view = find_unused(roster)) != NULL) {
		LIST_REMOVE(view, entry);
		view_close(view);
	}
	assert(LIST_EMPTY(&roster->leaving_views));
	for (size_t i = roster->shared->cfg->jump_count + 1; i-- > 0;)
		if (roster->views[i] != NULL)
			view_close(roster->views[i]);
}

/*
 * The order matters: clients use jump boxes, inner ones use outer ones, and
 * dialers post to the mailbox until their jump box is closed.
 */
void
roster_close(struct roster *roster)
{
	struct list *list;

	while ((list = LIST_FIRST(&roster->leaving_lists)) != NULL) {
		LIST_REMOVE(list, entry);
		list_close(list);
	}
	for (size_t i = 0; i < roster->shared->cfg->connection_count; i++)
		list_close(roster->lists[i]);
	close_views(roster);
	free(roster->lists);
	free(roster->views);
	free(roster->scratch);
	shared_unref(roster->shared);
	free(roster);
}
