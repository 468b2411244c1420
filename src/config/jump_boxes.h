/* SPDX-License-Identifier: PostgreSQL */

/*
 * Jump boxes by name: the mapping jump_boxes, and ssh_tunnel, which uses them.
 */
#ifndef PGJUMP_CONFIG_JUMP_BOXES_H
#define PGJUMP_CONFIG_JUMP_BOXES_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct config_connection;
struct jump_boxes;
struct section;

/*
 * Read and judge jump_boxes of the top level into config.jump_boxes.  Each
 * jump box is a part of the file (config/report.h).  The result points into
 * the tree and into config.jump_boxes; the caller frees it first.
 */
struct jump_boxes *config_jump_boxes_read(const struct section *,
    struct config *);
void config_jump_boxes_free(struct jump_boxes *); /* NULL is fine */

/* The number of that part, by the index in config.jump_boxes. */
size_t config_jump_boxes_part(size_t index);

/*
 * Read ssh_tunnel of a connection, in each of its forms, into the fields jump,
 * jump_box and overrides of the connection.
 */
void config_jump_boxes_tunnel(struct jump_boxes *, const struct section *,
    struct config *, struct config_connection *);

/*
 * Once the connections are read: find the way to each jump box, and warn about
 * each that no connection uses.
 */
void config_jump_boxes_finish(const struct jump_boxes *, struct config *);

#endif
