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

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/originator.h"
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

size_t
pool_dials_count(const struct pool_dials *counted)
{
	return counted->count;
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
		    (struct ssh_transport *)dials);
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
	lab->pool = pool_open(lab->base, &config, lab->box, lab->mailbox);
	finish_dials();
	return lab;
}

static void
lab_free(struct lab *lab)
{
	pool_close(lab->pool);
	mailbox_close(lab->mailbox);
	jump_box_free(lab->box);
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
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
