/* SPDX-License-Identifier: PostgreSQL */

/*
 * One address of HTTP: accepts a bounded number of connections and refuses to
 * be filled by silent ones.  It keeps descriptors in reserve, so that it still
 * answers when clients of databases have taken all others.
 */
#ifndef PGJUMP_HTTP_DOOR_H
#define PGJUMP_HTTP_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_http_address;
struct event_base;
struct http_answer;
struct http_door;
struct http_exchange;
struct http_request;

/* What a request needs beside itself, to be judged. */
struct http_call {
	const struct http_request *request;
	bool is_admin;
	bool is_socket;   /* it came by a Unix socket */
	bool is_loopback; /* it came to an address of loopback */
	bool is_exposed;  /* its door is open to other machines */
	struct http_door *door;
	uint64_t id; /* for http_door_answer() */
};

struct http_door_setup {
	struct event_base *base;
	const struct config_http_address *address; /* borrowed */
	bool is_admin;
	/* A status of 0: the answer comes later. */
	void (*on_call)(void *arg, const struct http_call *,
	    struct http_answer *);
	void *arg;
};

/* Bind and listen; connections are accepted once the base runs.  NULL: why. */
struct http_door *http_door_open(const struct http_door_setup *, char *error,
    size_t error_size);
void http_door_close(struct http_door *); /* NULL is fine */

/* Give an answer that was left for later, if its client is still there. */
void http_door_answer(struct http_door *, uint64_t id,
    const struct http_answer *);

#endif
