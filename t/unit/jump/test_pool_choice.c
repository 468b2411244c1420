/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which link a database gets, and which databases get none for now.
 */
#include "jump/pool_choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/originator.h"
#include "config/config.h"
#include "fake_link.h"
#include "jump/pool_life.h"
#include "jump/pool_member.h"
#include "jump/pool_targets.h"

#define LINKS      3
#define PATIENCE   1000
#define BUDGET     4000
#define BUDGET_MIN 10
#define LONG_AGO   11000
#define NOT_LONG   8000 /* leaves 2 s for a slow machine */

static struct config_connection connections[] = {
	{ .label = "10.0.0.1:5432",
	    .host = "10.0.0.1",
	    .host_kind = CONFIG_HOST_ADDRESS,
	    .port = 5432 },
	{ .label = "10.0.0.2:5432",
	    .host = "10.0.0.2",
	    .host_kind = CONFIG_HOST_ADDRESS,
	    .port = 5432 },
	{ .label = "one.example:5432", .host = "one.example", .port = 5432 },
	{ .label = "two.example:5432", .host = "two.example", .port = 5432 },
};

struct lab {
	struct pool_targets targets;
	struct pool_members members;
	struct pool_member member[LINKS];
	struct ssh_link link[LINKS];
	struct pool_target *address, *address_too, *name, *name_too;
};

static int
set_up(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);

	SLIST_INIT(&lab->targets);
	TAILQ_INIT(&lab->members);
	for (size_t i = 0; i < LINKS; i++) {
		lab->member[i].link = &lab->link[i];
		TAILQ_INSERT_TAIL(&lab->members, &lab->member[i], entry);
		pool_member_tidy(&lab->member[i]);
	}
	lab->address = pool_targets_get(&lab->targets, &connections[0]);
	lab->address_too = pool_targets_get(&lab->targets, &connections[1]);
	lab->name = pool_targets_get(&lab->targets, &connections[2]);
	lab->name_too = pool_targets_get(&lab->targets, &connections[3]);
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	pool_targets_free(&lab->targets);
	free(lab);
	return 0;
}

/* An open that has been in flight for `age_ms`. */
static void
open_since(struct pool_member *member, struct pool_target *target,
    int64_t age_ms, int64_t budget_ms)
{
	const struct originator nobody = { .host = "", .port = 0 };

	pool_member_open(member, target, &nobody, PATIENCE,
	    clock_ms() + budget_ms, NULL);
	member->opened_ms -= age_ms;
	member->overdue_ms -= age_ms;
	member->late_ms -= age_ms;
}

static void
answer(struct pool_member *member)
{
	member->link->is_opening = false;
	member->link->channels++;
	pool_member_tidy(member);
}

/* Make an open late, though the jump box was heard just now. */
static void
hold_up(struct lab *lab, size_t i, struct pool_target *target)
{
	open_since(&lab->member[i], target, 2 * PATIENCE, BUDGET);
	lab->link[i].heard_ms = clock_ms();
	assert_true(pool_life_blame_targets(&lab->members));
}

static enum pool_claim
claim(const struct lab *lab, const struct pool_target *target, bool is_scarce)
{
	return pool_choice_claim(&lab->members, target,
	    pool_choice_best(&lab->members, target), is_scarce);
}

/* --- Which link ----------------------------------------------------------- */

static void
the_link_with_fewest_channels(void **state)
{
	struct lab *lab = *state;

	lab->link[0].channels = 5;
	lab->link[1].channels = 3;
	lab->link[2].channels = 4;
	assert_ptr_equal(pool_choice_best(&lab->members, lab->address),
	    &lab->member[1]);
	lab->link[1].is_opening = true;
	assert_ptr_equal(pool_choice_best(&lab->members, lab->address),
	    &lab->member[2]);
	lab->link[2].is_closed = true;
	assert_ptr_equal(pool_choice_best(&lab->members, lab->address),
	    &lab->member[0]);
	lab->link[0].channels = SSH_LINK_CHANNELS_HARD;
	assert_null(pool_choice_best(&lab->members, lab->address));
}

