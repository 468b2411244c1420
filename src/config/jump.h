/* SPDX-License-Identifier: PostgreSQL */

/*
 * `ssh_tunnel` made into a jump box: its credentials judged, what makes its
 * host key trusted decided, equal ones made one.
 */
#ifndef PGJUMP_CONFIG_JUMP_H
#define PGJUMP_CONFIG_JUMP_H

#include <stdbool.h>

struct config;
struct config_jump;
struct section;

/*
 * The jump box of this ssh_tunnel, which config.jumps holds: an equal one that
 * is there, or a new one, for which there must be room.  NULL where the tunnel
 * is not enabled.
 */
const struct config_jump *config_jump_read(const struct section *,
    struct config *);

/*
 * Whether two jump boxes are the same but for the login: one host key, and one
 * judgement of it.
 */
bool config_jump_same_host_key(const struct config_jump *,
    const struct config_jump *);

/* Whether its known_hosts files are those which are asked by default. */
bool config_jump_has_default_known_hosts(const struct config_jump *);

#endif
