/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which link serves which database, and when one more is wanted: when no link
 * suits (jump/pool_member.h), when the queue is slow, or when databases that do
 * not answer leave no slot to the others (jump/pool_care.h).  The worker's
 * share limits the links, and the jump box's backoff delays them.
 */
#include "jump/pool.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "jump/box.h"
#include "jump/box_cause.h"
#include "jump/pool_care.h"
#include "jump/pool_choice.h"
#include "jump/pool_dials.h"
#include "jump/pool_life.h"
#include "jump/pool_member.h"
#include "jump/pool_targets.h"

/* Most opens take less: a queue in which a user waits longer is slow. */
#define QUEUE_SLOW_MS 50
/* The least time between retries of a silent database at others' expense. */
#define SUSPECT_INTERVAL_MS 10000
/* A quarter of SPARE_IDLE_MS is exact enough. */
#define SPARE_LOOK_MS 5000

/* --- Dialling ------------------------------------------------------------- */

static void keep_up(void *arg);

static void
on_dialled(void *arg, struct ssh_transport *take, struct transit *take_transit)
{
	struct pool *pool = arg;

	if (take != NULL)
		pool_care_add_member(pool,
		    ssh_link_new(pool->base, pool->cfg, pool->jump, take),
		    take_transit);
	keep_up(pool);
}

/* Dial one more link where the pool is not full. */
static bool
grow(struct pool *pool, bool has_client)
{
	return pool_care_has_share(pool) &&
	    pool_dials_start(pool->dials, has_client);
}

/* Keep one link at least, so that the next client need not wait for a dial. */
static void
keep_up(void *arg)
{
	struct pool *pool = arg;

	if (!pool->is_leaving && !pool_is_up(pool) &&
	    pool_dials_count(pool->dials) == 0)
		grow(pool, false);
}

static void
on_spare(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	pool_care_retire_spare(arg);
}

/* --- Choosing ------------------------------------------------------------- */

/* An open that takes longer than this is late. */
static int64_t
late_after_ms(const struct pool *pool)
{
	return pool->cfg->open_timeout_ms / 4;
}

void
pool_expect(struct pool *pool, const struct config_connection *connection)
{
	pool_targets_get(&pool->targets, connection);
}

bool
pool_is_suspect(const struct pool *pool,
    const struct config_connection *connection)
{
	const struct pool_target *target = pool_targets_find(&pool->targets,
	    connection);

	return target != NULL && target->standing == POOL_STANDING_SUSPECT;
}

/* Whether the target has the right to one more slot now. */
static bool
may_open(struct pool *pool, const struct pool_target *target,
    const struct pool_member *best)
{
	bool is_scarce = !pool_care_has_share(pool) &&
	    pool_targets_have_other(&pool->targets, target);

	switch (pool_choice_claim(&pool->members, target, best, is_scarce)) {
	case POOL_CLAIM_GRANTED:
		return true;
	case POOL_CLAIM_RISKED:
		return pool_dials_count(pool->dials) == 0 &&
		    clock_ms() >= pool->suspect_ms + SUSPECT_INTERVAL_MS;
	case POOL_CLAIM_DENIED:
		break;
	}
	return false;
}

/*
 * Replace a link, so that a database that has come back is noticed soon.  One
 * whose open to the target is stale is replaced because sshd's next try may be
 * minutes away.  Where every link carries sessions that an open to the target
 * would stall, one of them is replaced, at SUSPECT_INTERVAL_MS.
 */
static void
renew(struct pool *pool, const struct pool_target *target)
{
	struct pool_member *member = pool_choice_stale(&pool->members, target);

	if (member == NULL && !pool_care_has_share(pool) &&
	    clock_ms() >= pool->suspect_ms + SUSPECT_INTERVAL_MS)
		member = pool_choice_in_the_way(&pool->members, target);
	if (member != NULL && pool_dials_count(pool->dials) == 0 &&
	    pool_dials_start(pool->dials, false))
		ssh_link_retire(member->link);
}

/*
 * A better link for the target may come: one is being dialled, or is dialled
 * now because no link is worth waiting for or the queue is slow.
 */
