/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a prompt of keyboard-interactive (RFC 4256, 3.2) asks for, judged by its
 * words, since a password must not be sent as the answer to anything else.
 * Pure.
 */
#ifndef PGJUMP_SSH_PROMPT_H
#define PGJUMP_SSH_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

enum ssh_prompt {
	SSH_PROMPT_PASSWORD, /* by its words */
	SSH_PROMPT_HIDDEN,   /* it does not say, and hides the answer */
	SSH_PROMPT_CODE,     /* of a second factor */
	SSH_PROMPT_CHANGE,   /* part of changing an expired password */
	SSH_PROMPT_OTHER,    /* the answer is shown as it is typed: no secret */
};

/*
 * `text` may have several lines, since PAM puts its messages before the prompt.
 */
enum ssh_prompt ssh_prompt_judge(const char *text, size_t len, bool is_shown);

/* Whether a text says that the password has expired. */
bool ssh_prompt_is_change(const char *text, size_t len);

/* Whether any line of a text speaks of a code. */
bool ssh_prompt_names_code(const char *text, size_t len);

#endif
