/* SPDX-License-Identifier: PostgreSQL */

/*
 * How a hop of ssh_config logs in, as auth_method and its neighbours have it:
 * which files and which agent of those that ssh would try are there.
 */
#ifndef PGJUMP_IMPORT_CREDENTIALS_H
#define PGJUMP_IMPORT_CREDENTIALS_H

#include <stdbool.h>

#include "import/texts.h"

struct import_hop;
struct import_way;

/* Zeroed, it is empty. */
struct import_credentials {
	bool uses_agent;
	bool uses_keys;            /* one of `keys` is private */
	bool is_one_encrypted;     /* an agent, or a passphrase, opens it */
	bool are_keys_first;       /* ssh was told which keys to try */
	struct import_texts keys;  /* absolute paths; public ones are of the
				    * agent */
	char *agent_socket;        /* NULL: $SSH_AUTH_SOCK */
	char *certificate;         /* NULL: none */
	struct import_texts notes; /* what was left out, and why */
};

void import_credentials_find(const struct import_way *,
    const struct import_hop *, struct import_credentials *);
void import_credentials_clear(struct import_credentials *);

#endif
