/* SPDX-License-Identifier: PostgreSQL */

/*
 * What pgjump offers in a key exchange, and in which order.
 */
#ifndef PGJUMP_SSH_ALGORITHMS_H
#define PGJUMP_SSH_ALGORITHMS_H

#include <libssh2.h>

/* Of RSA keys, in a login: the first that the jump box takes. */
#define SSH_ALGORITHMS_SIGNATURES "rsa-sha2-512,rsa-sha2-256"

/* To be called for each new session. */
void ssh_algorithms_offer(LIBSSH2_SESSION *);

#endif
