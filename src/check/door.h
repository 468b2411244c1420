/* SPDX-License-Identifier: PostgreSQL */

/*
 * A loopback port of our own that leads to the database, for a library that
 * connects by itself.  It admits the one socket of this process that the caller
 * names and closes every other connection.  Runs in the thread of its route.
 */
#ifndef PGJUMP_CHECK_DOOR_H
#define PGJUMP_CHECK_DOOR_H

#include "base/fault.h"

struct check_door;
struct check_route;
struct dial;

/* Both are borrowed while it is open.  NULL with errno. */
struct check_door *check_door_open(struct check_route *, const struct dial *);
void check_door_close(struct check_door *); /* NULL is fine */

/* The address and the port to connect to. */
#define CHECK_DOOR_ADDRESS "127.0.0.1"
unsigned check_door_port(const struct check_door *);

/*
 * Call it after each turn of the route.  It admits `own_fd` once that has
 * connected, with a new stream to the database, and moves bytes both ways. Sets
 * a fault when the database cannot be reached; FAIL_NONE also when a session
 * ended.
 */
enum failure check_door_step(struct check_door *, int own_fd, struct fault *);

/* Whether a session is open through it. */
bool check_door_is_busy(const struct check_door *);

#endif
