/* SPDX-License-Identifier: PostgreSQL */

/*
 * The order in which requests ask the pool, turn by turn.  The pool is a fake
 * that counts.
 */
#include "jump/jump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <event2/event.h>

#include "base/clock.h"
#include "config/config.h"
#include "jump/box.h"
#include "jump/pool.h"

#define CROWD 900

static struct config_jump jump_config = { .label = "jump.example:22" };
static struct config config = { .open_timeout_ms = 4000 };
static struct config_connection lost = { .label = "10.0.0.1:5432",
	.host = "10.0.0.1",
	.host_kind = CONFIG_HOST_ADDRESS,
	.jump = &jump_config };
static struct config_connection good = { .label = "10.0.0.2:5432",
	.host = "10.0.0.2",
	.host_kind = CONFIG_HOST_ADDRESS,
	.jump = &jump_config };

/* --- The pool ------------------------------------------------------------- */

struct pool {
	enum pool_offer for_lost, for_good;
	bool has_slot;
	size_t lost_asked, good_asked;
	char order[CROWD *
	    3]; /* the names of clients, in the order they asked */
	size_t order_len;
	void *breaks; /* the user of an open whose link breaks */
};

static struct pool pool;

struct pool *
pool_open(struct event_base *base, struct config *cfg,
    const struct config_jump *jump, struct jump_box *box,
    struct mailbox *mailbox, const struct jump_way *way)
{
	(void)way, (void)base, (void)cfg, (void)jump, (void)box, (void)mailbox;
	return &pool;
}

void
pool_look(const struct pool *asked, struct pool_state *out)
{
	(void)asked;
	*out = (struct pool_state){ .live_links = 0 };
}

void
pool_renew(struct pool *renewed, struct config *cfg,
    const struct config_jump *jump)
{
	(void)renewed, (void)cfg, (void)jump;
}

void
pool_leave(struct pool *leaving, bool is_unneeded)
{
	(void)leaving, (void)is_unneeded;
}

bool
pool_is_empty(const struct pool *asked)
{
	(void)asked;
	return true;
}

void
pool_close(struct pool *closing)
{
	(void)closing;
}

void
pool_pump(struct pool *pumped)
{
	(void)pumped;
}

void
pool_flush(struct pool *flushed)
{
	(void)flushed;
}

bool
pool_take_opened(struct pool *asked, void **user, struct ssh_opened *opened)
{
	*user = asked->breaks;
	asked->breaks = NULL;
	*opened = (struct ssh_opened){ .has_link_failed = true };
	return *user != NULL;
}

enum pool_offer
pool_ask(struct pool *asked, const struct config_connection *connection,
    const struct originator *originator, int64_t waited_ms, int64_t by_ms,
    void *user)
{
	(void)waited_ms, (void)by_ms, (void)user;
	asked->order[asked->order_len++] = originator->host[0];
	if (connection == &good) {
		asked->good_asked++;
		return asked->for_good;
	}
	asked->lost_asked++;
	return asked->for_lost;
}

struct pool_silence
pool_abandon(struct pool *asked, void *user)
{
	(void)asked, (void)user;
	return (struct pool_silence){ .was_heard = true };
}

void
pool_expect(struct pool *asked, const struct config_connection *connection)
{
	(void)asked, (void)connection;
}

bool
pool_is_suspect(const struct pool *asked,
    const struct config_connection *connection)
{
	(void)asked;
	return connection == &lost;
}

bool
pool_is_up(const struct pool *asked)
{
	(void)asked;
	return true;
}

bool
pool_has_slot(const struct pool *asked)
{
	return asked->has_slot;
}

bool
pool_is_mute(const struct pool *asked)
{
	(void)asked;
	return false;
}

const struct fault *
pool_silent(const struct pool *asked, int64_t since_ms)
{
	(void)asked, (void)since_ms;
	return NULL;
}

int64_t
pool_heard_ms(const struct pool *asked)
{
	(void)asked;
	return 0;
}

void
pool_probe(struct pool *asked, int64_t since_ms)
{
	(void)asked, (void)since_ms;
}

size_t
pool_links(const struct pool *asked)
{
	(void)asked;
	return 1;
}

void
pool_cause(const struct pool *asked, struct fault *fault)
{
	(void)asked, (void)fault;
}

/* --- The lab -------------------------------------------------------------- */

struct lab {
	struct event_base *base;
	struct jump_box *box;
	struct jump *jump;
	struct jump_request *requests[CROWD + 2];
	size_t count;
};

static int
set_up(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);

	assert_non_null(lab);
	pool = (struct pool){ .for_lost = POOL_BEHIND,
		.for_good = POOL_WAIT,
		.has_slot = true };
	lab->base = event_base_new();
	lab->box = jump_box_new(&jump_config, 8, 1);
	lab->jump = jump_open(lab->base, &config, &jump_config, lab->box, NULL,
	    NULL);
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	for (size_t i = 0; i < lab->count; i++)
		jump_request_drop(lab->requests[i]);
	jump_close(lab->jump);
	jump_box_unref(lab->box);
	event_base_free(lab->base);
	free(lab);
	return 0;
}

