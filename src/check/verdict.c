/* SPDX-License-Identifier: PostgreSQL */

/*
 * A remark is one sentence with a condition of its own.
 */
#include "check/verdict.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/xmalloc.h"
#include "check/advice.h"
#include "check/blamed.h"
#include "check/board.h"
#include "check/dial.h"
#include "check/key.h"
#include "check/probe.h"
#include "check/question.h"
#include "check/route.h"
#include "check/state.h"
#include "config/config.h"

/* The agent has just answered a login, so it answers fast or is gone. */
#define AGENT_MAX_MS 1000

static enum stage
stage_of(const struct check_state *state)
{
	return failure_info(state->fault.code)->stage;
}

/* --- Remarks -------------------------------------------------------------- */

static void
remark_seen(const struct check_state *state)
{
	const char *note = check_dial_note(state);

	if (note[0] != '\0')
		check_board_remark(state->board, "Seen: %s.", note);
}

/* The key that was offered to the jump box, or NULL. */
static const struct check_key *
tried_key(const struct check_state *state)
{
	const struct ssh_tried *tried = &state->facts.tried;
	const struct check_key *key = &state->keys.list[0];

	if (key->type[0] == '\0' || state->fault.code == FAIL_AUTH_SIGNATURE)
		return NULL;
	for (size_t i = 0; i < tried->count; i++)
		if (strcmp(tried->list[i].key, key->fingerprint) == 0)
			return key;
	return NULL;
}

/* A failure of several tries names them all itself. */
static void
remark_login(const struct check_state *state)
{
	const char *methods = state->facts.ssh.methods;
	const struct check_key *key = tried_key(state);
	char text[FAULT_WORDS_MAX / 2];

	if (stage_of(state) != STAGE_JUMP_AUTH || methods[0] == '\0')
		return;
	check_board_remark(state->board,
	    "The jump box accepts these methods: %s.", methods);
	if (key == NULL || state->fault.code == FAIL_AUTH_NOTHING)
		return;
	check_key_describe(key, text, sizeof text);
	check_board_remark(state->board, "The key %s was tried.", text);
}

/* Most releases of sshd tell a client neither of these settings. */
static void
remark_rsa(const struct check_state *state)
{
	if (state->fault.code == FAIL_AUTH_KEY_REJECTED &&
	    state->keys.list[0].rsa_bits > 0 && fault_is_of_sshd(&state->fault))
		check_board_remark(state->board,
		    "This RSA key has %u bits: sshd may require more "
		    "(RequiredRSASize), or may not accept rsa-sha2-512 "
		    "(PubkeyAcceptedAlgorithms).",
		    state->keys.list[0].rsa_bits);
}

static void
remark_manner(const struct check_state *state)
{
	struct clock_text after = clock_text(state->forward_ms);

	if (state->fault.code == FAIL_DB_REFUSED)
		check_board_remark(state->board,
		    "Refused after %s: a host answered, so the network path "
		    "to it is open.",
		    after.text);
	else if (state->fault.code == FAIL_DB_TIMEOUT)
		check_board_remark(state->board,
		    "No answer for %s: something on the way drops the packets, "
		    "or no host has this address.",
		    after.text);
}

static bool
is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	    strncmp(host, "127.", 4) == 0;
}

static void
remark_loopback(const struct check_state *state)
{
	const struct config_connection *connection = state->task->connection;
	enum stage stage = stage_of(state);

	/* Once TLS has begun, the right server has answered. */
	if (connection->jump == NULL || !is_loopback(connection->host) ||
	    stage < STAGE_DB_RESOLVE || stage >= STAGE_DB_TLS)
		return;
	check_board_remark(state->board,
	    "Host %s means the jump box itself: pgjump looks for the "
	    "database there.",
	    connection->host);
}

static void
remark_key_options(const struct check_state *state)
{
	const struct config_connection *connection = state->task->connection;

	if (state->fault.code == FAIL_FORWARD_DENIED &&
	    fault_is_of_sshd(&state->fault) &&
	    state->keys.list[0].type[0] != '\0' &&
	    (check_blamed_is_outer(state) ||
		connection->host_kind != CONFIG_HOST_SOCKET))
		check_board_remark(state->board,
		    "If authorized_keys restricts this key, its line must "
		    "begin with restrict,port-forwarding,permitopen=\"%s\".",
		    check_blamed_target(state));
}

/* --- The conclusion ------------------------------------------------------- */

/* The agent does not say which key it tried: ask whether it has only one. */
static void
learn_key(struct check_state *state)
{
	const struct config_jump *jump = check_blamed_jump(state);

	if (jump != NULL && config_uses_method(jump, AUTH_METHOD_AGENT) &&
	    state->keys.list[0].type[0] == '\0' &&
	    stage_of(state) == STAGE_JUMP_AUTH)
		check_key_ask_agent(jump, &state->keys.list[0],
		    check_route_task_by_ms(state->task, AGENT_MAX_MS),
		    state->task->cancel_fd);
}

void
check_verdict_conclude(struct check_state *state)
{
	struct check_advice *advice = xcalloc(1, sizeof *advice);
	struct check_question question;

	learn_key(state);
	remark_seen(state);
	remark_login(state);
	remark_rsa(state);
	remark_manner(state);
	remark_loopback(state);
	check_probe_ask(state);
	remark_key_options(state);
	check_advice_give(state, advice);
	check_board_advise(state->board, advice);
	check_question_find(state, &question);
	check_board_ask(state->board, &question);
	free(advice);
}
