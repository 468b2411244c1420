/* SPDX-License-Identifier: PostgreSQL */

/*
 * A table says which failure needs which questions.  A question is an open; the
 * stream that it may bring is closed at once.
 */
#include "check/probe.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/stream.h"
#include "check/blamed.h"
#include "check/board.h"
#include "check/route.h"
#include "check/state.h"
#include "config/config.h"
#include "ssh/dial.h"
#include "ssh/resolver.h"
#include "ssh/slot.h"

/* A jump box that resolves and connects locally answers well within these; a
 * later answer would tell the causes apart no better. */
#define ANSWER_MAX_MS  2000
#define RESOLVE_MAX_MS 1000
#define ADDRESSES_MAX  4

/* This name cannot exist: RFC 6761, 6.4. */
#define NO_NAME "pgjump-check.invalid"

/* TCPMUX (RFC 1078), which no machine serves any more. */
#define CLOSED_PORT 1

/* How one question was answered. */
struct answer {
	enum failure code; /* FAIL_NONE: the jump box opened it */
	bool was_answered;
	char words[256]; /* the jump box's own */
};

/* --- One question --------------------------------------------------------- */

static void
describe(const struct check_opened *opened, enum failure code, char *out,
    size_t size)
{
	if (code == FAIL_NONE)
		snprintf(out, size, "accepted");
	else if (code == FAIL_FORWARD_DENIED)
		snprintf(out, size, "not permitted");
	else if (!opened->was_answered)
		snprintf(out, size, "no answer");
	else
		snprintf(out, size, "\"%.100s\"", opened->words);
}

/* Whether there is a link to ask through, if need be a new one. */
static bool
has_link(const struct check_state *state)
{
	struct fault ignored = { 0 };

	return check_route_is_free(state->route) ||
	    check_route_dial(state->route, &state->silent, &ignored) ==
	    FAIL_NONE;
}

/* Without time for an answer, a question would look unanswered. */
static bool
has_time(const struct check_state *state)
{
	int64_t deadline_ms = state->task->deadline_ms;

	return deadline_ms == 0 || clock_ms() + ANSWER_MAX_MS <= deadline_ms;
}

static bool
ask(const struct check_state *state, const char *host, unsigned port,
    const char *what, struct answer *answer)
{
	const struct ssh_target target = { .host = host,
		.port = port,
		.originator_host = "127.0.0.1" };
	struct check_probe probe = { .duration_ms = 0 };
	char outcome[128];
	struct check_opened opened;
	struct fault fault = { 0 };

	if (!has_time(state) || !has_link(state))
		return false;
	answer->code = check_route_open(state->route, &target,
	    check_route_task_by_ms(state->task, ANSWER_MAX_MS), &opened,
	    &fault);
	if (answer->code == FAIL_SHUTDOWN)
		return false;
	stream_close(opened.stream, false);
	answer->was_answered = opened.was_answered;
	memcpy(answer->words, opened.words, sizeof answer->words);
	describe(&opened, answer->code, outcome, sizeof outcome);
	snprintf(probe.target, sizeof probe.target, "%.200s:%u", host, port);
	snprintf(probe.outcome, sizeof probe.outcome, "%.120s:%u, %s: %s", host,
	    port, what, outcome);
	probe.duration_ms = opened.elapsed_ms;
	check_board_probe(state->board, &probe);
	return true;
}

/* --- The questions -------------------------------------------------------- */

/*
 * Two things deny every forward to one user of sshd and stand in no
 * sshd_config: a password that PAM wants changed first, and a certificate.
 */
static void
remark_user(const struct check_state *state)
{
	const struct config_jump *jump = state->task->connection->jump;

	if (!fault_is_of_sshd(&state->fault))
		return;
	check_board_remark(state->board,
	    "It may affect user \"%.80s\" only: the password may have expired "
	    "(see chage -l there)%s.",
	    jump->username,
	    config_uses_method(jump, AUTH_METHOD_AGENT)
		? ", or the certificate may lack permit-port-forwarding "
		  "(see ssh-keygen -L)"
		: "");
}

/* Is forwarding allowed at all?  Any answer but a denial means yes. */
static void
ask_own_port(const struct check_state *state)
{
	const struct config_jump *jump = state->task->connection->jump;
	bool is_denied = state->fault.code == FAIL_FORWARD_DENIED;
	struct answer answer;

	if (!ask(state, "127.0.0.1", jump->port, "its own SSH port", &answer))
		return;
	if (answer.code == FAIL_FORWARD_DENIED && is_denied) {
		check_board_remark(state->board,
		    "The jump box also denies a forward to its own SSH port: "
		    "forwarding is off, or limited to other targets.");
		remark_user(state);
	} else if (is_denied)
		check_board_remark(state->board,
		    "The jump box permits a forward to its own SSH port: "
		    "forwarding is on, but %s %s.",
		    fault_is_of_sshd(&state->fault)
			? "PermitOpen or permitopen leaves out"
			: "its rules leave out",
		    state->task->connection->label);
	else if (answer.code == FAIL_FORWARD_DENIED)
		check_board_remark(state->board,
		    "The jump box denies a forward to its own SSH port: "
		    "forwarding is limited to some targets.");
}