static void
a_name_has_links_of_its_own(void **state)
{
	struct lab *lab = *state;

	open_since(&lab->member[0], lab->name, 0, BUDGET);
	answer(&lab->member[0]);
	open_since(&lab->member[1], lab->address, 0, BUDGET);
	answer(&lab->member[1]);
	lab->link[1].channels = 10;
	lab->link[2].is_closed = true;
	assert_ptr_equal(pool_choice_best(&lab->members, lab->name),
	    &lab->member[0]);
	assert_ptr_equal(pool_choice_best(&lab->members, lab->address),
	    &lab->member[1]);
	assert_ptr_equal(pool_choice_best(&lab->members, lab->address_too),
	    &lab->member[1]);
	assert_int_equal(pool_member_cost(&lab->member[0], lab->name_too),
	    POOL_COST_FOREIGN);
	assert_false(
	    pool_choice_is_worth_waiting(&lab->members, lab->name_too));
}

static void
an_idle_link_suits_anybody(void **state)
{
	struct lab *lab = *state;

	open_since(&lab->member[0], lab->name, 0, BUDGET);
	answer(&lab->member[0]);
	lab->link[0].channels = 0;
	pool_member_tidy(&lab->member[0]);
	assert_int_equal(pool_member_cost(&lab->member[0], lab->address),
	    POOL_COST_NONE);
}

static void
crowded_before_foreign(void **state)
{
	struct lab *lab = *state;

	open_since(&lab->member[0], lab->name, 0, BUDGET);
	answer(&lab->member[0]);
	lab->link[1].channels = SSH_LINK_CHANNELS_SOFT;
	lab->link[2].is_closed = true;
	assert_ptr_equal(pool_choice_best(&lab->members, lab->address),
	    &lab->member[1]);
	assert_false(pool_choice_is_worth_waiting(&lab->members, lab->address));
}

static void
a_busy_link_with_far_fewer_channels(void **state)
{
	struct lab *lab = *state;
	struct pool_member *best = &lab->member[0];

	lab->link[0].channels = lab->link[1].channels = 100;
	lab->link[2].channels = 90;
	lab->link[2].is_opening = true;
	assert_false(pool_choice_is_tilted(&lab->members, lab->address, best));
	lab->link[2].channels = 60;
	assert_true(pool_choice_is_tilted(&lab->members, lab->address, best));
	lab->link[2].is_stuck = true;
	assert_false(pool_choice_is_tilted(&lab->members, lab->address, best));
}

static bool
is_better_awaited(const struct lab *lab, const struct pool_target *target)
{
	return pool_choice_is_better_awaited(&lab->members, target,
	    pool_choice_best(&lab->members, target), LONG_AGO, 1);
}

static void
a_name_that_is_being_asked_joins_nobody_now(void **state)
{
	struct lab *lab = *state;

	open_since(&lab->member[0], lab->address, 0, BUDGET);
	answer(&lab->member[0]);
	lab->link[2].is_closed = true;
	open_since(&lab->member[1], lab->name, 0, BUDGET);
	answer(&lab->member[1]);
	lab->link[1].is_closed = true;
	assert_false(is_better_awaited(lab, lab->name));
	assert_true(is_better_awaited(lab, lab->name_too));
	assert_false(is_better_awaited(lab, lab->address_too));
	lab->link[1].is_closed = false;
	open_since(&lab->member[1], lab->name, 0, BUDGET);
	assert_true(is_better_awaited(lab, lab->name));
}

/* --- Claims to a slot ----------------------------------------------------- */

static void
who_answers_may_have_every_slot(void **state)
{
	struct lab *lab = *state;

	open_since(&lab->member[0], lab->address, 0, BUDGET);
	answer(&lab->member[0]);
	for (size_t i = 0; i < LINKS; i++) {
		assert_int_equal(claim(lab, lab->address, true),
		    POOL_CLAIM_GRANTED);
		open_since(&lab->member[i], lab->address, 0, BUDGET);
	}
}

