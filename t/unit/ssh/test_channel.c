/* SPDX-License-Identifier: PostgreSQL */

/*
 * The windows of a channel, on a fake libssh2 that keeps the books: what the
 * jump box may send, when it is granted more, how the window grows, and when a
 * write that had no room is tried again.
 */
#include "ssh/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <event2/event.h>

#include "base/clock.h"
#include "ssh/transport.h"

#define KB     ((uint64_t)1 << 10)
#define MB     ((uint64_t)1 << 20)
#define START  (256 * KB)
#define RTT_US 50000

static int64_t now_us = 1000000;

/* What the fake libssh2 knows of the channel; all in bytes. */
static struct {
	uint64_t granted; /* granted by adjusts that were sent */
	uint64_t sent;    /* sent by the jump box */
	uint64_t read;
	uint64_t arriving;  /* arrives with the end, when that is waited for */
	bool ended, hidden; /* the end is hidden by an empty packet */
	int extended_data;  /* how it is treated */
	unsigned long building; /* of the adjust that waits to be sent */
	bool in_key_exchange;   /* nothing can be sent now */
	uint64_t room;          /* left of the jump box's own window */
	unsigned writes;        /* how many writes were tried */
	unsigned ends;          /* how many bytes were sent to it */
} books;

/* --- libssh2 -------------------------------------------------------------- */

/* The packet is built in the first call, and counted by the last. */
int
libssh2_channel_receive_window_adjust2(LIBSSH2_CHANNEL *channel,
    unsigned long adjustment, unsigned char force, unsigned int *window)
{
	(void)channel, (void)force, (void)window;
	if (books.building != 0)
		assert_int_equal(adjustment, books.building);
	books.building = adjustment;
	if (books.in_key_exchange)
		return LIBSSH2_ERROR_EAGAIN;
	books.granted += adjustment;
	books.building = 0;
	return 0;
}

unsigned long
libssh2_channel_window_read_ex(LIBSSH2_CHANNEL *channel,
    unsigned long *read_avail, unsigned long *window_size_initial)
{
	(void)channel, (void)window_size_initial;
	*read_avail = books.sent - books.read;
	return books.granted - books.read;
}

/*
 * The real one grants by itself when a read asks for more than the window
 * holds.
 */
ssize_t
libssh2_channel_read_ex(LIBSSH2_CHANNEL *channel, int stream_id, char *buf,
    size_t len)
{
	(void)channel, (void)stream_id;
	assert_true(len <= books.granted - books.read);
	if (len > books.sent - books.read)
		len = books.sent - books.read;
	memset(buf, 0, len);
	books.read += len;
	return (ssize_t)len;
}

int
libssh2_channel_eof(LIBSSH2_CHANNEL *channel)
{
	(void)channel;
	return books.ended && !books.hidden;
}

int
libssh2_channel_wait_eof(LIBSSH2_CHANNEL *channel)
{
	(void)channel;
	if (books.arriving > 0)
		books.ended = true;
	books.sent += books.arriving;
	books.arriving = 0;
	return books.ended ? 0 : LIBSSH2_ERROR_EAGAIN;
}

int
libssh2_channel_handle_extended_data2(LIBSSH2_CHANNEL *channel, int mode)
{
	(void)channel;
	assert_int_equal(books.granted, 0);
	books.extended_data = mode;
	return 0;
}

int
libssh2_channel_wait_closed(LIBSSH2_CHANNEL *channel)
{
	(void)channel;
	return LIBSSH2_ERROR_EAGAIN;
}

ssize_t
libssh2_channel_write_ex(LIBSSH2_CHANNEL *channel, int stream_id,
    const char *buf, size_t len)
{
	(void)channel, (void)stream_id, (void)buf;
	books.writes++;
	if (books.room == 0 || books.in_key_exchange)
		return LIBSSH2_ERROR_EAGAIN;
	if (len > books.room)
		len = books.room;
	books.room -= len;
	return (ssize_t)len;
}

unsigned long
libssh2_channel_window_write_ex(LIBSSH2_CHANNEL *channel,
    unsigned long *window_size_initial)
{
	(void)channel, (void)window_size_initial;
	return books.room;
}

int
libssh2_channel_send_eof(LIBSSH2_CHANNEL *channel)
{
	(void)channel;
	if (books.in_key_exchange)
		return LIBSSH2_ERROR_EAGAIN;
	books.ends++;
	return 0;
}

int
libssh2_channel_free(LIBSSH2_CHANNEL *channel)
{
	(void)channel;
	return 0;
}

/* --- The rest below ------------------------------------------------------- */

size_t
ssh_transport_pending(const struct ssh_transport *transport)
{
	(void)transport;
	return 0;
}

int64_t
ssh_transport_received_ms(const struct ssh_transport *transport)
{
	(void)transport;
	return 0;
}

void
event_active(struct event *event, int what, short calls)
{
	(void)event, (void)what, (void)calls;
}

int64_t
clock_us(void)
{
	return now_us;
}

int64_t
clock_ms(void)
{
	return now_us / 1000;
}

