/* SPDX-License-Identifier: PostgreSQL */

/*
 * The channel of an outer session that carries this one: its end, and whose
 * silence it is when nothing comes.
 */
#ifndef PGJUMP_SSH_CARRIER_H
#define PGJUMP_SSH_CARRIER_H

#include <stdint.h>

struct fault;
struct ssh_channel_host;
struct stream;

/* The session is carried by `stream`, a channel of a session with that host. */
void ssh_carrier_begin(struct ssh_channel_host *, struct stream *,
    const struct ssh_channel_host *of_stream);

/* The carrier has ended, and so will the session. */
void ssh_carrier_ended(struct ssh_channel_host *, const struct fault *);
void ssh_carrier_clear(struct ssh_channel_host *);

/* Let the outer jump boxes be asked for a sign of life, too. */
void ssh_carrier_ask(const struct ssh_channel_host *);

/*
 * A fault that names the outermost jump box that nothing was heard of since
 * `since_ms` (base/clock.h), if the session's own is silent since then: the
 * silence of an outer one explains that of all behind it.  As long as the
 * session.
 */
const struct fault *ssh_carrier_silent(const struct ssh_channel_host *,
    int64_t since_ms);

#endif