static void
who_was_never_asked_may_have_one(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(claim(lab, lab->address, false), POOL_CLAIM_GRANTED);
	open_since(&lab->member[0], lab->address, 0, BUDGET);
	assert_int_equal(claim(lab, lab->address, false), POOL_CLAIM_DENIED);
	assert_int_equal(claim(lab, lab->address_too, false),
	    POOL_CLAIM_GRANTED);
}

static void
who_does_not_answer_may_have_two(void **state)
{
	struct lab *lab = *state;

	hold_up(lab, 0, lab->address);
	assert_int_equal(claim(lab, lab->address, false), POOL_CLAIM_GRANTED);
	open_since(&lab->member[1], lab->address, 0, BUDGET);
	assert_int_equal(claim(lab, lab->address, false), POOL_CLAIM_DENIED);
}

static void
and_one_more_when_both_are_stale(void **state)
{
	struct lab *lab = *state;

	hold_up(lab, 0, lab->address);
	open_since(&lab->member[1], lab->address, LONG_AGO, BUDGET);
	assert_int_equal(claim(lab, lab->address, false), POOL_CLAIM_DENIED);
	assert_null(pool_choice_stale(&lab->members, lab->address));
	lab->member[0].opened_ms = clock_ms() - NOT_LONG;
	assert_null(pool_choice_stale(&lab->members, lab->address));
	lab->member[0].opened_ms -= 2 * LONG_AGO;
	assert_int_equal(claim(lab, lab->address, false), POOL_CLAIM_GRANTED);
	assert_ptr_equal(pool_choice_stale(&lab->members, lab->address),
	    &lab->member[0]);
	lab->link[0].channels = 1;
	assert_ptr_equal(pool_choice_stale(&lab->members, lab->address),
	    &lab->member[1]);
	lab->member[1].user = lab;
	assert_null(pool_choice_stale(&lab->members, lab->address));
}

static void
on_a_link_of_its_own(void **state)
{
	struct lab *lab = *state;

	lab->link[0].channels = lab->link[1].channels = 1;
	lab->link[2].is_closed = true;
	assert_int_equal(pool_member_cost(&lab->member[0], lab->address),
	    POOL_COST_NONE);
	hold_up(lab, 1, lab->address);
	assert_int_equal(pool_member_cost(&lab->member[0], lab->address),
	    POOL_COST_CROWDED);
	assert_int_equal(pool_member_cost(&lab->member[0], lab->address_too),
	    POOL_COST_NONE);
}

static void
nor_the_last_slot_of_a_full_pool(void **state)
{
	struct lab *lab = *state;

	hold_up(lab, 0, lab->address);
	assert_int_equal(claim(lab, lab->address, true), POOL_CLAIM_GRANTED);
	lab->link[1].is_opening = true;
	assert_int_equal(claim(lab, lab->address, true), POOL_CLAIM_DENIED);
	assert_int_equal(claim(lab, lab->address_too, true),
	    POOL_CLAIM_GRANTED);
}

static void
but_must_be_tried_again(void **state)
{
	struct lab *lab = *state;

	hold_up(lab, 0, lab->address);
	lab->link[0].is_closed = lab->link[1].is_closed = true;
	lab->link[0].is_opening = false;
	pool_member_tidy(&lab->member[0]);
	assert_int_equal(claim(lab, lab->address, true), POOL_CLAIM_RISKED);
}

static void
a_name_that_stalls_joins_nobody(void **state)
{
	struct lab *lab = *state;

	hold_up(lab, 0, lab->name);
	for (size_t i = 1; i < LINKS; i++) {
		open_since(&lab->member[i], lab->address, 0, BUDGET);
		answer(&lab->member[i]);
	}
	assert_int_equal(claim(lab, lab->name, true), POOL_CLAIM_DENIED);
	lab->link[0].is_closed = true;
	lab->link[0].is_opening = false;
	pool_member_tidy(&lab->member[0]);
	assert_int_equal(claim(lab, lab->name, false), POOL_CLAIM_RISKED);
}

