/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the command line of `pgjump tunnel` asks for: the jump boxes on the way,
 * and the forwards.  Two forms: that of `ssh -L`, where the operand is the last
 * jump box, and a short one, where it is the database.
 */
#ifndef PGJUMP_COMMAND_TUNNEL_LINE_H
#define PGJUMP_COMMAND_TUNNEL_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct command_line;

/* A jump box: [USER@]HOST[:PORT]. */
struct tunnel_hop {
	char *user; /* NULL: none is given */
	char *host;
	unsigned port; /* 0: none is given */
};

/* What a client finds at a port. */
struct tunnel_forward {
	char *bind;      /* NULL: both loopback addresses */
	unsigned listen; /* 0: the first free one */
	char *host;
	unsigned port;
};

#define TUNNEL_HOPS_MAX     8
#define TUNNEL_FORWARDS_MAX 16
#define TUNNEL_FILES_MAX    5

struct tunnel_line {
	struct tunnel_hop hops[TUNNEL_HOPS_MAX]; /* the first reached first */
	size_t hop_count;
	struct tunnel_forward forwards[TUNNEL_FORWARDS_MAX];
	size_t forward_count;
	const char *identities[TUNNEL_FILES_MAX]; /* for the last hop */
	size_t identity_count;
	char *known_hosts[TUNNEL_FILES_MAX]; /* none: the usual files */
	size_t known_hosts_count;
	bool accepts_new; /* host keys */
};

/* False after a usage error.  tunnel_line_clear() frees either way. */
bool tunnel_line_read(const struct command_line *, struct tunnel_line *);
void tunnel_line_clear(struct tunnel_line *);

#endif
