/* SPDX-License-Identifier: PostgreSQL */

/* What the main thread shows to HTTP, and how HTTP reaches it. */
#ifndef PGJUMP_HTTP_VIEW_H
#define PGJUMP_HTTP_VIEW_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct gate;
struct http_errand;
struct jump_box;
struct mailbox;

enum http_phase {
	HTTP_STARTING,
	HTTP_RUNNING,  /* every port is open */
	HTTP_STOPPING, /* pgjump accepts no more clients, or soon will not */
};

/* What is shown of a running pgjump; borrowed until the next http_show(). */
struct http_view {
	struct config *cfg;
	struct gate *const *gates;     /* by connection */
	struct jump_box *const *boxes; /* by jump box; one more: direct */
};

struct http_setup {
	struct config *cfg;   /* where to listen; referenced */
	struct mailbox *main; /* of the main thread; referenced */
	/* Called in the main thread: stop, with exit code 0. */
	void (*on_quit)(void *arg);
	/*
	 * Called in the main thread: reload, and give the verdict to
	 * http_errand_finish().
	 */
	void (*on_reload)(void *arg, struct http_errand *take);
	/*
	 * Any thread, while the view is shown: when each worker last turned its
	 * loop (base/clock.h).
	 */
	int64_t (*turned_ms)(void *arg, unsigned worker);
	void *arg;
};

#endif
