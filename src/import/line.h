/* SPDX-License-Identifier: PostgreSQL */

/*
 * A command line of ssh, as people paste it or as ProxyCommand has it, taken
 * apart: which host, and what ssh is to be told when it is asked about it
 * (ssh(1)).  Nothing is run.
 */
#ifndef PGJUMP_IMPORT_LINE_H
#define PGJUMP_IMPORT_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "import/texts.h"

/* Zeroed, it is empty. */
struct import_line {
	struct import_texts options; /* for ssh -G */
	struct import_texts file;    /* "-F FILE" of these, or nothing */
	const char *host;            /* borrowed from the words */
	const char *target;          /* of -W, borrowed; NULL: none */
	size_t command; /* the index behind the host; or the count */
};

/*
 * Read the words behind "ssh".  False: `error` says which word is not
 * understood.
 */
bool import_line_read(struct import_line *, char *const *words, size_t count,
    char *error, size_t size);
void import_line_clear(struct import_line *);

/*
 * Whether ssh may be asked about this name of a host or a user: it is no
 * option, and nothing in it is special to a shell or to ssh.
 */
bool import_line_is_name(const char *);

/*
 * Read a hop of ProxyJump, "[USER@]HOST[:PORT]": what ssh is to be told about
 * its user and port goes to `options`.  Returns the host, which the caller
 * frees; NULL: it is no such hop.
 */
char *import_line_hop(const char *hop, struct import_texts *options);

#endif
