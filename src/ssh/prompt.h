/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a prompt of keyboard-interactive (RFC 4256, 3.2) asks for, told by its
 * words: a password must not be the answer to anything else.  Pure.
 */
#ifndef PGJUMP_SSH_PROMPT_H
#define PGJUMP_SSH_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

enum ssh_prompt {
	SSH_PROMPT_PASSWORD, /* or something hidden that says nothing else */
	SSH_PROMPT_CODE,     /* of a second factor */
	SSH_PROMPT_CHANGE,   /* for the change of a password that expired */
	SSH_PROMPT_OTHER,    /* what is typed is shown: no secret */
};

/* `text` may have several lines, as PAM's messages come before its prompt. */
enum ssh_prompt ssh_prompt_judge(const char *text, size_t len, bool is_shown);

/* Whether a text tells that the password has expired. */
bool ssh_prompt_is_change(const char *text, size_t len);

#endif
