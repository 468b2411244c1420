/* SPDX-License-Identifier: PostgreSQL */

/*
 * The connections that a command line names.
 */
#ifndef PGJUMP_CONFIG_NAMED_CONNECTIONS_H
#define PGJUMP_CONFIG_NAMED_CONNECTIONS_H

struct config;
struct config_connection;

/*
 * The connections with these names (NULL ends them), each once, in this order;
 * all of them where there is no name.  NULL ends the list, which the caller
 * frees.  NULL instead of a list: there are unknown names, each was told on
 * stderr with the one that may be meant.
 */
const struct config_connection **named_connections(const struct config *,
    char *const *names);

#endif
