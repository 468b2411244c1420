/* SPDX-License-Identifier: PostgreSQL */

/*
 * The steps of a client whose session is up: bytes both ways, then the
 * farewell.  A step looks at what there is, acts, and returns the next state;
 * its own state means that it waits.
 */
#ifndef PGJUMP_CLIENT_SESSION_H
#define PGJUMP_CLIENT_SESSION_H

#include "client/client.h"

/* Relay bytes both ways until one way ends. */
enum client_state client_session_relaying(struct client *);

/* Wait until the client has taken its last bytes, or its time is up. */
enum client_state client_session_leaving(struct client *);

/* pgjump stops: end the session as a lost tunnel would. */
enum client_state client_session_stop(struct client *);

#endif
