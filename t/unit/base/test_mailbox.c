/* SPDX-License-Identifier: PostgreSQL */

/*
 * Mailboxes: order, close with messages under way, many posting threads.  Run
 * under ThreadSanitizer as well.
 */
#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/mailbox.h"
#include "base/xmalloc.h"

#define THREADS 4
#define POSTS   2000

struct receiver {
	struct event_base *base;
	struct mailbox *mailbox;
	unsigned last[THREADS]; /* number of the last letter of each thread */
	unsigned delivered;
	unsigned close_at; /* close the mailbox in this delivery; 0: never */
	bool is_echoing;   /* answer each letter with another to oneself */
};

struct letter {
	struct message message;
	unsigned thread, number;
};

static atomic_uint discarded;

static void discard(struct message *message);
static void deliver(struct message *message, void *arg);

static void
post(struct mailbox *mailbox, unsigned thread, unsigned number)
{
	struct letter *letter = xcalloc(1, sizeof *letter);

	letter->message.deliver = deliver;
	letter->message.discard = discard;
	letter->thread = thread;
	letter->number = number;
	mailbox_post(mailbox, &letter->message);
}

static void
discard(struct message *message)
{
	atomic_fetch_add(&discarded, 1);
	free(message);
}

static void
deliver(struct message *message, void *arg)
{
	struct letter *letter = (struct letter *)message;
	struct receiver *receiver = arg;

	assert_int_equal(letter->number, receiver->last[letter->thread] + 1);
	receiver->last[letter->thread] = letter->number;
	receiver->delivered++;
	if (receiver->is_echoing)
		post(receiver->mailbox, letter->thread, letter->number + 1);
	free(letter);
	if (receiver->delivered == receiver->close_at) {
		mailbox_close(receiver->mailbox);
		mailbox_unref(receiver->mailbox);
		receiver->mailbox = NULL;
	}
}

static int
setup(void **state)
{
	struct receiver *receiver = xcalloc(1, sizeof *receiver);

	receiver->base = event_base_new();
	receiver->mailbox = mailbox_new(receiver->base, receiver);
	discarded = 0;
	*state = receiver;
	return 0;
}

static int
teardown(void **state)
{
	struct receiver *receiver = *state;

	if (receiver->mailbox != NULL)
		mailbox_close(receiver->mailbox);
	mailbox_unref(receiver->mailbox);
	event_base_free(receiver->base);
	free(receiver);
	return 0;
}

static void
delivers_in_order(void **state)
{
	struct receiver *receiver = *state;

	for (unsigned i = 1; i <= 10; i++)
		post(receiver->mailbox, 0, i);
	assert_int_equal(receiver->delivered, 0);
	event_base_loop(receiver->base, EVLOOP_ONCE);
	assert_int_equal(receiver->delivered, 10);
	post(receiver->mailbox, 0, 11);
	event_base_loop(receiver->base, EVLOOP_ONCE);
	assert_int_equal(receiver->delivered, 11);
	assert_int_equal(discarded, 0);
}

static void
a_turn_ends_whatever_is_posted_in_it(void **state)
{
	struct receiver *receiver = *state;

	receiver->is_echoing = true;
	post(receiver->mailbox, 0, 1);
	event_base_loop(receiver->base, EVLOOP_ONCE);
	assert_int_equal(receiver->delivered, 1);
	event_base_loop(receiver->base, EVLOOP_ONCE);
	assert_int_equal(receiver->delivered, 2);
}

static void
close_discards_what_is_queued_and_what_comes(void **state)
{
	struct receiver *receiver = *state;

	post(receiver->mailbox, 0, 1);
	post(receiver->mailbox, 0, 2);
	mailbox_close(receiver->mailbox);
	assert_int_equal(discarded, 2);
	post(receiver->mailbox, 0, 3);
	assert_int_equal(discarded, 3);
	event_base_loop(receiver->base, EVLOOP_NONBLOCK);
	assert_int_equal(receiver->delivered, 0);
}

static void
a_delivery_may_close_the_mailbox(void **state)
{
	struct receiver *receiver = *state;

	receiver->close_at = 2;
	for (unsigned i = 1; i <= 5; i++)
		post(receiver->mailbox, 0, i);
	event_base_loop(receiver->base, EVLOOP_ONCE);
	assert_int_equal(receiver->delivered, 2);
	assert_int_equal(discarded, 3);
}

static void
a_poster_may_outlive_the_receiver(void **state)
{
	struct receiver *receiver = *state;
	struct mailbox *held = mailbox_ref(receiver->mailbox);

	mailbox_close(receiver->mailbox);
	mailbox_unref(receiver->mailbox);
	receiver->mailbox = NULL;
	post(held, 0, 1);
	assert_int_equal(discarded, 1);
	mailbox_unref(held);
}

struct poster {
	struct mailbox *mailbox;
	unsigned thread;
};

static void *
post_many(void *arg)
{
	struct poster *poster = arg;

	for (unsigned i = 1; i <= POSTS; i++)
		post(poster->mailbox, poster->thread, i);
	mailbox_unref(poster->mailbox);
	return NULL;
}

static void
start_posters(struct receiver *receiver, struct poster *posters,
    pthread_t *threads)
{
	for (unsigned i = 0; i < THREADS; i++) {
		posters[i].mailbox = mailbox_ref(receiver->mailbox);
		posters[i].thread = i;
		assert_int_equal(pthread_create(&threads[i], NULL, post_many,
				     &posters[i]),
		    0);
	}
}

static void
many_threads_keep_their_order(void **state)
{
	struct receiver *receiver = *state;
	struct poster posters[THREADS];
	pthread_t threads[THREADS];

	start_posters(receiver, posters, threads);
	while (receiver->delivered < THREADS * POSTS)
		event_base_loop(receiver->base, EVLOOP_ONCE);
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(receiver->last[i], POSTS);
	}
	assert_int_equal(discarded, 0);
}

static void
closing_under_many_threads_loses_nothing(void **state)
{
	struct receiver *receiver = *state;
	struct poster posters[THREADS];
	pthread_t threads[THREADS];

	receiver->close_at = POSTS / 2;
	start_posters(receiver, posters, threads);
	while (receiver->mailbox != NULL)
		event_base_loop(receiver->base, EVLOOP_ONCE);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(receiver->delivered, POSTS / 2);
	assert_int_equal(receiver->delivered + discarded, THREADS * POSTS);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(delivers_in_order),
		TEST(a_turn_ends_whatever_is_posted_in_it),
		TEST(close_discards_what_is_queued_and_what_comes),
		TEST(a_delivery_may_close_the_mailbox),
		TEST(a_poster_may_outlive_the_receiver),
		TEST(many_threads_keep_their_order),
		TEST(closing_under_many_threads_loses_nothing),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
