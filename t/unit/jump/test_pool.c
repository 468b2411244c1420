/* SPDX-License-Identifier: PostgreSQL */

/*
 * When a pool dials, and what it does with the answers to opens; its links and
 * dials are fakes.
 */
#include "jump/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <event2/event.h>
#include <malloc.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/originator.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "fake_link.h"
#include "jump/box.h"
#include "jump/pool_dials.h"

#define OPEN_SHORTAGE 4 /* RFC 4254, 5.1 */
#define WAITED_LONG   400

static struct config_jump jump_config = { .label = "jump.example:22",
	.host = "jump.example",
	.port = 22,
	.username = "ubuntu" };
static struct config config = { .open_timeout_ms = 4000 };
static const struct config_connection one = { .label = "10.0.0.1:5432",
	.host = "10.0.0.1",
	.host_kind = CONFIG_HOST_ADDRESS,
	.port = 5432 };
static const struct config_connection other = { .label = "10.0.0.2:5432",
	.host = "10.0.0.2",
	.host_kind = CONFIG_HOST_ADDRESS,
	.port = 5432 };
static const struct config_connection name = { .label = "db.example:5432",
	.host = "db.example",
	.port = 5432 };
static const struct originator nobody;
static struct stream *const a_stream = (struct stream *)&config;

/* --- Dials, which end when the test says so ------------------------------- */

struct pool_dials {
	struct pool_dials_setup setup;
	size_t count;
};

static struct pool_dials *dials;

struct pool_dials *
pool_dials_open(const struct pool_dials_setup *setup)
{
	dials = calloc(1, sizeof *dials);
	dials->setup = *setup;
	return dials;
}

void
pool_dials_close(struct pool_dials *closing)
{
	free(closing);
}

bool
pool_dials_start(struct pool_dials *starting, bool has_client)
{
	int64_t retry_ms;
	enum jump_permit permit = jump_box_ask(starting->setup.box, has_client,
	    &retry_ms);

	starting->count += permit == JUMP_PERMIT_DIAL;
	return permit == JUMP_PERMIT_DIAL || permit == JUMP_PERMIT_BUSY;
}

void
pool_dials_blame(const struct pool_dials *waiting, struct fault *fault)
{
	(void)waiting, (void)fault;
}

size_t
pool_dials_count(const struct pool_dials *counted)
{
	return counted->count;
}

void
pool_dials_renew(struct pool_dials *renewed, struct config *cfg,
    const struct config_jump *jump)
{
	renewed->setup.cfg = cfg;
	renewed->setup.jump = jump;
}

/* The jump box is reached directly. */
/* They give up at once. */
void
pool_dials_cancel(struct pool_dials *cancelled)
{
	const struct fault fault = { .code = FAIL_SHUTDOWN };

	for (; cancelled->count > 0; cancelled->count--)
		jump_box_dialled(cancelled->setup.box, &fault);
}

static void
finish_dials(void)
{
	const struct fault none = { 0 };
	size_t count = dials->count;

	dials->count = 0;
	for (size_t i = 0; i < count; i++) {
		jump_box_dialled(dials->setup.box, &none);
		dials->setup.on_dialled(dials->setup.arg,
		    (struct ssh_transport *)dials, NULL);
	}
}

/* --- A pool --------------------------------------------------------------- */

struct lab {
	struct event_base *base;
	struct mailbox *mailbox;
	struct jump_box *box;
	struct pool *pool;
};

/* Ask for a stream whose open may take `open_ms`. */
static enum pool_offer
ask_for(struct lab *lab, const struct config_connection *connection,
    int64_t waited_ms, int64_t open_ms)
{
	return pool_ask(lab->pool, connection, &nobody, waited_ms,
	    clock_ms() + open_ms, lab);
}

static enum pool_offer
ask(struct lab *lab, const struct config_connection *connection,
    int64_t waited_ms)
{
	return ask_for(lab, connection, waited_ms, config.open_timeout_ms);
}

