/* SPDX-License-Identifier: PostgreSQL */

/*
 * Codes and evidence of forwards that failed.  The silence of a tunnel is never
 * blamed on the database.
 */
#include "jump/fault.h"

#include "base/clock.h"
#include "config/config.h"
#include "ssh/failure.h"
#include "ssh/link.h"

void
jump_fault_name(struct fault *fault, const struct config_connection *connection)
{
	const struct config_jump *jump = connection->jump;

	fault_name(fault, jump != NULL ? jump->label : NULL,
	    jump != NULL ? jump->username : NULL, connection->label);
	fault_name_proxy(fault, jump != NULL ? jump->proxy.label : NULL);
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
jump_fault_broken(struct fault *fault, enum failure lost_by)
{
	enum failure code = lost_by == FAIL_TUNNEL_DAMAGED ? lost_by
							   : FAIL_TUNNEL_LOST;

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

void
jump_fault_silent(struct fault *fault, int64_t silent_ms)
{
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
