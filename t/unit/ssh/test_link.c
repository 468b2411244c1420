/* SPDX-License-Identifier: PostgreSQL */

/*
 * The one open that a link has in flight, on a fake libssh2 that is as strict
 * as the real one: while an open waits for its answer, the next call gets it.
 */
#include "ssh/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>
#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "key/ssh_memory.h"
#include "ssh/channel.h"
#include "ssh/facts.h"
#include "ssh/slot.h"
#include "ssh/transport.h"

static const struct config config = { .open_timeout_ms = 4000,
	.keepalive_interval_ms = 15000,
	.keepalive_count = 3 };
static const struct config_jump jump = { .label = "jump.example:22",
	.username = "ubuntu" };
static const struct ssh_target one = { .host = "10.0.0.1",
	.port = 5432,
	.originator_host = "192.0.2.7",
	.originator_port = 40000 };
static const struct ssh_target other = { .host = "10.0.0.2",
	.port = 5432,
	.originator_host = "192.0.2.7",
	.originator_port = 40001 };

struct ssh_transport {
	int fd;
	struct ssh_said said;
	uint64_t received;
	struct ssh_memory memory;
	size_t pending;
	bool is_cut;
	bool is_readable; /* and no event tells */
	unsigned readables;
	enum software software;
};

/* --- libssh2 -------------------------------------------------------------- */

static struct {
	char type[64]; /* the type of the open in flight; "": none */
	char message[600];
	size_t len;
	int answer; /* LIBSSH2_ERROR_EAGAIN: not yet; 0: a channel */
	unsigned begun;
	bool channel_ended; /* the channel that is kept to ask on */
	unsigned asked;     /* whether a request is pending on it */
	unsigned keepalives;
} session;

LIBSSH2_CHANNEL *
libssh2_channel_open_ex(LIBSSH2_SESSION *asked, const char *type,
    unsigned type_len, unsigned window_size, unsigned packet_size,
    const char *message, unsigned message_len)
{
	(void)asked, (void)type_len, (void)packet_size;
	assert_int_equal(window_size, 0);
	if (session.type[0] == '\0') {
		strcpy(session.type, type);
		memcpy(session.message, message, message_len);
		session.len = message_len;
		session.begun++;
	}
	assert_string_equal(type, session.type);
	assert_int_equal(message_len, session.len);
	assert_memory_equal(message, session.message, session.len);
	if (session.answer != LIBSSH2_ERROR_EAGAIN)
		session.type[0] = '\0';
	return session.answer == 0 ? (LIBSSH2_CHANNEL *)&session : NULL;
}

int
libssh2_session_last_errno(LIBSSH2_SESSION *asked)
{
	(void)asked;
	return session.answer;
}

void
libssh2_keepalive_config(LIBSSH2_SESSION *asked, int want_reply,
    unsigned interval)
{
	(void)asked, (void)want_reply, (void)interval;
}

int
libssh2_keepalive_send(LIBSSH2_SESSION *asked, int *seconds_to_next)
{
	(void)asked;
	*seconds_to_next = 0;
	session.keepalives++;
	return 0;
}

int
libssh2_channel_setenv_ex(LIBSSH2_CHANNEL *channel, const char *name,
    unsigned name_len, const char *value, unsigned value_len)
{
	(void)name, (void)name_len, (void)value, (void)value_len;
	assert_ptr_equal(channel, &session);
	if (session.answer == LIBSSH2_ERROR_EAGAIN)
		session.asked++;
	return session.answer;
}

int
libssh2_channel_eof(LIBSSH2_CHANNEL *channel)
{
	assert_ptr_equal(channel, &session);
	return session.channel_ended;
}

enum software
ssh_facts_software(const struct ssh_transport *transport)
{
	return transport->software;
}

bool
ssh_facts_is_over(const struct ssh_transport *transport)
{
	(void)transport;
	return session.answer == LIBSSH2_ERROR_DECRYPT;
}

enum failure
ssh_facts_end(const struct ssh_transport *transport, const char **words)
{
	*words = "an error";
	return transport->is_cut ? FAIL_TUNNEL_CUT : FAIL_TUNNEL_LOST;
}

ssize_t
libssh2_channel_read_ex(LIBSSH2_CHANNEL *channel, int stream_id, char *buf,
    size_t len)
{
	(void)channel, (void)stream_id, (void)buf, (void)len;
	return LIBSSH2_ERROR_EAGAIN;
}

/* --- channels and transport ----------------------------------------------- */

