/* SPDX-License-Identifier: PostgreSQL */

/* The connections that a command line names. */
#ifndef PGJUMP_CONFIG_NAMED_CONNECTIONS_H
#define PGJUMP_CONFIG_NAMED_CONNECTIONS_H

struct config;
struct config_connection;

/*
 * A list of the connections with these names (NULL ends them), each once, in
 * this order; of all connections if there is no name.  NULL ends the list,
 * which the caller frees.  Returns NULL if any name is unknown, after each
 * unknown one was reported on stderr with the name that may have been meant.
 */
const struct config_connection **named_connections(const struct config *,
    char *const *names);

#endif
