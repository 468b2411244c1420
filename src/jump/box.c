/* SPDX-License-Identifier: PostgreSQL */

/*
 * The shared record of a jump box.  After a failure that may pass by itself the
 * next client ends the sleep.  After rejected credentials or host keys the
 * sleep lasts its whole time, unless a file that holds one of them changes.
 */
#include "jump/box.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/hops.h"
#include "jump/backoff.h"
#include "jump/box_cause.h"
#include "jump/box_record.h"
#include "jump/files.h"
#include "jump/gauge.h"
#include "jump/news.h"
#include "ssh/resolver.h"

/*
 * Dials at a time, once one succeeded and as long as no link breaks; before
 * that only one.  Fewer than the 10 unauthenticated sessions at which sshd
 * begins to drop some (MaxStartups).
 */
#define DIALS_MAX 4
/*
 * A client that comes this soon after a failure is told of it at once, without
 * a new dial.  Half a second, so that a client that keeps trying is served
 * within a second of the jump box's return.
 */
#define FRESH_MS 500
/*
 * A link that breaks this soon after its login was turned away by the jump
 * box, unless that happens no more than twice in a row, which is chance.
 */
#define SHORT_LIFE_MS   2000
#define SHORT_LIVES_MAX 2
/*
 * The second link in a row that breaks unused is the last one dialled in
 * advance: the first may have broken by chance.
 */
#define UNUSED_MAX 2

static size_t
share_of(unsigned max_links, unsigned workers)
{
	return max_links > workers ? max_links / workers : 1;
}

struct jump_box *
jump_box_new(const struct config_jump *jump, unsigned max_links,
    unsigned workers)
{
	struct jump_box *box = xcalloc(1, sizeof *box);

	atomic_init(&box->refs, 1);
	if (jump != NULL) {
		config_hops_name(jump, &box->named);
		box->label = xstrdup(jump->label);
		box->username = xstrdup(jump->username);
		box->proxy = xstrdup(jump->proxy.label);
		box->files = jump_files_new(jump);
	}
	box->resolver = resolver_new();
	box->share = share_of(max_links, workers);
	pthread_mutex_init(&box->mutex, NULL);
	box->news = jump_news_new();
	LIST_INIT(&box->gauges);
	return box;
}

void
jump_box_put_behind(struct jump_box *box, struct jump_box *outer)
{
	box->outer = jump_box_ref(outer);
}

struct jump_box *
jump_box_outer(const struct jump_box *box)
{
	return box->outer;
}

struct jump_box *
jump_box_ref(struct jump_box *box)
{
	atomic_fetch_add(&box->refs, 1);
	return box;
}

void
jump_box_unref(struct jump_box *box)
{
	if (box == NULL || atomic_fetch_sub(&box->refs, 1) > 1)
		return;
	assert(box->link == NULL);
	jump_box_unref(box->outer);
	jump_news_free(box->news);
	jump_files_free(box->files);
	resolver_free(box->resolver);
	pthread_mutex_destroy(&box->mutex);
	free(box->label);
	free(box->username);
	free(box->proxy);
	free(box);
}

void
jump_box_limit(struct jump_box *box, unsigned max_links, unsigned workers)
{
	pthread_mutex_lock(&box->mutex);
	box->share = share_of(max_links, workers);
	pthread_mutex_unlock(&box->mutex);
}

struct resolver *
jump_box_resolver(struct jump_box *box)
{
	return box->resolver;
}

struct jump_news *
jump_box_news(struct jump_box *box)
{
	return box->news;
}

size_t
jump_box_share(struct jump_box *box)
{
	size_t share;

	pthread_mutex_lock(&box->mutex);
	share = box->share;
	pthread_mutex_unlock(&box->mutex);
	return share;
}

void
jump_box_bring(struct jump_box *box, struct ssh_link *take)
{
	assert(box->link == NULL);
	box->link = take;
	box->is_proved = true;
}

void
jump_box_rest(struct jump_box *box)
{
	box->unused = UNUSED_MAX;
}

struct ssh_link *
jump_box_take_link(struct jump_box *box)
{
	struct ssh_link *link;

	pthread_mutex_lock(&box->mutex);
	link = box->link;
	box->link = NULL;
	pthread_mutex_unlock(&box->mutex);
	return link;
}

/* --- Files that hold credentials ------------------------------------------ */

bool
jump_box_look_at_files(struct jump_box *box)
{
	bool is_asleep, has_changed;

	pthread_mutex_lock(&box->mutex);
	is_asleep = box->attempts > 0;
	pthread_mutex_unlock(&box->mutex);
	has_changed = is_asleep && jump_files_have_changed(box->files);
	if (!has_changed)
		return false;
	pthread_mutex_lock(&box->mutex);
	box->attempts = 0;
	pthread_mutex_unlock(&box->mutex);
	log_info("credentials or host keys changed, dialling again",
	    log_str("jump", box->label));
	return true;
}

