/* SPDX-License-Identifier: PostgreSQL */

/*
 * The order of a login: ask for the methods on offer, begin with the configured
 * one, and go on with another configured one only where the jump box wants more
 * or does not offer the first.  Where it offers none of them,
 * keyboard-interactive is tried without a password, since it may prompt for
 * nothing.  Each method has a file of its own.
 */
#include "ssh/auth.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "config/config.h"
#include "key/ssh_wire.h"
#include "ssh/auth_agent.h"
#include "ssh/auth_key.h"
#include "ssh/auth_password.h"
#include "ssh/login.h"
#include "ssh/transport.h"

/* One way to prove who we are, by the first of its methods on offer. */
struct factor {
	enum auth_method method;
	const char *offered_as[2];
	bool (*is_configured)(const struct config_jump *);
	enum ssh_outcome (*log_in)(struct ssh_login *, const char *method);
};

static bool
has_key(const struct config_jump *jump)
{
	return jump->auth_method != AUTH_METHOD_AGENT &&
	    secret_is_set(&jump->private_key);
}

static bool
has_agent(const struct config_jump *jump)
{
	return jump->auth_method == AUTH_METHOD_AGENT;
}

static bool
has_password(const struct config_jump *jump)
{
	return secret_is_set(&jump->password);
}

static bool
has_anything(const struct config_jump *jump)
{
	(void)jump;
	return true;
}

/* The last factor is for jump boxes that offer none of the others. */
static const struct factor factors[] = {
	{ AUTH_METHOD_KEY, { "publickey" }, has_key, ssh_auth_key },
	{ AUTH_METHOD_AGENT, { "publickey" }, has_agent, ssh_auth_agent },
	{ AUTH_METHOD_PASSWORD, { "password", "keyboard-interactive" },
	    has_password, ssh_auth_password },
	{ AUTH_METHOD_PASSWORD, { "keyboard-interactive" }, has_anything,
	    ssh_auth_password },
};

#define FACTOR_COUNT (sizeof factors / sizeof *factors)
#define LAST         (FACTOR_COUNT - 1)

/* The name of a method on offer that this factor can use, or NULL. */
static const char *
offered_as(const struct factor *factor, const char *methods)
{
	for (size_t i = 0; i < 2 && factor->offered_as[i] != NULL; i++)
		if (ssh_wire_has_name(ssh_wire_text(methods),
			ssh_wire_text(factor->offered_as[i])))
			return factor->offered_as[i];
	return NULL;
}

/* The next factor: that of the configured method comes before the others. */
static const struct factor *
choose(const struct config_jump *jump, const bool is_used[],
    const char *methods)
{
	const struct factor *chosen = NULL;

	for (size_t i = 0; i < FACTOR_COUNT; i++) {
		const struct factor *factor = &factors[i];

		if (is_used[i] || !factor->is_configured(jump) ||
		    offered_as(factor, methods) == NULL)
			continue;
		if (chosen == NULL ||
		    (factor->method == jump->auth_method && i != LAST))
			chosen = factor;
	}
	return chosen;
}

/*
 * Send the `none` request (RFC 4252, 5.2), which servers do not count as a
 * failure when it comes first.  Its answer is a list of methods or a login.
 * FAIL_NONE with "" in `methods`: logged in.
 */
static enum failure
ask_methods(struct ssh_login *login, char *methods, size_t size)
{
	const char *user = login->jump->username, *list;
	int rc;

	do {
		list = libssh2_userauth_list(login->session, user,
		    (unsigned)strlen(user));
		rc = list == NULL ? libssh2_session_last_errno(login->session)
				  : 0;
	} while (ssh_login_again(login, rc));
	snprintf(methods, size, "%s", list != NULL ? list : "");
	ssh_transport_keep_methods(login->transport, methods);
	if (list != NULL || libssh2_userauth_authenticated(login->session))
		return FAIL_NONE;
	if (ssh_login_outcome(login, rc) != SSH_OUTCOME_FAILED)
		fault_set(login->fault, FAIL_AUTH_HANGUP, "%s",
		    ssh_login_error(login));
	return login->fault->code;
}

static enum failure
fail_no_factor(struct ssh_login *login, const char *methods)
{
	if (login->by[0] != '\0')
		return fault_set(login->fault, FAIL_AUTH_INCOMPLETE,
		    "it accepted %s and now asks for %s", login->by, methods);
	return fault_set(login->fault, FAIL_AUTH_METHOD, "it offers only %s",
	    methods[0] != '\0' ? methods : "nothing");
}

static enum failure
run_factors(struct ssh_login *login, const char *methods)
{
	bool is_used[FACTOR_COUNT] = { false };
	enum ssh_outcome outcome;

	do {
		const struct factor *factor = choose(login->jump, is_used,
		    methods);

		if (factor == NULL)
			return fail_no_factor(login, methods);
		is_used[factor - factors] = true;
		outcome = factor->log_in(login, offered_as(factor, methods));
		methods = ssh_transport_said(login->transport)->methods;
	} while (outcome == SSH_OUTCOME_PARTIAL);
	return login->fault->code;
}

enum failure
ssh_auth_login(struct ssh_login *login)
{
	char methods[256];

	if (ask_methods(login, methods, sizeof methods) != FAIL_NONE)
		return login->fault->code;
	if (libssh2_userauth_authenticated(login->session))
		ssh_login_accepted_by(login, "nothing but the user's name");
	else if (run_factors(login, methods) != FAIL_NONE)
		return login->fault->code;
	fault_note(login->fault, "logged in by %s in %d ms", login->by,
	    (int)(clock_ms() - login->started_ms));
	return FAIL_NONE;
}
