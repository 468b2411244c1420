/* SPDX-License-Identifier: PostgreSQL */

/*
 * The messages of SOCKS5 (RFC 1928, RFC 1929), of SOCKS4 and of its extension
 * 4a, with which the proxy resolves the name, and what a proxy answers.  Pure.
 */
#ifndef PGJUMP_SSH_PROXY_SOCKS_H
#define PGJUMP_SSH_PROXY_SOCKS_H

#include <stdbool.h>
#include <stddef.h>

#include "ssh/proxy_answer.h"

enum ssh_proxy_socks {
	SSH_PROXY_SOCKS5_METHODS, /* first */
	SSH_PROXY_SOCKS5_LOGIN,   /* if the proxy chooses it */
	SSH_PROXY_SOCKS5_CONNECT,
	SSH_PROXY_SOCKS4_CONNECT, /* the only message of SOCKS4 */
};

/* Longer than every message: SOCKS4 has a user and a host, of 255 bytes each.
 */
#define SSH_PROXY_SOCKS_MAX 600

/* Longer than every answer: SOCKS5 has a name of 255 bytes. */
#define SSH_PROXY_SOCKS_ANSWER_MAX 300

/* Write a message; returns its length.  The login's holds the password. */
size_t ssh_proxy_socks_write(enum ssh_proxy_socks,
    const struct ssh_proxy_asked *, unsigned char out[SSH_PROXY_SOCKS_MAX]);

/*
 * Read the answer to the message, as far as it has come; with SSH_PROXY_NEXT
 * the message is the next one.  `is_ended`: no more will come.
 */
void ssh_proxy_socks_read(enum ssh_proxy_socks *message,
    const struct ssh_proxy_asked *, const unsigned char *bytes, size_t len,
    bool is_ended, struct ssh_proxy_answer *);

#endif
