/* SPDX-License-Identifier: PostgreSQL */

/*
 * A password, sent as such (RFC 4252, 8) or as the answer to prompts of
 * keyboard-interactive (RFC 4256), which is how PAM asks for it.  It answers
 * each prompt for a password once.  Any other prompt ends the login, and the
 * fault quotes it.  A jump box that prompts for nothing needs no password.
 */
#include "ssh/auth_password.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/fault.h"
#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "ssh/prompt.h"
#include "ssh/transport.h"

/*
 * Passwords of two kinds, such as those of pam_unix and pam_ldap, are asked for
 * in two rounds; more rounds mean that the password was wrong.
 */
#define ROUNDS_MAX 2

/* The jump box's prompts, as on_prompts() sees them. */
struct interview {
	const char *password; /* NULL: there is none */
	unsigned rounds;      /* rounds that were answered */
	bool is_over; /* a prompt cannot be answered: send nothing more */
	enum ssh_prompt kind;           /* of the prompt that is not answered */
	char answered[ROUNDS_MAX][160]; /* the first prompt of each round */
	char question[160];             /* the prompt that is not answered */
};

/* A round of prompts (RFC 4256, 3.2). */
struct round {
	const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts;
	int count;
	const char *instruction;
	size_t instruction_len;
};

/*
 * The instruction tells what the prompt does not: the old password is asked for
 * where it must be changed, and a prompt may be empty.
 */
static enum ssh_prompt
kind_of(const struct round *round, int index)
{
	const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompt = &round->prompts[index];
	enum ssh_prompt kind = ssh_prompt_judge((const char *)prompt->text,
	    prompt->length, prompt->echo != 0);

	if (ssh_prompt_is_change(round->instruction, round->instruction_len))
		return SSH_PROMPT_CHANGE;
	if (kind == SSH_PROMPT_HIDDEN &&
	    ssh_prompt_names_code(round->instruction, round->instruction_len))
		return SSH_PROMPT_CODE;
	return kind;
}

/* An empty prompt is quoted by its instruction. */
static void
keep_text(char text[160], const struct round *round, int index)
{
	const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompt = &round->prompts[index];

	text_printable(text, 160, prompt->text, prompt->length);
	if (text[strspn(text, " ")] == '\0')
		text_printable(text, 160, round->instruction,
		    round->instruction_len);
}

static bool
was_answered(const struct interview *interview, const struct round *round)
{
	char text[160];

	keep_text(text, round, 0);
	for (unsigned i = 0; i < interview->rounds; i++)
		if (strcmp(interview->answered[i], text) == 0)
			return true;
	return false;
}

/*
 * Whether the password is the answer to a prompt of this kind.  A hidden prompt
 * that says nothing may be one for a password in another language, but not
 * beside or behind one that does say so.
 */
static bool
may_answer(const struct interview *interview, const struct round *round,
    enum ssh_prompt kind)
{
	if (interview->password == NULL || interview->rounds == ROUNDS_MAX ||
	    was_answered(interview, round))
		return false;
	return kind == SSH_PROMPT_PASSWORD ||
	    (kind == SSH_PROMPT_HIDDEN && round->count == 1 &&
		interview->rounds == 0);
}

/*
 * The prompt of a round that cannot be answered; -1: there is none.  A code is
 * told before what else cannot be answered.
 */
static int
find_question(const struct interview *interview, const struct round *round)
{
	int found = -1;

	for (int i = 0; i < round->count; i++) {
		enum ssh_prompt kind = kind_of(round, i);

		if (may_answer(interview, round, kind))
			continue;
		if (found < 0 || kind == SSH_PROMPT_CODE)
			found = i;
		if (kind == SSH_PROMPT_CODE)
			break;
	}
	return found;
}

/*
 * Answer all prompts of a round or none: a partial answer would send the
 * password and still fail.  A round without prompts only shows a text, such as
 * PAM's farewell.
 */
static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(on_prompts)
{
	struct interview *interview = ssh_transport_arg(abstract);
	const char *password = interview->password;
	const struct round round = { prompts, num_prompts, instruction,
		(size_t)instruction_len };
	int question;

	(void)name, (void)name_len;
	if (num_prompts <= 0)
		return;
	question = find_question(interview, &round);
	if (question >= 0) {
		interview->is_over = true;
		interview->kind = kind_of(&round, question);
		keep_text(interview->question, &round, question);
		return;
	}
	keep_text(interview->answered[interview->rounds++], &round, 0);
	for (int i = 0; i < num_prompts; i++) {
		responses[i].text = ssh_transport_give(*abstract, password,
		    strlen(password));
		responses[i].length = (unsigned int)strlen(password);
	}
}

/* The password was sent, and is asked for again. */
static bool
is_asked_again(const struct interview *interview)
{
	for (unsigned i = 0; i < interview->rounds; i++)
		if (strcmp(interview->answered[i], interview->question) == 0)
			return true;
	return interview->kind == SSH_PROMPT_PASSWORD && interview->rounds > 0;
}

