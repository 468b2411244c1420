/* SPDX-License-Identifier: PostgreSQL */

/*
 * A password, sent as such (RFC 4252, 8) or as the answer to the prompts of
 * keyboard-interactive (RFC 4256), which is how PAM asks for it.  Prompts are
 * answered once: a second round means a wrong password, or a question to which
 * no password is the answer.
 */
#include "ssh_auth_password.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "config.h"
#include "secret.h"
#include "ssh_transport.h"

/* The jump box's prompts, as on_prompts() sees them. */
struct interview {
	const char *password;
	unsigned rounds;   /* with at least one prompt */
	bool is_over;      /* asked what we do not answer: send nothing more */
	char first[80];    /* the first hidden prompt */
	char question[80]; /* the one which is not answered */
};

static enum ssh_outcome
fail(struct ssh_login *login, enum failure code, const char *words)
{
	fault_set(login->fault, code, "%s", words);
	return SSH_OUTCOME_FAILED;
}

/* The first prompt that hides what is typed, else the first one at all. */
static const LIBSSH2_USERAUTH_KBDINT_PROMPT *
main_prompt(const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts, int count)
{
	for (int i = 0; i < count; i++)
		if (!prompts[i].echo)
			return &prompts[i];
	return &prompts[0];
}

/*
 * Every hidden prompt of the first round gets the password.  A round without
 * prompts only shows a text, PAM's farewell for one.
 */
static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(on_prompts)
{
	struct interview *interview = ssh_transport_arg(abstract);
	const size_t len = strlen(interview->password);
	const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompt;
	char *text = interview->first;

	(void)name, (void)name_len, (void)instruction, (void)instruction_len;
	if (num_prompts <= 0)
		return;
	prompt = main_prompt(prompts, num_prompts);
	interview->is_over = ++interview->rounds > 1 || prompt->echo;
	if (interview->is_over)
		text = interview->question;
	text_printable(text, sizeof interview->first, prompt->text,
	    prompt->length);
	for (int i = 0; i < num_prompts && !interview->is_over; i++) {
		if (prompts[i].echo)
			continue;
		responses[i].text = ssh_transport_give(*abstract,
		    interview->password, len);
		responses[i].length = (unsigned int)len;
	}
}

static enum ssh_outcome
fail_question(struct ssh_login *login, const struct interview *interview)
{
	if (strcmp(interview->question, interview->first) == 0)
		return fail(login, FAIL_AUTH_PASSWORD_REJECTED, "");
	fault_set(login->fault, FAIL_AUTH_INCOMPLETE, "it asks \"%s\"",
	    interview->question);
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
		return outcome;
	case SSH_OUTCOME_REJECTED:
	case SSH_OUTCOME_TOO_MANY:
		return fail(login, FAIL_AUTH_PASSWORD_REJECTED, "");
	case SSH_OUTCOME_UNASKED:
		if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED)
			return fail(login, FAIL_AUTH_METHOD,
			    "the password has expired and must be changed");
		return fail(login, FAIL_AUTH_METHOD, ssh_login_error(login));
	case SSH_OUTCOME_FAILED:
		break;
	}
	return SSH_OUTCOME_FAILED;
}

static enum ssh_outcome
interactive(struct ssh_login *login, const char *password)
{
	struct interview interview = { .password = password };
	int rc = answer_prompts(login, &interview);

	if (interview.first[0] != '\0')
		fault_note(login->fault, "answered the prompt \"%s\"",
		    interview.first);
	return interview.is_over ? fail_question(login, &interview)
				 : conclude(login, rc);
}

enum ssh_outcome
ssh_auth_password(struct ssh_login *login, const char *method)
{
	char error[FAULT_WORDS_MAX];
	char *password = secret_load(&login->jump->password, error,
	    sizeof error);
	enum ssh_outcome outcome;

	if (password == NULL)
		return fail(login, FAIL_AUTH_SECRET_UNREADABLE, error);
	ssh_login_ask(login);
	if (strcmp(method, "password") == 0)
		outcome = conclude(login, send_password(login, password));
	else
		outcome = interactive(login, password);
	secret_free(password);
	return outcome;
}
