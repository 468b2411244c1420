/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which link serves which database, and when one more is dialled: where every
 * link suits ill (pool_member.h) or the queue moves slowly, as long as the
 * worker's share and the jump box's backoff allow.
 */
#include "pool.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "clock.h"
#include "config.h"
#include "jump_box.h"
#include "log.h"
#include "pool_choice.h"
#include "pool_dials.h"
#include "pool_member.h"
#include "xmalloc.h"

/* Growing the pool for a better link is worth so long a wait. */
#define GROW_WAIT_MS 300
/* A queue that moves slower than this wants one more link. */
#define QUEUE_SLOW_MS 50
#define STUCK_MAX     2
/* A link that nobody has used for so long is let go, unless it is the last. */
#define SPARE_IDLE_MS 20000
#define FILES_LOOK_MS 1000
/* Many databases that do not answer are no reason to storm the jump box. */
#define ROOM_INTERVAL_MS 200

struct pool {
	struct event_base *base;
	struct config *cfg;
	struct jump_box *box;
	const struct config_jump *jump;
	struct mailbox *mailbox;
	struct pool_members members;
	size_t member_count;
	struct pool_dials *dials;
	struct event *retry; /* the next try, or a look at the files */
	struct event *spare; /* a look at links that are idle */
	int64_t room_ms;     /* when make_room() last did */
};

/* --- dialling ------------------------------------------------------------ */

static void keep_up(struct pool *);

static void
add_member(struct pool *pool, struct ssh_transport *take)
{
	struct pool_member *member = xcalloc(1, sizeof *member);

	member->link = ssh_link_new(pool->base, pool->cfg, pool->jump, take);
	member->born_ms = member->idle_ms = clock_ms();
	TAILQ_INSERT_TAIL(&pool->members, member, entry);
	pool->member_count++;
}

static void
on_dialled(void *arg, struct ssh_transport *take)
{
	struct pool *pool = arg;

	if (take != NULL)
		add_member(pool, take);
	keep_up(pool);
}

static size_t
live_count(const struct pool *pool)
{
	const struct pool_member *member;
	size_t count = 0;

	TAILQ_FOREACH(member, &pool->members, entry)
		if (!ssh_link_is_closed(member->link))
			count++;
	return count;
}

static bool
has_share_left(const struct pool *pool)
{
	return live_count(pool) + pool_dials_count(pool->dials) <
	    jump_box_share(pool->box);
}

static void
sleep_until(struct pool *pool, int64_t retry_ms)
{
	int64_t wait_ms = retry_ms - clock_ms();
	struct timeval wait = clock_timeval(
	    wait_ms < FILES_LOOK_MS ? wait_ms : FILES_LOOK_MS);

	event_add(pool->retry, &wait);
}

/* Dial, now or as soon as that is allowed.  False: it is not allowed now. */
static bool
dial(struct pool *pool, bool wake)
{
	int64_t retry_ms;

	switch (jump_box_ask(pool->box, wake, &retry_ms)) {
	case JUMP_PERMIT_DIAL:
		pool_dials_start(pool->dials);
		return true;
	case JUMP_PERMIT_BUSY:
		return true; /* on_news() */
	case JUMP_PERMIT_LATER:
		sleep_until(pool, retry_ms);
		break;
	case JUMP_PERMIT_REST:
		break;
	}
	return false;
}

/* Dial one more link where the pool is not full. */
static bool
grow(struct pool *pool, bool wake)
{
	return has_share_left(pool) && dial(pool, wake);
}

/* There is to be a link, whether somebody waits for it or not. */
static void
keep_up(struct pool *pool)
{
	if (!pool_is_up(pool) && pool_dials_count(pool->dials) == 0)
		grow(pool, false);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct pool *pool = arg;

	(void)fd, (void)what;
	jump_box_look_at_files(pool->box);
	keep_up(pool);
}

/* Links that a crowd has left behind go; the first one stays. */
static void
on_spare(evutil_socket_t fd, short what, void *arg)
{
	struct pool *pool = arg;
	struct pool_member *member;

	(void)fd, (void)what;
	TAILQ_FOREACH_REVERSE(member, &pool->members, pool_members, entry)
		if (live_count(pool) > 1 && member->idle_ms > 0 &&
		    clock_ms() - member->idle_ms >= SPARE_IDLE_MS)
			ssh_link_retire(member->link);
}

/* Another worker's dial has ended: its turn may be ours. */
static void
on_news(void *arg)
{
	struct pool *pool = arg;

	keep_up(pool);
}

