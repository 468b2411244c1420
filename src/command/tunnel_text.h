/* SPDX-License-Identifier: PostgreSQL */

/* A command line of `pgjump tunnel` as a configuration. */
#ifndef PGJUMP_COMMAND_TUNNEL_TEXT_H
#define PGJUMP_COMMAND_TUNNEL_TEXT_H

#include <stddef.h>

struct tunnel_line;

/* What the jump boxes are shown to log in. */
struct tunnel_keys {
	const char *agent;  /* its socket; NULL: there is none */
	const char **usual; /* the files that ssh tries, for all hops but ... */
	size_t usual_count;
	const char **last; /* ... the last one */
	size_t last_count;
};

/*
 * The document, which the caller frees.  Each forward has a port by now.
 */
char *tunnel_text_write(const struct tunnel_line *, const struct tunnel_keys *);

#endif
