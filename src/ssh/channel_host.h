/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the channels of a link share.
 */
#ifndef PGJUMP_SSH_CHANNEL_HOST_H
#define PGJUMP_SSH_CHANNEL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "ssh/pulse.h"

struct event;
struct ssh_channel_host;
struct ssh_transport;
struct stream;

/* What carries the session of a jump box behind another one. */
struct ssh_carrier {
	/* A channel of the outer session, borrowed, and what it shares there;
	 * NULL: the session needs none, or it has ended. */
	struct stream *stream;
	const struct ssh_channel_host *host;
	struct fault *cause; /* why it ended; NULL: it has not */
};

/*
 * When a link's output buffer holds more, its channels accept no bytes from
 * clients.
 */
#define SSH_CHANNEL_OUTPUT_MAX ((size_t)1 << 20)

/* What the channels of a link share; the link owns it. */
struct ssh_channel_host {
	struct ssh_carrier carrier;
	struct ssh_pulse pulse;
	struct ssh_transport *transport;
	struct event *turn; /* activate it to give the link a turn soon */
	bool is_lost;       /* the session broke, see `fault` */
	struct fault fault; /* why; it names the SSH server from the start */
	bool holds_unread;  /* libssh2 may hold packets that no read returns */
	bool is_full;       /* a write was held back by the output buffer */
	int64_t rtt_us;     /* the shortest round trip; 0: not measured yet */
	enum software software;
};

#endif
