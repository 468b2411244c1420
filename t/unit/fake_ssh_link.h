/* SPDX-License-Identifier: PostgreSQL */

/*
 * Links in place of ssh_link.c: what is asked of them is what the test has set.
 */
#ifndef PGJUMP_FAKE_SSH_LINK_H
#define PGJUMP_FAKE_SSH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh_link.h"

struct ssh_link {
	bool is_closed, is_stuck, is_opening, is_mute;
	size_t channels;
	int64_t heard_ms;
	int64_t probed_ms; /* by ssh_link_probe() */
};

#endif
