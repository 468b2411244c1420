/* SPDX-License-Identifier: PostgreSQL */

/*
 * The jump boxes on the way to a host of ssh_config, the first one reached
 * first: those of ProxyJump, and of a ProxyCommand that runs ssh.
 */
#ifndef PGJUMP_IMPORT_WAY_H
#define PGJUMP_IMPORT_WAY_H

#include <stdbool.h>
#include <stddef.h>

#include "import/proxy_command.h"
#include "import/settings.h"
#include "import/texts.h"
#include "import/tokens.h"

/* As many hops as `via` allows. */
#define IMPORT_HOPS_MAX 8

struct import_hop {
	char *name;  /* in jump_boxes */
	char *alias; /* as ssh was asked about it */
	struct import_settings settings;
	struct import_proxy proxy;
	int via;                   /* the index of the hop before; -1: none */
	bool is_busy;              /* its own way is being looked for */
	struct import_texts notes; /* what could not be carried over */
};

struct import_way {
	struct import_texts file; /* "-F FILE" for each hop, or nothing */
	struct import_settings defaults; /* ssh without any configuration */
	struct import_hop hops[IMPORT_HOPS_MAX];
	size_t hop_count;
};

/*
 * Find the way to `host`, about which ssh is asked with these options.  It is
 * the first of the hops, and those that lead there are behind it.  False: there
 * is none, which was printed.
 */
bool import_way_find(struct import_way *, const struct import_texts *options,
    const char *host);
void import_way_clear(struct import_way *);

/* What tokens stand for at this hop; borrowed from it. */
struct import_tokens import_way_tokens(const struct import_hop *);

/* The name "a.b" as one that a configuration takes, "a-b"; the caller frees
 * it. */
char *import_way_name(const char *text);

#endif
