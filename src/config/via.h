/* SPDX-License-Identifier: PostgreSQL */

/*
 * The key `via`: the jump boxes on the way to a jump box, by name, in full, or
 * as a list.
 */
#ifndef PGJUMP_CONFIG_VIA_H
#define PGJUMP_CONFIG_VIA_H

#include <stddef.h>

struct config;
struct config_hop;
struct config_jump;
struct jump_boxes;
struct node;
struct section;

/*
 * The jump box of this ssh_tunnel, an object of config.jumps, with those on the
 * way to it.
 */
const struct config_jump *config_via_tunnel(const struct jump_boxes *,
    const struct section *, struct config *);

/*
 * Find the way to the jump box number `index` of jump_boxes, once the
 * connections are read: what they share is used, and the rest goes into
 * config.unused_jumps.
 */
void config_via_box(const struct jump_boxes *, size_t index, struct config *);

/*
 * The jump box that `use` names, which becomes the base of the section; NULL:
 * there is none, as reported.
 */
struct jump_box *config_via_use(const struct jump_boxes *, struct section *);

/* Note the name that the section uses, and which options it overrides. */
void config_via_note(const struct section *, struct config_hop *);

/* The jump boxes that a value of `via` or `use` names are in use. */
void config_via_mark(const struct jump_boxes *, const struct node *);

#endif
