/* SPDX-License-Identifier: PostgreSQL */

/*
 * One HTTP connection: one request within its time, one answer, the end.  No
 * second request is read, so what is pipelined behind the first is dropped.
 */
#ifndef PGJUMP_HTTP_EXCHANGE_H
#define PGJUMP_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct http_answer;
struct http_exchange;
struct http_request;

/* What the exchanges of one address share; borrowed. */
struct http_exchange_home {
	struct event_base *base;
	/*
	 * Answer a request; `is_loopback` tells whether it came to an address
	 * of loopback.  A status of 0: the answer comes later, by
	 * http_exchange_answer().
	 */
	void (*on_request)(void *arg, struct http_exchange *,
	    const struct http_request *, bool is_loopback,
	    struct http_answer *);
	/* The exchange is over; the receiver frees it later, not here. */
	void (*on_over)(void *arg, struct http_exchange *);
	void *arg;
};

/* Takes the socket. */
struct http_exchange *http_exchange_new(const struct http_exchange_home *,
    uint64_t id, int take_fd);
void http_exchange_free(struct http_exchange *);

uint64_t http_exchange_id(const struct http_exchange *);

/* Its request is not complete. */
bool http_exchange_is_reading(const struct http_exchange *);

/* When it began (base/clock.h). */
int64_t http_exchange_start_ms(const struct http_exchange *);

/* End it without an answer: on_over follows from inside this call. */
void http_exchange_end(struct http_exchange *);

/* The answer that was left for later. */
void http_exchange_answer(struct http_exchange *, const struct http_answer *);

#endif
