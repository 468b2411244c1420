/* SPDX-License-Identifier: PostgreSQL */

/*
 * Links in place of ssh/link.c: they answer as the test has set them.
 */
#ifndef PGJUMP_FAKE_SSH_LINK_H
#define PGJUMP_FAKE_SSH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh/link.h"

struct stream;

struct ssh_link {
	bool is_closed, is_stuck, is_opening, is_mute, may_stall;
	size_t channels;
	int64_t heard_ms;
	int64_t probed_ms; /* by ssh_link_probe() */
	int64_t bear_ms;   /* by ssh_link_bear() */
	bool is_answered;  /* the open in flight was, by `opened` */
	struct ssh_opened opened;
};

/* The links that ssh_link_new() has made, in that order. */
extern struct ssh_link *fake_links[16];
extern size_t fake_link_count;

/* Answer the open in flight by a stream, or by a refusal. */
void fake_link_accept(struct ssh_link *, struct stream *);
void fake_link_refuse(struct ssh_link *, unsigned reason, const char *words);

#endif
