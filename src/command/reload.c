/* SPDX-License-Identifier: PostgreSQL */

/*
 * One reload at a time: the thread reads and judges, the main thread decides
 * and applies.  Everything that can be refused is refused before anything
 * changes.
 */
#include "command/reload.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "base/log.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "command/activation.h"
#include "command/changes.h"
#include "command/shared.h"
#include "config/config.h"
#include "config/http.h"
#include "config/load.h"
#include "jump/box.h"

/* Somebody who waits for a verdict. */
struct ask {
	STAILQ_ENTRY(ask) entry;
	enum reload_by by;
	reload_verdict_fn *on_verdict;
	void *arg;
};

STAILQ_HEAD(asks, ask);

/* What the thread has found; travels to the main thread. */
struct loaded {
	struct message message;
	struct shared *next; /* NULL: refused */
	char *text;          /* errors or warnings, a line each */
	size_t text_len;
};

struct reload {
	struct reload_setup setup;
	struct mailbox *mailbox;
	struct shared *shared;       /* in use */
	struct asks served, waiting; /* by this reload, for the next one */
	pthread_t thread;
	bool is_running;
	atomic_bool is_cancelled;
	struct reload_verdict last;
	char *last_text;
};

/* --- In the thread -------------------------------------------------------- */

static FILE *
open_text(char **text, size_t *len)
{
	FILE *out = open_memstream(text, len);

	if (out == NULL)
		xmalloc_fail(0);
	return out;
}

static void
close_text(FILE *out)
{
	if (fclose(out) != 0)
		xmalloc_fail(0);
}

static void
name_fixed(const struct config *next, const char *setting, FILE *out)
{
	fprintf(out, "%s: warning: %s needs a restart, and stays as it was\n",
	    next->path, setting);
}

static const char *
label_of(const struct config_http_address *address)
{
	return address != NULL ? address->label : NULL;
}

/* What only a restart can change stays, and is named. */
static void
keep_fixed_settings(const struct config *now, struct config *next, FILE *out)
{
	if (next->workers != now->workers)
		name_fixed(next, "workers", out);
	if (!text_equal(label_of(next->http), label_of(now->http)))
		name_fixed(next, "http", out);
	if (!text_equal(label_of(next->admin), label_of(now->admin)))
		name_fixed(next, "admin", out);
	next->workers = now->workers;
}

/* A jump box that sleeps because of a file that has changed is dialled now. */
static void
wake_jump_boxes(const struct shared *shared)
{
	for (size_t i = 0; i < shared->cfg->jump_count; i++)
		jump_box_try_files(shared->boxes[i]);
}

static struct shared *
load(struct reload *reload, FILE *out)
{
	const struct config *now = reload->shared->cfg;
	struct config *cfg = config_load_again(now, out, &reload->is_cancelled);
	struct shared *next;

	if (cfg != NULL &&
	    !activation_apply(reload->setup.activation, cfg, out)) {
		config_unref(cfg);
		return NULL;
	}
	if (cfg == NULL)
		return NULL;
	config_http_set_admin(cfg, reload->setup.admin);
	keep_fixed_settings(now, cfg, out);
	next = shared_new(cfg, reload->shared);
	config_unref(cfg);
	wake_jump_boxes(next);
	return next;
}

static void on_loaded(struct message *, void *receiver);
static void on_loaded_discard(struct message *);

static void *
run(void *arg)
{
	struct reload *reload = arg;
	struct loaded *loaded = xcalloc(1, sizeof *loaded);
	FILE *out = open_text(&loaded->text, &loaded->text_len);

	loaded->message.deliver = on_loaded;
	loaded->message.discard = on_loaded_discard;
	loaded->next = load(reload, out);
	close_text(out);
	mailbox_post(reload->mailbox, &loaded->message);
	return NULL;
}

/* --- The verdict ---------------------------------------------------------- */

static void
log_line(const char *line)
{
	if (strstr(line, ": warning: ") != NULL)
		log_answer(LOG_LEVEL_WARNING, "configuration warning",
		    LOG_LIST(log_str("warning", line)));
	else
		log_answer(LOG_LEVEL_ERROR, "configuration refused",
		    LOG_LIST(log_str("error", line)));
}

static void
log_lines(const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		char *line = xstrndup(text, len);

		log_line(line);
		free(line);
		text += len + (text[len] == '\n');
	}
}

static void
answer(struct asks *asks, const struct reload_verdict *verdict)
{
	struct ask *ask;

	while ((ask = STAILQ_FIRST(asks)) != NULL) {
		STAILQ_REMOVE_HEAD(asks, entry);
		if (ask->on_verdict != NULL)
			ask->on_verdict(ask->arg, verdict);
		free(ask);
	}
}

/* Take the text, and tell everybody. */
static void
conclude(struct reload *reload, bool is_accepted, char *take_text)
{
	free(reload->last_text);
	reload->last_text = take_text;
	reload->last = (struct reload_verdict){
		.is_accepted = is_accepted,
		.text = take_text,
		.at_s = time(NULL),
	};
	reload->setup.on_verdict(reload->setup.arg, &reload->last);
	answer(&reload->served, &reload->last);
}