/* --- choosing ------------------------------------------------------------ */

bool
pool_is_stuck(const struct pool *pool,
    const struct config_connection *connection)
{
	return pool_opens_of(&pool->members, connection).overdue > 0;
}

/*
 * A database that does not answer holds a few slots, and never the last one:
 * the others behind the jump box are to be reached.
 */
static bool
must_step_back(const struct pool *pool, const struct pool_opens *opens)
{
	bool is_full = opens->count > 0 && !has_share_left(pool);
	size_t slots = pool_free_slots(&pool->members);

	if (opens->overdue > 0)
		return opens->count >= STUCK_MAX || (is_full && slots <= 1);
	return is_full && slots == 1;
}

/*
 * Every slot is taken, and sshd needs minutes to give an open up: a link which
 * is stuck, but alive, makes room for a new one.  What it carries goes on.
 */
static bool
make_room(struct pool *pool)
{
	struct pool_member *member = pool_worst(&pool->members);

	if (member == NULL || has_share_left(pool) ||
	    clock_ms() < pool->room_ms + ROOM_INTERVAL_MS ||
	    pool_dials_count(pool->dials) > 0 || !dial(pool, true))
		return false;
	pool->room_ms = clock_ms();
	ssh_link_retire(member->link);
	return true;
}

enum pool_offer
pool_ask(struct pool *pool, const struct config_connection *connection,
    const struct originator *originator, int64_t waited_ms, int64_t by_ms,
    void *user)
{
	const struct pool_members *members = &pool->members;
	struct pool_opens opens = pool_opens_of(members, connection);
	struct pool_member *best = pool_choose(members, connection->host);
	bool growing = false;

	if (must_step_back(pool, &opens))
		return POOL_BEHIND;
	if (best != NULL && pool_member_cost(best, connection->host) == 0) {
		pool_member_open(best, connection, originator, by_ms, user);
		return POOL_OPENING;
	}
	if (!pool_is_worth_waiting(members, connection->host) ||
	    waited_ms >= QUEUE_SLOW_MS)
		growing = grow(pool, true);
	if (best == NULL && opens.count == 0 && !growing)
		growing = make_room(pool);
	growing = growing || pool_dials_count(pool->dials) > 0;
	if (best != NULL && (waited_ms >= GROW_WAIT_MS || !growing)) {
		pool_member_open(best, connection, originator, by_ms, user);
		return POOL_OPENING;
	}
	return growing || pool_is_up(pool) ? POOL_WAIT : POOL_DOWN;
}

/* --- opens in flight ----------------------------------------------------- */

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

/*
 * A jump box whose resolver hangs is mute on that link alone, so for a target
 * given by name another link's sign of life counts too.
 */
static bool
was_heard(const struct pool *pool, const struct pool_member *opener)
{
	int64_t since_ms = opener->overdue_ms;
	const struct pool_member *member;

	if (ssh_link_heard_ms(opener->link) >= since_ms)
		return true;
	if (pool_host_is_address(opener->target->host))
		return false;
	TAILQ_FOREACH(member, &pool->members, entry)
		if (!ssh_link_is_closed(member->link) &&
		    ssh_link_heard_ms(member->link) >= since_ms)
			return true;
	return false;
}

void
pool_abandon(struct pool *pool, void *user, bool *heard, int64_t *silent_ms)
{
	struct pool_member *member = member_of(pool, user);

	*heard = was_heard(pool, member);
	*silent_ms = clock_ms() - ssh_link_heard_ms(member->link);
	member->user = NULL;
	ssh_link_abandon(member->link);
}

bool
pool_opened(struct pool *pool, void **user, struct ssh_opened *opened)
{
	struct pool_member *member;

	TAILQ_FOREACH(member, &pool->members, entry) {
		if (!ssh_link_opened(member->link, opened))
			continue;
		*user = member->user;
		member->user = NULL;
		return true;
	}
	return false;
}

/* --- turns --------------------------------------------------------------- */

/*
 * While a name may be what stalls a link, the others are asked for a sign of
 * life; where there is no other, one is dialled.
 */
static void
doubt_names(struct pool *pool)
{
	struct pool_member *stuck, *other;

	TAILQ_FOREACH(stuck, &pool->members, entry) {
		if (!pool_member_is_overdue(stuck) ||
		    pool_host_is_address(stuck->target->host))
			continue;
		if (pool->member_count == 1)
			grow(pool, true);
		TAILQ_FOREACH(other, &pool->members, entry)
			if (other != stuck)
				ssh_link_probe(other->link, stuck->overdue_ms);
	}
}

