/* SPDX-License-Identifier: PostgreSQL */

/*
 * The one way threads meet: a list under a mutex, and an eventfd that wakes the
 * receiver's event base.  A message owns what it carries, such as a descriptor
 * or a session.  Each message is delivered once, or discarded once when the
 * receiver is gone.
 */
#ifndef PGJUMP_BASE_MAILBOX_H
#define PGJUMP_BASE_MAILBOX_H

struct event_base;
struct mailbox;

/* The start of what is sent; the sender owns its memory until it is posted. */
struct message {
	struct message *next;
	/* Called in the receiver's thread; takes the message. */
	void (*deliver)(struct message *, void *receiver);
	/* Called in any thread when the receiver is gone; takes the message. */
	void (*discard)(struct message *);
};

/*
 * A mailbox that delivers to `receiver` in the thread of `base`.  The caller
 * holds the first reference.  mailbox_close() ends delivery, mailbox_unref()
 * gives the reference back.
 */
struct mailbox *mailbox_new(struct event_base *base, void *receiver);
struct mailbox *mailbox_ref(struct mailbox *);
void mailbox_unref(struct mailbox *); /* NULL is fine */

/* Any thread.  Messages are delivered in the order in which they are posted. */
void mailbox_post(struct mailbox *, struct message *take);

/*
 * The receiver's thread, before its base is freed: discard what is queued, and
 * everything posted from now on.  Senders may still hold references.
 */
void mailbox_close(struct mailbox *);

#endif