static void
refuse(struct reload *reload, char *take_text)
{
	log_lines(take_text);
	log_answer(LOG_LEVEL_ERROR, "reload refused, everything stays as it is",
	    LOG_LIST(log_str("file", reload->shared->cfg->path)));
	conclude(reload, false, take_text);
}

static void
accept_next(struct reload *reload, const struct loaded *loaded,
    const struct changes *changes)
{
	char *what = changes_text(changes);

	shared_unref(reload->shared);
	reload->shared = shared_ref(loaded->next);
	log_lines(loaded->text);
	changes_log(changes, reload->shared->cfg->path);
	conclude(reload, true, xasprintf("%s\n%s", what, loaded->text));
	free(what);
}

static bool
is_by_watch(const struct reload *reload)
{
	const struct ask *ask;

	STAILQ_FOREACH(ask, &reload->served, entry)
		if (ask->by != RELOAD_BY_WATCH)
			return false;
	return true;
}

/* A list that is half written is valid YAML, and lacks its second half. */
static bool
is_credible(const struct reload *reload, const struct changes *changes,
    FILE *errors)
{
	const struct config *now = reload->shared->cfg;

	if (!is_by_watch(reload) ||
	    2 * changes->removed_count <= now->connection_count)
		return true;
	fprintf(errors,
	    "%s: %zu of %zu connections would be removed (%s), and the file "
	    "may be half written; reload by hand to do this\n",
	    now->path, changes->removed_count, now->connection_count,
	    changes->removed);
	return false;
}

static void
judge(struct reload *reload, const struct loaded *loaded)
{
	struct changes changes;
	char *text = NULL;
	size_t len;
	FILE *errors = open_text(&text, &len);
	bool is_accepted;

	changes_find(&changes, reload->shared->cfg, loaded->next);
	is_accepted = is_credible(reload, &changes, errors) &&
	    reload->setup.apply(reload->setup.arg, loaded->next, errors);
	close_text(errors);
	if (!is_accepted) {
		refuse(reload, text);
		return;
	}
	free(text);
	accept_next(reload, loaded, &changes);
}

/* --- One after the other -------------------------------------------------- */

static void
begin(struct reload *reload)
{
	int error;

	STAILQ_CONCAT(&reload->served, &reload->waiting);
	log_info("reloading", log_str("file", reload->shared->cfg->path));
	reload->setup.on_begin(reload->setup.arg);
	error = pthread_create(&reload->thread, NULL, run, reload);
	reload->is_running = error == 0;
	if (error != 0)
		refuse(reload,
		    xasprintf("pgjump cannot start a thread: %s\n",
			strerror(error)));
}

static void
on_loaded(struct message *message, void *receiver)
{
	struct loaded *loaded = (struct loaded *)message;
	struct reload *reload = receiver;

	pthread_join(reload->thread, NULL);
	reload->is_running = false;
	if (loaded->next != NULL) {
		judge(reload, loaded);
	} else {
		refuse(reload, loaded->text);
		loaded->text = NULL;
	}
	on_loaded_discard(message);
	if (!reload->is_running && !STAILQ_EMPTY(&reload->waiting))
		begin(reload);
}

static void
on_loaded_discard(struct message *message)
{
	struct loaded *loaded = (struct loaded *)message;

	shared_unref(loaded->next);
	free(loaded->text);
	free(loaded);
}

void
reload_ask(struct reload *reload, enum reload_by by,
    reload_verdict_fn *on_verdict, void *arg)
{
	struct ask *ask = xcalloc(1, sizeof *ask);

	ask->by = by;
	ask->on_verdict = on_verdict;
	ask->arg = arg;
	STAILQ_INSERT_TAIL(&reload->waiting, ask, entry);
	if (!reload->is_running)
		begin(reload);
}

const struct reload_verdict *
reload_last(const struct reload *reload)
{
	return reload->last_text != NULL ? &reload->last : NULL;
}

/* --- Life ----------------------------------------------------------------- */

struct reload *
reload_open(const struct reload_setup *setup)
{
	struct reload *reload = xcalloc(1, sizeof *reload);

	reload->setup = *setup;
	reload->shared = shared_ref(setup->shared);
	reload->mailbox = mailbox_new(setup->base, reload);
	STAILQ_INIT(&reload->served);
	STAILQ_INIT(&reload->waiting);
	atomic_init(&reload->is_cancelled, false);
	return reload;
}

void
reload_close(struct reload *reload)
{
	const struct reload_verdict stopping = {
		.text = "pgjump is stopping\n",
		.at_s = time(NULL),
	};

	if (reload == NULL)
		return;
	atomic_store(&reload->is_cancelled, true);
	if (reload->is_running)
		pthread_join(reload->thread, NULL);
	mailbox_close(reload->mailbox);
	mailbox_unref(reload->mailbox);
	answer(&reload->served, &stopping);
	answer(&reload->waiting, &stopping);
	shared_unref(reload->shared);
	free(reload->last_text);
	free(reload);
}