struct clock_text
clock_text(int64_t duration_ms)
{
	(void)duration_ms;
	return (struct clock_text){ .text = "a while" };
}

/* --- The lab -------------------------------------------------------------- */

struct lab {
	struct ssh_channel_host host;
	struct ssh_channel *channel;
	char buf[32 * MB];
};

static int
lab_setup(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);

	assert_non_null(lab);
	memset(&books, 0, sizeof books);
	lab->channel = ssh_channel_new(NULL, &lab->host);
	*state = lab;
	return 0;
}

static int
lab_teardown(void **state)
{
	struct lab *lab = *state;

	assert_true(ssh_channel_free(lab->channel));
	free(lab);
	return 0;
}

/* What the jump box was allowed beyond what the client has taken. */
static uint64_t
window(uint64_t taken)
{
	return books.granted - taken;
}

/* The jump box sends all that it may, and all of it is read. */
static uint64_t
receive_all(struct lab *lab)
{
	uint64_t before = books.read;

	books.sent = books.granted;
	assert_true(
	    stream_read(&lab->channel->stream, lab->buf, sizeof lab->buf) > 0);
	assert_int_equal(books.read, books.sent);
	return books.read - before;
}

/* Read all that there is; else return why there is none. */
static ssize_t
receive(struct lab *lab)
{
	struct stream *stream = &lab->channel->stream;
	ssize_t all = 0, got;

	while ((got = stream_read(stream, lab->buf, sizeof lab->buf)) > 0)
		all += got;
	return all > 0 ? all : got;
}

static void
client_takes(struct lab *lab, uint64_t len)
{
	stream_credit(&lab->channel->stream, len);
}

/* The window after a download that takes all it may, this much later. */
static uint64_t
download(struct lab *lab, int64_t later_us)
{
	now_us += later_us;
	client_takes(lab, receive_all(lab));
	return window(books.read);
}

/* The user has the rest of a word to send. */
static void
on_ready(void *arg)
{
	struct lab *lab = arg;

	stream_write(&lab->channel->stream, lab->buf, 8);
}

/* How many writes a turn of the link has tried. */
static unsigned
writes_of_a_turn(struct lab *lab)
{
	unsigned before = books.writes;

	ssh_channel_pump(lab->channel);
	return books.writes - before;
}

/* The user was woken before, and found no room. */
static void
block(struct lab *lab)
{
	stream_listen(&lab->channel->stream, on_ready, lab);
	assert_int_equal(writes_of_a_turn(lab), 1);
}

/* --- Tests ---------------------------------------------------------------- */

static void
a_window_begins_with_256_kb(void **state)
{
	(void)state;
	assert_int_equal(books.granted, START);
}

static void
a_read_asks_for_no_more_than_the_window_holds(void **state)
{
	struct lab *lab = *state;
	struct stream *stream = &lab->channel->stream;

	books.sent = 200 * KB;
	assert_int_equal(stream_read(stream, lab->buf, sizeof lab->buf),
	    200 * KB);
	assert_int_equal(books.granted, START);
	assert_int_equal(stream_read(stream, lab->buf, sizeof lab->buf),
	    STREAM_WAIT);
}

static void
only_what_the_client_took_is_granted_again(void **state)
{
	struct lab *lab = *state;

	receive_all(lab);
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.granted, START);
	client_takes(lab, 64 * KB);
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.granted, START + 64 * KB);
}

static void
it_is_granted_a_quarter_at_a_time(void **state)
{
	struct lab *lab = *state;

	receive_all(lab);
	client_takes(lab, 64 * KB - 1);
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.granted, START);
	client_takes(lab, 1);
	assert_int_equal(books.granted, START + 64 * KB);
}

static void
what_waits_for_a_key_exchange_is_asked_again_as_it_was(void **state)
{
	struct lab *lab = *state;

	receive_all(lab);
	books.in_key_exchange = true;
	client_takes(lab, 64 * KB);
	client_takes(lab, 128 * KB);
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.granted, START);
	books.in_key_exchange = false;
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.granted, START + 64 * KB);
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.granted, START + (64 + 128) * KB);
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.granted, START + (64 + 128) * KB);
}

static void
nothing_is_granted_on_a_link_that_broke(void **state)
{
	struct lab *lab = *state;

	receive_all(lab);
	lab->host.is_lost = true;
	client_takes(lab, START);
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.granted, START);
}

static void
the_window_grows_to_twice_what_a_round_trip_brings(void **state)
{
	struct lab *lab = *state;

	lab->host.rtt_us = RTT_US;
	assert_int_equal(download(lab, RTT_US), 2 * START);
	assert_int_equal(download(lab, RTT_US), 4 * START);
}

static void
it_grows_to_16_mb_and_no_further(void **state)
{
	struct lab *lab = *state;

	lab->host.rtt_us = RTT_US;
	for (int i = 0; i < 20; i++)
		assert_true(download(lab, RTT_US) <= 16 * MB);
	assert_int_equal(window(books.read), 16 * MB);
}

