/* SPDX-License-Identifier: PostgreSQL */

/*
 * Listening: addresses that can be bound, socket files that are removed, and
 * accepting when descriptors run out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/listener.h"
#include "config/config.h"

#define CLIENTS_MAX 128

struct lab {
	struct event_base *base;
	char dir[64];
	char path[128]; /* of the socket */
	struct config_listen tcp, local;
	struct listener *listener;
	char error[256];
	/* The accepted sockets. */
	int fds[CLIENTS_MAX];
	unsigned count;
	struct sockaddr_storage peer; /* of the last one */
};

static void
on_accept(void *arg, int take_fd, const struct sockaddr *peer,
    socklen_t peer_len)
{
	struct lab *lab = arg;

	assert_true(lab->count < CLIENTS_MAX);
	lab->fds[lab->count++] = take_fd;
	memset(&lab->peer, 0, sizeof lab->peer);
	memcpy(&lab->peer, peer, peer_len);
}

/* A port that was free a moment ago. */
static unsigned
free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static int
setup(void **state)
{
	static struct lab lab;

	memset(&lab, 0, sizeof lab);
	lab.base = event_base_new();
	strcpy(lab.dir, "/tmp/pgjump-listener.XXXXXX");
	assert_non_null(mkdtemp(lab.dir));
	lab.tcp = (struct config_listen){ .host = "127.0.0.1",
		.port = free_port(),
		.label = "127.0.0.1" };
	lab.local = (struct config_listen){ .dir = lab.dir,
		.port = 6432,
		.label = "local" };
	snprintf(lab.path, sizeof lab.path, "%s/.s.PGSQL.6432", lab.dir);
	*state = &lab;
	return 0;
}

static int
teardown(void **state)
{
	struct lab *lab = *state;

	listener_close(lab->listener);
	for (unsigned i = 0; i < lab->count; i++)
		close(lab->fds[i]);
	unlink(lab->path);
	rmdir(lab->dir);
	event_base_free(lab->base);
	return 0;
}

static struct listener *
try_listen(struct lab *lab, const struct config_listen *listen)
{
	return listener_open(lab->base, listen, on_accept, lab, lab->error,
	    sizeof lab->error);
}

static void
open_listener(struct lab *lab, const struct config_listen *listen)
{
	lab->listener = try_listen(lab, listen);
	assert_non_null(lab->listener);
}

static int
connect_tcp(const struct lab *lab)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)lab->tcp.port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address,
			     sizeof address),
	    0);
	return fd;
}

static struct sockaddr_un
local_address(const struct lab *lab)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, lab->path, strlen(lab->path) + 1);
	return address;
}

static int
connect_local(const struct lab *lab)
{
	struct sockaddr_un address = local_address(lab);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address,
			     sizeof address),
	    0);
	return fd;
}

/* Leave the file that a killed process leaves. */
static void
leave_socket_file(const struct lab *lab)
{
	struct sockaddr_un address = local_address(lab);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address),
	    0);
	close(fd);
}

