/* SPDX-License-Identifier: PostgreSQL */

/*
 * The resolver with a getaddrinfo() that answers when a test lets it.  Also run
 * under ThreadSanitizer.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "ssh/resolver.h"

#define WAITING 4

/* Lookups of names that begin with "slow" are answered once per post. */
static sem_t gate;
static atomic_uint look_ups;

static struct addrinfo *
entry(int family, const char *text, struct addrinfo *next)
{
	size_t len = family == AF_INET ? sizeof(struct sockaddr_in)
				       : sizeof(struct sockaddr_in6);
	struct addrinfo *info = calloc(1, sizeof *info + len);
	struct sockaddr_in *v4 = (struct sockaddr_in *)(info + 1);
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(info + 1);

	v4->sin_family = (sa_family_t)family;
	info->ai_family = family;
	info->ai_addr = (struct sockaddr *)v4;
	info->ai_addrlen = (socklen_t)len;
	info->ai_next = next;
	if (inet_pton(family, text,
		family == AF_INET ? (void *)&v4->sin_addr
				  : (void *)&v6->sin6_addr) == 1)
		return info;
	free(info);
	return NULL;
}

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **found)
{
	(void)service;
	if (hints->ai_flags & AI_NUMERICHOST) {
		*found = entry(AF_INET, host, NULL);
		return *found != NULL ? 0 : EAI_NONAME;
	}
	atomic_fetch_add(&look_ups, 1);
	if (strncmp(host, "slow", 4) == 0)
		while (sem_wait(&gate) != 0)
			;
	if (strstr(host, "unknown") != NULL)
		return EAI_NONAME;
	if (strstr(host, "broken") != NULL) {
		errno = EMFILE;
		return EAI_SYSTEM;
	}
	*found = entry(AF_INET6, "2001:db8::7",
	    entry(AF_INET, "203.0.113.7", NULL));
	return 0;
}

void
freeaddrinfo(struct addrinfo *info)
{
	struct addrinfo *next;

	for (; info != NULL; info = next) {
		next = info->ai_next;
		free(info);
	}
}

static struct resolver *resolver;
static struct addrinfo *found;
static char words[128];

static enum resolver_status
ask(const char *host, int allowed_ms)
{
	return resolver_ask(resolver, host, 2222, clock_ms() + allowed_ms, -1,
	    &found, words, sizeof words);
}

static int
set_up(void **state)
{
	(void)state;
	sem_init(&gate, 0, 0);
	look_ups = 0;
	found = NULL;
	resolver = resolver_new();
	return 0;
}

static unsigned
threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

/* Wait for threads that nobody joins.  A sanitizer may have one of its own. */
static int
tear_down(void **state)
{
	static unsigned own;
	int64_t until_ms = clock_ms() + 10000;

	(void)state;
	resolver_free(resolver);
	while (sem_post(&gate) == 0 && own > 0 && threads() > own &&
	    clock_ms() < until_ms)
		sched_yield();
	if (own == 0)
		own = threads();
	return 0;
}

static void
literal_needs_no_thread(void **state)
{
	struct sockaddr_in *v4;

	(void)state;
	assert_int_equal(ask("192.0.2.1", 0), RESOLVE_OK);
	v4 = (struct sockaddr_in *)found->ai_addr;
	assert_int_equal(v4->sin_addr.s_addr, inet_addr("192.0.2.1"));
	assert_int_equal(ntohs(v4->sin_port), 2222);
	assert_null(found->ai_next);
	assert_int_equal(look_ups, 0);
	resolver_release(found);
}

static void
name_gives_all_its_addresses_with_the_port(void **state)
{
	(void)state;
	assert_int_equal(ask("name", 10000), RESOLVE_OK);
	assert_int_equal(found->ai_family, AF_INET6);
	assert_int_equal(ntohs(((struct sockaddr_in6 *)found->ai_addr)
				   ->sin6_port),
	    2222);
	assert_int_equal(found->ai_next->ai_family, AF_INET);
	assert_int_equal(ntohs(((struct sockaddr_in *)found->ai_next->ai_addr)
				   ->sin_port),
	    2222);
	assert_null(found->ai_next->ai_next);
	resolver_release(found);
}

