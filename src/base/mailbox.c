/* SPDX-License-Identifier: PostgreSQL */

/*
 * Only the receiver's thread touches libevent: a sender adds to the list and
 * writes to the eventfd.
 */
#include "base/mailbox.h"

#include <assert.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/xmalloc.h"

struct queue {
	struct message *first, **end;
};

struct mailbox {
	atomic_uint references;
	int wake_fd; /* stays open as long as anybody may post */
	pthread_mutex_t mutex;
	/* Under the mutex. */
	struct queue posted;
	bool is_closed;
	/* Only for the receiver's thread. */
	struct queue arrived; /* taken from `posted`, being delivered */
	struct event *wake;   /* NULL once closed */
	void *receiver;
};

static void
queue_clear(struct queue *queue)
{
	queue->first = NULL;
	queue->end = &queue->first;
}

static void
queue_add(struct queue *queue, struct message *message)
{
	message->next = NULL;
	*queue->end = message;
	queue->end = &message->next;
}

static struct message *
queue_take(struct queue *queue)
{
	struct message *message = queue->first;

	if (message != NULL)
		queue->first = message->next;
	if (queue->first == NULL)
		queue_clear(queue);
	return message;
}

/* Move everything of `from` to the end of `to`. */
static void
queue_move(struct queue *to, struct queue *from)
{
	if (from->first == NULL)
		return;
	*to->end = from->first;
	to->end = from->end;
	queue_clear(from);
}

static void
queue_discard(struct queue *queue)
{
	struct message *message;

	while ((message = queue_take(queue)) != NULL)
		message->discard(message);
}

/*
 * Deliver what was posted before this turn, and no more, so that busy senders
 * cannot hold up the loop.  A delivery may close the mailbox, which empties
 * `arrived`.
 */
static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct mailbox *mailbox = mailbox_ref(arg);
	struct message *message;
	eventfd_t posts;

	(void)what;
	eventfd_read(fd, &posts);
	pthread_mutex_lock(&mailbox->mutex);
	queue_move(&mailbox->arrived, &mailbox->posted);
	pthread_mutex_unlock(&mailbox->mutex);
	while ((message = queue_take(&mailbox->arrived)) != NULL)
		message->deliver(message, mailbox->receiver);
	mailbox_unref(mailbox);
}

struct mailbox *
mailbox_new(struct event_base *base, void *receiver)
{
	struct mailbox *mailbox = xcalloc(1, sizeof *mailbox);

	atomic_init(&mailbox->references, 1);
	pthread_mutex_init(&mailbox->mutex, NULL);
	queue_clear(&mailbox->posted);
	queue_clear(&mailbox->arrived);
	mailbox->receiver = receiver;
	mailbox->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert(mailbox->wake_fd >= 0);
	mailbox->wake = loop_event(base, mailbox->wake_fd, EV_READ | EV_PERSIST,
	    on_wake, mailbox);
	event_add(mailbox->wake, NULL);
	return mailbox;
}

struct mailbox *
mailbox_ref(struct mailbox *mailbox)
{
	atomic_fetch_add(&mailbox->references, 1);
	return mailbox;
}

void
mailbox_unref(struct mailbox *mailbox)
{
	if (mailbox == NULL || atomic_fetch_sub(&mailbox->references, 1) > 1)
		return;
	assert(mailbox->is_closed);
	close(mailbox->wake_fd);
	pthread_mutex_destroy(&mailbox->mutex);
	free(mailbox);
}

void
mailbox_post(struct mailbox *mailbox, struct message *take)
{
	bool is_closed;

	pthread_mutex_lock(&mailbox->mutex);
	is_closed = mailbox->is_closed;
	if (!is_closed)
		queue_add(&mailbox->posted, take);
	pthread_mutex_unlock(&mailbox->mutex);
	if (is_closed)
		take->discard(take);
	else
		eventfd_write(mailbox->wake_fd, 1);
}

void
mailbox_close(struct mailbox *mailbox)
{
	if (mailbox->wake == NULL)
		return;
	event_free(mailbox->wake);
	mailbox->wake = NULL;
	pthread_mutex_lock(&mailbox->mutex);
	mailbox->is_closed = true;
	queue_move(&mailbox->arrived, &mailbox->posted);
	pthread_mutex_unlock(&mailbox->mutex);
	queue_discard(&mailbox->arrived);
}