static int
option(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

/* Redirect standard error to a file, and back. */
static int
divert_stderr(const char *path)
{
	int saved = dup(STDERR_FILENO);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(saved >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return saved;
}

static unsigned
count_in_file(const char *path, const char *words)
{
	char text[8192];
	FILE *in = fopen(path, "r");
	unsigned count = 0;

	assert_non_null(in);
	text[fread(text, 1, sizeof text - 1, in)] = '\0';
	fclose(in);
	for (char *at = text; (at = strstr(at, words)) != NULL; at++)
		count++;
	return count;
}

static void
accepts_tcp_clients(void **state)
{
	struct lab *lab = *state;
	struct sockaddr_in own;
	socklen_t len = sizeof own;
	int client;

	open_listener(lab, &lab->tcp);
	client = connect_tcp(lab);
	event_base_loop(lab->base, EVLOOP_ONCE);
	assert_int_equal(lab->count, 1);
	assert_true(fcntl(lab->fds[0], F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(lab->fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(option(lab->fds[0], IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(lab->fds[0], SOL_SOCKET, SO_KEEPALIVE), 1);
	getsockname(client, (struct sockaddr *)&own, &len);
	assert_memory_equal(&lab->peer, &own, sizeof own);
	close(client);
}

static void
a_port_in_use_is_told(void **state)
{
	struct lab *lab = *state;

	open_listener(lab, &lab->tcp);
	assert_null(try_listen(lab, &lab->tcp));
	assert_string_equal(lab->error, "Address already in use");
}

static void
a_port_serves_again_at_once(void **state)
{
	struct lab *lab = *state;
	int client;

	open_listener(lab, &lab->tcp);
	client = connect_tcp(lab);
	event_base_loop(lab->base, EVLOOP_ONCE);
	listener_close(lab->listener);
	close(lab->fds[--lab->count]); /* this side closes first and has
					  TIME_WAIT */
	close(client);
	open_listener(lab, &lab->tcp);
}

/* No machine has an address in 192.0.2.0/24 (RFC 5737). */
static void
a_missing_address_is_skipped_where_optional(void **state)
{
	struct lab *lab = *state;

	lab->tcp.host = "192.0.2.1";
	assert_null(try_listen(lab, &lab->tcp));
	assert_string_equal(lab->error, "Cannot assign requested address");
	lab->tcp.is_optional = true;
	open_listener(lab, &lab->tcp);
}

static void
a_port_in_use_is_told_where_optional(void **state)
{
	struct lab *lab = *state;

	lab->tcp.is_optional = true;
	a_port_in_use_is_told(state);
}

static void
names_are_resolved(void **state)
{
	char host[300];
	struct lab *lab = *state;
	int client;

	lab->tcp.host = "localhost";
	open_listener(lab, &lab->tcp);
	client = connect_tcp(lab);
	event_base_loop(lab->base, EVLOOP_ONCE);
	assert_int_equal(lab->count, 1);
	close(client);
	memset(host, 'a', sizeof host); /* longer than any name may be */
	host[sizeof host - 1] = '\0';
	lab->tcp.host = host;
	assert_null(try_listen(lab, &lab->tcp));
	assert_true(lab->error[0] != '\0');
}

static void
a_turn_accepts_a_bounded_number(void **state)
{
	struct lab *lab = *state;
	int clients[100];
	unsigned first;

	open_listener(lab, &lab->tcp);
	for (unsigned i = 0; i < 100; i++)
		clients[i] = connect_tcp(lab);
	event_base_loop(lab->base, EVLOOP_ONCE);
	first = lab->count;
	assert_in_range(first, 1, 99);
	event_base_loop(lab->base, EVLOOP_ONCE);
	assert_int_equal(lab->count, 100);
	for (unsigned i = 0; i < 100; i++)
		close(clients[i]);
}

static void
accepts_local_clients(void **state)
{
	struct lab *lab = *state;
	struct stat status;
	int client;

	open_listener(lab, &lab->local);
	client = connect_local(lab);
	event_base_loop(lab->base, EVLOOP_ONCE);
	assert_int_equal(lab->count, 1);
	assert_int_equal(lab->peer.ss_family, AF_UNIX);
	assert_int_equal(lstat(lab->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0777);
	listener_close(lab->listener);
	lab->listener = NULL;
	assert_int_equal(lstat(lab->path, &status), -1);
	close(client);
}

static void
a_stale_socket_file_is_replaced(void **state)
{
	struct lab *lab = *state;
	int client;

	leave_socket_file(lab);
	open_listener(lab, &lab->local);
	client = connect_local(lab);
	event_base_loop(lab->base, EVLOOP_ONCE);
	assert_int_equal(lab->count, 1);
	close(client);
}

static void
a_socket_in_use_is_left_alone(void **state)
{
	struct lab *lab = *state;

	open_listener(lab, &lab->local);
	assert_null(try_listen(lab, &lab->local));
	assert_string_equal(lab->error, "Address already in use");
	close(connect_local(lab));
}

static void
a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct lab *lab = *state;
	int fd = open(lab->path, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_null(try_listen(lab, &lab->local));
	assert_int_equal(access(lab->path, F_OK), 0);
}

static void
the_socket_of_a_successor_is_left_alone(void **state)
{
	struct lab *lab = *state;

	open_listener(lab, &lab->local);
	assert_int_equal(unlink(lab->path), 0);
	/* Else the file system might give the same inode again. */
	int fd = open(lab->path, O_CREAT | O_WRONLY, 0600);
	char aside[sizeof lab->path + 8];

	close(fd);
	snprintf(aside, sizeof aside, "%s.aside", lab->path);
	assert_int_equal(rename(lab->path, aside), 0);
	leave_socket_file(lab);
	listener_close(lab->listener);
	lab->listener = NULL;
	assert_int_equal(access(lab->path, F_OK), 0);
	unlink(aside);
}

static void
a_path_that_is_too_long_is_told(void **state)
{
	char dir[200];
	struct lab *lab = *state;

	memset(dir, 'd', sizeof dir);
	dir[0] = '/';
	dir[sizeof dir - 1] = '\0';
	lab->local.dir = dir;
	assert_null(try_listen(lab, &lab->local));
	assert_non_null(strstr(lab->error, "longer than 107 bytes"));
}

static void
set_descriptor_limit(rlim_t count)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Three turns: two of them wait for the timer instead of spinning. */
static void
stay_short(struct lab *lab)
{
	int64_t started_ms = clock_ms();

	for (unsigned i = 0; i < 3; i++)
		event_base_loop(lab->base, EVLOOP_ONCE);
	assert_int_equal(lab->count, 0);
	assert_true(clock_ms() - started_ms >= 900);
}

static void
running_out_of_descriptors_pauses(void **state)
{
	struct lab *lab = *state;
	char log[128];
	struct rlimit limit;
	int client, saved, first_free;

	snprintf(log, sizeof log, "%s/log", lab->dir);
	open_listener(lab, &lab->tcp);
	client = connect_tcp(lab);
	saved = divert_stderr(log);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	getrlimit(RLIMIT_NOFILE, &limit);
	first_free = dup(STDIN_FILENO);
	close(first_free);
	set_descriptor_limit((rlim_t)first_free);
	stay_short(lab);
	set_descriptor_limit(limit.rlim_cur);
	assert_int_equal(count_in_file(log, "accepting paused"), 1);
	assert_int_equal(count_in_file(log, "Too many open files"), 1);
	assert_int_equal(count_in_file(log, "accepting again"), 0);
	while (lab->count == 0)
		event_base_loop(lab->base, EVLOOP_ONCE);
	log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(count_in_file(log, "accepting paused"), 1);
	assert_int_equal(count_in_file(log, "accepting again"), 1);
	unlink(log);
	close(client);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(accepts_tcp_clients),
		TEST(a_port_in_use_is_told),
		TEST(a_port_serves_again_at_once),
		TEST(a_missing_address_is_skipped_where_optional),
		TEST(a_port_in_use_is_told_where_optional),
		TEST(names_are_resolved),
		TEST(a_turn_accepts_a_bounded_number),
		TEST(accepts_local_clients),
		TEST(a_stale_socket_file_is_replaced),
		TEST(a_socket_in_use_is_left_alone),
		TEST(a_file_that_is_no_socket_is_left_alone),
		TEST(the_socket_of_a_successor_is_left_alone),
		TEST(a_path_that_is_too_long_is_told),
		TEST(running_out_of_descriptors_pauses),
	};

	log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