static void
unknown_name_has_the_resolvers_words(void **state)
{
	(void)state;
	assert_int_equal(ask("unknown", 10000), RESOLVE_UNKNOWN);
	assert_null(found);
	assert_string_equal(words, gai_strerror(EAI_NONAME));
}

static void
system_error_has_the_systems_words(void **state)
{
	(void)state;
	assert_int_equal(ask("broken", 10000), RESOLVE_UNKNOWN);
	assert_string_equal(words, strerror(EMFILE));
}

static void
failure_is_asked_anew(void **state)
{
	(void)state;
	assert_int_equal(ask("unknown", 10000), RESOLVE_UNKNOWN);
	assert_int_equal(ask("unknown", 10000), RESOLVE_UNKNOWN);
	assert_int_equal(look_ups, 2);
}

static void
deadline_passes_and_the_thread_serves_the_next(void **state)
{
	(void)state;
	assert_int_equal(ask("slow", 30), RESOLVE_TIMEOUT);
	assert_null(found);
	assert_int_equal(ask("slow", 30), RESOLVE_TIMEOUT);
	sem_post(&gate);
	assert_int_equal(ask("slow", 10000), RESOLVE_OK);
	resolver_release(found);
	assert_int_equal(look_ups, 1);
}

static void
stuck_name_does_not_hold_up_another(void **state)
{
	(void)state;
	assert_int_equal(ask("slow", 30), RESOLVE_TIMEOUT);
	assert_int_equal(ask("name", 10000), RESOLVE_OK);
	resolver_release(found);
}

static void
cancel_ends_the_wait(void **state)
{
	int cancel = eventfd(1, 0);

	(void)state;
	assert_int_equal(resolver_ask(resolver, "slow", 1, clock_ms() + 60000,
			     cancel, &found, words, sizeof words),
	    RESOLVE_CANCELLED);
	close(cancel);
}

static void *
ask_slow(void *arg)
{
	struct addrinfo *own = NULL;
	char text[64];

	(void)arg;
	if (resolver_ask(resolver, "slow", 1, clock_ms() + 10000, -1, &own,
		text, sizeof text) != RESOLVE_OK)
		return NULL;
	resolver_release(own->ai_next);
	own->ai_next = NULL;
	return own;
}

static void
each_who_waits_gets_an_answer_of_his_own(void **state)
{
	pthread_t waiting[WAITING];
	void *own[WAITING];

	(void)state;
	for (size_t i = 0; i < WAITING; i++)
		pthread_create(&waiting[i], NULL, ask_slow, NULL);
	for (size_t i = 0; i < WAITING; i++)
		sem_post(&gate);
	for (size_t i = 0; i < WAITING; i++) {
		pthread_join(waiting[i], &own[i]);
		assert_non_null(own[i]);
	}
	for (size_t i = 0; i < WAITING; i++)
		resolver_release(own[i]);
}

static void
resolver_can_go_before_its_thread(void **state)
{
	(void)state;
	assert_int_equal(ask("slow", 10), RESOLVE_TIMEOUT);
	resolver_free(resolver);
	sem_post(&gate);
	resolver = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(literal_needs_no_thread),
		TEST(name_gives_all_its_addresses_with_the_port),
		TEST(unknown_name_has_the_resolvers_words),
		TEST(system_error_has_the_systems_words),
		TEST(failure_is_asked_anew),
		TEST(deadline_passes_and_the_thread_serves_the_next),
		TEST(stuck_name_does_not_hold_up_another),
		TEST(cancel_ends_the_wait),
		TEST(each_who_waits_gets_an_answer_of_his_own),
		TEST(resolver_can_go_before_its_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
