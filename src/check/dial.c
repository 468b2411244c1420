/* SPDX-License-Identifier: PostgreSQL */

/*
 * A function for each stage of a dial, which says what it came to.
 */
#include "check/dial.h"

#include <string.h>

#include "check/board.h"
#include "check/route.h"
#include "config/config.h"

const char *
check_dial_note(const struct check_dial *dial)
{
	const char *note = dial->fault->detail + dial->noted;

	return strncmp(note, "; ", 2) == 0 ? note + 2 : note;
}

static void
tell_resolved(struct check_dial *dial)
{
	check_board_fact(dial->board, CHECK_RESOLVE, "addresses",
	    dial->facts.addresses);
	check_board_pass(dial->board, "%s", dial->facts.addresses);
}

static void
tell_connected(struct check_dial *dial)
{
	const struct config_connection *connection = dial->connection;
	unsigned port = connection->jump != NULL ? connection->jump->port
						 : connection->port;

	if (dial->facts.address[0] == '\0') {
		check_board_pass(dial->board, "the socket %s",
		    connection->label);
		return;
	}
	check_board_fact(dial->board, CHECK_CONNECT, "address",
	    dial->facts.address);
	check_board_pass(dial->board, "%s port %u", dial->facts.address, port);
}

static void
tell_handshake(struct check_dial *dial)
{
	const struct ssh_facts *ssh = &dial->facts.ssh;
	const struct {
		const char *key, *text;
	} facts[] = {
		{ "software", ssh->software },
		{ "kex", ssh->kex },
		{ "cipher", ssh->cipher },
		{ "host_key_type", ssh->hostkey_type },
	};

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		check_board_fact(dial->board, CHECK_HANDSHAKE, facts[i].key,
		    facts[i].text);
	check_board_pass(dial->board, "%s, %s, %s, %s", ssh->software, ssh->kex,
	    ssh->cipher, ssh->hostkey_type);
}

static void
tell_hostkey(struct check_dial *dial)
{
	const struct ssh_facts *ssh = &dial->facts.ssh;

	check_board_fact(dial->board, CHECK_HOSTKEY, "type", ssh->hostkey_type);
	check_board_fact(dial->board, CHECK_HOSTKEY, "fingerprint",
	    ssh->fingerprint);
	check_board_pass(dial->board, "%s %s %s", ssh->hostkey_type,
	    ssh->fingerprint, dial->facts.trusted_by);
}

static void
tell_login(struct check_dial *dial)
{
	const char *methods = dial->facts.ssh.methods;

	check_board_fact(dial->board, CHECK_AUTH, "methods", methods);
	check_board_pass(dial->board, "user \"%s\" by %s%s%s",
	    dial->connection->jump->username, dial->facts.login_by,
	    methods[0] != '\0' ? "; the jump box accepts these methods: " : "",
	    methods);
}

static const struct {
	enum check_phase phase;
	void (*tell)(struct check_dial *);
} legs[] = {
	[DIAL_RESOLVE] = { CHECK_RESOLVE, tell_resolved },
	[DIAL_CONNECT] = { CHECK_CONNECT, tell_connected },
	[DIAL_HANDSHAKE] = { CHECK_HANDSHAKE, tell_handshake },
	[DIAL_HOSTKEY] = { CHECK_HOSTKEY, tell_hostkey },
	[DIAL_AUTH] = { CHECK_AUTH, tell_login },
	[DIAL_AGENT] = { CHECK_AUTH, tell_login },
};

void
check_dial_end(struct check_dial *dial)
{
	if (dial->is_under_way)
		legs[dial->stage].tell(dial);
	dial->is_under_way = false;
	dial->noted = 0;
}

static void
on_stage(void *arg, enum dial_stage stage)
{
	struct check_dial *dial = arg;

	if (dial->is_under_way && legs[stage].phase == legs[dial->stage].phase)
		return;
	check_dial_end(dial);
	dial->is_under_way = true;
	dial->stage = stage;
	dial->noted = strlen(dial->fault->detail);
	check_board_enter(dial->board, legs[stage].phase);
}

void
check_dial_init(struct check_dial *dial, const struct check_task *task,
    struct check_board *board, struct fault *fault)
{
	*dial = (struct check_dial){
		.connection = task->connection,
		.board = board,
		.fault = fault,
	};
	dial->quiet = (struct dial){
		.cfg = task->cfg,
		.resolver = task->resolver,
		.cancel_fd = task->cancel_fd,
		.deadline_ms = task->deadline_ms,
	};
	dial->telling = dial->quiet;
	dial->telling.on_stage = on_stage;
	dial->telling.arg = dial;
	dial->telling.facts = &dial->facts;
}
