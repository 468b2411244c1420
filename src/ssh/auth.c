/* SPDX-License-Identifier: PostgreSQL */

/*
 * The order of a login: ask for the methods on offer, try the configured ones
 * in their order, and go on after a partial success with what is left.  What is
 * configured beside them is used only where the jump box wants more, or offers
 * none of them.  Where it offers nothing that is configured,
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
#include "ssh/tried.h"

/* A way to log in, by the first of its names on offer. */
struct factor {
	enum auth_method method;
	enum ssh_tried_what tried_as;
	const char *offered_as[2];
	bool (*is_left)(const struct ssh_login *);
	enum ssh_outcome (*log_in)(struct ssh_login *, const char *name);
};

static bool
has_key(const struct ssh_login *login)
{
	return login->next_key < login->jump->private_keys.count &&
	    (config_uses_method(login->jump, AUTH_METHOD_KEY) ||
		!config_uses_method(login->jump, AUTH_METHOD_AGENT)) &&
	    login->tried.keys < CONFIG_KEYS_MAX;
}

static bool
has_agent(const struct ssh_login *login)
{
	return config_uses_method(login->jump, AUTH_METHOD_AGENT) &&
	    login->tried.keys < CONFIG_KEYS_MAX;
}

static bool
has_password(const struct ssh_login *login)
{
	return secret_is_set(&login->jump->password);
}

static bool
has_anything(const struct ssh_login *login)
{
	(void)login;
	return true;
}

/* The last factor is for jump boxes that offer none of the others. */
static const struct factor factors[] = {
	{ AUTH_METHOD_KEY, SSH_TRIED_KEY, { "publickey" }, has_key,
	    ssh_auth_key },
	{ AUTH_METHOD_AGENT, SSH_TRIED_AGENT, { "publickey" }, has_agent,
	    ssh_auth_agent },
	{ AUTH_METHOD_PASSWORD, SSH_TRIED_PASSWORD,
	    { "password", "keyboard-interactive" }, has_password,
	    ssh_auth_password },
	{ AUTH_METHOD_PASSWORD, SSH_TRIED_PROMPTS, { "keyboard-interactive" },
	    has_anything, ssh_auth_password },
};

#define FACTOR_COUNT (sizeof factors / sizeof *factors)
#define LAST         (FACTOR_COUNT - 1)

/*
 * What a login has done so far.  A stage ends with a partial success: after it,
 * the jump box judges anew.
 */
struct progress {
	bool is_used[FACTOR_COUNT];
	struct fault first; /* why the first attempt of this stage failed */
	size_t from;        /* the first try of this stage */
	unsigned attempts;  /* that failed in this stage */
	bool is_cut; /* the jump box hung up while something was left to try */
};

/* --- Which factor comes next ---------------------------------------------- */

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

static bool
may_be_next(const struct ssh_login *login, const struct progress *progress,
    size_t index, const char *methods)
{
	const struct factor *factor = &factors[index];

	/* Each key is an attempt of its own, until none is left. */
	return (!progress->is_used[index] ||
		   factor->method == AUTH_METHOD_KEY) &&
	    factor->is_left(login) && offered_as(factor, methods) != NULL;
}

/* The next of the configured methods, in their order. */
static const struct factor *
choose_listed(const struct ssh_login *login, const struct progress *progress,
    const char *methods)
{
	const struct config_words *list = &login->jump->auth_methods;

	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < LAST; k++)
			if (factors[k].method == list->list[i] &&
			    may_be_next(login, progress, k, methods))
				return &factors[k];
	return NULL;
}

static const struct factor *
choose(const struct ssh_login *login, const struct progress *progress,
    const char *methods)
{
	const struct factor *factor = choose_listed(login, progress, methods);

	if (factor != NULL || progress->first.code != FAIL_NONE)
		return factor;
	for (size_t k = 0; k < FACTOR_COUNT; k++)
		if (may_be_next(login, progress, k, methods))
			return &factors[k];
	return NULL;
}

/* --- None ----------------------------------------------------------------- */