static void
free_member(struct pool *pool, struct pool_member *member)
{
	TAILQ_REMOVE(&pool->members, member, entry);
	pool->member_count--;
	ssh_link_free(member->link);
	free(member);
}

static void
tidy(struct pool *pool, struct pool_member *member)
{
	pool_member_tidy(member);
	if (ssh_link_is_lost(member->link) && !member->is_mourned) {
		member->is_mourned = true;
		jump_box_lost(pool->box, clock_ms() - member->born_ms,
		    member->was_used);
	}
	if (ssh_link_is_finished(member->link) && member->user == NULL)
		free_member(pool, member);
}

void
pool_pump(struct pool *pool)
{
	struct pool_member *member, *next;

	TAILQ_FOREACH(member, &pool->members, entry)
		ssh_link_pump(member->link);
	for (member = TAILQ_FIRST(&pool->members); member != NULL;
	     member = next) {
		next = TAILQ_NEXT(member, entry);
		tidy(pool, member);
	}
	doubt_names(pool);
	keep_up(pool);
}

void
pool_flush(struct pool *pool)
{
	struct pool_member *member;

	TAILQ_FOREACH(member, &pool->members, entry) {
		ssh_link_rest(member->link);
		ssh_link_flush(member->link);
	}
}

bool
pool_is_up(const struct pool *pool)
{
	return live_count(pool) > 0;
}

bool
pool_has_slot(const struct pool *pool)
{
	const struct pool_member *member;

	TAILQ_FOREACH(member, &pool->members, entry)
		if (ssh_link_has_slot(member->link))
			return true;
	return false;
}

bool
pool_is_mute(const struct pool *pool)
{
	const struct pool_member *member;

	TAILQ_FOREACH(member, &pool->members, entry)
		if (!ssh_link_is_closed(member->link) &&
		    !ssh_link_is_mute(member->link))
			return false;
	return true;
}

int64_t
pool_heard_ms(const struct pool *pool)
{
	const struct pool_member *member;
	int64_t heard_ms = 0;

	TAILQ_FOREACH(member, &pool->members, entry)
		if (ssh_link_heard_ms(member->link) > heard_ms)
			heard_ms = ssh_link_heard_ms(member->link);
	return heard_ms;
}

void
pool_probe(struct pool *pool, int64_t since_ms)
{
	struct pool_member *member;

	TAILQ_FOREACH(member, &pool->members, entry)
		ssh_link_probe(member->link, since_ms);
}

size_t
pool_links(const struct pool *pool)
{
	return pool->member_count;
}

void
pool_cause(const struct pool *pool, struct fault *fault)
{
	enum dial_stage stage;
	int64_t since_ms;

	if (jump_box_cause(pool->box, fault))
		return;
	jump_box_is_dialling(pool->box, &stage, &since_ms);
	fault_set(fault, dial_stage_timeout(stage), "%s",
	    clock_text(clock_ms() - since_ms).text);
	fault_name(fault, pool->jump->label, pool->jump->username, NULL);
	fault_note(fault, "the tunnel is still being set up");
}

/* --- life ---------------------------------------------------------------- */

struct pool *
pool_open(struct event_base *base, struct config *cfg, struct jump_box *box,
    struct mailbox *mailbox)
{
	const struct timeval spare_interval = clock_timeval(SPARE_IDLE_MS / 4);
	struct pool *pool = xcalloc(1, sizeof *pool);

	pool->base = base;
	pool->cfg = cfg;
	pool->box = box;
	pool->jump = jump_box_config(box);
	pool->mailbox = mailbox;
	TAILQ_INIT(&pool->members);
	pool->dials = pool_dials_open(&(struct pool_dials_setup){
	    .cfg = cfg,
	    .box = box,
	    .mailbox = mailbox,
	    .on_dialled = on_dialled,
	    .arg = pool,
	});
	pool->retry = event_new(base, -1, 0, on_retry, pool);
	pool->spare = event_new(base, -1, EV_PERSIST, on_spare, pool);
	event_add(pool->spare, &spare_interval);
	jump_box_watch(box, mailbox, on_news, pool);
	grow(pool, false);
	return pool;
}

void
pool_close(struct pool *pool)
{
	jump_box_unwatch(pool->box, pool);
	pool_dials_close(pool->dials);
	while (!TAILQ_EMPTY(&pool->members))
		free_member(pool, TAILQ_FIRST(&pool->members));
	event_free(pool->retry);
	event_free(pool->spare);
	free(pool);
}
