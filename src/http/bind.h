/* SPDX-License-Identifier: PostgreSQL */

/*
 * The listening sockets of one address.  The file of a Unix socket has mode
 * 0600 from its first moment.  One that no process answers is replaced; a live
 * one is left alone.
 */
#ifndef PGJUMP_HTTP_BIND_H
#define PGJUMP_HTTP_BIND_H

#include <stddef.h>
#include <sys/stat.h>

struct config_http_address;

/* A name may stand for several addresses. */
#define HTTP_BIND_MAX 8

struct http_sockets {
	int fds[HTTP_BIND_MAX];
	size_t count;
	char *path; /* the file of a Unix socket, with its identity; or NULL */
	dev_t device;
	ino_t inode;
};

/* Returns 0, or -1 and why not. */
int http_bind_open(const struct config_http_address *, struct http_sockets *,
    char *error, size_t error_size);

/* Close them, and remove the file if it is still ours. */
void http_bind_close(struct http_sockets *);

#endif
