/* SPDX-License-Identifier: PostgreSQL */

/*
 * The shared record of a jump box: when it may be dialled, and what its last
 * failure was.  A client ends the sleep after a cause that may pass by itself;
 * rejected credentials and host keys sleep until their time, or until a file
 * that holds one changes.
 */
#include "jump/box.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "jump/backoff.h"
#include "ssh/resolver.h"

/* Dials at a time, once one succeeded and as long as no link breaks. */
#define DIALS_MAX 4
/*
 * A failure so young is told at once instead of dialling again.  Whoever tries
 * again is to be served within a second of the jump box's return.
 */
#define FRESH_MS 500
/* Links that break so soon after the login, and how many of them are chance. */
#define SHORT_LIFE_MS   2000
#define SHORT_LIVES_MAX 2
/* Links that break before anybody used them, and are replaced even so. */
#define UNUSED_MAX 2

/* A worker that wants to hear of other workers' dials. */
struct watch {
	LIST_ENTRY(watch) entry;
	atomic_int holders; /* the list, and each message under way */
	struct mailbox *mailbox;
	void (*on_news)(void *arg); /* its worker's thread only */
	void *arg;
};

struct news {
	struct message message; /* first */
	struct watch *watch;
};

struct jump_box {
	const struct config_jump *jump;
	struct resolver *resolver;
	size_t share;
	pthread_mutex_t mutex; /* for all below */
	unsigned dials;        /* in flight */
	enum dial_stage stage; /* the last that one of them entered ... */
	int64_t stage_ms;      /* ... and when (base/clock.h) */
	bool proved;           /* the last news is of a login, not of a loss */
	unsigned attempts;     /* failed in a row */
	unsigned short_lives;  /* links that broke at once, in a row */
	unsigned unused;       /* links that broke unused, in a row */
	struct fault fault;    /* of the last failure, also if made good */
	int64_t failed_ms, retry_ms;
	uint64_t files; /* what the credential files looked like */
	LIST_HEAD(, watch) watches;
};

struct jump_box *
jump_box_new(const struct config_jump *jump, unsigned max_links,
    unsigned workers)
{
	struct jump_box *box = xcalloc(1, sizeof *box);

	box->jump = jump;
	box->resolver = resolver_new();
	box->share = max_links > workers ? max_links / workers : 1;
	pthread_mutex_init(&box->mutex, NULL);
	LIST_INIT(&box->watches);
	return box;
}

void
jump_box_free(struct jump_box *box)
{
	if (box == NULL)
		return;
	assert(LIST_EMPTY(&box->watches));
	resolver_free(box->resolver);
	pthread_mutex_destroy(&box->mutex);
	free(box);
}

const struct config_jump *
jump_box_config(const struct jump_box *box)
{
	return box->jump;
}

struct resolver *
jump_box_resolver(struct jump_box *box)
{
	return box->resolver;
}

size_t
jump_box_share(const struct jump_box *box)
{
	return box->share;
}

/* --- Files that hold credentials ----------------------------------------- */

/* FNV-1a over what changes when a file is written or replaced. */
static uint64_t
mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(0x100000001b3);
}

static uint64_t
mix_file(uint64_t hash, const char *path)
{
	struct stat state;

	if (path == NULL || stat(path, &state) != 0)
		return mix(hash, 1);
	hash = mix(hash, (uint64_t)state.st_ino);
	hash = mix(hash, (uint64_t)state.st_size);
	hash = mix(hash, (uint64_t)state.st_mtim.tv_sec);
	return mix(hash, (uint64_t)state.st_mtim.tv_nsec);
}

static uint64_t
files_state(const struct config_jump *jump)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = mix_file(hash, jump->password.path);
	hash = mix_file(hash, jump->private_key.path);
	hash = mix_file(hash, jump->passphrase.path);
	hash = mix_file(hash, jump->accept_new_file);
	for (size_t i = 0; i < jump->known_hosts_count; i++)
		hash = mix_file(hash, jump->known_hosts[i]);
	return hash;
}