static struct lab *
lab_new(unsigned max_links)
{
	struct lab *lab = calloc(1, sizeof *lab);

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	fake_link_count = 0;
	lab->base = event_base_new();
	lab->mailbox = mailbox_new(lab->base, NULL);
	lab->box = jump_box_new(&jump_config, max_links, 1);
	lab->pool = pool_open(lab->base, &config, &jump_config, lab->box,
	    lab->mailbox, NULL);
	finish_dials();
	return lab;
}

static void
lab_free(struct lab *lab)
{
	pool_close(lab->pool);
	mailbox_close(lab->mailbox);
	jump_box_unref(lab->box);
	mailbox_unref(lab->mailbox);
	event_base_free(lab->base);
	free(lab);
}

/* The end of an open whose user waits for it. */
static struct ssh_opened
opened(struct lab *lab)
{
	struct ssh_opened end;
	void *user;

	pool_pump(lab->pool);
	assert_true(pool_take_opened(lab->pool, &user, &end));
	assert_ptr_equal(user, lab);
	assert_false(pool_take_opened(lab->pool, &user, &end));
	return end;
}

static void
open_one(struct lab *lab, size_t link)
{
	assert_int_equal(ask(lab, &one, WAITED_LONG), POOL_OPENING);
	fake_link_accept(fake_links[link], a_stream);
	assert_ptr_equal(opened(lab).stream, a_stream);
}

static void
the_first_link_is_dialled_before_anybody_asks(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	assert_int_equal(pool_links(lab->pool), 1);
	assert_true(pool_has_slot(lab->pool));
	lab_free(lab);
}

