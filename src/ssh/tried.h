/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a login has tried, in order, and what came of each.  A plain value.
 */
#ifndef PGJUMP_SSH_TRIED_H
#define PGJUMP_SSH_TRIED_H

#include <stdbool.h>
#include <stddef.h>

/* Five keys, four methods, and several that cannot be used. */
#define SSH_TRIED_MAX 16

enum ssh_tried_what {
	SSH_TRIED_NONE, /* the user's name alone */
	SSH_TRIED_AGENT,
	SSH_TRIED_AGENT_KEY,
	SSH_TRIED_AGENT_CERTIFICATE,
	SSH_TRIED_KEY,
	SSH_TRIED_CERTIFICATE,
	SSH_TRIED_PASSWORD,
	SSH_TRIED_PROMPTS, /* keyboard-interactive, without a password */
};

enum ssh_tried_end {
	SSH_TRIED_UNASKED, /* an obstacle came before the jump box's answer */
	SSH_TRIED_REJECTED,
	SSH_TRIED_ACCEPTED,
};

struct ssh_try {
	enum ssh_tried_what what;
	enum ssh_tried_end end;
	char key[80];    /* its fingerprint or file; "": there is none */
	char words[160]; /* of the obstacle */
};

/* Zeroed at first. */
struct ssh_tried {
	struct ssh_try list[SSH_TRIED_MAX];
	size_t count;
	size_t keys; /* offered so far, certificates included */
};

/* Add a try; `key` and `words` are made printable and cut to their room. */
void ssh_tried_add(struct ssh_tried *, enum ssh_tried_what, const char *key,
    enum ssh_tried_end, const char *words);

/* Whether the key with this fingerprint, but no certificate, was rejected. */
bool ssh_tried_has_rejected(const struct ssh_tried *, const char *fingerprint);

/* How many of those since `from` the jump box has rejected. */
size_t ssh_tried_rejections(const struct ssh_tried *, size_t from);

/* One try in words: "agent key SHA256:... (rejected)". */
void ssh_tried_describe(const struct ssh_try *, char *buf, size_t size);

/* Those since `from` that were not accepted, separated by commas. */
void ssh_tried_words(const struct ssh_tried *, size_t from, char *buf,
    size_t size);

#endif
