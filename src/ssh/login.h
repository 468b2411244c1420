/* SPDX-License-Identifier: PostgreSQL */

/*
 * One login in progress, and what all its methods share: the loop around
 * libssh2's EAGAIN, and what an answer of the jump box means where libssh2's
 * return code does not tell.
 */
#ifndef PGJUMP_SSH_LOGIN_H
#define PGJUMP_SSH_LOGIN_H

#include <libssh2.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "ssh/tried.h"

struct config_jump;
struct ssh_transport;

/*
 * Called when the SSH agent is asked for something, and when it has answered.
 */
typedef void ssh_login_agent_fn(void *arg, bool is_asked);

/* Borrows everything; ssh_login_start() fills it. */
struct ssh_login {
	struct ssh_transport *transport;
	LIBSSH2_SESSION *session;
	const struct config_jump *jump;
	int64_t started_ms, deadline_ms;
	int cancel_fd;
	struct fault *fault;
	ssh_login_agent_fn *on_agent; /* or NULL */
	void *agent_arg;
	unsigned failures_before; /* auth_failures of the transport before the
				     request in progress */
	bool asks_for_sha2_256; /* this is the second request for an RSA key */
	bool was_untold; /* there was such a second request (ssh/signature.h) */
	char by[320];    /* what was accepted: "key SHA256:... and password" */
	char ending[160]; /* of the certificate that was accepted; "": it is
			     valid for long */
	/* Why the certificate of the key in hand was not accepted. */
	struct {
		enum failure code; /* FAIL_NONE: there is no reason */
		char words[FAULT_WORDS_MAX];
	} certificate;
	struct ssh_tried tried;
	bool is_stuck;   /* in prompts that were not answered */
	size_t next_key; /* of the configured keys: the next one to offer */
};

/* How one request ended. */
enum ssh_outcome {
	SSH_OUTCOME_ACCEPTED,
	SSH_OUTCOME_PARTIAL, /* accepted, but more is wanted */
	SSH_OUTCOME_REJECTED,
	SSH_OUTCOME_TOO_MANY, /* rejected once too often: the jump box hung up
			       */
	SSH_OUTCOME_UNASKED,  /* libssh2 gave up before the jump box answered */
	SSH_OUTCOME_FAILED,   /* the fault is set */
};

void ssh_login_start(struct ssh_login *, struct ssh_transport *,
    const struct config_jump *, int64_t deadline_ms, int cancel_fd,
    struct fault *);

/* Call this before each request: failures so far are not its answer. */
void ssh_login_begin_request(struct ssh_login *);

/*
 * Whether to repeat the libssh2 call that returned `rc`.  If it wanted input,
 * this waits for some; if none will come, the fault is set.
 */
bool ssh_login_again(struct ssh_login *, int rc);

/*
 * How the request that returned `rc` ended.  FAILED: the fault was set, or the
 * connection ended and it is set now.
 */
enum ssh_outcome ssh_login_outcome(struct ssh_login *, int rc);

/* Set the fault; SSH_OUTCOME_FAILED, for the caller to return. */
enum ssh_outcome ssh_login_fail(struct ssh_login *, enum failure,
    const char *words);

/* libssh2's own words for its last error, borrowed. */
const char *ssh_login_error(const struct ssh_login *);

/* True, with the fault set, when the login was cancelled. */
bool ssh_login_notice_cancel(struct ssh_login *);

/*
 * Whether nothing else can be tried: the jump box has ended the session, or
 * waits for answers to prompts.
 */
bool ssh_login_is_over(const struct ssh_login *);

/* Add what was accepted to `by`. */
void ssh_login_accepted_by(struct ssh_login *, const char *what, ...)
    __attribute__((format(printf, 2, 3)));

#endif
