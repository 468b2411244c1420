/* SPDX-License-Identifier: PostgreSQL */

/*
 * Sockets that systemd has opened for the service (sd_listen_fds(3)).  Those
 * that have the name of a connection (FileDescriptorName=) take the place of
 * its `listen`.  They stay open as long as the process lives.
 */
#ifndef PGJUMP_COMMAND_ACTIVATION_H
#define PGJUMP_COMMAND_ACTIVATION_H

#include <stdbool.h>
#include <stdio.h>

struct activation;
struct config;

/*
 * Take the sockets that were passed to this process, and the variables that say
 * so out of the environment.  NULL: there are none.
 */
struct activation *activation_take(void);

/*
 * Put their addresses into a configuration that nobody else uses yet.  False:
 * one of them must not be used so, which is a line on `errors`.
 */
bool activation_apply(const struct activation *, struct config *, FILE *errors);

/* False: a socket has no connection; each is a line on `errors`. */
bool activation_check_names(const struct activation *, const struct config *,
    FILE *errors);

void activation_free(struct activation *); /* NULL is fine, in all of these */

#endif