static void
a_queue_that_moves_slowly_grows_the_pool(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	open_one(lab, 0);
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	assert_int_equal(ask(lab, &one, 0), POOL_WAIT);
	assert_int_equal(dials->count, 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(ask(lab, &one, WAITED_LONG), POOL_WAIT);
	assert_int_equal(dials->count, 4);
	finish_dials();
	assert_int_equal(pool_links(lab->pool), 5);
	lab_free(lab);
}

static void
and_no_further_than_its_share(void **state)
{
	struct lab *lab = lab_new(2);

	(void)state;
	open_one(lab, 0);
	for (int i = 0; i < 10; i++)
		ask(lab, &one, WAITED_LONG);
	finish_dials();
	assert_int_equal(ask(lab, &one, WAITED_LONG), POOL_OPENING);
	assert_int_equal(ask(lab, &one, WAITED_LONG), POOL_WAIT);
	assert_int_equal(dials->count, 0);
	lab_free(lab);
}

/* There are two links; the one with a free slot has far more channels. */
static void
a_link_with_far_fewer_channels_is_worth_a_moment(void **state)
{
	struct lab *lab = lab_new(2);

	(void)state;
	open_one(lab, 0);
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	assert_int_equal(ask(lab, &one, WAITED_LONG), POOL_WAIT);
	finish_dials();
	fake_links[1]->channels = 40;
	assert_int_equal(ask(lab, &one, 0), POOL_WAIT);
	assert_false(fake_links[1]->is_opening);
	assert_int_equal(ask(lab, &one, WAITED_LONG), POOL_OPENING);
	assert_true(fake_links[1]->is_opening);
	lab_free(lab);
}

static void
a_refusal_is_the_database_s(void **state)
{
	struct lab *lab = lab_new(8);
	struct ssh_opened end;

	(void)state;
	open_one(lab, 0);
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	fake_link_refuse(fake_links[0], 2, "Connection refused");
	end = opened(lab);
	assert_null(end.stream);
	assert_false(end.has_link_failed);
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	lab_free(lab);
}

/* Make the open in flight overdue, and the jump box silent since then. */
static void
stall(struct lab *lab)
{
	fake_links[0]->may_stall = true;
	assert_int_equal(ask_for(lab, &one, 0, 0), POOL_OPENING);
	fake_links[0]->heard_ms = 0;
	pool_pump(lab->pool);
}

static void
another_link_is_to_tell_what_stalls_one(void **state)
{
	struct lab *lab = lab_new(2);

	(void)state;
	stall(lab);
	pool_pump(lab->pool);
	assert_int_equal(dials->count, 1);
	assert_false(fake_links[0]->is_closed);
	finish_dials();
	pool_pump(lab->pool);
	assert_int_equal(dials->count, 0);
	assert_true(pool_abandon(lab->pool, lab).is_stalled);
	lab_free(lab);
}

static void
in_its_place_where_there_may_be_no_more(void **state)
{
	struct lab *lab = lab_new(1);
	struct pool_silence silence;

	(void)state;
	stall(lab);
	assert_int_equal(dials->count, 1);
	assert_true(fake_links[0]->is_closed);
	finish_dials();
	pool_pump(lab->pool);
	assert_int_equal(pool_links(lab->pool), 2);
	silence = pool_abandon(lab->pool, lab);
	assert_true(silence.was_heard);
	assert_true(silence.is_stalled);
	lab_free(lab);
}

static void
a_full_session_calls_for_another(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	open_one(lab, 0);
	open_one(lab, 0);
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	fake_link_refuse(fake_links[0], OPEN_SHORTAGE, "");
	assert_true(opened(lab).has_link_failed);
	assert_false(pool_has_slot(lab->pool));
	assert_int_equal(ask(lab, &one, 0), POOL_WAIT);
	assert_int_equal(dials->count, 1);
	finish_dials();
	open_one(lab, 1);
	lab_free(lab);
}

static void
until_one_of_its_channels_has_gone(void **state)
{
	struct lab *lab = lab_new(1);

	(void)state;
	open_one(lab, 0);
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	fake_link_refuse(fake_links[0], OPEN_SHORTAGE, "");
	assert_true(opened(lab).has_link_failed);
	assert_int_equal(ask(lab, &one, 0), POOL_WAIT);
	fake_links[0]->channels--;
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	lab_free(lab);
}

static void
an_empty_session_that_is_full_is_told(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	fake_link_refuse(fake_links[0], OPEN_SHORTAGE, "");
	assert_false(opened(lab).has_link_failed);
	assert_true(pool_has_slot(lab->pool));
	lab_free(lab);
}

/* Open to `one` on the only link there is, and be late at once. */
static void
hold_up(struct lab *lab)
{
	struct config patient = config;

	config.open_timeout_ms = 0;
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	config = patient;
	fake_links[fake_link_count - 1]->heard_ms = clock_ms() + 1;
	pool_pump(lab->pool);
	assert_true(pool_is_suspect(lab->pool, &one));
}

static void
a_slot_is_kept_beside_a_database_that_does_not_answer(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	assert_int_equal(ask(lab, &other, 0), POOL_OPENING);
	fake_link_accept(fake_links[0], a_stream);
	opened(lab);
	hold_up(lab);
	assert_int_equal(dials->count, 1);
	finish_dials();
	assert_int_equal(ask(lab, &other, 0), POOL_OPENING);
	lab_free(lab);
}

static void
a_single_link_makes_room(void **state)
{
	struct lab *lab = lab_new(1);

	(void)state;
	open_one(lab, 0);
	assert_int_equal(ask(lab, &other, 0), POOL_OPENING);
	fake_link_accept(fake_links[0], a_stream);
	opened(lab);
	hold_up(lab);
	assert_true(fake_links[0]->is_closed);
	assert_int_equal(dials->count, 1);
	finish_dials();
	assert_int_equal(ask(lab, &one, WAITED_LONG), POOL_BEHIND);
	assert_int_equal(ask(lab, &other, 0), POOL_OPENING);
	lab_free(lab);
}

static void
also_for_who_has_not_asked_yet(void **state)
{
	struct lab *lab = lab_new(1);

	(void)state;
	hold_up(lab);
	pool_expect(lab->pool, &other);
	pool_pump(lab->pool);
	assert_true(fake_links[0]->is_closed);
	assert_int_equal(dials->count, 1);
	lab_free(lab);
}

static void
but_not_where_nobody_else_wants_it(void **state)
{
	struct lab *lab = lab_new(1);

	(void)state;
	hold_up(lab);
	assert_false(fake_links[0]->is_closed);
	assert_int_equal(dials->count, 0);
	lab_free(lab);
}

static void
a_name_waits_for_a_link_that_is_being_dialled(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	open_one(lab, 0);
	assert_int_equal(ask(lab, &name, WAITED_LONG), POOL_WAIT);
	assert_int_equal(dials->count, 1);
	assert_int_equal(ask(lab, &name, 10 * WAITED_LONG), POOL_WAIT);
	finish_dials();
	assert_int_equal(ask(lab, &name, 10 * WAITED_LONG), POOL_OPENING);
	assert_false(fake_links[0]->is_opening);
	assert_true(fake_links[1]->is_opening);
	lab_free(lab);
}

static void
as_long_as_its_time_allows(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	open_one(lab, 0);
	assert_int_equal(ask(lab, &name, WAITED_LONG), POOL_WAIT);
	assert_int_equal(ask_for(lab, &name, WAITED_LONG,
			     config.open_timeout_ms / 4),
	    POOL_OPENING);
	assert_true(fake_links[0]->is_opening);
	lab_free(lab);
}

static void
or_joins_others_where_none_may_come(void **state)
{
	struct lab *lab = lab_new(1);

	(void)state;
	open_one(lab, 0);
	assert_int_equal(ask(lab, &name, 0), POOL_OPENING);
	assert_true(fake_links[0]->is_opening);
	lab_free(lab);
}

static void
a_name_that_answers_joins_others_sooner(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	assert_int_equal(ask(lab, &name, 0), POOL_OPENING);
	fake_link_accept(fake_links[0], a_stream);
	opened(lab);
	fake_links[0]->channels = 0;
	open_one(lab, 0);
	assert_int_equal(ask(lab, &name, 0), POOL_WAIT);
	assert_int_equal(ask(lab, &name, WAITED_LONG), POOL_OPENING);
	assert_true(fake_links[0]->is_opening);
	lab_free(lab);
}

/* --- Across reloads ------------------------------------------------------- */

/* A connection to the n-th of many databases. */
static struct config_connection
database(unsigned n)
{
	struct config_connection connection = { .port = n,
		.jump = &jump_config,
		.host = xasprintf("db%u.example", n) };

	config_name_host(&connection);
	return connection;
}

static void
forget(struct config_connection *connection)
{
	free(connection->host);
	free(connection->label);
	*connection = (struct config_connection){ .port = 0 };
}

static void
a_jump_box_that_stays_keeps_its_links(void **state)
{
	struct lab *lab = lab_new(8);
	struct config next = { .open_timeout_ms = 7000 };
	struct config_jump same = jump_config;

	(void)state;
	open_one(lab, 0);
	pool_renew(lab->pool, &next, &same);
	pool_pump(lab->pool);
	assert_int_equal(pool_links(lab->pool), 1);
	assert_int_equal(fake_links[0]->channels, 1);
	assert_false(fake_links[0]->is_closed);
	assert_ptr_equal(dials->setup.cfg, &next);
	assert_ptr_equal(dials->setup.jump, &same);
	lab_free(lab);
}

/* What the pool remembers of a database does not point into a configuration. */
static void
a_database_outlives_its_connection(void **state)
{
	struct lab *lab = lab_new(8);
	struct config next = { .open_timeout_ms = 4000 };
	struct config_connection first = database(1);

	(void)state;
	assert_int_equal(ask(lab, &first, 0), POOL_OPENING);
	forget(&first);
	pool_renew(lab->pool, &next, &jump_config);
	fake_link_accept(fake_links[0], a_stream);
	opened(lab);
	first = database(1);
	assert_int_equal(ask(lab, &first, 0), POOL_OPENING);
	forget(&first);
	lab_free(lab);
}

static size_t
bytes_in_use(void)
{
	return mallinfo2().uordblks;
}

static void
databases_of_the_past_are_forgotten(void **state)
{
	struct lab *lab = lab_new(8);
	struct config next = { .open_timeout_ms = 4000 };
	size_t early = 0;

	(void)state;
	for (unsigned i = 1; i <= 5000; i++) {
		struct config_connection connection = database(i);

		pool_expect(lab->pool, &connection);
		forget(&connection);
		pool_renew(lab->pool, &next, &jump_config);
		if (i == 500)
			early = bytes_in_use();
	}
	assert_true(bytes_in_use() < early + 100000);
	lab_free(lab);
}

static void
one_that_leaves_dials_nothing_and_ends_with_its_streams(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	open_one(lab, 0);
	pool_leave(lab->pool, true);
	pool_pump(lab->pool);
	assert_true(fake_links[0]->is_closed);
	assert_int_equal(dials->count, 0);
	assert_false(pool_is_empty(lab->pool));
	fake_links[0]->channels = 0;
	pool_pump(lab->pool);
	assert_int_equal(dials->count, 0);
	assert_true(pool_is_empty(lab->pool));
	lab_free(lab);
}

/* A client that had come before the reload still gets its database. */
static void
but_serves_who_came_before(void **state)
{
	struct lab *lab = lab_new(8);

	(void)state;
	pool_leave(lab->pool, true);
	pool_pump(lab->pool);
	assert_true(pool_is_empty(lab->pool));
	pool_leave(lab->pool, false);
	assert_int_equal(ask(lab, &one, 0), POOL_WAIT);
	assert_int_equal(dials->count, 1);
	finish_dials();
	assert_int_equal(ask(lab, &one, 0), POOL_OPENING);
	fake_link_accept(fake_links[1], a_stream);
	assert_ptr_equal(opened(lab).stream, a_stream);
	lab_free(lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_link_is_dialled_before_anybody_asks),
		cmocka_unit_test(a_queue_that_moves_slowly_grows_the_pool),
		cmocka_unit_test(and_no_further_than_its_share),
		cmocka_unit_test(
		    a_link_with_far_fewer_channels_is_worth_a_moment),
		cmocka_unit_test(a_refusal_is_the_database_s),
		cmocka_unit_test(another_link_is_to_tell_what_stalls_one),
		cmocka_unit_test(in_its_place_where_there_may_be_no_more),
		cmocka_unit_test(a_full_session_calls_for_another),
		cmocka_unit_test(until_one_of_its_channels_has_gone),
		cmocka_unit_test(an_empty_session_that_is_full_is_told),
		cmocka_unit_test(
		    a_slot_is_kept_beside_a_database_that_does_not_answer),
		cmocka_unit_test(a_single_link_makes_room),
		cmocka_unit_test(also_for_who_has_not_asked_yet),
		cmocka_unit_test(but_not_where_nobody_else_wants_it),
		cmocka_unit_test(a_name_waits_for_a_link_that_is_being_dialled),
		cmocka_unit_test(as_long_as_its_time_allows),
		cmocka_unit_test(or_joins_others_where_none_may_come),
		cmocka_unit_test(a_name_that_answers_joins_others_sooner),
		cmocka_unit_test(a_jump_box_that_stays_keeps_its_links),
		cmocka_unit_test(a_database_outlives_its_connection),
		cmocka_unit_test(databases_of_the_past_are_forgotten),
		cmocka_unit_test(
		    one_that_leaves_dials_nothing_and_ends_with_its_streams),
		cmocka_unit_test(but_serves_who_came_before),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