static void
on_answer(void *arg, struct stream *take, const struct fault *fault)
{
	(void)arg, (void)take, (void)fault;
	fail();
}

static void
come(struct lab *lab, const struct config_connection *connection, size_t count)
{
	const struct originator nobody = { 0 };

	while (count-- > 0)
		lab->requests[lab->count++] = jump_request_open(lab->jump,
		    connection, &nobody, clock_ms() + 60000, false, on_answer,
		    lab);
}

/* A request for each letter; a cancel request for each lower-case one. */
static void
come_as(struct lab *lab, const struct config_connection *connection,
    const char *names)
{
	struct originator name = { 0 };

	for (; *names != '\0'; names++) {
		name.host[0] = *names;
		lab->requests[lab->count++] = jump_request_open(lab->jump,
		    connection, &name, clock_ms() + 60000, *names >= 'a',
		    on_answer, lab);
	}
}

/* The names of the requests that ask in this turn, in their order. */
static const char *
order(struct lab *lab)
{
	pool.order_len = 0;
	jump_turn(lab->jump);
	pool.order[pool.order_len] = '\0';
	return pool.order;
}

/* --- Tests ---------------------------------------------------------------- */

static void
a_crowd_that_must_wait_asks_once_a_turn(void **state)
{
	struct lab *lab = *state;

	come(lab, &lost, CROWD);
	jump_turn(lab->jump);
	assert_int_equal(pool.lost_asked, 1);
	jump_turn(lab->jump);
	assert_int_equal(pool.lost_asked, 2);
}

static void
who_comes_behind_it_is_asked_for(void **state)
{
	struct lab *lab = *state;

	come(lab, &lost, CROWD);
	come(lab, &good, 2);
	jump_turn(lab->jump);
	assert_int_equal(pool.good_asked, 2);
}

static void
all_are_served_when_their_database_is_back(void **state)
{
	struct lab *lab = *state;

	come(lab, &lost, CROWD);
	jump_turn(lab->jump);
	pool = (struct pool){ .for_lost = POOL_OPENING };
	jump_turn(lab->jump);
	assert_int_equal(pool.lost_asked, CROWD);
}

static void
nobody_asks_behind_who_waits_for_a_slot(void **state)
{
	struct lab *lab = *state;

	pool.has_slot = false;
	come(lab, &good, 1);
	come(lab, &lost, 1);
	jump_turn(lab->jump);
	assert_int_equal(pool.good_asked, 1);
	assert_int_equal(pool.lost_asked, 0);
	pool.has_slot = true;
	jump_turn(lab->jump);
	assert_int_equal(pool.lost_asked, 1);
}

static void
clients_go_before_cancels(void **state)
{
	struct lab *lab = *state;

	come_as(lab, &good, "AabBcC");
	assert_string_equal(order(lab), "ABCabc");
	come_as(lab, &good, "dD");
	assert_string_equal(order(lab), "ABCDabcd");
}

/* Four clients are served for each cancel request, once it has come. */
static void
many_clients_do_not_hold_up_a_cancel(void **state)
{
	struct lab *lab = *state;

	pool.for_good = POOL_OPENING;
	come_as(lab, &good, "XXXXX");
	jump_turn(lab->jump);
	come_as(lab, &good, "abcABCDEFGHIJ");
	assert_string_equal(order(lab), "ABCDaEFGHbIJc");
	come_as(lab, &good, "ABCDEF");
	jump_turn(lab->jump);
	come_as(lab, &good, "aA");
	assert_string_equal(order(lab), "Aa");
}

/* Where one cannot use its turn, those behind it have theirs. */
static void
a_cancel_that_must_wait_lets_others_ask(void **state)
{
	struct lab *lab = *state;

	pool.for_good = POOL_OPENING;
	come_as(lab, &lost, "a");
	come_as(lab, &good, "ABCDEF");
	assert_string_equal(order(lab), "ABCDaEF");
	assert_string_equal(order(lab), "a");
}

/* A request that asks again comes last of its kind. */
static void
a_client_whose_link_breaks_goes_before_cancels(void **state)
{
	struct lab *lab = *state;

	pool.for_lost = POOL_OPENING;
	come_as(lab, &lost, "B");
	assert_string_equal(order(lab), "B");
	pool.for_lost = POOL_WAIT;
	come_as(lab, &good, "Aab");
	pool.breaks = lab->requests[0];
	assert_string_equal(order(lab), "ABab");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_crowd_that_must_wait_asks_once_a_turn),
		TEST(who_comes_behind_it_is_asked_for),
		TEST(all_are_served_when_their_database_is_back),
		TEST(nobody_asks_behind_who_waits_for_a_slot),
		TEST(clients_go_before_cancels),
		TEST(many_clients_do_not_hold_up_a_cancel),
		TEST(a_cancel_that_must_wait_lets_others_ask),
		TEST(a_client_whose_link_breaks_goes_before_cancels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