void
jump_box_try_files(struct jump_box *box)
{
	if (box->files != NULL && jump_box_look_at_files(box))
		jump_news_post(box->news);
}

/* --- Permission ----------------------------------------------------------- */

static enum retry
retry_of(const struct jump_box *box)
{
	return failure_info(box->fault.code)->retry;
}

/* Call with the mutex. */
static bool
is_fresh(const struct jump_box *box)
{
	return box->attempts > 0 && clock_ms() - box->failed_ms < FRESH_MS;
}

/* Call with the mutex.  0: the sleep is over. */
static int64_t
sleep_until_ms(const struct jump_box *box, bool has_client)
{
	int64_t fresh_until_ms = box->failed_ms + FRESH_MS;

	if (box->attempts == 0 || box->retry_ms <= clock_ms())
		return 0;
	if (!has_client || retry_of(box) == RETRY_RARELY)
		return box->retry_ms;
	if (!is_fresh(box))
		return 0;
	return fresh_until_ms < box->retry_ms ? fresh_until_ms : box->retry_ms;
}

/* Call with the mutex. */
static void
enter(struct jump_box *box, enum dial_stage stage)
{
	box->stage = stage;
	box->stage_ms = clock_ms();
}

/* Call with the mutex.  A dial that is permitted is counted. */
static enum jump_permit
permit(struct jump_box *box, int64_t retry_ms)
{
	unsigned dials_max = box->is_proved && box->attempts == 0 ? DIALS_MAX
								  : 1;

	if (box->dials >= dials_max)
		return JUMP_PERMIT_BUSY;
	if (retry_ms > 0)
		return JUMP_PERMIT_LATER;
	if (box->unused >= UNUSED_MAX)
		return JUMP_PERMIT_REST;
	box->dials++;
	enter(box, box->outer == NULL ? DIAL_RESOLVE : DIAL_CONNECT);
	return JUMP_PERMIT_DIAL;
}

enum jump_permit
jump_box_ask(struct jump_box *box, bool has_client, int64_t *retry_ms)
{
	enum jump_permit answer;

	pthread_mutex_lock(&box->mutex);
	*retry_ms = sleep_until_ms(box, has_client);
	if (has_client)
		box->unused = 0;
	answer = permit(box, *retry_ms);
	pthread_mutex_unlock(&box->mutex);
	if (answer == JUMP_PERMIT_DIAL)
		jump_files_remember(box->files);
	return answer;
}

static void
note_failure(struct jump_box *box, const struct fault *fault)
{
	box->fault = *fault;
	box->attempts++;
	box->counts.failures[failure_info(fault->code)->stage]++;
	box->failed_ms = clock_ms();
	box->retry_ms = box->failed_ms +
	    backoff_ms(retry_of(box), box->attempts);
}

static void
note_success(struct jump_box *box)
{
	box->is_proved = true;
	box->attempts = 0;
	box->counts.reached++;
}

static const char *
through(const struct jump_box *box)
{
	return box->outer != NULL ? box->outer->label : NULL;
}

static void
log_outcome(const struct jump_box *box, const struct fault *fault,
    unsigned attempts, int64_t retry_ms)
{
	char message[FAULT_DETAIL_MAX];

	if (fault->code == FAIL_NONE) {
		log_info("jump box reached", log_str("jump", box->label),
		    log_str("through", through(box)),
		    log_str("proxy", box->proxy),
		    log_str("detail", fault->detail));
		return;
	}
	fault_message(fault, message, sizeof message);
	log_warning("jump box not reached", log_str("jump", box->label),
	    log_str("through", through(box)), log_str("proxy", box->proxy),
	    log_str("stage", failure_stage(fault->code)->label),
	    log_str("error", message), log_str("detail", fault->detail),
	    log_num("attempts", attempts),
	    log_num("retry_ms", retry_ms - clock_ms()));
}

/* The log is written without the mutex, because its reader may be slow. */
void
jump_box_dialled(struct jump_box *box, const struct fault *fault)
{
	unsigned attempts;
	int64_t retry_ms;

	pthread_mutex_lock(&box->mutex);
	box->dials--;
	if (fault->code == FAIL_NONE)
		note_success(box);
	else if (fault->code != FAIL_SHUTDOWN) {
		note_failure(box, fault);
		box->counts.not_reached++;
	}
	attempts = box->attempts;
	retry_ms = box->retry_ms;
	pthread_mutex_unlock(&box->mutex);
	jump_news_post(box->news);
	if (fault->code != FAIL_SHUTDOWN)
		log_outcome(box, fault, attempts, retry_ms);
}

