/* SPDX-License-Identifier: PostgreSQL */

/*
 * The address of a client, which a forward tells the jump box for its log
 * (RFC 4254, 7.2: originator).
 */
#ifndef PGJUMP_BASE_ORIGINATOR_H
#define PGJUMP_BASE_ORIGINATOR_H

struct originator {
	char host[64]; /* 127.0.0.1 for a client of a Unix socket */
	unsigned port;
};

#endif