/* --- Targets that stall a link -------------------------------------------- */

/* The server connects in the thread that reads the session. */
static void
stall(struct lab *lab, size_t i, struct pool_target *target)
{
	lab->link[i].may_stall = true;
	open_since(&lab->member[i], target, 2 * PATIENCE, BUDGET);
	lab->link[(i + 1) % LINKS].heard_ms = clock_ms();
	assert_true(pool_life_blame_targets(&lab->members));
	assert_true(target->is_stalling);
}

static void
serve(struct lab *lab, size_t i, struct pool_target *target)
{
	open_since(&lab->member[i], target, 0, BUDGET);
	answer(&lab->member[i]);
}

static void
another_link_tells_who_stalls_one(void **state)
{
	struct lab *lab = *state;

	lab->link[0].may_stall = true;
	open_since(&lab->member[0], lab->address, 2 * PATIENCE, BUDGET);
	assert_null(pool_life_ask_others(&lab->members));
	assert_int_equal(lab->link[1].probed_ms, lab->member[0].overdue_ms);
	assert_false(pool_life_blame_targets(&lab->members));
	lab->link[1].heard_ms = clock_ms();
	assert_true(pool_life_was_heard(&lab->members, &lab->member[0]));
	assert_true(pool_life_blame_targets(&lab->members));
	assert_int_equal(lab->address->standing, POOL_STANDING_SUSPECT);
	assert_true(lab->address->is_stalling);
}

static void
two_stalled_links_tell_nothing_of_each_other(void **state)
{
	struct lab *lab = *state;

	for (size_t i = 0; i < LINKS; i++) {
		lab->link[i].may_stall = true;
		open_since(&lab->member[i], lab->address, 2 * PATIENCE, BUDGET);
	}
	assert_ptr_equal(pool_life_ask_others(&lab->members), &lab->member[0]);
}

static void
who_is_late_on_a_link_that_lives_stalls_nobody(void **state)
{
	struct lab *lab = *state;

	lab->link[0].may_stall = true;
	hold_up(lab, 0, lab->address);
	assert_false(lab->address->is_stalling);
}

static void
a_stalled_link_is_borne_while_another_lives(void **state)
{
	struct lab *lab = *state;

	lab->link[0].may_stall = true;
	open_since(&lab->member[0], lab->address, 2 * PATIENCE, BUDGET);
	pool_life_bear(&lab->members);
	assert_int_equal(lab->link[0].bear_ms, 0);
	lab->link[1].heard_ms = clock_ms();
	pool_life_bear(&lab->members);
	assert_int_equal(lab->link[0].bear_ms,
	    lab->member[0].opened_ms + 145000);
	assert_int_equal(lab->link[1].bear_ms, 0);
}

static void
who_stalls_joins_nobody(void **state)
{
	struct lab *lab = *state;

	stall(lab, 0, lab->address);
	serve(lab, 1, lab->address_too);
	serve(lab, 2, lab->name);
	assert_null(pool_choice_best(&lab->members, lab->address));
	assert_int_equal(claim(lab, lab->address, false), POOL_CLAIM_GRANTED);
	assert_non_null(pool_choice_best(&lab->members, lab->address_too));
	lab->link[1].channels = 0;
	pool_member_tidy(&lab->member[1]);
	assert_ptr_equal(pool_choice_best(&lab->members, lab->address),
	    &lab->member[1]);
}

static void
nor_does_anybody_join_it(void **state)
{
	struct lab *lab = *state;

	stall(lab, 0, lab->address);
	serve(lab, 1, lab->address);
	assert_int_equal(pool_member_cost(&lab->member[1], lab->address),
	    POOL_COST_NONE);
	assert_int_equal(pool_member_cost(&lab->member[1], lab->address_too),
	    POOL_COST_FOREIGN);
	assert_ptr_equal(pool_choice_best(&lab->members, lab->address_too),
	    &lab->member[2]);
	serve(lab, 1, lab->address_too);
	assert_ptr_equal(pool_choice_best(&lab->members, lab->address),
	    &lab->member[2]);
}