void
jump_box_took(struct jump_box *box, int64_t duration_ms)
{
	pthread_mutex_lock(&box->mutex);
	box->counts.dial_buckets[histogram_bucket(duration_ms)]++;
	box->counts.dial_ms += (uint64_t)duration_ms;
	pthread_mutex_unlock(&box->mutex);
}

void
jump_box_lost(struct jump_box *box, const struct fault *cause, int64_t lived_ms,
    bool was_used)
{
	struct fault fault = { 0 };
	bool is_first, is_resting;

	if (jump_box_cause_is_outer(box, cause))
		return;
	pthread_mutex_lock(&box->mutex);
	is_first = box->is_proved; /* of those that break together */
	box->counts.failures[STAGE_TUNNEL_LOST]++;
	box->is_proved = false;
	box->unused = was_used ? 0 : box->unused + is_first;
	is_resting = is_first && box->unused == UNUSED_MAX;
	if (lived_ms >= SHORT_LIFE_MS)
		box->short_lives = 0;
	else if (is_first && ++box->short_lives > SHORT_LIVES_MAX) {
		fault_set(&fault, FAIL_TUNNEL_LOST, "%s after the login",
		    clock_text(lived_ms).text);
		fault_name_as(&fault, &box->named);
		box->attempts = box->short_lives - SHORT_LIVES_MAX - 1;
		note_failure(box, &fault);
		box->counts.failures[STAGE_TUNNEL_LOST]--; /* counted above */
	}
	pthread_mutex_unlock(&box->mutex);
	if (is_resting)
		log_info("jump box not dialled until a client comes",
		    log_str("jump", box->label));
}

/* Through a jump box that does not forward, another try leads nowhere. */
static bool
may_have_passed(const struct fault *fault)
{
	enum stage stage = failure_info(fault->code)->stage;

	return stage != STAGE_FORWARD_DENIED && stage != STAGE_FORWARD_LIMIT;
}

void
jump_box_outer_is_up(struct jump_box *box)
{
	pthread_mutex_lock(&box->mutex);
	if (box->attempts > 0 && jump_box_cause_is_outer(box, &box->fault) &&
	    may_have_passed(&box->fault))
		box->attempts = 0;
	pthread_mutex_unlock(&box->mutex);
}

void
jump_box_enter(void *jump_box, enum dial_stage stage)
{
	struct jump_box *box = jump_box;

	pthread_mutex_lock(&box->mutex);
	enter(box, stage);
	pthread_mutex_unlock(&box->mutex);
}

bool
jump_box_is_dialling(struct jump_box *box, enum dial_stage *stage,
    int64_t *since_ms)
{
	bool is_dialling;

	pthread_mutex_lock(&box->mutex);
	is_dialling = box->dials > 0;
	*stage = box->stage;
	*since_ms = box->stage_ms;
	pthread_mutex_unlock(&box->mutex);
	return is_dialling;
}

/* --- The record as a value ------------------------------------------------ */

void
jump_box_join(struct jump_box *box, struct jump_gauge *gauge)
{
	pthread_mutex_lock(&box->mutex);
	LIST_INSERT_HEAD(&box->gauges, gauge, entry);
	pthread_mutex_unlock(&box->mutex);
}

void
jump_box_leave(struct jump_box *box, struct jump_gauge *gauge)
{
	pthread_mutex_lock(&box->mutex);
	LIST_REMOVE(gauge, entry);
	pthread_mutex_unlock(&box->mutex);
}

void
jump_box_wake(struct jump_box *box)
{
	pthread_mutex_lock(&box->mutex);
	box->attempts = 0;
	box->unused = 0;
	pthread_mutex_unlock(&box->mutex);
	jump_news_post(box->news);
}

void
jump_box_look(struct jump_box *box, struct jump_box_state *out)
{
	pthread_mutex_lock(&box->mutex);
	*out = (struct jump_box_state){
		.dials = box->dials,
		.attempts = box->attempts,
		.fault = box->fault,
		.failed_ms = box->failed_ms,
		.retry_ms = box->retry_ms,
		.counts = box->counts,
	};
	jump_gauge_sum(&box->gauges, &out->links, &out->channels, &out->rtt_us);
	pthread_mutex_unlock(&box->mutex);
}

const char *
jump_box_state_word(const struct jump_box_state *state)
{
	if (state->links > 0)
		return "up";
	if (state->dials > 0)
		return "dialling";
	return state->attempts > 0 ? "down" : "not dialled";
}