/* It is told where it is configured, or where it was enough. */
static void
note_none(struct ssh_login *login, bool is_refused)
{
	if (!is_refused)
		ssh_tried_add(&login->tried, SSH_TRIED_NONE, "",
		    SSH_TRIED_ACCEPTED, "");
	else if (config_uses_method(login->jump, AUTH_METHOD_NONE))
		ssh_tried_add(&login->tried, SSH_TRIED_NONE, "",
		    SSH_TRIED_REJECTED, "");
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
	if (list != NULL || libssh2_userauth_authenticated(login->session)) {
		note_none(login, list != NULL);
		return FAIL_NONE;
	}
	if (ssh_login_outcome(login, rc) != SSH_OUTCOME_FAILED)
		fault_set(login->fault, FAIL_AUTH_HANGUP, "%s",
		    ssh_login_error(login));
	return login->fault->code;
}

/* --- One attempt ---------------------------------------------------------- */

/* Whether something else may be tried after this failure. */
static bool
may_go_on(enum failure code)
{
	switch (code) {
	case FAIL_AUTH_KEY_REJECTED:
	case FAIL_AUTH_PASSWORD_REJECTED:
	case FAIL_AUTH_METHOD:
	case FAIL_AUTH_AGENT_ABSENT:
	case FAIL_AUTH_AGENT_EMPTY:
	case FAIL_AUTH_AGENT_KEY:
	case FAIL_AUTH_AGENT_REFUSED:
	case FAIL_AUTH_AGENT_MANY:
	case FAIL_AUTH_AGENT_FAILED:
	case FAIL_AUTH_CERTIFICATE:
	case FAIL_AUTH_CERTIFICATE_EARLY:
	case FAIL_AUTH_CERTIFICATE_EXPIRED:
	case FAIL_AUTH_CERTIFICATE_NAME:
	case FAIL_AUTH_CERTIFICATE_OPTION:
	case FAIL_AUTH_CERTIFICATE_UNUSABLE:
	case FAIL_AUTH_ALGORITHM:
	case FAIL_AUTH_SIGNATURE:
	case FAIL_AUTH_KEY_UNUSABLE:
	case FAIL_AUTH_SECRET_UNREADABLE:
		return true;
	default:
		return false;
	}
}

static void
note_untaken(struct ssh_login *login, const struct factor *factor,
    enum ssh_tried_end end, const char *words)
{
	ssh_tried_add(&login->tried, factor->tried_as, "", end, words);
}

/* Add what failed to what was tried. */
static void
note_failure(struct ssh_login *login, const struct factor *factor,
    const struct fault *fault)
{
	if (fault->code == FAIL_AUTH_PASSWORD_REJECTED)
		note_untaken(login, factor, SSH_TRIED_REJECTED, "");
	else
		note_untaken(login, factor, SSH_TRIED_UNASKED,
		    fault->code == FAIL_AUTH_AGENT_EMPTY ? "it holds no key"
							 : fault->words);
}

/* What was refused before something was accepted, or ended the login. */
static void
note_refused(struct ssh_login *login)
{
	char words[FAULT_WORDS_MAX];

	ssh_tried_words(&login->tried, 0, words, sizeof words);
	if (words[0] != '\0')
		fault_note(login->fault, "tried before: %s", words);
}

/* Run a factor with a fault of its own, which is kept if it is the first. */
static enum ssh_outcome
attempt(struct ssh_login *login, struct progress *progress,
    const struct factor *factor, const char *name)
{
	struct fault fault = { .software = login->fault->software };
	struct fault *whole = login->fault;
	size_t tried = login->tried.count;
	enum ssh_outcome outcome;

	progress->is_used[factor - factors] = true;
	login->fault = &fault;
	outcome = factor->log_in(login, name);
	login->fault = whole;
	if (fault.detail[0] != '\0')
		fault_note(whole, "%s", fault.detail);
	if (outcome != SSH_OUTCOME_FAILED)
		return outcome;
	progress->attempts++;
	if (!may_go_on(fault.code) || factor == &factors[LAST]) {
		note_refused(login);
		fault_set(whole, fault.code, "%s", fault.words);
		return outcome;
	}
	if (login->tried.count == tried)
		note_failure(login, factor, &fault);
	if (progress->first.code == FAIL_NONE)
		progress->first = fault;
	return SSH_OUTCOME_REJECTED;
}

