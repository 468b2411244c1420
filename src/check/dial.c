/* SPDX-License-Identifier: PostgreSQL */

/*
 * A function for each stage of a dial, which writes on the board what the stage
 * found.
 */
#include "check/dial.h"

#include <assert.h>
#include <string.h>

#include "check/blamed.h"
#include "check/board.h"
#include "check/route.h"
#include "check/state.h"
#include "config/config.h"
#include "config/options.h"
#include "ssh/tried.h"

const char *
check_dial_note(const struct check_state *state)
{
	return fault_notes_since(&state->fault, state->noted);
}

/* Of the three stages only the last one passes. */
static void
tell_proxy(struct check_state *state)
{
	const struct config_proxy *proxy = &check_blamed_jump(state)->proxy;
	const struct {
		const char *key, *text;
	} facts[] = {
		{ "proxy", proxy->label },
		{ "type", config_options_proxy_type(proxy->type) },
		{ "address", state->facts.address },
		{ "answer", state->facts.proxy_said },
	};

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		check_board_fact(state->board, CHECK_PROXY, facts[i].key,
		    facts[i].text);
	check_board_pass(state->board, "%s proxy %s: %s", facts[1].text,
	    proxy->label, state->facts.proxy_said);
}

static void
tell_resolved(struct check_state *state)
{
	check_board_fact(state->board, CHECK_RESOLVE, "addresses",
	    state->facts.addresses);
	check_board_pass(state->board, "%s", state->facts.addresses);
}

static void
tell_connected(struct check_state *state)
{
	const struct config_connection *connection = state->task->connection;
	const struct config_jump *jump = check_blamed_jump(state);
	unsigned port = jump != NULL ? jump->port : connection->port;

	if (state->hop > 1) {
		assert(jump != NULL);
		check_board_pass(state->board, "%s through %s", jump->label,
		    jump->via->label);
		return;
	}
	if (state->facts.address[0] == '\0') {
		check_board_pass(state->board, "the socket %s",
		    connection->label);
		return;
	}
	check_board_fact(state->board, CHECK_CONNECT, "address",
	    state->facts.address);
	check_board_pass(state->board, "%s port %u", state->facts.address,
	    port);
}

static void
tell_handshake(struct check_state *state)
{
	const struct ssh_facts *ssh = &state->facts.ssh;
	const struct {
		const char *key, *text;
	} facts[] = {
		{ "software", ssh->software },
		{ "kex", ssh->kex },
		{ "cipher", ssh->cipher },
		{ "host_key_type", ssh->hostkey_type },
	};

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		check_board_fact(state->board, CHECK_HANDSHAKE, facts[i].key,
		    facts[i].text);
	check_board_pass(state->board, "%s, %s, %s, %s", ssh->software,
	    ssh->kex, ssh->cipher, ssh->hostkey_type);
}

static void
tell_hostkey(struct check_state *state)
{
	const struct ssh_facts *ssh = &state->facts.ssh;

	check_board_fact(state->board, CHECK_HOSTKEY, "type",
	    ssh->hostkey_type);
	check_board_fact(state->board, CHECK_HOSTKEY, "fingerprint",
	    ssh->fingerprint);
	check_board_pass(state->board, "%s %s %s", ssh->hostkey_type,
	    ssh->fingerprint, state->facts.trusted_by);
}

void
check_dial_tell_tried(struct check_state *state)
{
	const struct ssh_tried *tried = &state->facts.tried;
	char text[300];

	check_board_fact(state->board, CHECK_AUTH, "methods",
	    state->facts.ssh.methods);
	for (size_t i = 0; i < tried->count; i++) {
		ssh_tried_describe(&tried->list[i], text, sizeof text);
		check_board_item(state->board, CHECK_AUTH, "tried", text);
	}
}

/* What was refused before is told where several ways were configured. */
static void
tell_login(struct check_state *state)
{
	const char *methods = state->facts.ssh.methods;
	char refused[FAULT_WORDS_MAX / 2];

	check_dial_tell_tried(state);
	if (state->facts.ending[0] != '\0')
		check_board_remark(state->board, "Soon: %s.",
		    state->facts.ending);
	ssh_tried_words(&state->facts.tried, 0, refused, sizeof refused);
	check_board_pass(state->board, "user \"%s\" by %s%s%s%s%s",
	    check_blamed_jump(state)->username, state->facts.login_by,
	    refused[0] != '\0' ? "; tried before: " : "", refused,
	    methods[0] != '\0' ? "; the jump box accepts these methods: " : "",
	    methods);
}

static const struct {
	enum check_phase phase;
	void (*tell)(struct check_state *);
} legs[] = {
	[DIAL_PROXY_RESOLVE] = { CHECK_PROXY, tell_proxy },
	[DIAL_PROXY_CONNECT] = { CHECK_PROXY, tell_proxy },
	[DIAL_PROXY_ASK] = { CHECK_PROXY, tell_proxy },
	[DIAL_RESOLVE] = { CHECK_RESOLVE, tell_resolved },
	[DIAL_CONNECT] = { CHECK_CONNECT, tell_connected },
	[DIAL_HANDSHAKE] = { CHECK_HANDSHAKE, tell_handshake },
	[DIAL_HOSTKEY] = { CHECK_HOSTKEY, tell_hostkey },
	[DIAL_AUTH] = { CHECK_AUTH, tell_login },
	[DIAL_AGENT] = { CHECK_AUTH, tell_login },
};

void
check_dial_end(struct check_state *state)
{
	if (state->is_dialing)
		legs[state->stage].tell(state);
	state->is_dialing = false;
	state->noted = 0;
}

static void
on_stage(void *arg, enum dial_stage stage)
{
	struct check_state *state = arg;

	if (state->is_dialing && legs[stage].phase == legs[state->stage].phase)
		return;
	check_dial_end(state);
	state->is_dialing = true;
	state->stage = stage;
	state->noted = strlen(state->fault.detail);
	check_board_enter(state->board, legs[stage].phase);
}

void
check_dial_init(struct check_state *state)
{
	const struct check_task *task = state->task;

	state->silent = (struct dial){
		.cfg = task->cfg,
		.resolver = task->resolver,
		.cancel_fd = task->cancel_fd,
		.deadline_ms = task->deadline_ms,
	};
	state->reported = state->silent;
	state->reported.on_stage = on_stage;
	state->reported.arg = state;
	state->reported.facts = &state->facts;
}
