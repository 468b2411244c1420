/* SPDX-License-Identifier: PostgreSQL */

#include "http/errand.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "http/answer.h"
#include "http/door.h"
#include "http/site.h"

struct http_errand {
	struct message message; /* first: see errand_of() */
	struct mailbox *home;   /* of the thread of HTTP */
	struct http_door *door; /* lives as long as that mailbox is open */
	uint64_t id;
	void (*on_reload)(void *arg, struct http_errand *);
	void *arg;
	bool is_accepted;
	char *text;
};

static struct http_errand *
errand_of(struct message *message)
{
	return (struct http_errand *)message;
}

static void
discard(struct message *message)
{
	struct http_errand *errand = errand_of(message);

	mailbox_unref(errand->home);
	free(errand->text);
	free(errand);
}

/* In the main thread. */
static void
go(struct message *message, void *receiver)
{
	struct http_errand *errand = errand_of(message);

	(void)receiver;
	errand->on_reload(errand->arg, errand);
}

/* In the thread of HTTP. */
static void
come_back(struct message *message, void *receiver)
{
	const struct http_errand *errand = errand_of(message);
	struct http_answer answer = { 0 };
	FILE *out = http_answer_begin(&answer, errand->is_accepted ? 200 : 409,
	    HTTP_ANSWER_TEXT);

	(void)receiver;
	fputs(errand->text, out);
	http_answer_end(&answer, out);
	http_door_answer(errand->door, errand->id, &answer);
	http_answer_clear(&answer);
	discard(message);
}

void
http_errand_reload(struct http_site *site, const struct http_call *call)
{
	struct http_errand *errand = xcalloc(1, sizeof *errand);

	errand->message.deliver = go;
	errand->message.discard = discard;
	errand->home = mailbox_ref(site->mailbox);
	errand->door = call->door;
	errand->id = call->id;
	errand->on_reload = site->setup.on_reload;
	errand->arg = site->setup.arg;
	mailbox_post(site->setup.main, &errand->message);
}

void
http_errand_finish(struct http_errand *take, bool is_accepted, const char *text)
{
	struct mailbox *home = mailbox_ref(take->home);

	take->message.deliver = come_back;
	take->is_accepted = is_accepted;
	take->text = xstrdup(text);
	mailbox_post(home, &take->message);
	mailbox_unref(home);
}
