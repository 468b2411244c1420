/* SPDX-License-Identifier: PostgreSQL */

/*
 * A mapping, ssh_tunnel or one of jump_boxes, made into a jump box: judges the
 * credentials, decides what makes the host key trusted, and shares equal jump
 * boxes.
 */
#ifndef PGJUMP_CONFIG_JUMP_H
#define PGJUMP_CONFIG_JUMP_H

#include <stdbool.h>

struct config;
struct config_jump;
struct section;

/* Read the settings of a jump box, and judge them. */
void config_jump_fill(const struct section *, const struct config *,
    struct config_jump *);

/*
 * The jump box in config.jumps: an equal one that is there already, or this
 * one, for which there must be room.  With `is_used` false no connection needs
 * it, and a new one goes into config.unused_jumps.
 */
const struct config_jump *config_jump_share(struct config *,
    struct config_jump *take, bool is_used);

/*
 * Whether everything that names the two is the same: then connections share
 * them, and a reload keeps the links of one for the other.
 */
bool config_jump_equal(const struct config_jump *, const struct config_jump *);

/*
 * Whether two jump boxes differ at most in their logins: they have the same
 * host key, since they are reached the same way, and trust it for the same
 * reasons.
 */
bool config_jump_has_same_host_key(const struct config_jump *,
    const struct config_jump *);

/* Whether its known_hosts files are the default ones. */
bool config_jump_has_default_known_hosts(const struct config_jump *);

#endif