static void
on_close(struct stream *stream, bool reset)
{
	(void)reset;
	((struct ssh_channel *)stream)->is_closing = true;
}

static const struct stream_ops channel_ops = { .close = on_close };

struct ssh_channel *
ssh_channel_new(LIBSSH2_CHANNEL *take, struct ssh_channel_host *host)
{
	struct ssh_channel *channel = xcalloc(1, sizeof *channel);

	channel->stream.ops = &channel_ops;
	channel->channel = take;
	channel->host = host;
	return channel;
}

const struct ssh_channel_host *
ssh_channel_shared(const struct stream *stream)
{
	return ((const struct ssh_channel *)stream)->host;
}

static bool
    end_was_looked_for; /* where a packet that no read returns hides it */

void
ssh_channel_pump(struct ssh_channel *channel)
{
	end_was_looked_for |= channel->host->holds_unread;
}

void
ssh_channel_grant(struct ssh_channel *channel)
{
	(void)channel;
}

bool
ssh_channel_free(struct ssh_channel *channel)
{
	free(channel);
	return true;
}

void
ssh_channel_forget(struct ssh_channel *channel)
{
	free(channel);
}

LIBSSH2_SESSION *
ssh_transport_session(const struct ssh_transport *transport)
{
	(void)transport;
	return NULL;
}

int
ssh_transport_fd(const struct ssh_transport *transport)
{
	return transport->fd;
}

const struct ssh_said *
ssh_transport_said(const struct ssh_transport *transport)
{
	return &transport->said;
}

void
ssh_transport_expect_open(struct ssh_transport *transport, bool expected)
{
	(void)transport, (void)expected;
}

bool
ssh_transport_is_lost(const struct ssh_transport *transport)
{
	return transport->is_cut;
}

void
ssh_transport_cut(struct ssh_transport *transport)
{
	transport->is_cut = true;
}

const struct ssh_memory *
ssh_transport_memory(const struct ssh_transport *transport)
{
	return &transport->memory;
}

uint64_t
ssh_transport_received(const struct ssh_transport *transport)
{
	return transport->received;
}

int64_t
ssh_transport_received_ms(const struct ssh_transport *transport)
{
	(void)transport;
	return clock_ms();
}

size_t
ssh_transport_pending(const struct ssh_transport *transport)
{
	return transport->pending;
}

size_t
ssh_transport_flush(struct ssh_transport *transport)
{
	(void)transport;
	return 0;
}

void
ssh_transport_readable(struct ssh_transport *transport, size_t budget)
{
	(void)budget;
	transport->readables++;
}

bool
ssh_transport_is_readable(const struct ssh_transport *transport)
{
	return transport->is_readable;
}

void
ssh_transport_bury(struct ssh_transport *transport)
{
	(void)transport;
}

void
ssh_transport_free(struct ssh_transport *transport)
{
	close(transport->fd);
}

/* --- the lab -------------------------------------------------------------- */

struct lab {
	struct event_base *base;
	struct ssh_transport transport;
	struct ssh_link *link;
};

static int
set_up(void **state)
{
	struct lab *lab = xcalloc(1, sizeof *lab);

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	memset(&session, 0, sizeof session);
	session.answer = LIBSSH2_ERROR_EAGAIN;
	lab->base = event_base_new();
	lab->transport.fd = eventfd(0, 0);
	lab->link = ssh_link_new(lab->base, &config, &jump, &lab->transport);
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	ssh_link_free(lab->link);
	event_base_free(lab->base);
	free(lab);
	return 0;
}

/* A turn with input, in which an open in flight gets this answer. */
static void
turn(struct lab *lab, int answer)
{
	session.answer = answer;
	lab->transport.received++;
	ssh_link_pump(lab->link);
	session.answer = LIBSSH2_ERROR_EAGAIN;
}

static void
start(struct lab *lab, const struct ssh_target *target)
{
	assert_true(ssh_link_has_slot(lab->link));
	ssh_link_open(lab->link, target, clock_ms() + 4000);
	assert_false(ssh_link_has_slot(lab->link));
	assert_true(ssh_link_is_opening(lab->link));
}

static struct ssh_opened
end_of_open(struct lab *lab)
{
	struct ssh_opened opened;

	assert_true(ssh_link_take_opened(lab->link, &opened));
	return opened;
}

/* --- tests ---------------------------------------------------------------- */