static void
it_grows_no_more_than_a_slow_sender_needs(void **state)
{
	struct lab *lab = *state;

	lab->host.rtt_us = RTT_US;
	for (int i = 0; i < 20; i++) {
		now_us += RTT_US;
		books.sent += 100 * KB;
		client_takes(lab,
		    (uint64_t)stream_read(&lab->channel->stream, lab->buf,
			sizeof lab->buf));
		assert_true(window(books.read) <= START);
	}
}

static void
it_does_not_grow_for_a_client_that_lags_behind(void **state)
{
	struct lab *lab = *state;
	uint64_t taken = 0;

	lab->host.rtt_us = RTT_US;
	receive_all(lab);
	for (int i = 0; i < 20; i++) {
		now_us += RTT_US;
		client_takes(lab, START / 2);
		taken += START / 2;
		receive_all(lab);
		assert_int_equal(window(taken), START);
	}
}

static void
it_does_not_grow_until_a_round_trip_was_measured(void **state)
{
	struct lab *lab = *state;

	for (int i = 0; i < 20; i++)
		assert_int_equal(download(lab, 200), START);
}

static void
a_write_is_tried_again_where_there_is_room(void **state)
{
	struct lab *lab = *state;

	block(lab);
	assert_int_equal(writes_of_a_turn(lab), 0);
	books.room = 8;
	assert_int_equal(writes_of_a_turn(lab), 1);
	assert_int_equal(books.room, 0);
	assert_int_equal(writes_of_a_turn(lab), 0);
}

static void
a_write_is_tried_again_after_a_key_exchange(void **state)
{
	struct lab *lab = *state;

	books.room = 8;
	books.in_key_exchange = true;
	block(lab);
	books.in_key_exchange = false;
	assert_int_equal(writes_of_a_turn(lab), 1);
	assert_int_equal(books.room, 0);
}

static void
extended_data_is_dropped_before_any_may_come(void **state)
{
	(void)state;
	assert_int_equal(books.extended_data,
	    LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE);
}

/*
 * The jump box sends while the user does not read: libssh2 must hold nothing.
 */
static void
what_its_user_leaves_is_kept_for_it(void **state)
{
	struct lab *lab = *state;

	books.sent = 100 * KB;
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.read, 100 * KB);
	books.sent = 150 * KB;
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.read, 150 * KB);
	assert_int_equal(books.granted, START);
	books.ended = true;
	assert_int_equal(receive(lab), 150 * KB);
	assert_int_equal(receive(lab), STREAM_END);
	client_takes(lab, 150 * KB);
	assert_int_equal(window(150 * KB), START);
}

static void
an_end_that_is_hidden_is_seen(void **state)
{
	struct lab *lab = *state;

	books.ended = books.hidden = true;
	assert_int_equal(receive(lab), STREAM_WAIT);
	lab->host.holds_unread = true;
	assert_int_equal(receive(lab), STREAM_END);
}

/* The user reads before the link's turn, while both wait in the socket. */
static void
an_end_comes_after_what_came_with_it(void **state)
{
	struct lab *lab = *state;

	lab->host.holds_unread = true;
	books.arriving = KB;
	assert_int_equal(receive(lab), STREAM_WAIT);
	assert_int_equal(receive(lab), KB);
	assert_int_equal(receive(lab), STREAM_END);
}

static void
what_comes_for_a_closed_channel_is_dropped(void **state)
{
	struct lab *lab = *state;

	stream_close(&lab->channel->stream, false);
	books.sent = START;
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.read, START);
	assert_null(lab->channel->kept);
}

/* AsyncSSH ends the session on a second EOF. */
static void
its_end_is_told_once(void **state)
{
	struct lab *lab = *state;

	books.in_key_exchange = true;
	stream_finish(&lab->channel->stream);
	stream_finish(&lab->channel->stream);
	assert_int_equal(books.ends, 0);
	books.in_key_exchange = false;
	ssh_channel_pump(lab->channel);
	stream_finish(&lab->channel->stream);
	ssh_channel_pump(lab->channel);
	assert_int_equal(books.ends, 1);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, lab_setup, lab_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_window_begins_with_256_kb),
		TEST(a_read_asks_for_no_more_than_the_window_holds),
		TEST(only_what_the_client_took_is_granted_again),
		TEST(it_is_granted_a_quarter_at_a_time),
		TEST(what_waits_for_a_key_exchange_is_asked_again_as_it_was),
		TEST(nothing_is_granted_on_a_link_that_broke),
		TEST(the_window_grows_to_twice_what_a_round_trip_brings),
		TEST(it_grows_to_16_mb_and_no_further),
		TEST(it_grows_no_more_than_a_slow_sender_needs),
		TEST(it_does_not_grow_for_a_client_that_lags_behind),
		TEST(it_does_not_grow_until_a_round_trip_was_measured),
		TEST(a_write_is_tried_again_where_there_is_room),
		TEST(a_write_is_tried_again_after_a_key_exchange),
		TEST(extended_data_is_dropped_before_any_may_come),
		TEST(what_its_user_leaves_is_kept_for_it),
		TEST(an_end_that_is_hidden_is_seen),
		TEST(an_end_comes_after_what_came_with_it),
		TEST(what_comes_for_a_closed_channel_is_dropped),
		TEST(its_end_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