static bool
may_improve(struct pool *pool, const struct pool_target *target,
    int64_t waited_ms)
{
	bool is_slow = !pool_choice_is_worth_waiting(&pool->members, target) ||
	    waited_ms >= QUEUE_SLOW_MS;

	return (is_slow && grow(pool, true)) ||
	    pool_dials_count(pool->dials) > 0;
}

/* Take the best link there is (POOL_OPENING), or wait for a better one? */
static enum pool_offer
take_or_wait(struct pool *pool, const struct pool_target *target,
    const struct pool_member *best, int64_t waited_ms, int64_t spare_ms)
{
	bool is_improving;

	if (best != NULL && pool_member_cost(best, target) == POOL_COST_NONE)
		return POOL_OPENING;
	is_improving = may_improve(pool, target, waited_ms);
	if (best == NULL)
		return is_improving || pool_is_up(pool) ? POOL_WAIT : POOL_DOWN;
	return is_improving &&
		pool_choice_is_better_awaited(&pool->members, target, best,
		    waited_ms, spare_ms)
	    ? POOL_WAIT
	    : POOL_OPENING;
}

/*
 * The order of the steps is the rule.  First a link that is stuck with this
 * target is replaced, because that may change which link is best.  Then the
 * target needs the right to one more slot: a database that does not answer
 * must not hold every slot, so its users wait behind those of other databases.
 * Only then is the link judged.  One without cost is taken.  One with a cost
 * makes the pool grow, and is taken anyway when waiting for a better one would
 * cost this user more than it gains.  Last, the links are kept evenly filled:
 * the user waits a moment for a link that has far fewer channels and is busy
 * just now.
 */
enum pool_offer
pool_ask(struct pool *pool, const struct config_connection *connection,
    const struct originator *originator, int64_t waited_ms, int64_t by_ms,
    void *user)
{
	struct pool_target *target = pool_targets_get(&pool->targets,
	    connection);
	int64_t spare_ms = by_ms - clock_ms() - late_after_ms(pool);
	struct pool_member *best;
	enum pool_offer offer;

	renew(pool, target);
	best = pool_choice_best(&pool->members, target);
	if (!may_open(pool, target, best))
		return POOL_BEHIND;
	offer = take_or_wait(pool, target, best, waited_ms, spare_ms);
	if (offer != POOL_OPENING)
		return offer;
	if (waited_ms < QUEUE_SLOW_MS &&
	    pool_choice_is_tilted(&pool->members, target, best))
		return POOL_WAIT;
	if (target->standing == POOL_STANDING_SUSPECT)
		pool->suspect_ms = clock_ms();
	pool_member_open(best, target, originator, late_after_ms(pool), by_ms,
	    user);
	return POOL_OPENING;
}

/* --- Opens in flight ------------------------------------------------------ */

static struct pool_member *
member_of(struct pool *pool, const void *user)
{
	struct pool_member *member;

	TAILQ_FOREACH(member, &pool->members, entry)
		if (member->user == user)
			break;
	assert(member != NULL);
	return member;
}

struct pool_silence
pool_abandon(struct pool *pool, void *user)
{
	struct pool_member *member = member_of(pool, user);
	const struct pool_silence silence = {
		.was_heard = pool_life_was_heard(&pool->members, member),
		.is_stalled = pool_member_is_stalled(member),
		.silent_ms = clock_ms() - ssh_link_heard_ms(member->link),
		.silent = ssh_link_silent(member->link, member->overdue_ms),
	};

	member->user = NULL;
	ssh_link_abandon(member->link);
	return silence;
}

bool
pool_take_opened(struct pool *pool, void **user, struct ssh_opened *opened)
{
	struct pool_member *member;

	TAILQ_FOREACH(member, &pool->members, entry) {
		if (!ssh_link_take_opened(member->link, opened))
			continue;
		*user = member->user;
		member->user = NULL;
		if (pool_member_mark_full(member, opened))
			opened->has_link_failed = true;
		return true;
	}
	return false;
}

/* --- Turns ---------------------------------------------------------------- */

void
pool_pump(struct pool *pool)
{
	struct pool_member *member;

	TAILQ_FOREACH(member, &pool->members, entry)
		ssh_link_pump(member->link);
	pool_care_turn(pool);
	keep_up(pool);
}

