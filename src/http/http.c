/* SPDX-License-Identifier: PostgreSQL */

/*
 * The thread, and the doors at which it answers.
 */
#include "http/http.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "http/door.h"
#include "http/routes.h"
#include "http/site.h"
#include "http/status.h"

#define MINUTE_MS 60000

struct http {
	struct http_site site;
	struct event_base *base;
	struct mailbox *mailbox;
	struct http_door *door, *admin; /* NULL: off */
	pthread_t thread;
	bool has_thread;
	bool is_stopped; /* for the thread only */
	struct event *minute;
};

static void
on_call(void *arg, const struct http_call *call, struct http_answer *answer)
{
	struct http *http = arg;

	http_routes_call(&http->site, call, answer);
}

static void
on_minute(evutil_socket_t fd, short what, void *arg)
{
	struct http *http = arg;

	(void)fd, (void)what;
	http_status_minute(&http->site);
}

/* --- The thread -------------------------------------------------------------
 */

static void *
run(void *arg)
{
	struct http *http = arg;

	while (!http->is_stopped) {
		int result = event_base_loop(http->base, EVLOOP_ONCE);

		assert(result == 0);
	}
	return NULL;
}

static void
on_stop(struct message *message, void *receiver)
{
	struct http *http = receiver;

	http->is_stopped = true;
	free(message);
}

static void
on_stop_discard(struct message *message)
{
	free(message);
}

static void
stop_thread(struct http *http)
{
	struct message *stop = xcalloc(1, sizeof *stop);

	stop->deliver = on_stop;
	stop->discard = on_stop_discard;
	mailbox_post(http->mailbox, stop);
	pthread_join(http->thread, NULL);
}

static bool
start_thread(struct http *http)
{
	int error = pthread_create(&http->thread, NULL, run, http);

	http->has_thread = error == 0;
	if (http->has_thread)
		pthread_setname_np(http->thread, "http");
	else
		log_error("cannot start a thread",
		    log_str("error", strerror(error)));
	return http->has_thread;
}

/* --- Doors ------------------------------------------------------------------
 */

/*
 * Open one of the two; false after a log line.  That the default address of
 * `admin` cannot be had is logged, but stops nothing: nobody asked for it.
 */
static bool
open_door(struct http *http, const struct config_http_address *address,
    bool is_admin, struct http_door **out)
{
	char error[200];

	if (address == NULL)
		return true;
	*out = http_door_open(
	    &(struct http_door_setup){
		.base = http->base,
		.address = address,
		.is_admin = is_admin,
		.on_call = on_call,
		.arg = http,
	    },
	    error, sizeof error);
	if (*out != NULL) {
		log_info(is_admin ? "admin address" : "http address",
		    log_str("address", address->label));
		return true;
	}
	log_error(is_admin ? "cannot listen on the admin address"
			   : "cannot listen on the http address",
	    log_str("address", address->label), log_str("error", error));
	return address->is_default;
}

static bool
open_doors(struct http *http)
{
	const struct config *cfg = http->site.setup.cfg;

	return open_door(http, cfg->http, false, &http->door) &&
	    open_door(http, cfg->admin, true, &http->admin);
}

/* --- Life -------------------------------------------------------------------
 */

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct http *
http_new(const struct http_setup *setup)
{
	struct timeval minute = clock_timeval(MINUTE_MS);
	struct http *http = xcalloc(1, sizeof *http);

	http->site.setup = *setup;
	http->site.start_ms = clock_ms();
	http->site.start_time = now();
	atomic_init(&http->site.phase, HTTP_STARTING);
	pthread_mutex_init(&http->site.mutex, NULL);
	http->site.is_reload_good = true;
	http->site.reload_at = (int64_t)http->site.start_time;
	http_process_open(&http->site.process);
	http->site.history = http_history_new();
	mailbox_ref(setup->main);
	config_ref(setup->cfg);
	http->base = event_base_new();
	assert(http->base != NULL);
	http->mailbox = http->site.mailbox = mailbox_new(http->base, http);
	http->minute = loop_event(http->base, -1, EV_PERSIST, on_minute, http);
	event_add(http->minute, &minute);
	return http;
}

int
http_open(const struct http_setup *setup, struct http **out)
{
	struct http *http = http_new(setup);
	bool is_open = open_doors(http);
	bool is_wanted = http->door != NULL || http->admin != NULL;

	*out = NULL;
	if (is_open && is_wanted)
		is_open = start_thread(http);
	if (is_open && is_wanted)
		*out = http;
	else
		http_close(http);
	return is_open ? 0 : -1;
}

void
http_show(struct http *http, const struct http_view *view)
{
	if (http == NULL)
		return;
	pthread_mutex_lock(&http->site.mutex);
	http->site.view = *view;
	http->site.shown++;
	http->site.shown_ms = clock_ms();
	pthread_mutex_unlock(&http->site.mutex);
}

void
http_enter(struct http *http, enum http_phase phase)
{
	if (http != NULL)
		atomic_store(&http->site.phase, (int)phase);
}

void
http_reloaded(struct http *http, bool is_accepted, int64_t at, const char *text)
{
	struct http_site *site;

	if (http == NULL)
		return;
	site = &http->site;
	pthread_mutex_lock(&site->mutex);
	free(site->reload_text);
	site->reload_text = xstrdup(text);
	site->is_reload_good = is_accepted;
	site->reload_at = at;
	pthread_mutex_unlock(&site->mutex);
}

void
http_close(struct http *http)
{
	if (http == NULL)
		return;
	if (http->has_thread)
		stop_thread(http);
	http_door_close(http->door);
	http_door_close(http->admin);
	mailbox_close(http->mailbox);
	mailbox_unref(http->mailbox);
	mailbox_unref(http->site.setup.main);
	config_unref(http->site.setup.cfg);
	event_base_free(http->base);
	http_process_close(&http->site.process);
	http_expiry_clear(&http->site.expiry);
	http_history_free(http->site.history);
	free(http->site.reload_text);
	event_free(http->minute);
	pthread_mutex_destroy(&http->site.mutex);
	free(http);
}
