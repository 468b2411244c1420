/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a person at a terminal is asked (check/talk.h), so that a walk gets
 * further.
 */
#ifndef PGJUMP_CHECK_ASK_H
#define PGJUMP_CHECK_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "check/talk.h"

struct check_board;
struct config;
struct config_connection;

enum check_answer {
	CHECK_ANSWER_NO,
	CHECK_ANSWER_YES, /* the walk may get further now */
};

/* Whether somebody can be asked. */
bool check_ask_is_possible(void);

/*
 * Ask what the report of each board leads to, the same once, and do what a YES
 * means: a host key is added to the first of the known_hosts files of its jump
 * box, and a passphrase kept in `cfg`, which no thread may use meanwhile.
 * Returns 0, or the number of the signal that ended it.
 */
int check_ask_boards(struct config *cfg, struct check_board *const boards[],
    size_t count, const struct check_talk_signals *,
    enum check_answer answers[]);

/*
 * Ask for the passphrases without which these connections cannot log in.  The
 * same rules.
 */
int check_ask_keys(struct config *cfg,
    const struct config_connection *const connections[], size_t count,
    const struct check_talk_signals *);

#endif