void
pool_flush(struct pool *pool)
{
	struct pool_member *member;

	TAILQ_FOREACH(member, &pool->members, entry) {
		ssh_link_measure(member->link);
		ssh_link_flush(member->link);
	}
}

bool
pool_is_up(const struct pool *pool)
{
	return pool_choice_live_links(&pool->members) > 0;
}

bool
pool_has_slot(const struct pool *pool)
{
	return pool_choice_free_slots(&pool->members) > 0;
}

bool
pool_is_mute(const struct pool *pool)
{
	return pool_life_is_mute(&pool->members);
}

/* While every link is mute, one is like another. */
const struct fault *
pool_silent(const struct pool *pool, int64_t since_ms)
{
	const struct pool_member *member = TAILQ_FIRST(&pool->members);

	return member != NULL ? ssh_link_silent(member->link, since_ms) : NULL;
}

int64_t
pool_heard_ms(const struct pool *pool)
{
	return pool_life_heard_ms(&pool->members);
}

void
pool_probe(struct pool *pool, int64_t since_ms)
{
	pool_life_ask(&pool->members, since_ms);
}

size_t
pool_links(const struct pool *pool)
{
	return pool->member_count;
}

void
pool_look(const struct pool *pool, struct pool_state *out)
{
	*out = (struct pool_state){
		.live_links = pool_choice_live_links(&pool->members),
		.channels = pool_choice_channels(&pool->members),
		.rtt_us = pool_life_rtt_us(&pool->members),
	};
}

void
pool_cause(const struct pool *pool, struct fault *fault)
{
	if (jump_box_cause(pool->box, fault))
		return;
	pool_dials_blame(pool->dials, fault);
	if (fault->code == FAIL_NONE)
		jump_box_cause_explain(pool->box, fault);
}

/* --- Life ----------------------------------------------------------------- */

struct pool *
pool_open(struct event_base *base, struct config *cfg,
    const struct config_jump *jump, struct jump_box *box,
    struct mailbox *mailbox, const struct jump_way *way)
{
	const struct timeval spare_interval = clock_timeval(SPARE_LOOK_MS);
	struct pool *pool = xcalloc(1, sizeof *pool);
	struct ssh_link *brought = jump_box_take_link(box);

	pool->base = base;
	pool->cfg = cfg;
	pool->jump = jump;
	pool->box = box;
	TAILQ_INIT(&pool->members);
	SLIST_INIT(&pool->targets);
	pool->suspect_ms = -SUSPECT_INTERVAL_MS;
	pool->dials = pool_dials_open(&(struct pool_dials_setup){
	    .base = base,
	    .cfg = cfg,
	    .jump = jump,
	    .box = box,
	    .mailbox = mailbox,
	    .way = way,
	    .on_dialled = on_dialled,
	    .on_chance = keep_up,
	    .arg = pool,
	});
	pool->spare = loop_event(base, -1, EV_PERSIST, on_spare, pool);
	event_add(pool->spare, &spare_interval);
	if (brought != NULL)
		pool_care_add_member(pool, brought, NULL);
	keep_up(pool);
	return pool;
}

void
pool_renew(struct pool *pool, struct config *cfg,
    const struct config_jump *jump)
{
	pool->cfg = cfg;
	pool->jump = jump;
	pool_dials_renew(pool->dials, cfg, jump);
	pool_care_forget_targets(pool);
}

void
pool_leave(struct pool *pool, bool is_unneeded)
{
	struct pool_member *member;

	pool->is_leaving = true;
	if (!is_unneeded)
		return;
	pool_dials_cancel(pool->dials);
	TAILQ_FOREACH(member, &pool->members, entry)
		ssh_link_retire(member->link);
}

bool
pool_is_empty(const struct pool *pool)
{
	return TAILQ_EMPTY(&pool->members) &&
	    pool_dials_count(pool->dials) == 0;
}

void
pool_close(struct pool *pool)
{
	pool_dials_close(pool->dials);
	while (!TAILQ_EMPTY(&pool->members))
		pool_care_free_member(pool, TAILQ_FIRST(&pool->members));
	pool_targets_free(&pool->targets);
	event_free(pool->spare);
	free(pool);
}
