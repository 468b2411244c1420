/* SPDX-License-Identifier: PostgreSQL */

/*
 * What all requests are answered from: the running pgjump as the main thread
 * shows it, and the way back to the main thread.
 */
#ifndef PGJUMP_HTTP_SITE_H
#define PGJUMP_HTTP_SITE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/expiry.h"
#include "http/history.h"
#include "http/process.h"
#include "http/view.h"

struct http_site {
	struct http_setup setup;
	int64_t start_ms;  /* base/clock.h */
	double start_time; /* seconds since 1970 */
	atomic_int phase;  /* enum http_phase */
	pthread_mutex_t mutex;
	/* Under the mutex. */
	struct http_view view; /* cfg is NULL at first */
	int64_t shown_ms;      /* since when (base/clock.h) */
	bool is_reload_good;   /* the last one; true while there was none */
	int64_t reload_at;     /* when it was, or the start */
	char *reload_text;     /* its verdict; NULL: there was none */
	unsigned shown;        /* the number of the view, from 1 on */
	/* For the thread of HTTP only. */
	struct http_process process;
	struct http_expiry expiry;
	struct http_history *history;
	struct mailbox *mailbox; /* borrowed */
};

/* What http_hosts and http_status say now. */
bool http_site_allows_host(struct http_site *, const char *host);
bool http_site_shows_status(struct http_site *);

enum http_phase http_site_phase(struct http_site *);

/*
 * The view, which stays as it is until http_site_unlock(); NULL, and nothing to
 * unlock, while pgjump starts.
 */
const struct http_view *http_site_lock(struct http_site *);
void http_site_unlock(struct http_site *);

#endif
