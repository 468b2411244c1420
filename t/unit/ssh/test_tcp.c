/* SPDX-License-Identifier: PostgreSQL */

/*
 * Connecting to one of several addresses on loopback.  A silent address is a
 * listener whose queue is full: the kernel drops further connections.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "../skip_unless.h"
#include "base/clock.h"
#include "ssh/tcp.h"

/* One address: with a listener, without one, or with a full one. */
struct place {
	struct addrinfo info;
	struct sockaddr_storage address;
	int listener;
	int fillers[4];
};

static char words[256];
static int fd;

static unsigned
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static bool
place_bind(struct place *place, int family)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&place->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&place->address;
	socklen_t len = family == AF_INET ? sizeof *v4 : sizeof *v6;

	*place = (struct place){ .listener = -1,
		.fillers = { -1, -1, -1, -1 } };
	place->address.ss_family = (sa_family_t)family;
	v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (family == AF_INET6)
		v6->sin6_addr = in6addr_loopback;
	place->listener = socket(family, SOCK_STREAM, 0);
	if (bind(place->listener, (struct sockaddr *)&place->address, len) != 0)
		return false;
	getsockname(place->listener, (struct sockaddr *)&place->address, &len);
	place->info.ai_family = family;
	place->info.ai_socktype = SOCK_STREAM;
	place->info.ai_addr = (struct sockaddr *)&place->address;
	place->info.ai_addrlen = len;
	return true;
}

static void
place_listen(struct place *place, int family)
{
	assert_true(place_bind(place, family));
	assert_int_equal(listen(place->listener, 8), 0);
}

/* Bound but not listening, so that no one else gets the port. */
static void
place_refusing(struct place *place)
{
	assert_true(place_bind(place, AF_INET));
}

static void
place_silent(struct place *place)
{
	assert_true(place_bind(place, AF_INET));
	assert_int_equal(listen(place->listener, 0), 0);
	for (size_t i = 0; i < 4; i++) {
		place->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK,
		    0);
		connect(place->fillers[i], place->info.ai_addr,
		    place->info.ai_addrlen);
	}
}

/* A family that no current kernel has. */
static void
place_without_route(struct place *place)
{
	*place = (struct place){ .listener = -1,
		.fillers = { -1, -1, -1, -1 } };
	place->info.ai_family = AF_MAX - 1;
	place->info.ai_addr = (struct sockaddr *)&place->address;
	place->info.ai_addrlen = sizeof(struct sockaddr_in);
}

static void
place_close(struct place *place)
{
	for (size_t i = 0; i < 4; i++)
		if (place->fillers[i] >= 0)
			close(place->fillers[i]);
	if (place->listener >= 0)
		close(place->listener);
}

static void
chain(struct place *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		places[i].info.ai_next = i + 1 < count ? &places[i + 1].info
						       : NULL;
}

static enum tcp_status
dial(struct place *places, size_t count, int allowed_ms)
{
	chain(places, count);
	fd = -1;
	return tcp_connect(&places[0].info, clock_ms() + allowed_ms, -1, &fd,
	    words, sizeof words);
}

