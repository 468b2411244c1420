/* SPDX-License-Identifier: PostgreSQL */

/*
 * The channels of one link: those in use, and the zombies, which their users
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
	int64_t zombies_ms; /* since when there are zombies (base/clock.h); 0:
			       none */
	size_t
	    at_rest; /* blocks that libssh2 held besides channels, at least */
};

void ssh_channels_init(struct ssh_channels *);

/* Both take the channel; the second one is closed at once, and may be NULL. */
struct stream *ssh_channels_add(struct ssh_channels *, LIBSSH2_CHANNEL *take,
    struct ssh_channel_host *);
void ssh_channels_add_zombie(struct ssh_channels *, LIBSSH2_CHANNEL *take,
    struct ssh_channel_host *);

/* A round trip took so long; 0: none was made.  The shortest counts. */
void ssh_channels_measured(struct ssh_channel_host *, int64_t us);

/* Any channel, to drive the session's transport with; NULL: there is none. */
LIBSSH2_CHANNEL *ssh_channels_any(const struct ssh_channels *);

/* Let every channel have its say, then try to free the zombies. */
void ssh_channels_pump(struct ssh_channels *, struct ssh_channel_host *);

/*
 * What is to become of a session, after ssh_channels_pump(); `memory` is what
 * libssh2 holds.
 */
enum ssh_channels_verdict {
	SSH_CHANNELS_FINE,
	/*
	 * Let there be no new channel.  More zombies than a sound session has,
	 * and for longer than a peer needs to answer: only its end gets rid of
	 * them.  Or much that nobody reads: an honest peer leaves a packet for
	 * each keepalive that it answers.
	 */
	SSH_CHANNELS_RETIRE,
	SSH_CHANNELS_CUT, /* more of that than was ever asked for */
};
enum ssh_channels_verdict ssh_channels_judge(const struct ssh_channels *,
    const struct ssh_memory *memory);

/* Judge a session, and cut it where that is the verdict. */
enum ssh_channels_verdict ssh_channels_enforce(const struct ssh_channels *,
    struct ssh_transport *);

/* The session goes, and with it what libssh2 holds of them. */
void ssh_channels_clear(struct ssh_channels *);

#endif