/* --- The end -------------------------------------------------------------- */

static enum failure
fail_no_factor(struct ssh_login *login, const char *methods)
{
	if (login->by[0] != '\0')
		return fault_set(login->fault, FAIL_AUTH_INCOMPLETE,
		    "it accepted %s and now asks for %s", login->by, methods);
	return fault_set(login->fault, FAIL_AUTH_METHOD, "it offers only %s",
	    methods[0] != '\0' ? methods : "nothing");
}

/* Why a configured method was not tried. */
static const char *
why_untried(const struct ssh_login *login, const struct factor *factor,
    const char *methods)
{
	if (ssh_login_is_over(login))
		return "the login ended before";
	return offered_as(factor, methods) == NULL
	    ? "the jump box does not offer it"
	    : "enough keys were offered before";
}

/* Add the configured methods that were not tried, where there are several. */
static void
note_untried(struct ssh_login *login, const struct progress *progress,
    const char *methods)
{
	const struct config_words *list = &login->jump->auth_methods;

	for (size_t i = 0; list->count > 1 && i < list->count; i++)
		for (size_t k = 0; k < LAST; k++)
			if (factors[k].method == list->list[i] &&
			    !progress->is_used[k])
				note_untaken(login, &factors[k],
				    SSH_TRIED_UNASKED,
				    why_untried(login, &factors[k], methods));
}

/*
 * Nothing was accepted: a single failure speaks for itself, and so does the
 * first of several if the jump box has rejected nothing.
 */
static enum failure
fail_stage(struct ssh_login *login, const struct progress *progress)
{
	const struct fault *first = &progress->first;
	size_t rejections = ssh_tried_rejections(&login->tried, progress->from);
	char words[FAULT_WORDS_MAX];

	if (login->by[0] != '\0')
		fault_note(login->fault, "it accepted %s", login->by);
	ssh_tried_words(&login->tried, progress->from, words, sizeof words);
	if (progress->attempts > 1 && progress->is_cut)
		return fault_set(login->fault, FAIL_AUTH_TOO_MANY,
		    "too many authentication failures after %s", words);
	if (progress->attempts > 1 && rejections > 0)
		return fault_set(login->fault, FAIL_AUTH_NOTHING, "%s", words);
	if (progress->attempts > 1 || login->jump->auth_methods.count > 1)
		fault_note(login->fault, "tried %s", words);
	return fault_set(login->fault, first->code, "%s", first->words);
}

static void
begin_stage(const struct ssh_login *login, struct progress *progress)
{
	progress->first = (struct fault){ 0 };
	progress->from = login->tried.count;
	progress->attempts = 0;
}

static enum failure
run_factors(struct ssh_login *login, const char *methods)
{
	struct progress progress = { 0 };
	const struct factor *factor;

	while ((factor = choose(login, &progress, methods)) != NULL) {
		enum ssh_outcome outcome = attempt(login, &progress, factor,
		    offered_as(factor, methods));

		if (outcome == SSH_OUTCOME_ACCEPTED ||
		    outcome == SSH_OUTCOME_FAILED)
			return login->fault->code;
		if (outcome == SSH_OUTCOME_PARTIAL)
			begin_stage(login, &progress);
		else if (ssh_login_is_over(login)) {
			progress.is_cut = !login->is_stuck &&
			    choose(login, &progress, methods) != NULL;
			break;
		}
		methods = ssh_transport_said(login->transport)->methods;
	}
	note_untried(login, &progress, methods);
	return progress.first.code != FAIL_NONE
	    ? fail_stage(login, &progress)
	    : fail_no_factor(login, methods);
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
	note_refused(login);
	return FAIL_NONE;
}
