/* SPDX-License-Identifier: PostgreSQL */

/*
 * The printed forms of ssh_tunnel, jump_boxes and via.
 */
#ifndef PGJUMP_CONFIG_PRINT_TUNNEL_H
#define PGJUMP_CONFIG_PRINT_TUNNEL_H

struct printing;

/* `fields` is a connection. */
void config_print_tunnel(struct printing *, const char *key,
    const void *fields);

/* `fields` is a jump box. */
void config_print_tunnel_via(struct printing *, const char *key,
    const void *fields);

/* `fields` is the configuration. */
void config_print_tunnel_boxes(struct printing *, const char *key,
    const void *fields);

#endif
