/* SPDX-License-Identifier: PostgreSQL */

/*
 * The one way threads meet: a list under a mutex and an eventfd that wakes the
 * receiver's event base.  A message owns what it carries (a descriptor, a
 * session); whoever finds the receiver gone discards it.
 */
#ifndef PGJUMP_BASE_MAILBOX_H
#define PGJUMP_BASE_MAILBOX_H

struct event_base;
struct mailbox;

/* Embedded at the start of what is sent; memory of the sender until posted. */
struct message {
	struct message *next;
	/* In the receiver's thread; takes the message. */
	void (*deliver)(struct message *, void *receiver);
	/* In any thread, when the receiver is gone; takes the message. */
	void (*discard)(struct message *);
};

/*
 * A mailbox whose messages are delivered in `base` to `receiver`.  The caller
 * holds the first reference; mailbox_close() ends delivery, mailbox_unref()
 * gives the reference back.
 */
struct mailbox *mailbox_new(struct event_base *base, void *receiver);
struct mailbox *mailbox_ref(struct mailbox *);
void mailbox_unref(struct mailbox *); /* NULL is fine */

/* Any thread; takes the message.  Messages arrive in the order posted. */
void mailbox_post(struct mailbox *, struct message *take);

/*
 * The receiver's thread, before its base goes: discards what is queued and
 * whatever is posted from now on.  Posters may still hold references.
 */
void mailbox_close(struct mailbox *);

#endif
