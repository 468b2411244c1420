/* SPDX-License-Identifier: PostgreSQL */

/*
 * Codes and evidence of forwards that failed.  The silence of a tunnel is never
 * blamed on the database.
 */
#include "jump/fault.h"

#include "base/clock.h"
#include "config/config.h"
#include "config/hops.h"
#include "ssh/failure.h"
#include "ssh/link.h"

void
jump_fault_name(struct fault *fault, const struct config_connection *connection)
{
	const struct config_jump *jump = connection->jump;

	if (jump != NULL)
		config_hops_name(jump, fault);
	fault_name(fault, NULL, NULL, connection->label);
	fault_count_hops(fault, config_hops_count(jump));
}

static void
note_path(struct fault *fault, const char *jump)
{
	fault_note(fault, "the tunnel to jump box %s is up", jump);
}

static void
note_answer(struct fault *fault, const char *jump,
    const struct ssh_opened *opened)
{
	struct clock_text after = clock_text(opened->elapsed_ms);

	note_path(fault, jump);
	if (opened->words[0] != '\0')
		fault_note(fault, "the jump box answered \"%s\" after %s",
		    opened->words, after.text);
	else
		fault_note(fault,
		    "the jump box refused without giving a reason after %s",
		    after.text);
}

/* The words of the message are a time or, if it has any, the jump box's own. */
static void
set_refused(struct fault *fault, enum failure code,
    const struct ssh_opened *opened)
{
	struct clock_text after = clock_text(opened->elapsed_ms);

	switch (code) {
	case FAIL_DB_TIMEOUT:
		fault_set(fault, code, "%s", after.text);
		break;
	case FAIL_DB_UNREACHED:
	case FAIL_DB_UNREACHED_SOCKET:
		fault_set(fault, code, "%s after %s",
		    opened->words[0] != '\0' ? opened->words : "refused",
		    after.text);
		break;
	default:
		fault_set(fault, code, "%s",
		    opened->words[0] != '\0' ? opened->words
					     : "it gave no reason");
		break;
	}
}

void
jump_fault_broken(struct fault *fault, const struct config_jump *jump,
    const struct fault *lost_by)
{
	enum failure code = lost_by != NULL &&
		lost_by->code == FAIL_TUNNEL_DAMAGED
	    ? FAIL_TUNNEL_DAMAGED
	    : FAIL_TUNNEL_LOST;

	if (lost_by != NULL &&
	    fault_is_of_outer(lost_by, config_hops_count(jump)))
		fault_adopt(fault, lost_by);
	else
		fault_set(fault, code, "it broke while the forward was opened");
}

void
jump_fault_refused(struct fault *fault, const char *jump,
    const struct ssh_opened *opened, bool is_socket)
{
	set_refused(fault,
	    ssh_failure_of_open(opened->software, opened->reason, opened->words,
		is_socket),
	    opened);
	fault_software(fault, opened->software);
	note_answer(fault, jump, opened);
}

/* The inner jump box is to the outer one what a database is to the last. */
static const struct {
	enum failure of_database, of_jump;
} hop_rows[] = {
	{ FAIL_DB_NAME_UNKNOWN, FAIL_JUMP_NAME_UNKNOWN },
	{ FAIL_DB_NAME_TIMEOUT, FAIL_JUMP_NAME_TIMEOUT },
	{ FAIL_DB_REFUSED, FAIL_JUMP_REFUSED },
	{ FAIL_DB_CLOSED, FAIL_JUMP_HANGUP },
	{ FAIL_DB_UNREACHABLE, FAIL_JUMP_UNREACHABLE },
	{ FAIL_DB_TIMEOUT, FAIL_JUMP_TIMEOUT },
	{ FAIL_DB_UNREACHED, FAIL_JUMP_UNREACHABLE },
	{ FAIL_DB_UNREACHED_SAID, FAIL_JUMP_UNREACHABLE },
};

void
jump_fault_of_hop(struct fault *fault, const struct fault *outer,
    const struct config_jump *inner)
{
	for (size_t i = 0; i < sizeof hop_rows / sizeof *hop_rows; i++)
		if (hop_rows[i].of_database == outer->code) {
			fault_set(fault, hop_rows[i].of_jump, "%s",
			    outer->words);
			fault_note(fault, "%s", outer->detail);
			config_hops_name(inner, fault);
			return;
		}
	fault_adopt(fault, outer);
	fault_count_hops(fault, config_hops_count(inner));
}

void
jump_fault_silent(struct fault *fault, const struct fault *named,
    int64_t silent_ms)
{
	if (named != NULL)
		fault_name_as(fault, named);
	fault_set(fault, FAIL_TUNNEL_SILENT, "%s", clock_text(silent_ms).text);
	fault_note(fault,
	    "it was asked for a sign of life and has not answered");
}

void
jump_fault_unanswered(struct fault *fault, const char *jump, int64_t asked_ms,
    bool is_stalled)
{
	fault_set(fault, FAIL_DB_TIMEOUT, "%s", clock_text(asked_ms).text);
	note_path(fault, jump);
	fault_note(fault, "the jump box is still trying to connect to it");
	if (is_stalled)
		fault_note(fault,
		    "until it has, it answers nothing else on that session");
}

void
jump_fault_behind(struct fault *fault, const char *jump, int64_t waited_ms)
{
	fault_set(fault, FAIL_DB_TIMEOUT, "%s", clock_text(waited_ms).text);
	note_path(fault, jump);
	fault_note(fault,
	    "earlier connections to the database have not been answered");
}

void
jump_fault_busy(struct fault *fault, int64_t waited_ms, size_t links)
{
	fault_set(fault, FAIL_FORWARD_LIMIT, "%s", clock_text(waited_ms).text);
	if (links == 1)
		fault_note(fault, "the only link to the jump box was busy");
	else
		fault_note(fault, "all %zu links to the jump box were busy",
		    links);
}
