/* SPDX-License-Identifier: PostgreSQL */

/*
 * Who a client is, as sshd writes it into its log (RFC 4254, 7.2: originator).
 */
#ifndef PGJUMP_BASE_ORIGINATOR_H
#define PGJUMP_BASE_ORIGINATOR_H

struct originator {
	char host[64]; /* its address; a client of a Unix socket: 127.0.0.1 */
	unsigned port;
};

#endif