static void
a_link_makes_room_where_all_are_in_the_way(void **state)
{
	struct lab *lab = *state;

	stall(lab, 0, lab->address);
	serve(lab, 1, lab->address_too);
	serve(lab, 1, lab->address_too);
	serve(lab, 2, lab->address_too);
	assert_null(pool_choice_in_the_way(&lab->members, lab->address));
	lab->link[0].is_closed = true;
	lab->link[0].is_opening = false;
	pool_member_tidy(&lab->member[0]);
	assert_ptr_equal(pool_choice_in_the_way(&lab->members, lab->address),
	    &lab->member[2]);
	assert_null(pool_choice_in_the_way(&lab->members, lab->address_too));
	lab->link[1].channels = 0;
	pool_member_tidy(&lab->member[1]);
	assert_null(pool_choice_in_the_way(&lab->members, lab->address));
}

static void
an_idle_link_stays_for_the_sake_of_a_stalled_one(void **state)
{
	struct lab *lab = *state;

	lab->link[2].is_closed = true;
	lab->member[0].idle_ms = 0;
	lab->member[1].idle_ms -= 60000;
	assert_ptr_equal(pool_choice_spare(&lab->members), &lab->member[1]);
	stall(lab, 0, lab->address);
	assert_null(pool_choice_spare(&lab->members));
}

/* --- Standings of targets ------------------------------------------------- */

static void
an_answer_in_time_clears(void **state)
{
	struct lab *lab = *state;

	hold_up(lab, 0, lab->address);
	assert_int_equal(lab->address->standing, POOL_STANDING_SUSPECT);
	answer(&lab->member[0]);
	assert_int_equal(lab->address->standing, POOL_STANDING_SUSPECT);
	open_since(&lab->member[0], lab->address, PATIENCE / 2, BUDGET);
	answer(&lab->member[0]);
	assert_int_equal(lab->address->standing, POOL_STANDING_PROMPT);
}

static void
the_end_of_a_link_says_nothing(void **state)
{
	struct lab *lab = *state;

	open_since(&lab->member[0], lab->address, 0, BUDGET);
	lab->link[0].is_closed = true;
	answer(&lab->member[0]);
	assert_int_equal(lab->address->standing, POOL_STANDING_UNKNOWN);
}

static void
a_silent_tunnel_is_no_target_s_fault(void **state)
{
	struct lab *lab = *state;

	open_since(&lab->member[0], lab->address, 2 * PATIENCE, BUDGET);
	lab->link[1].heard_ms = clock_ms();
	assert_false(pool_life_blame_targets(&lab->members));
	assert_int_equal(lab->address->standing, POOL_STANDING_UNKNOWN);
}

static void
a_stalled_resolver_is_heard_on_other_links(void **state)
{
	struct lab *lab = *state;

	open_since(&lab->member[0], lab->name, 2 * PATIENCE, BUDGET);
	assert_null(pool_life_ask_others(&lab->members));
	assert_int_equal(lab->link[1].probed_ms, lab->member[0].overdue_ms);
	assert_false(pool_life_blame_targets(&lab->members));
	lab->link[1].heard_ms = clock_ms();
	assert_true(pool_life_blame_targets(&lab->members));
}

static void
the_haste_of_a_client_is_no_target_s_fault(void **state)
{
	struct lab *lab = *state;

	open_since(&lab->member[0], lab->address, PATIENCE / 2, BUDGET_MIN);
	lab->link[0].heard_ms = clock_ms();
	assert_true(pool_member_is_overdue(&lab->member[0]));
	assert_false(pool_life_blame_targets(&lab->members));
}

/* --- Pools without a free slot -------------------------------------------- */