void
jump_box_look_at_files(struct jump_box *box)
{
	uint64_t files = files_state(box->jump);
	bool changed;

	pthread_mutex_lock(&box->mutex);
	changed = files != box->files && box->attempts > 0;
	if (changed) {
		box->files = files;
		box->attempts = 0;
	}
	pthread_mutex_unlock(&box->mutex);
	if (changed)
		log_info("credentials or host keys changed, dialling again",
		    log_str("jump", box->jump->label));
}

/* --- Permission ---------------------------------------------------------- */

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

/* Call with the mutex.  0: may be dialled now. */
static int64_t
sleep_until_ms(const struct jump_box *box, bool wake)
{
	int64_t fresh_until_ms = box->failed_ms + FRESH_MS;

	if (box->attempts == 0 || box->retry_ms <= clock_ms())
		return 0;
	if (!wake || retry_of(box) == RETRY_RARELY)
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

enum jump_permit
jump_box_ask(struct jump_box *box, bool wake, int64_t *retry_ms)
{
	enum jump_permit permit = JUMP_PERMIT_DIAL;

	pthread_mutex_lock(&box->mutex);
	*retry_ms = sleep_until_ms(box, wake);
	if (wake)
		box->unused = 0;
	if (box->dials >= (box->proved && box->attempts == 0 ? DIALS_MAX : 1))
		permit = JUMP_PERMIT_BUSY;
	else if (*retry_ms > 0)
		permit = JUMP_PERMIT_LATER;
	else if (box->unused >= UNUSED_MAX)
		permit = JUMP_PERMIT_REST;
	else
		box->dials++;
	if (permit == JUMP_PERMIT_DIAL) {
		enter(box, DIAL_RESOLVE);
		box->files = files_state(box->jump);
	}
	pthread_mutex_unlock(&box->mutex);
	return permit;
}

static void
note_failure(struct jump_box *box, const struct fault *fault)
{
	box->fault = *fault;
	box->attempts++;
	box->failed_ms = clock_ms();
	box->retry_ms = box->failed_ms +
	    backoff_ms(retry_of(box), box->attempts);
}

static void
note_success(struct jump_box *box)
{
	box->proved = true;
	box->attempts = 0;
}

static void
log_outcome(const struct config_jump *jump, const struct fault *fault,
    unsigned attempts, int64_t retry_ms)
{
	char message[FAULT_DETAIL_MAX];

	if (fault->code == FAIL_NONE) {
		log_info("jump box reached", log_str("jump", jump->label),
		    log_str("detail", fault->detail));
		return;
	}
	fault_message(fault, message, sizeof message);
	log_warning("jump box not reached", log_str("jump", jump->label),
	    log_str("stage", failure_stage(fault->code)->label),
	    log_str("error", message), log_str("detail", fault->detail),
	    log_num("attempts", attempts),
	    log_num("retry_ms", retry_ms - clock_ms()));
}

/* --- News ---------------------------------------------------------------- */

static void
watch_let_go(struct watch *watch)
{
	if (atomic_fetch_sub(&watch->holders, 1) > 1)
		return;
	mailbox_unref(watch->mailbox);
	free(watch);
}

static void
discard_news(struct message *message)
{
	watch_let_go(((struct news *)message)->watch);
	free(message);
}

static void
on_news_message(struct message *message, void *receiver)
{
	struct watch *watch = ((struct news *)message)->watch;

	(void)receiver;
	if (watch->on_news != NULL)
		watch->on_news(watch->arg);
	discard_news(message);
}

/* Call with the mutex. */
static void
post_news(struct jump_box *box)
{
	struct watch *watch;
	struct news *news;

	LIST_FOREACH(watch, &box->watches, entry) {
		news = xcalloc(1, sizeof *news);
		news->message.deliver = on_news_message;
		news->message.discard = discard_news;
		news->watch = watch;
		atomic_fetch_add(&watch->holders, 1);
		mailbox_post(watch->mailbox, &news->message);
	}
}

void
jump_box_watch(struct jump_box *box, struct mailbox *mailbox,
    void (*on_news)(void *arg), void *arg)
{
	struct watch *watch = xcalloc(1, sizeof *watch);

	watch->holders = 1;
	watch->mailbox = mailbox_ref(mailbox);
	watch->on_news = on_news;
	watch->arg = arg;
	pthread_mutex_lock(&box->mutex);
	LIST_INSERT_HEAD(&box->watches, watch, entry);
	pthread_mutex_unlock(&box->mutex);
}

void
jump_box_unwatch(struct jump_box *box, void *arg)
{
	struct watch *watch;

	pthread_mutex_lock(&box->mutex);
	LIST_FOREACH(watch, &box->watches, entry)
		if (watch->arg == arg)
			break;
	if (watch != NULL)
		LIST_REMOVE(watch, entry);
	pthread_mutex_unlock(&box->mutex);
	if (watch == NULL)
		return;
	watch->on_news = NULL;
	watch_let_go(watch);
}

/* The log may have to wait for its reader, so not with the mutex. */
void
jump_box_dialled(struct jump_box *box, const struct fault *fault)
{
	unsigned attempts;
	int64_t retry_ms;

	pthread_mutex_lock(&box->mutex);
	box->dials--;
	if (fault->code == FAIL_NONE)
		note_success(box);
	else if (fault->code != FAIL_SHUTDOWN)
		note_failure(box, fault);
	attempts = box->attempts;
	retry_ms = box->retry_ms;
	post_news(box);
	pthread_mutex_unlock(&box->mutex);
	if (fault->code != FAIL_SHUTDOWN)
		log_outcome(box->jump, fault, attempts, retry_ms);
}

void
jump_box_lost(struct jump_box *box, int64_t lived_ms, bool was_used)
{
	struct fault fault = { 0 };
	bool is_first, rests;

	pthread_mutex_lock(&box->mutex);
	is_first = box->proved; /* of those that break together */
	box->proved = false;
	box->unused = was_used ? 0 : box->unused + is_first;
	rests = is_first && box->unused == UNUSED_MAX;
	if (lived_ms >= SHORT_LIFE_MS)
		box->short_lives = 0;
	else if (is_first && ++box->short_lives > SHORT_LIVES_MAX) {
		fault_set(&fault, FAIL_TUNNEL_LOST, "%s after the login",
		    clock_text(lived_ms).text);
		fault_name(&fault, box->jump->label, box->jump->username, NULL);
		box->attempts = box->short_lives - SHORT_LIVES_MAX - 1;
		note_failure(box, &fault);
	}
	pthread_mutex_unlock(&box->mutex);
	if (rests)
		log_info("jump box not dialled until a client comes",
		    log_str("jump", box->jump->label));
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
	bool dialling;

	pthread_mutex_lock(&box->mutex);
	dialling = box->dials > 0;
	*stage = box->stage;
	*since_ms = box->stage_ms;
	pthread_mutex_unlock(&box->mutex);
	return dialling;
}

/* --- The remembered cause ------------------------------------------------ */

static void
note_history(const struct jump_box *box, struct fault *fault)
{
	int64_t now_ms = clock_ms(), wait_ms = box->retry_ms - now_ms;

	fault_note(fault, "failed %.1f s ago, attempt %u",
	    (double)(now_ms - box->failed_ms) / 1000, box->attempts);
	if (box->dials > 0)
		fault_note(fault, "the next try is under way");
	else if (wait_ms > 0)
		fault_note(fault, "next try in %.1f s", (double)wait_ms / 1000);
	else
		fault_note(fault, "next try now");
}

bool
jump_box_cause(struct jump_box *box, struct fault *out)
{
	bool failed;

	pthread_mutex_lock(&box->mutex);
	failed = box->attempts > 0;
	if (failed) {
		*out = box->fault;
		note_history(box, out);
	}
	pthread_mutex_unlock(&box->mutex);
	return failed;
}

void
jump_box_explain(struct jump_box *box, struct fault *out)
{
	enum dial_stage stage;
	int64_t since_ms;

	if (jump_box_cause(box, out))
		return;
	jump_box_is_dialling(box, &stage, &since_ms);
	fault_set(out, dial_stage_timeout(stage), "%s",
	    clock_text(clock_ms() - since_ms).text);
	fault_name(out, box->jump->label, box->jump->username, NULL);
	fault_note(out, "the tunnel is still being set up");
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
	};
	pthread_mutex_unlock(&box->mutex);
}
