/* SPDX-License-Identifier: PostgreSQL */

/*
 * libssh2 returns "unverified" for a key that was accepted as the first of two
 * steps, and "disconnected" for one key too many.  The transport kept what
 * really happened: how many failures, partial success, the words of a
 * disconnect.
 */
#include "ssh/login.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ssh/await.h"
#include "ssh/failure.h"
#include "ssh/transport.h"
#include "ssh/transport_wait.h"

/* OpenSSH says this when MaxAuthTries is reached. */
#define TOO_MANY "Too many authentication failures"

void
ssh_login_start(struct ssh_login *login, struct ssh_transport *transport,
    const struct config_jump *jump, int64_t deadline_ms, int cancel_fd,
    struct fault *fault)
{
	*login = (struct ssh_login){
		.transport = transport,
		.session = ssh_transport_session(transport),
		.jump = jump,
		.started_ms = clock_ms(),
		.deadline_ms = deadline_ms,
		.cancel_fd = cancel_fd,
		.fault = fault,
	};
}

void
ssh_login_begin_request(struct ssh_login *login)
{
	login->failures_before = ssh_transport_said(login->transport)
				     ->auth_failures;
}

static void
fail_timeout(struct ssh_login *login)
{
	fault_set(login->fault, FAIL_AUTH_TIMEOUT, "%s",
	    clock_text(login->deadline_ms - login->started_ms).text);
}

static void
fail_hangup(struct ssh_login *login)
{
	const struct ssh_said *said = ssh_transport_said(login->transport);

	if (ssh_transport_is_cut(login->transport))
		fault_set(login->fault, FAIL_AUTH_CUT, "%s",
		    ssh_transport_lost_words(login->transport));
	else if (said->has_disconnected)
		fault_set(login->fault, FAIL_AUTH_HANGUP, "it said \"%s\"",
		    said->disconnect_text);
	else
		fault_set(login->fault, FAIL_AUTH_HANGUP, "%s",
		    ssh_transport_lost_words(login->transport));
}

bool
ssh_login_again(struct ssh_login *login, int rc)
{
	if (rc != LIBSSH2_ERROR_EAGAIN)
		return false;
	switch (ssh_transport_wait(login->transport, login->deadline_ms,
	    login->cancel_fd)) {
	case SSH_WAIT_READY:
		return true;
	case SSH_WAIT_TIMEOUT:
		fail_timeout(login);
		break;
	case SSH_WAIT_CANCELLED:
		fault_set_code(login->fault, FAIL_SHUTDOWN);
		break;
	case SSH_WAIT_LOST:
		fail_hangup(login);
		break;
	}
	return false;
}

enum ssh_outcome
ssh_login_outcome(struct ssh_login *login, int rc)
{
	const struct ssh_said *said = ssh_transport_said(login->transport);

	if (login->fault->code != FAIL_NONE)
		return SSH_OUTCOME_FAILED;
	if (rc == 0)
		return SSH_OUTCOME_ACCEPTED;
	if (said->has_disconnected &&
	    strstr(said->disconnect_text, TOO_MANY) != NULL)
		return SSH_OUTCOME_TOO_MANY;
	if (said->has_disconnected || ssh_transport_is_lost(login->transport)) {
		fail_hangup(login);
		return SSH_OUTCOME_FAILED;
	}
	if (said->auth_failures == login->failures_before &&
	    ssh_failure_is_damage(rc, ssh_login_error(login))) {
		fault_set_code(login->fault, FAIL_AUTH_DAMAGED);
		return SSH_OUTCOME_FAILED;
	}
	if (said->auth_failures == login->failures_before)
		return SSH_OUTCOME_UNASKED;
	return said->is_partial ? SSH_OUTCOME_PARTIAL : SSH_OUTCOME_REJECTED;
}

enum ssh_outcome
ssh_login_fail(struct ssh_login *login, enum failure code, const char *words)
{
	fault_set(login->fault, code, "%s", words);
	return SSH_OUTCOME_FAILED;
}

const char *
ssh_login_error(const struct ssh_login *login)
{
	char *text;

	libssh2_session_last_error(login->session, &text, NULL, 0);
	return text;
}

bool
ssh_login_notice_cancel(struct ssh_login *login)
{
	if (await_one(-1, 0, clock_ms(), login->cancel_fd) != AWAIT_CANCELLED)
		return false;
	fault_set_code(login->fault, FAIL_SHUTDOWN);
	return true;
}

bool
ssh_login_is_over(const struct ssh_login *login)
{
	return login->is_stuck ||
	    ssh_transport_said(login->transport)->has_disconnected ||
	    ssh_transport_is_lost(login->transport);
}

void
ssh_login_accepted_by(struct ssh_login *login, const char *what, ...)
{
	size_t used = strlen(login->by), size = sizeof login->by;
	va_list args;

	if (used > 0)
		used += (size_t)snprintf(login->by + used, size - used,
		    " and ");
	if (used >= size)
		return;
	va_start(args, what);
	vsnprintf(login->by + used, size - used, what, args);
	va_end(args);
}