static void
an_open_has_the_slot_until_it_is_answered(void **state)
{
	struct lab *lab = *state;
	struct ssh_opened opened;

	start(lab, &one);
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	assert_false(ssh_link_has_slot(lab->link));
	assert_false(ssh_link_take_opened(lab->link, &opened));
	turn(lab, 0);
	assert_non_null(end_of_open(lab).stream);
	assert_true(ssh_link_has_slot(lab->link));
	assert_int_equal(ssh_link_channels(lab->link), 1);
}

/* TLS up to a proxy may hold input that makes nothing readable. */
static void
input_that_no_event_tells_of_gets_a_turn(void **state)
{
	struct lab *lab = *state;

	ssh_link_flush(lab->link);
	event_base_loop(lab->base, EVLOOP_NONBLOCK);
	assert_int_equal(lab->transport.readables, 0);
	lab->transport.is_readable = true;
	ssh_link_flush(lab->link);
	event_base_loop(lab->base, EVLOOP_NONBLOCK);
	assert_int_equal(lab->transport.readables, 1);
}

static void
a_refusal_is_no_fault_of_the_link(void **state)
{
	struct lab *lab = *state;
	struct ssh_opened opened;

	lab->transport.said.open_reason = 2;
	strcpy(lab->transport.said.open_text, "Connection refused");
	start(lab, &one);
	turn(lab, LIBSSH2_ERROR_CHANNEL_FAILURE);
	opened = end_of_open(lab);
	assert_null(opened.stream);
	assert_false(opened.has_link_failed);
	assert_int_equal(opened.reason, 2);
	assert_string_equal(opened.words, "Connection refused");
	assert_true(ssh_link_has_slot(lab->link));
}

static void
an_open_that_nobody_waits_for_keeps_the_slot(void **state)
{
	struct lab *lab = *state;
	struct ssh_opened opened;

	start(lab, &one);
	ssh_link_abandon(lab->link);
	assert_false(ssh_link_has_slot(lab->link));
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	assert_false(ssh_link_has_slot(lab->link));
	turn(lab, 0);
	assert_false(ssh_link_take_opened(lab->link, &opened));
	assert_int_equal(ssh_link_channels(lab->link), 0);
	start(lab, &other);
	assert_int_equal(session.begun, 2);
	turn(lab, 0);
	assert_non_null(end_of_open(lab).stream);
}

static void
what_was_opened_for_nobody_is_closed(void **state)
{
	struct lab *lab = *state;
	struct ssh_opened opened;

	start(lab, &one);
	turn(lab, 0);
	ssh_link_abandon(lab->link);
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	assert_int_equal(ssh_link_channels(lab->link), 0);
	assert_false(ssh_link_take_opened(lab->link, &opened));
	assert_true(ssh_link_has_slot(lab->link));
}

static void
a_carrier_may_end_before_its_link_comes(void **state)
{
	const struct fault cause = { .code = FAIL_TUNNEL_SILENT };
	struct lab *lab = *state;

	ssh_link_carry(lab->link, NULL);
	ssh_link_carrier_ended(lab->link, &cause);
	assert_false(ssh_link_is_lost(lab->link));
	start(lab, &one);
	turn(lab, 0);
	assert_non_null(end_of_open(lab).stream);
}

static void
an_unexpected_error_retires_the_link(void **state)
{
	struct lab *lab = *state;
	struct stream *live;
	struct ssh_opened opened;

	start(lab, &one);
	turn(lab, 0);
	live = end_of_open(lab).stream;
	start(lab, &other);
	turn(lab, LIBSSH2_ERROR_PROTO);
	opened = end_of_open(lab);
	assert_null(opened.stream);
	assert_true(opened.has_link_failed);
	assert_true(ssh_link_is_closed(lab->link));
	assert_false(ssh_link_has_slot(lab->link));
	assert_false(ssh_link_is_lost(lab->link));
	assert_int_equal(ssh_link_channels(lab->link), 1);
	assert_false(ssh_link_is_finished(lab->link));
	stream_close(live, false);
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	assert_true(ssh_link_is_finished(lab->link));
}

static void
a_sign_of_life_has_the_slot_too(void **state)
{
	struct lab *lab = *state;

	ssh_link_measure(lab->link);
	assert_string_equal(session.type, "ping@pgjump");
	assert_false(ssh_link_has_slot(lab->link));
	assert_false(ssh_link_is_opening(lab->link));
	turn(lab, LIBSSH2_ERROR_CHANNEL_FAILURE);
	start(lab, &one);
	turn(lab, 0);
	assert_true(end_of_open(lab).rtt_us > 0);
}

