/* SPDX-License-Identifier: PostgreSQL */

/*
 * READING ends at its deadline however many bytes come, so that no client can
 * hold a connection by sending one now and then.  After the answer pgjump reads
 * on for a moment: closing a socket with unread bytes would reset it, and the
 * client could lose the answer (RFC 9112, 9.6).
 */
#include "http/exchange.h"

#include <event2/event.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/xmalloc.h"
#include "http/answer.h"
#include "http/request.h"

/* Time for the complete request. */
#define READ_MS 5000
/* Time for the client to take the answer, which may be megabytes. */
#define WRITE_MS 15000
/* Time for the client to close once it has the answer. */
#define LINGER_MS 1000
/* Time for what the main thread has to do: a reload reads files and binds. */
#define WAIT_MS 60000

enum state {
	READING, /* the request */
	WAITING, /* for the answer */
	WRITING, /* the answer */
	LINGERING,
	OVER,
};

struct http_exchange {
	const struct http_exchange_home *home;
	uint64_t id;
	int fd;
	enum state state;
	int64_t start_ms;
	struct event *readable, *writable, *timer;
	char *head; /* HTTP_REQUEST_HEAD_MAX + 1 bytes */
	size_t head_len;
	struct http_request request;
	bool is_complete; /* the head */
	size_t body_left;
	char *answer;
	size_t answer_len, answer_sent;
};

static void
arm(struct http_exchange *exchange, int64_t wait_ms)
{
	struct timeval wait = clock_timeval(wait_ms);

	event_add(exchange->timer, &wait);
}

void
http_exchange_end(struct http_exchange *exchange)
{
	exchange->state = OVER;
	event_del(exchange->readable);
	event_del(exchange->writable);
	event_del(exchange->timer);
	exchange->home->on_over(exchange->home->arg, exchange);
}

/* --- Answering --------------------------------------------------------------
 */

static void
linger(struct http_exchange *exchange)
{
	exchange->state = LINGERING;
	shutdown(exchange->fd, SHUT_WR);
	event_add(exchange->readable, NULL);
	arm(exchange, LINGER_MS);
}

static void
write_some(struct http_exchange *exchange)
{
	size_t left = exchange->answer_len - exchange->answer_sent;
	ssize_t sent = send(exchange->fd,
	    exchange->answer + exchange->answer_sent, left, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		http_exchange_end(exchange);
		return;
	}
	if (sent > 0)
		exchange->answer_sent += (size_t)sent;
	if (exchange->answer_sent == exchange->answer_len)
		linger(exchange);
	else
		event_add(exchange->writable, NULL);
}

void
http_exchange_answer(struct http_exchange *exchange,
    const struct http_answer *answer)
{
	if (exchange->state != READING && exchange->state != WAITING)
		return;
	exchange->answer = http_answer_write(answer,
	    exchange->request.method == HTTP_HEAD, &exchange->answer_len);
	exchange->state = WRITING;
	event_del(exchange->readable);
	arm(exchange, WRITE_MS);
	write_some(exchange);
}

static void
refuse(struct http_exchange *exchange, unsigned status, const char *why)
{
	struct http_answer answer = { 0 };

	http_answer_line(&answer, status, "%s", why);
	http_exchange_answer(exchange, &answer);
	http_answer_clear(&answer);
}

/* --- Reading ----------------------------------------------------------------
 */

static bool
is_loopback(int fd)
{
	struct sockaddr_storage local = { .ss_family = AF_UNSPEC };
	const struct sockaddr_in *in = (const struct sockaddr_in *)&local;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&local;
	socklen_t len = sizeof local;

	getsockname(fd, (struct sockaddr *)&local, &len);
	if (local.ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return local.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static void
ask(struct http_exchange *exchange)
{
	struct http_answer answer = { 0 };

	exchange->home->on_request(exchange->home->arg, exchange,
	    &exchange->request, is_loopback(exchange->fd), &answer);
	if (answer.status != 0) {
		http_exchange_answer(exchange, &answer);
	} else {
		exchange->state = WAITING;
		event_del(exchange->readable);
		arm(exchange, WAIT_MS);
	}
	http_answer_clear(&answer);
}

static void
take_body(struct http_exchange *exchange, size_t len)
{
	exchange->body_left -= len < exchange->body_left ? len
							 : exchange->body_left;
	if (exchange->body_left == 0)
		ask(exchange);
}

static void
take_head(struct http_exchange *exchange, size_t len)
{
	unsigned status;

	exchange->head_len += len;
	status = http_request_read(exchange->head, exchange->head_len,
	    &exchange->request);
	if (status == 0)
		return;
	if (status != 200) {
		refuse(exchange, status, "the request is not understood");
		return;
	}
	exchange->is_complete = true;
	exchange->body_left = exchange->request.body_len;
	take_body(exchange, exchange->head_len - exchange->request.head_len);
}

/* A body says nothing that pgjump wants to know: it is read and dropped. */
static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct http_exchange *exchange = arg;
	char dropped[4096], *to = dropped;
	size_t room = sizeof dropped;
	ssize_t got;

	(void)what;
	if (exchange->state == READING && !exchange->is_complete) {
		to = exchange->head + exchange->head_len;
		room = HTTP_REQUEST_HEAD_MAX + 1 - exchange->head_len;
	}
	got = read(fd, to, room);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		http_exchange_end(exchange);
	else if (exchange->state == READING && to != dropped)
		take_head(exchange, (size_t)got);
	else if (exchange->state == READING)
		take_body(exchange, (size_t)got);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	write_some(arg);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_exchange *exchange = arg;

	(void)fd, (void)what;
	if (exchange->state == READING && exchange->head_len > 0)
		refuse(exchange, 408, "the request did not come in time");
	else if (exchange->state == WAITING)
		refuse(exchange, 503, "pgjump did not answer in time");
	else
		http_exchange_end(exchange);
}

/* --- Life -------------------------------------------------------------------
 */

struct http_exchange *
http_exchange_new(const struct http_exchange_home *home, uint64_t id,
    int take_fd)
{
	struct http_exchange *exchange = xcalloc(1, sizeof *exchange);

	exchange->home = home;
	exchange->id = id;
	exchange->fd = take_fd;
	exchange->start_ms = clock_ms();
	exchange->head = xmalloc(HTTP_REQUEST_HEAD_MAX + 1);
	exchange->readable = loop_event(home->base, take_fd,
	    EV_READ | EV_PERSIST, on_readable, exchange);
	exchange->writable = loop_event(home->base, take_fd, EV_WRITE,
	    on_writable, exchange);
	exchange->timer = loop_event(home->base, -1, 0, on_timer, exchange);
	event_add(exchange->readable, NULL);
	arm(exchange, READ_MS);
	return exchange;
}

void
http_exchange_free(struct http_exchange *exchange)
{
	event_free(exchange->readable);
	event_free(exchange->writable);
	event_free(exchange->timer);
	close(exchange->fd);
	free(exchange->head);
	free(exchange->answer);
	free(exchange);
}

uint64_t
http_exchange_id(const struct http_exchange *exchange)
{
	return exchange->id;
}

bool
http_exchange_is_reading(const struct http_exchange *exchange)
{
	return exchange->state == READING;
}

int64_t
http_exchange_start_ms(const struct http_exchange *exchange)
{
	return exchange->start_ms;
}