static void
blocked_when_suspects_hold_every_slot(void **state)
{
	struct lab *lab = *state;

	assert_false(pool_choice_is_blocked(&lab->members));
	hold_up(lab, 0, lab->address);
	hold_up(lab, 1, lab->address);
	open_since(&lab->member[2], lab->address_too, 0, BUDGET);
	assert_false(pool_choice_is_blocked(&lab->members));
	lab->link[2].is_closed = true;
	assert_true(pool_choice_is_blocked(&lab->members));
	lab->link[0].is_closed = lab->link[1].is_closed = true;
	assert_false(pool_choice_is_blocked(&lab->members));
}

static void
the_worst_is_held_up_and_carries_little(void **state)
{
	struct lab *lab = *state;

	assert_null(pool_choice_held_up(&lab->members));
	lab->link[0].channels = 7;
	lab->link[1].channels = 3;
	hold_up(lab, 0, lab->address);
	hold_up(lab, 1, lab->address);
	assert_ptr_equal(pool_choice_held_up(&lab->members), &lab->member[1]);
	lab->link[1].is_closed = true;
	assert_ptr_equal(pool_choice_held_up(&lab->members), &lab->member[0]);
}

static void
connections_to_one_database_are_one_target(void **state)
{
	struct lab *lab = *state;
	struct config_connection again = connections[0];

	again.name = "again";
	assert_ptr_equal(pool_targets_get(&lab->targets, &again), lab->address);
	assert_true(lab->address->needs_no_lookup);
	assert_false(lab->name->needs_no_lookup);
}

static void
others_are_those_that_may_answer(void **state)
{
	struct lab *lab = *state;
	struct pool_targets alone = SLIST_HEAD_INITIALIZER(alone);
	struct pool_target *only = pool_targets_get(&alone, &connections[0]);

	assert_false(pool_targets_have_other(&alone, only));
	assert_true(pool_targets_have_other(&alone, NULL));
	assert_true(pool_targets_have_other(&lab->targets, lab->address));
	lab->name->standing = lab->name_too->standing = POOL_STANDING_SUSPECT;
	lab->address_too->standing = POOL_STANDING_SUSPECT;
	assert_false(pool_targets_have_other(&lab->targets, lab->address));
	pool_targets_free(&alone);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_link_with_fewest_channels),
		TEST(a_name_has_links_of_its_own),
		TEST(an_idle_link_suits_anybody),
		TEST(crowded_before_foreign),
		TEST(a_busy_link_with_far_fewer_channels),
		TEST(a_name_that_is_being_asked_joins_nobody_now),
		TEST(who_answers_may_have_every_slot),
		TEST(who_was_never_asked_may_have_one),
		TEST(who_does_not_answer_may_have_two),
		TEST(and_one_more_when_both_are_stale),
		TEST(on_a_link_of_its_own),
		TEST(nor_the_last_slot_of_a_full_pool),
		TEST(but_must_be_tried_again),
		TEST(a_name_that_stalls_joins_nobody),
		TEST(another_link_tells_who_stalls_one),
		TEST(two_stalled_links_tell_nothing_of_each_other),
		TEST(who_is_late_on_a_link_that_lives_stalls_nobody),
		TEST(a_stalled_link_is_borne_while_another_lives),
		TEST(who_stalls_joins_nobody),
		TEST(nor_does_anybody_join_it),
		TEST(a_link_makes_room_where_all_are_in_the_way),
		TEST(an_idle_link_stays_for_the_sake_of_a_stalled_one),
		TEST(an_answer_in_time_clears),
		TEST(the_end_of_a_link_says_nothing),
		TEST(a_silent_tunnel_is_no_target_s_fault),
		TEST(a_stalled_resolver_is_heard_on_other_links),
		TEST(the_haste_of_a_client_is_no_target_s_fault),
		TEST(blocked_when_suspects_hold_every_slot),
		TEST(the_worst_is_held_up_and_carries_little),
		TEST(connections_to_one_database_are_one_target),
		TEST(others_are_those_that_may_answer),
	};

	return cmocka_run_group_tests_name("pool_choice", tests, NULL, NULL);
}
