/* SPDX-License-Identifier: PostgreSQL */

/*
 * The forms of ProxyCommand that say nothing but "through that jump box" or
 * "through that proxy".  A ProxyCommand is read, never run.
 */
#ifndef PGJUMP_IMPORT_PROXY_COMMAND_H
#define PGJUMP_IMPORT_PROXY_COMMAND_H

#include "import/line.h"
#include "import/texts.h"

/* A proxy; zeroed, there is none. */
struct import_proxy {
	const char *type;  /* as proxy_type has it; NULL: none */
	char *host, *port; /* port NULL: the default */
};

enum import_proxy_form {
	IMPORT_PROXY_UNKNOWN,
	IMPORT_PROXY_JUMP,  /* ssh -W %h:%p HOST, or ssh HOST nc %h %p */
	IMPORT_PROXY_PROXY, /* nc -X, ncat --proxy, connect, corkscrew */
};

/*
 * Which form the words of a ProxyCommand have.  JUMP fills *line, which borrows
 * from the words; PROXY fills *proxy.  Release both in any case.
 */
enum import_proxy_form import_proxy_command_read(const struct import_texts *,
    struct import_line *line, struct import_proxy *proxy);

void import_proxy_command_clear(struct import_proxy *);

#endif