/* The jump box asks for a password, and none is configured. */
static enum ssh_outcome
fail_no_password(struct ssh_login *login, const char *question)
{
	if (login->by[0] != '\0')
		fault_set(login->fault, FAIL_AUTH_INCOMPLETE,
		    "it accepted %s and now asks \"%s\"", login->by, question);
	else
		fault_set(login->fault, FAIL_AUTH_METHOD,
		    "it offers only %s, and asks \"%s\"",
		    ssh_transport_said(login->transport)->methods, question);
	return SSH_OUTCOME_FAILED;
}

static enum ssh_outcome
fail_question(struct ssh_login *login, const struct interview *interview)
{
	enum failure code = FAIL_AUTH_QUESTION;

	if (interview->kind == SSH_PROMPT_CHANGE)
		code = FAIL_AUTH_EXPIRED;
	else if (interview->password == NULL &&
	    (interview->kind == SSH_PROMPT_PASSWORD ||
		interview->kind == SSH_PROMPT_HIDDEN))
		return fail_no_password(login, interview->question);
	else if (is_asked_again(interview))
		return ssh_login_fail(login, FAIL_AUTH_PASSWORD_REJECTED, "");
	if (login->by[0] != '\0')
		fault_note(login->fault, "it accepted %s", login->by);
	fault_set(login->fault, code, "it asks \"%s\"", interview->question);
	return SSH_OUTCOME_FAILED;
}

static int
answer_prompts(struct ssh_login *login, struct interview *interview)
{
	const char *user = login->jump->username;
	int rc;

	ssh_transport_set_arg(login->transport, interview);
	do
		rc = libssh2_userauth_keyboard_interactive_ex(login->session,
		    user, (unsigned)strlen(user), on_prompts);
	while (!interview->is_over && ssh_login_again(login, rc));
	ssh_transport_set_arg(login->transport, NULL);
	return rc;
}

static int
send_password(struct ssh_login *login, const char *password)
{
	const char *user = login->jump->username;
	int rc;

	assert(password != NULL);
	do
		rc = libssh2_userauth_password_ex(login->session, user,
		    (unsigned)strlen(user), password,
		    (unsigned)strlen(password), NULL);
	while (ssh_login_again(login, rc));
	return rc;
}

static enum ssh_outcome
conclude(struct ssh_login *login, int rc)
{
	enum ssh_outcome outcome = ssh_login_outcome(login, rc);

	switch (outcome) {
	case SSH_OUTCOME_ACCEPTED:
	case SSH_OUTCOME_PARTIAL:
		ssh_login_accepted_by(login, "password");
		ssh_tried_add(&login->tried, SSH_TRIED_PASSWORD, "",
		    SSH_TRIED_ACCEPTED, "");
		return outcome;
	case SSH_OUTCOME_REJECTED:
	case SSH_OUTCOME_TOO_MANY:
		return ssh_login_fail(login, FAIL_AUTH_PASSWORD_REJECTED, "");
	case SSH_OUTCOME_UNASKED:
		if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED)
			return ssh_login_fail(login, FAIL_AUTH_EXPIRED,
			    "it asks for a new one");
		return ssh_login_fail(login, FAIL_AUTH_METHOD,
		    ssh_login_error(login));
	case SSH_OUTCOME_FAILED:
		break;
	}
	return SSH_OUTCOME_FAILED;
}

/* How keyboard-interactive ended without a single prompt. */
static enum ssh_outcome
conclude_unasked(struct ssh_login *login, int rc)
{
	enum ssh_outcome outcome = ssh_login_outcome(login, rc);

	if (outcome == SSH_OUTCOME_ACCEPTED || outcome == SSH_OUTCOME_PARTIAL) {
		ssh_login_accepted_by(login, "keyboard-interactive");
		ssh_tried_add(&login->tried, SSH_TRIED_PROMPTS, "",
		    SSH_TRIED_ACCEPTED, "");
	} else if (outcome == SSH_OUTCOME_REJECTED ||
	    outcome == SSH_OUTCOME_TOO_MANY)
		return ssh_login_fail(login, FAIL_AUTH_METHOD,
		    "it refused keyboard-interactive without a prompt");
	else if (outcome == SSH_OUTCOME_UNASKED)
		return ssh_login_fail(login, FAIL_AUTH_METHOD,
		    ssh_login_error(login));
	return outcome;
}

static enum ssh_outcome
interactive(struct ssh_login *login, const char *password)
{
	struct interview interview = { .password = password };
	int rc = answer_prompts(login, &interview);

	for (unsigned i = 0; i < interview.rounds; i++)
		fault_note(login->fault, "answered the prompt \"%s\"",
		    interview.answered[i]);
	login->is_stuck = interview.is_over;
	if (interview.is_over)
		return fail_question(login, &interview);
	return interview.rounds > 0 ? conclude(login, rc)
				    : conclude_unasked(login, rc);
}

enum ssh_outcome
ssh_auth_password(struct ssh_login *login, const char *method)
{
	char error[FAULT_WORDS_MAX];
	char *password = secret_load(&login->jump->password, error,
	    sizeof error);
	enum ssh_outcome outcome;

	if (password == NULL && error[0] != '\0')
		return ssh_login_fail(login, FAIL_AUTH_SECRET_UNREADABLE,
		    error);
	ssh_login_begin_request(login);
	if (strcmp(method, "password") == 0)
		outcome = conclude(login, send_password(login, password));
	else
		outcome = interactive(login, password);
	secret_free(password);
	return outcome;
}
