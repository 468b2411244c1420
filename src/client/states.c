/* SPDX-License-Identifier: PostgreSQL */

/*
 * The table of states is the diagram; it names the steps, which are in the
 * other files of this district.  One function assigns a client's state.  A step
 * only returns the next one, and never frees the client.
 */
#include "client/states.h"

#include <event2/event.h>

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/answer.h"
#include "client/cancel.h"
#include "client/client.h"
#include "client/refusing.h"
#include "client/session.h"
#include "client/startup.h"
#include "config/config.h"

#define TO(state) (1U << CLIENT_##state)
#define TO_END    (TO(REFUSING) | TO(CLOSED))

/*
 * An arrow that is not drawn fails an assertion in enter_state().  Before the
 * session every state may lead to REFUSING, where the client is told, and to
 * CLOSED, where it has gone or is a cancel request, which is never answered.
 * Each arrow that is unusual, or missing, has its reason beside it.
 */
static const struct state_info {
	const char *name, *awaits;
	enum client_state (*step)(struct client *); /* NULL: nothing follows */
	unsigned arrows;
	bool is_startup; /* there is no session yet, and no refusal */
} states[] = {
	/*
	 * A client comes back here after a request for encryption.  If it has a
	 * database by then, its next packet skips OPENING: it leads to
	 * NEGOTIATING, LOGIN or HELLO by its kind, and a CancelRequest, whose
	 * answer needs no look, leads straight to RELAYING.
	 */
	[CLIENT_GREETING] = { "greeting", "the client's next packet",
	    client_startup_greeting,
	    TO(QUEUED) | TO(OPENING) | TO(NEGOTIATING) | TO(LOGIN) | TO(HELLO) |
		TO(RELAYING) | TO_END,
	    true },
	/*
	 * Only cancel requests wait here.  REFUSING is missing, for none of
	 * them is told anything: one that has no turn in time is closed.
	 */
	[CLIENT_QUEUED] = { "queued", "the turn of its cancel request",
	    client_cancel_queued, TO(OPENING) | TO(CLOSED), true },
	/* RELAYING: a cancel request, as above. */
	[CLIENT_OPENING] = { "opening", "a connection to the database",
	    client_startup_opening,
	    TO(SECURING) | TO(NEGOTIATING) | TO(LOGIN) | TO(HELLO) |
		TO(RELAYING) | TO_END,
	    true },
	/*
	 * pgjump itself is the TLS client here.  The client's own requests for
	 * encryption were answered before, so neither NEGOTIATING nor HELLO
	 * follows.  RELAYING: a cancel request, as above.
	 */
	[CLIENT_SECURING] = { "securing", "TLS with the database",
	    client_startup_securing, TO(LOGIN) | TO(RELAYING) | TO_END, true },
	/*
	 * Back to GREETING: the client answers the database's S or N with its
	 * next packet.  RELAYING: the database answered G, and what follows is
	 * GSSAPI, which pgjump cannot read.
	 */
	[CLIENT_NEGOTIATING] = { "negotiating",
	    "the database's answer about encryption", client_answer_negotiating,
	    TO(GREETING) | TO(RELAYING) | TO_END, true },
	/* CHOOSING: only where the client's TLS ends at pgjump. */
	[CLIENT_LOGIN] = { "login", "the database's first message",
	    client_answer_login, TO(CHOOSING) | TO(RELAYING) | TO_END, true },
	[CLIENT_CHOOSING] = { "choosing", "the client's way to log in",
	    client_answer_choosing, TO(RELAYING) | TO_END, true },
	[CLIENT_HELLO] = { "hello", "the database's first byte of TLS",
	    client_answer_direct_tls, TO(RELAYING) | TO_END, true },
	/*
	 * REFUSING is missing: the client has a session, whose farewell must
	 * fit into the messages that went before.  CLOSED: either side has said
	 * its last byte, and nothing is owed to the client.
	 */
	[CLIENT_RELAYING] = { "relaying", "bytes of either side",
	    client_session_relaying, TO(LEAVING) | TO(CLOSED), false },
	[CLIENT_LEAVING] = { "leaving", "the client to take its last bytes",
	    client_session_leaving, TO(CLOSED), false },
	[CLIENT_REFUSING] = { "refusing", "the client to hear why",
	    client_refusing_tell, TO(CLOSED), false },
	[CLIENT_CLOSED] = { "closed", "nothing", NULL, 0, false },
};

void
client_states_arm(struct client *client)
{
	struct timeval left = clock_timeval(client->deadline_ms - clock_ms());

	if (client->deadline_ms == 0)
		event_del(client->timer);
	else
		event_add(client->timer, &left);
}

static enum client_state
next_state(struct client *client)
{
	const struct state_info *info = &states[client->state];

	if (client->home->ends_by != FAIL_NONE && info->is_startup)
		return client_fail(client, client->home->ends_by, "%s",
		    client->home->connection->name);
	return info->step(client);
}

static void
enter_state(struct client *client, enum client_state next)
{
	assert(states[client->state].arrows & (1U << next));
	log_debug("client state", log_num("client", (int64_t)client->id),
	    log_str("from", states[client->state].name),
	    log_str("to", states[next].name),
	    log_str("awaits", states[next].awaits));
	counts_wait(&client->home->counts,
	    (next == CLIENT_OPENING) - (client->state == CLIENT_OPENING));
	client->state = next;
}

/* The only place that assigns a state and arms the timer. */
void
client_states_run(struct client *client)
{
	enum client_state next;

	if (client->state == CLIENT_CLOSED)
		return;
	while ((next = next_state(client)) != client->state) {
		enter_state(client, next);
		if (next == CLIENT_CLOSED) {
			client->home->retire(client);
			return;
		}
	}
	client_states_arm(client);
}