/* What follows for the database's name, once the jump box has reported that a
 * name which cannot exist is unknown. */
static const char *
remark_on_name(enum failure code)
{
	switch (code) {
	case FAIL_DB_NAME_UNKNOWN:
		return "The jump box gives the same answer for a name that cannot "
		       "exist.";
	case FAIL_DB_TIMEOUT:
		return "The jump box reports at once that a name does not exist: "
		       "its name servers answer.";
	default:
		return "The jump box reports unknown names as such, so it can "
		       "resolve this one.";
	}
}

/* Does this server report an unknown name as such? */
static void
ask_no_name(const struct check_state *state)
{
	const struct config_connection *connection = state->task->connection;
	struct answer answer;

	if (connection->host_kind != CONFIG_HOST_NAME ||
	    !ask(state, NO_NAME, connection->port, "a name that cannot exist",
		&answer))
		return;
	if (!answer.was_answered)
		check_board_remark(state->board,
		    "The jump box gives no answer for a name that cannot "
		    "exist either: its name servers do not answer.");
	else if (answer.code == FAIL_DB_NAME_UNKNOWN)
		check_board_remark(state->board, "%s",
		    remark_on_name(state->fault.code));
	else
		check_board_remark(state->board,
		    "The jump box does not report unknown names as such: it "
		    "may not know this one.");
}

static void
ask_address(const struct check_state *state, const struct addrinfo *address)
{
	char host[NI_MAXHOST];
	struct answer answer;

	getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof host,
	    NULL, 0, NI_NUMERICHOST);
	ask(state, host, state->task->connection->port,
	    "an address of it as resolved on this machine", &answer);
}

static void
ask_addresses(const struct check_state *state)
{
	const struct check_task *task = state->task;
	const struct config_connection *connection = task->connection;
	struct addrinfo *addresses = NULL, *at;
	char words[FAULT_WORDS_MAX];
	unsigned count = 0;

	if (connection->host_kind != CONFIG_HOST_NAME ||
	    resolver_ask(task->resolver, connection->host, connection->port,
		check_route_task_by_ms(task, RESOLVE_MAX_MS), task->cancel_fd,
		&addresses, words, sizeof words) != RESOLVE_OK)
		return;
	for (at = addresses; at != NULL && count < ADDRESSES_MAX;
	     at = at->ai_next, count++)
		ask_address(state, at);
	resolver_release(addresses);
}

/* Does this server confirm a forward before it has connected?  sshd and
 * dropbear do not. */
static void
ask_closed_port(const struct check_state *state)
{
	struct answer answer;

	if (fault_is_of_sshd(&state->fault) ||
	    state->fault.software == SOFTWARE_DROPBEAR)
		return;
	if (!ask(state, "127.0.0.1", CLOSED_PORT,
		"a port that is closed everywhere", &answer) ||
	    answer.code != FAIL_NONE)
		return;
	check_board_remark(state->board,
	    "The jump box also accepts a forward to a closed port: it answers "
	    "before it has connected, so %s may be unknown, refused or silent.",
	    state->task->connection->label);
}

static const struct {
	enum failure code;
	void (*questions[3])(const struct check_state *);
} table[] = {
	{ FAIL_FORWARD_DENIED, { ask_own_port } },
	{ FAIL_DB_NAME_UNKNOWN, { ask_no_name } },
	{ FAIL_DB_REFUSED, { ask_addresses } },
	{ FAIL_DB_UNREACHABLE, { ask_addresses } },
	{ FAIL_DB_TIMEOUT, { ask_own_port, ask_no_name, ask_addresses } },
	{ FAIL_DB_UNREACHED, { ask_own_port, ask_no_name, ask_addresses } },
	{ FAIL_DB_UNREACHED_SAID, { ask_own_port, ask_addresses } },
	{ FAIL_DB_UNREACHED_SOCKET, { ask_own_port } },
	{ FAIL_DB_CLOSED, { ask_closed_port } },
	{ FAIL_DB_SILENT, { ask_closed_port } },
	{ FAIL_DB_SILENT_TLS, { ask_closed_port } },
};

void
check_probe_ask(const struct check_state *state)
{
	enum failure code = state->fault.code;

	if (state->task->connection->jump == NULL ||
	    check_blamed_is_outer(state))
		return;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (size_t j = 0; table[i].code == code && j < 3 &&
		     table[i].questions[j] != NULL;
		     j++)
			table[i].questions[j](state);
}