static int
option(int level, int name)
{
	int value = -1;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void
connected_socket_is_ready_for_use(void **state)
{
	struct place place;

	(void)state;
	place_listen(&place, AF_INET);
	assert_int_equal(dial(&place, 1, 5000), TCP_CONNECTED);
	assert_string_equal(words, "127.0.0.1");
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(option(IPPROTO_TCP, TCP_NODELAY), 1);
	close(fd);
	place_close(&place);
}

static void
refusal_of_all_is_a_refusal(void **state)
{
	struct place places[2];

	(void)state;
	place_refusing(&places[0]);
	place_refusing(&places[1]);
	assert_int_equal(dial(places, 2, 5000), TCP_REFUSED);
	place_close(&places[0]);
	place_close(&places[1]);
}

static void
next_address_is_tried_at_once_after_a_refusal(void **state)
{
	struct place places[2];

	(void)state;
	place_refusing(&places[0]);
	place_listen(&places[1], AF_INET);
	assert_int_equal(dial(places, 2, 240), TCP_CONNECTED);
	close(fd);
	place_close(&places[0]);
	place_close(&places[1]);
}

static void
silent_address_does_not_hold_up_the_next(void **state)
{
	struct place places[2];
	int64_t started_ms = clock_ms();

	(void)state;
	place_silent(&places[0]);
	place_listen(&places[1], AF_INET);
	assert_int_equal(dial(places, 2, 10000), TCP_CONNECTED);
	assert_true(clock_ms() - started_ms >= 250);
	close(fd);
	place_close(&places[0]);
	place_close(&places[1]);
}

/* In the order 4-4-4-6 the IPv6 address would be tried after 750 ms. */
static void
families_take_turns(void **state)
{
	struct place places[4];
	bool has_ipv6;

	(void)state;
	has_ipv6 = place_bind(&places[3], AF_INET6);
	if (!has_ipv6)
		close(places[3].listener);
	SKIP_UNLESS(has_ipv6, "needs IPv6");
	listen(places[3].listener, 8);
	for (size_t i = 0; i < 3; i++)
		place_silent(&places[i]);
	assert_int_equal(dial(places, 4, 700), TCP_CONNECTED);
	assert_string_equal(words, "::1");
	close(fd);
	for (size_t i = 0; i < 4; i++)
		place_close(&places[i]);
}

static void
silence_ends_at_the_deadline(void **state)
{
	struct place places[2];
	int64_t started_ms = clock_ms();

	(void)state;
	place_refusing(&places[0]);
	place_silent(&places[1]);
	assert_int_equal(dial(places, 2, 300), TCP_TIMEOUT);
	assert_true(clock_ms() - started_ms >= 300);
	place_close(&places[0]);
	place_close(&places[1]);
}

static void
refusal_counts_where_another_family_has_no_route(void **state)
{
	struct place places[2];

	(void)state;
	place_without_route(&places[0]);
	place_refusing(&places[1]);
	assert_int_equal(dial(places, 2, 5000), TCP_REFUSED);
	place_close(&places[1]);
}

static void
no_route_at_all_says_why(void **state)
{
	struct place place;

	(void)state;
	place_without_route(&place);
	assert_int_equal(dial(&place, 1, 5000), TCP_UNREACHABLE);
	assert_string_equal(words, strerror(EAFNOSUPPORT));
}

static void
cancel_ends_the_wait(void **state)
{
	struct place place;
	int cancel = eventfd(1, 0);

	(void)state;
	place_silent(&place);
	assert_int_equal(tcp_connect(&place.info, clock_ms() + 60000, cancel,
			     &fd, words, sizeof words),
	    TCP_CANCELLED);
	close(cancel);
	place_close(&place);
}

static void
no_descriptor_is_left_behind(void **state)
{
	struct place places[3];
	unsigned before;

	(void)state;
	place_silent(&places[0]);
	place_refusing(&places[1]);
	place_listen(&places[2], AF_INET);
	before = open_descriptors();
	assert_int_equal(dial(places, 3, 10000), TCP_CONNECTED);
	assert_int_equal(open_descriptors(), before + 1);
	close(fd);
	assert_int_equal(dial(places, 2, 300), TCP_TIMEOUT);
	assert_int_equal(open_descriptors(), before);
	for (size_t i = 0; i < 3; i++)
		place_close(&places[i]);
}

static void
keepalive_follows_the_settings(void **state)
{
	(void)state;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	tcp_keepalive(fd, 14500, 3);
	assert_int_equal(option(SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(IPPROTO_TCP, TCP_KEEPIDLE), 15);
	assert_int_equal(option(IPPROTO_TCP, TCP_KEEPINTVL), 15);
	assert_int_equal(option(IPPROTO_TCP, TCP_KEEPCNT), 3);
	assert_int_equal(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 58000);
	close(fd);
}

/* More than the peer's kernel takes while nobody reads it. */
static void
what_is_not_taken_is_not_delivered(void **state)
{
	static const char bytes[65536];
	int ends[2], small = 4096;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&address, &len);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(ends[0], (struct sockaddr *)&address, len), 0);
	ends[1] = accept(listener, NULL, NULL);
	assert_true(tcp_is_delivered(ends[0]));
	while (send(ends[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		;
	assert_false(tcp_is_delivered(ends[0]));
	close(ends[0]);
	close(ends[1]);
	close(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connected_socket_is_ready_for_use),
		cmocka_unit_test(refusal_of_all_is_a_refusal),
		cmocka_unit_test(next_address_is_tried_at_once_after_a_refusal),
		cmocka_unit_test(silent_address_does_not_hold_up_the_next),
		cmocka_unit_test(families_take_turns),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(
		    refusal_counts_where_another_family_has_no_route),
		cmocka_unit_test(no_route_at_all_says_why),
		cmocka_unit_test(cancel_ends_the_wait),
		cmocka_unit_test(no_descriptor_is_left_behind),
		cmocka_unit_test(keepalive_follows_the_settings),
		cmocka_unit_test(what_is_not_taken_is_not_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
