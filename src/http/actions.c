/* SPDX-License-Identifier: PostgreSQL */

#include "http/actions.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "http/answer.h"
#include "http/door.h"
#include "http/errand.h"
#include "http/query.h"
#include "http/request.h"
#include "http/site.h"
#include "jump/box.h"

/* HOST:PORT/CONNECTION is shorter. */
#define JUMP_NAME_MAX 400

/* --- Quit -------------------------------------------------------------------
 */

struct quit {
	struct message message;
	void (*on_quit)(void *arg);
	void *arg;
};

static void
on_quit(struct message *message, void *receiver)
{
	struct quit *quit = (struct quit *)message;

	(void)receiver;
	quit->on_quit(quit->arg);
	free(quit);
}

static void
on_quit_discard(struct message *message)
{
	free(message);
}

void
http_actions_quit(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	struct quit *quit = xcalloc(1, sizeof *quit);

	(void)call;
	quit->message.deliver = on_quit;
	quit->message.discard = on_quit_discard;
	quit->on_quit = site->setup.on_quit;
	quit->arg = site->setup.arg;
	mailbox_post(site->setup.main, &quit->message);
	http_answer_line(answer, 200, "stopping");
}

/* --- Redial -----------------------------------------------------------------
 */

/* The index of a jump box; false: none has this name. */
static bool
find_jump(const struct config *cfg, const char *name, size_t *index)
{
	for (*index = 0; *index < cfg->jump_count; ++*index)
		if (strcmp(cfg->jumps[*index].name, name) == 0)
			return true;
	return false;
}

static void
redial(const struct http_view *view, const char *name,
    struct http_answer *answer)
{
	size_t index;

	if (view == NULL || !find_jump(view->cfg, name, &index)) {
		http_answer_line(answer, 404,
		    "there is no jump box of this name");
		return;
	}
	log_info("jump box is dialled again on request", log_str("jump", name));
	jump_box_wake(view->boxes[index]);
	http_answer_line(answer, 200, "ok");
}

void
http_actions_redial(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	const struct http_view *view;
	char name[JUMP_NAME_MAX];

	if (!http_query_has(call->request->query, "jump")) {
		http_answer_line(answer, 400, "which one?  Add ?jump=NAME");
		return;
	}
	if (!http_query_read(call->request->query, "jump", name, sizeof name))
		name[0] = '\0';
	view = http_site_lock(site);
	redial(view, name, answer);
	if (view != NULL)
		http_site_unlock(site);
}

void
http_actions_reload(struct http_site *site, const struct http_call *call,
    struct http_answer *answer)
{
	(void)answer; /* it comes later */
	http_errand_reload(site, call);
}
