/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whose a loopback client is, by both ways to ask the kernel, in both families
 * of sockets, and after its process has closed it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "client/owner.h"

/* --- A system without sock_diag ------------------------------------------- */

static bool is_without_diag;

int
socket(int domain, int type, int protocol)
{
	if (is_without_diag && domain == AF_NETLINK) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

/* --- Two ends of a connection --------------------------------------------- */

struct ends {
	int client, server;
};

static int
listen_at(struct sockaddr_in6 *address, socklen_t *len)
{
	int fd = socket(address->sin6_family, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)address, *len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, len), 0);
	return fd;
}

static struct ends
connect_ends(int listener, const void *address, socklen_t len, int family)
{
	struct ends ends = { .client = socket(family, SOCK_STREAM, 0) };

	assert_int_equal(connect(ends.client, address, len), 0);
	ends.server = accept(listener, NULL, NULL);
	assert_true(ends.server >= 0);
	close(listener);
	return ends;
}

static struct ends
ends_of_v4(void)
{
	struct sockaddr_in6 room = { 0 };
	struct sockaddr_in *address = (struct sockaddr_in *)&room;
	socklen_t len = sizeof *address;
	int listener;

	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = listen_at(&room, &len);
	return connect_ends(listener, address, len, AF_INET);
}

/* An IPv6 socket that uses an IPv4 address. */
static struct ends
ends_of_mapped(void)
{
	struct sockaddr_in6 room = { 0 }, mapped = { .sin6_family = AF_INET6 };
	struct sockaddr_in *address = (struct sockaddr_in *)&room;
	socklen_t len = sizeof *address;
	int listener;

	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = listen_at(&room, &len);
	mapped.sin6_port = address->sin_port;
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
	return connect_ends(listener, &mapped, sizeof mapped, AF_INET6);
}

static struct ends
ends_of_v6(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
		.sin6_addr = in6addr_loopback };
	socklen_t len = sizeof address;
	int listener = listen_at(&address, &len);

	return connect_ends(listener, &address, len, AF_INET6);
}

static bool
is_admitted(const struct ends *ends, uid_t uid, char *words)
{
	const struct client_owners owners = { .uids = { uid }, .count = 1 };

	return owner_is_admitted(&owners, ends->server, words, OWNER_WORDS_MAX);
}

static void
judge(struct ends ends)
{
	char words[OWNER_WORDS_MAX];

	assert_true(is_admitted(&ends, geteuid(), words));
	assert_false(is_admitted(&ends, geteuid() + 1, words));
	assert_non_null(strstr(words, "user "));
	shutdown(ends.client, SHUT_WR);
	assert_true(is_admitted(&ends, geteuid(), words));
	close(ends.client);
	assert_false(is_admitted(&ends, geteuid(), words));
	assert_false(is_admitted(&ends, 0, words));
	assert_string_equal(words, "a user who cannot be told");
	close(ends.server);
}

static void
judge_all(void)
{
	judge(ends_of_v4());
	judge(ends_of_mapped());
	judge(ends_of_v6());
}

static void
by_sock_diag(void **state)
{
	(void)state;
	is_without_diag = false;
	judge_all();
}

static void
by_the_file_where_that_is_missing(void **state)
{
	(void)state;
	is_without_diag = true;
	judge_all();
	is_without_diag = false;
}

static void
what_is_no_tcp_has_no_owner(void **state)
{
	char words[OWNER_WORDS_MAX];
	struct ends ends;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ends = (struct ends){ pair[0], pair[1] };
	assert_false(is_admitted(&ends, geteuid(), words));
	close(ends.client);
	close(ends.server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_sock_diag),
		cmocka_unit_test(by_the_file_where_that_is_missing),
		cmocka_unit_test(what_is_no_tcp_has_no_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