/* The channel is kept, and the next sign of life is asked for on it. */
static void
a_confirmed_ping_is_the_last(void **state)
{
	struct lab *lab = *state;

	ssh_link_measure(lab->link);
	turn(lab, 0);
	assert_int_equal(session.begun, 1);
	ssh_link_measure(lab->link);
	assert_int_equal(session.begun, 1);
	assert_int_equal(session.asked, 1);
	assert_true(ssh_link_has_slot(lab->link));
	assert_int_equal(ssh_link_channels(lab->link), 0);
	start(lab, &one);
	turn(lab, LIBSSH2_ERROR_CHANNEL_FAILURE);
	assert_null(end_of_open(lab).stream);
}

/* Until it has answered on the channel, a keepalive is sent as well. */
static void
who_may_not_answer_is_asked_twice(void **state)
{
	struct lab *lab = *state;

	ssh_link_measure(lab->link);
	turn(lab, 0);
	assert_int_equal(session.keepalives, 0);
	ssh_link_measure(lab->link);
	assert_int_equal(session.keepalives, 1);
	turn(lab, LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED);
	ssh_link_measure(lab->link);
	assert_int_equal(session.asked, 2);
}

static void
a_channel_that_ends_is_asked_on_no_more(void **state)
{
	struct lab *lab = *state;

	ssh_link_measure(lab->link);
	turn(lab, 0);
	session.channel_ended = true;
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	ssh_link_measure(lab->link);
	assert_int_equal(session.begun, 2);
	assert_int_equal(session.asked, 0);
}

static struct ssh_link *
link_to(struct lab *lab, struct ssh_transport *transport,
    enum software software)
{
	*transport = (struct ssh_transport){ .fd = eventfd(0, 0),
		.software = software };
	return ssh_link_new(lab->base, &config, &jump, transport);
}

/*
 * Not with a server that serves on meanwhile, nor while data are
 * unacknowledged.
 */
static void
who_may_stall(void **state)
{
	struct lab *lab = *state;
	struct ssh_transport transport;
	struct ssh_link *link = link_to(lab, &transport, SOFTWARE_OTHER);

	assert_true(ssh_link_may_stall(link));
	transport.pending = 1;
	assert_false(ssh_link_may_stall(link));
	ssh_link_free(link);
	link = link_to(lab, &transport, SOFTWARE_OPENSSH);
	assert_false(ssh_link_may_stall(link));
	ssh_link_free(link);
}

static void
what_nobody_reads_retires_a_link_and_loses_it(void **state)
{
	struct lab *lab = *state;

	lab->transport.memory.blocks = 1000;
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	ssh_link_flush(lab->link);
	assert_false(ssh_link_is_closed(lab->link));
	lab->transport.memory.blocks = 2000;
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	ssh_link_flush(lab->link);
	assert_true(ssh_link_is_closed(lab->link));
	assert_false(ssh_link_is_lost(lab->link));
	lab->transport.memory.blocks = 5000;
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	ssh_link_flush(lab->link);
	assert_true(ssh_link_is_lost(lab->link));
}

/* In the turn that brings it, since no other turn may follow. */
static void
an_end_behind_what_nobody_reads_is_looked_for(void **state)
{
	struct lab *lab = *state;
	struct stream *stream;

	start(lab, &one);
	lab->transport.memory.blocks = 22;
	turn(lab, 0);
	stream = end_of_open(lab).stream;
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	end_was_looked_for = false;
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	assert_false(end_was_looked_for);
	lab->transport.memory.blocks = 24;
	turn(lab, LIBSSH2_ERROR_EAGAIN);
	assert_true(end_was_looked_for);
	stream_close(stream, false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_open_has_the_slot_until_it_is_answered),
		TEST(input_that_no_event_tells_of_gets_a_turn),
		TEST(a_refusal_is_no_fault_of_the_link),
		TEST(an_open_that_nobody_waits_for_keeps_the_slot),
		TEST(what_was_opened_for_nobody_is_closed),
		TEST(a_carrier_may_end_before_its_link_comes),
		TEST(an_unexpected_error_retires_the_link),
		TEST(a_sign_of_life_has_the_slot_too),
		TEST(a_confirmed_ping_is_the_last),
		TEST(who_may_not_answer_is_asked_twice),
		TEST(a_channel_that_ends_is_asked_on_no_more),
		TEST(who_may_stall),
		TEST(what_nobody_reads_retires_a_link_and_loses_it),
		TEST(an_end_behind_what_nobody_reads_is_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
