/* SPDX-License-Identifier: PostgreSQL */

/*
 * A loopback port of our own that leads to the database, for a library which
 * connects by itself.  It admits one socket, that of this process which the
 * caller names; whoever else connects is sent away.  In the thread of its
 * route.
 */
#ifndef PGJUMP_CHECK_DOOR_H
#define PGJUMP_CHECK_DOOR_H

#include "base/fault.h"

struct check_door;
struct check_route;
struct dial;

/* All borrowed while it is open.  NULL with errno. */
struct check_door *check_door_open(struct check_route *, const struct dial *);
void check_door_close(struct check_door *); /* NULL is fine */

/* The address and the port to connect to. */
#define CHECK_DOOR_ADDRESS "127.0.0.1"
unsigned check_door_port(const struct check_door *);

/*
 * After each turn of the route: admit `own_fd`, when it has come, by a new
 * stream to the database, and move what can be moved.  A fault where there is
 * no way to the database; FAIL_NONE also when a session ended.
 */
enum failure check_door_step(struct check_door *, int own_fd, struct fault *);

/* Something is still on its way through it. */
bool check_door_is_busy(const struct check_door *);

#endif
