/* SPDX-License-Identifier: PostgreSQL */

/*
 * The channels of one link: the live ones, and the zombies, which their users
 * have closed and whose peer has not answered yet.
 */
#ifndef PGJUMP_SSH_CHANNELS_H
#define PGJUMP_SSH_CHANNELS_H

#include <libssh2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ssh/channel.h"

struct ssh_memory;

struct ssh_channels {
	TAILQ_HEAD(, ssh_channel) live;
	TAILQ_HEAD(, ssh_channel) zombies;
	size_t live_count, zombie_count;
	/* When a zombie was last freed, or the first one came; 0: none. */
	int64_t zombies_ms;
	/* The fewest blocks that libssh2 ever held besides its channels'. */
	size_t at_rest;
};

void ssh_channels_init(struct ssh_channels *);

/* Both take the channel.  The second closes it at once; NULL is fine. */
struct stream *ssh_channels_add(struct ssh_channels *, LIBSSH2_CHANNEL *take,
    struct ssh_channel_host *);
void ssh_channels_add_zombie(struct ssh_channels *, LIBSSH2_CHANNEL *take,
    struct ssh_channel_host *);

/*
 * Note a round trip in microseconds; the shortest one counts.  0: none was
 * made.
 */
void ssh_channels_measured(struct ssh_channel_host *, int64_t us);

/*
 * Any channel, since the transport of a session is driven through one; NULL:
 * there is none.
 */
LIBSSH2_CHANNEL *ssh_channels_any(const struct ssh_channels *);

/* Grant what every channel owes. */
void ssh_channels_grant(struct ssh_channels *);

/* Pump every channel, then try to free the zombies. */
void ssh_channels_pump(struct ssh_channels *, struct ssh_channel_host *);

/*
 * What to do with a session after ssh_channels_pump().  `memory` is what
 * libssh2 holds.
 */
enum ssh_channels_verdict {
	SSH_CHANNELS_FINE,
	/*
	 * Open no new channel.  There are more zombies than a sound session
	 * has, for longer than a peer needs to answer: only the end of the
	 * session gets rid of them.  Or much is held that no read returns: an
	 * honest peer leaves one packet for each keepalive that it answers.
	 */
	SSH_CHANNELS_RETIRE,
	SSH_CHANNELS_CUT, /* more is held than answers to all we asked */
};
enum ssh_channels_verdict ssh_channels_judge(const struct ssh_channels *,
    const struct ssh_memory *memory);

/* Judge a session, and cut it when that is the verdict. */
enum ssh_channels_verdict ssh_channels_enforce(const struct ssh_channels *,
    struct ssh_transport *);

/* Free all channels, at the end of their session. */
void ssh_channels_clear(struct ssh_channels *);

#endif
