/* SPDX-License-Identifier: PostgreSQL */

/*
 * A stream over a socket: what a read returns before and after the loop has
 * reported more bytes.
 */
#include "base/socket_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <event2/event.h>

#include "../sockets.h"
#include "base/stream.h"

struct lab {
	struct event_base *base;
	struct stream *stream;
	int far;
	unsigned ready_count;
	char buf[8];
};

static void
on_ready(void *arg)
{
	((struct lab *)arg)->ready_count++;
}

static int
lab_setup(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);
	struct sockets pair = sockets_tcp();

	assert_non_null(lab);
	lab->base = event_base_new();
	lab->far = pair.far;
	lab->stream = socket_stream_open(lab->base, pair.near);
	stream_listen(lab->stream, on_ready, lab);
	*state = lab;
	return 0;
}

static int
lab_teardown(void **state)
{
	struct lab *lab = *state;

	stream_close(lab->stream, false);
	event_base_free(lab->base);
	if (lab->far >= 0)
		close(lab->far);
	free(lab);
	return 0;
}

static void
await_input(struct lab *lab)
{
	struct pollfd near = { .fd = socket_stream_fd(lab->stream),
		.events = POLLIN };

	assert_int_equal(poll(&near, 1, PATIENCE_MS), 1);
}

static void
far_sends(struct lab *lab, const char *text)
{
	assert_int_equal(send(lab->far, text, strlen(text), 0), strlen(text));
	await_input(lab);
}

static ssize_t
read_now(struct lab *lab)
{
	return stream_read(lab->stream, lab->buf, sizeof lab->buf);
}

static void
turn(struct lab *lab)
{
	event_base_loop(lab->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
the_first_read_needs_no_event(void **state)
{
	struct lab *lab = *state;

	far_sends(lab, "abc");
	assert_int_equal(read_now(lab), 3);
	assert_memory_equal(lab->buf, "abc", 3);
}

static void
an_emptied_socket_is_read_again_when_the_loop_tells(void **state)
{
	struct lab *lab = *state;

	turn(lab);
	assert_int_equal(read_now(lab), STREAM_WAIT);
	far_sends(lab, "abc");
	assert_int_equal(read_now(lab), STREAM_WAIT);
	lab->ready_count = 0;
	turn(lab);
	assert_int_equal(lab->ready_count, 1);
	assert_int_equal(read_now(lab), 3);
	assert_int_equal(read_now(lab), STREAM_WAIT);
}

static void
a_read_that_filled_its_buffer_is_followed_by_another(void **state)
{
	struct lab *lab = *state;

	far_sends(lab, "12345678abc");
	assert_int_equal(read_now(lab), 8);
	assert_int_equal(read_now(lab), 3);
	assert_memory_equal(lab->buf, "abc", 3);
}

static void
a_pause_loses_nothing(void **state)
{
	struct lab *lab = *state;

	turn(lab);
	assert_int_equal(read_now(lab), STREAM_WAIT);
	stream_pause(lab->stream, true);
	far_sends(lab, "abc");
	lab->ready_count = 0;
	turn(lab);
	assert_int_equal(lab->ready_count, 0);
	stream_pause(lab->stream, false);
	turn(lab);
	assert_int_equal(lab->ready_count, 1);
	assert_int_equal(read_now(lab), 3);
}

static void
an_end_stays_an_end(void **state)
{
	struct lab *lab = *state;

	far_sends(lab, "abc");
	close(lab->far);
	lab->far = -1;
	assert_int_equal(read_now(lab), 3);
	await_input(lab);
	turn(lab);
	assert_int_equal(read_now(lab), STREAM_END);
	assert_int_equal(read_now(lab), STREAM_END);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_read_needs_no_event,
		    lab_setup, lab_teardown),
		cmocka_unit_test_setup_teardown(
		    an_emptied_socket_is_read_again_when_the_loop_tells,
		    lab_setup, lab_teardown),
		cmocka_unit_test_setup_teardown(
		    a_read_that_filled_its_buffer_is_followed_by_another,
		    lab_setup, lab_teardown),
		cmocka_unit_test_setup_teardown(a_pause_loses_nothing,
		    lab_setup, lab_teardown),
		cmocka_unit_test_setup_teardown(an_end_stays_an_end, lab_setup,
		    lab_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
