/* SPDX-License-Identifier: PostgreSQL */

/*
 * Remarks are single sentences, each with its own condition.
 */
#include "check/verdict.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/xmalloc.h"
#include "check/advice.h"
#include "check/board.h"
#include "check/key.h"
#include "check/probe.h"
#include "check/route.h"
#include "config/config.h"
#include "ssh/dial.h"

/* The agent has answered the login before: it is quick, or gone. */
#define AGENT_MAX_MS 1000

static enum stage
stage_of(const struct check_failed *failed)
{
	return failure_info(failed->is->fault->code)->stage;
}

/* --- Remarks -------------------------------------------------------------- */

static void
remark_seen(const struct check_failed *failed)
{
	if (failed->note[0] != '\0')
		check_board_remark(failed->board, "Seen: %s.", failed->note);
}

static void
remark_login(const struct check_failed *failed)
{
	const char *methods = failed->is->facts->ssh.methods;
	char key[FAULT_WORDS_MAX / 2];

	if (stage_of(failed) != STAGE_JUMP_AUTH || methods[0] == '\0')
		return;
	check_key_describe(failed->is->key, key, sizeof key);
	check_board_remark(failed->board,
	    "The jump box accepts these methods: %s.", methods);
	if (failed->is->key->type[0] != '\0')
		check_board_remark(failed->board, "Tried: the key %s.", key);
}

/* sshd_config(5): neither of them is told to a client, by most releases. */
static void
remark_rsa(const struct check_failed *failed)
{
	if (failed->is->fault->code == FAIL_AUTH_KEY_REJECTED &&
	    failed->is->key->rsa_bits > 0 &&
	    fault_is_of_sshd(failed->is->fault))
		check_board_remark(failed->board,
		    "This RSA key has %u bits: RequiredRSASize of sshd may ask "
		    "for more, and PubkeyAcceptedAlgorithms not have "
		    "rsa-sha2-512.",
		    failed->is->key->rsa_bits);
}

static void
remark_manner(const struct check_failed *failed)
{
	struct clock_text after = clock_text(failed->forward_ms);

	if (failed->is->fault->code == FAIL_DB_REFUSED)
		check_board_remark(failed->board,
		    "Refused, after %s: a host answered and closed the door, "
		    "so the way to it is open.",
		    after.text);
	else if (failed->is->fault->code == FAIL_DB_TIMEOUT)
		check_board_remark(failed->board,
		    "Silence, for %s: something on the way drops the packets, "
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
remark_loopback(const struct check_failed *failed)
{
	const struct config_connection *connection = failed->is->connection;
	enum stage stage = stage_of(failed);

	/* From the TLS handshake on it is the right server that answers. */
	if (connection->jump == NULL || !is_loopback(connection->host) ||
	    stage < STAGE_DB_RESOLVE || stage >= STAGE_DB_TLS)
		return;
	check_board_remark(failed->board,
	    "Host %s is the jump box itself: the database is looked for "
	    "there.",
	    connection->host);
}

static void
remark_key_options(const struct check_failed *failed)
{
	const struct config_connection *connection = failed->is->connection;

	if (failed->is->fault->code == FAIL_FORWARD_DENIED &&
	    fault_is_of_sshd(failed->is->fault) &&
	    failed->is->key->type[0] != '\0' &&
	    connection->host_kind != CONFIG_HOST_SOCKET)
		check_board_remark(failed->board,
		    "Where authorized_keys restricts this key, its line must "
		    "begin with restrict,port-forwarding,permitopen=\"%s\".",
		    connection->label);
}

/* --- The conclusion ------------------------------------------------------- */

/* Which key was tried is the agent's secret: ask it for the only one. */
static void
learn_key(const struct check_failed *failed, struct check_key *key)
{
	const struct config_jump *jump = failed->is->connection->jump;

	*key = *failed->is->key;
	if (jump != NULL && jump->auth_method == AUTH_METHOD_AGENT &&
	    key->type[0] == '\0' && stage_of(failed) == STAGE_JUMP_AUTH)
		check_key_ask_agent(key,
		    check_route_task_by_ms(failed->task, AGENT_MAX_MS),
		    failed->task->cancel_fd);
}

void
check_verdict_conclude(const struct check_failed *failed)
{
	struct check_case is = *failed->is;
	struct check_failed all = *failed;
	struct check_advice *advice = xcalloc(1, sizeof *advice);
	struct check_key key;

	learn_key(failed, &key);
	is.key = &key;
	all.is = &is;
	remark_seen(&all);
	remark_login(&all);
	remark_rsa(&all);
	remark_manner(&all);
	remark_loopback(&all);
	check_probe(all.task, all.route, all.dial, is.fault, all.board);
	remark_key_options(&all);
	check_advice_give(&is, advice);
	check_board_advise(all.board, advice);
	free(advice);
}
