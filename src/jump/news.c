/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of watches.  Each is shared by the list and the messages under way to
 * its mailbox; the last holder frees it, so a worker may leave at any time.
 */
#include "jump/news.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/mailbox.h"
#include "base/xmalloc.h"

struct watch {
	LIST_ENTRY(watch) entry;
	atomic_int holders; /* the list, and each message under way */
	struct mailbox *mailbox;
	/* NULL once unwatched; used in the thread of the mailbox only. */
	void (*on_news)(void *arg);
	void *arg;
};

struct jump_news {
	pthread_mutex_t mutex; /* for the list */
	LIST_HEAD(, watch) watches;
};

struct news_message {
	struct message message; /* first: see on_message() */
	struct watch *watch;
};

struct jump_news *
jump_news_new(void)
{
	struct jump_news *news = xcalloc(1, sizeof *news);

	pthread_mutex_init(&news->mutex, NULL);
	LIST_INIT(&news->watches);
	return news;
}

void
jump_news_free(struct jump_news *news)
{
	assert(LIST_EMPTY(&news->watches));
	pthread_mutex_destroy(&news->mutex);
	free(news);
}

static void
watch_let_go(struct watch *watch)
{
	if (atomic_fetch_sub(&watch->holders, 1) > 1)
		return;
	mailbox_unref(watch->mailbox);
	free(watch);
}

static void
on_discard(struct message *message)
{
	watch_let_go(((struct news_message *)message)->watch);
	free(message);
}

static void
on_message(struct message *message, void *receiver)
{
	struct watch *watch = ((struct news_message *)message)->watch;

	(void)receiver;
	if (watch->on_news != NULL)
		watch->on_news(watch->arg);
	on_discard(message);
}

static void
post_to(struct watch *watch)
{
	struct news_message *news = xcalloc(1, sizeof *news);

	news->message.deliver = on_message;
	news->message.discard = on_discard;
	news->watch = watch;
	atomic_fetch_add(&watch->holders, 1);
	mailbox_post(watch->mailbox, &news->message);
}

void
jump_news_post(struct jump_news *news)
{
	struct watch *watch;

	pthread_mutex_lock(&news->mutex);
	LIST_FOREACH(watch, &news->watches, entry)
		post_to(watch);
	pthread_mutex_unlock(&news->mutex);
}

void
jump_news_watch(struct jump_news *news, struct mailbox *mailbox,
    void (*on_news)(void *arg), void *arg)
{
	struct watch *watch = xcalloc(1, sizeof *watch);

	watch->holders = 1;
	watch->mailbox = mailbox_ref(mailbox);
	watch->on_news = on_news;
	watch->arg = arg;
	pthread_mutex_lock(&news->mutex);
	LIST_INSERT_HEAD(&news->watches, watch, entry);
	pthread_mutex_unlock(&news->mutex);
}

void
jump_news_unwatch(struct jump_news *news, void *arg)
{
	struct watch *watch;

	pthread_mutex_lock(&news->mutex);
	LIST_FOREACH(watch, &news->watches, entry)
		if (watch->arg == arg)
			break;
	if (watch != NULL)
		LIST_REMOVE(watch, entry);
	pthread_mutex_unlock(&news->mutex);
	if (watch == NULL)
		return;
	watch->on_news = NULL;
	watch_let_go(watch);
}
