/* SPDX-License-Identifier: PostgreSQL */

/*
 * The state machine of a client.
 */
#ifndef PGJUMP_CLIENT_STATES_H
#define PGJUMP_CLIENT_STATES_H

struct client;

/*
 * Run the client's states until one of them waits.  A client that comes to
 * CLOSED is given to home->retire().
 */
void client_states_run(struct client *);

/* Arm the timer for client->deadline_ms; only a new client needs this. */
void client_states_arm(struct client *);

#endif
