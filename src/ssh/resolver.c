/* SPDX-License-Identifier: PostgreSQL */

/*
 * getaddrinfo() in a thread of its own, for which nobody has to wait.  A
 * resolver is a mutex and the list of questions that are being asked.  A
 * question is shared by its thread and by all who wait for the answer; the last
 * of them frees it.  This file knows no sockets and chooses no address.
 */
#include "ssh/resolver.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "ssh/await.h"

/* How long an answer that came after its deadline may serve the next try. */
#define LATE_ANSWER_MS 60000

/* One name being looked up; the mutex guards everything but `host`. */
struct question {
	LIST_ENTRY(question) entry; /* while `is_listed` */
	struct resolver *resolver;  /* a reference */
	unsigned refs;              /* the thread, those who wait, the list */
	bool is_listed;
	bool is_answered;
	int64_t answered_ms;
	int answered_fd; /* eventfd, readable once answered */
	int error;       /* of getaddrinfo() */
	int system_error;
	struct addrinfo *found; /* for freeaddrinfo() */
	char *host;
};

struct resolver {
	pthread_mutex_t mutex;
	unsigned refs; /* the owner, each question */
	LIST_HEAD(, question) questions;
};

struct resolver *
resolver_new(void)
{
	struct resolver *resolver = xcalloc(1, sizeof *resolver);

	pthread_mutex_init(&resolver->mutex, NULL);
	resolver->refs = 1;
	LIST_INIT(&resolver->questions);
	return resolver;
}

/* Drop a reference and unlock; the last one frees. */
static void
resolver_unref_unlock(struct resolver *resolver)
{
	bool is_last = --resolver->refs == 0;

	pthread_mutex_unlock(&resolver->mutex);
	if (!is_last)
		return;
	pthread_mutex_destroy(&resolver->mutex);
	free(resolver);
}

static void
question_unref(struct question *question)
{
	struct resolver *resolver = question->resolver;

	if (--question->refs > 0)
		return;
	assert(!question->is_listed);
	close(question->answered_fd);
	if (question->found != NULL)
		freeaddrinfo(question->found);
	free(question->host);
	free(question);
	resolver->refs--;
}

static void
unlist(struct question *question)
{
	if (!question->is_listed)
		return;
	question->is_listed = false;
	LIST_REMOVE(question, entry);
	question_unref(question);
}

void
resolver_free(struct resolver *resolver)
{
	struct question *question, *next;

	if (resolver == NULL)
		return;
	pthread_mutex_lock(&resolver->mutex);
	for (question = LIST_FIRST(&resolver->questions); question != NULL;
	     question = next) {
		next = LIST_NEXT(question, entry);
		unlist(question);
	}
	resolver_unref_unlock(resolver);
}

static int
look_up(const char *host, int flags, struct addrinfo **found)
{
	const struct addrinfo hints = {
		.ai_flags = flags,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	int error;

	*found = NULL;
	error = getaddrinfo(host, NULL, &hints, found);
	if (error == EAI_MEMORY)
		xmalloc_fail(0);
	return error;
}

/* The thread: ask, leave the answer, end. */
static void *
answer(void *arg)
{
	struct question *question = arg;
	struct resolver *resolver = question->resolver;
	struct addrinfo *found;
	int error = look_up(question->host, 0, &found);
	int system_error = errno;
	uint64_t one = 1;
	ssize_t written;

	pthread_mutex_lock(&resolver->mutex);
	question->is_answered = true;
	question->answered_ms = clock_ms();
	question->error = error;
	question->system_error = system_error;
	question->found = found;
	written = write(question->answered_fd, &one, sizeof one);
	assert(written == sizeof one);
	resolver->refs++;
	question_unref(question);
	resolver_unref_unlock(resolver);
	return NULL;
}

/*
 * Start the thread.  It takes no signals: those are for the main thread.
 * Returns 0 or an errno.
 */
static int
start_thread(struct question *question)
{
	pthread_t thread;
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, answer, question);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_detach(thread);
	return error;
}

/* NULL with errno: no descriptor or no thread is available. */
static struct question *
question_new(struct resolver *resolver, const char *host)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), error;
	struct question *question;

	if (fd < 0)
		return NULL;
	question = xcalloc(1, sizeof *question);
	question->resolver = resolver;
	resolver->refs++;
	question->answered_fd = fd;
	question->host = xstrdup(host);
	question->refs = 2; /* the thread and the list */
	question->is_listed = true;
	LIST_INSERT_HEAD(&resolver->questions, question, entry);
	error = start_thread(question);
	if (error != 0) {
		question->refs--;
		unlist(question);
		errno = error;
		return NULL;
	}
	return question;
}

/*
 * A question asked before which has no answer yet, or whose answer came too
 * late for those who asked and is still good.
 */
static struct question *
find(struct resolver *resolver, const char *host)
{
	struct question *question;

	LIST_FOREACH(question, &resolver->questions, entry)
		if (strcmp(question->host, host) == 0)
			break;
	if (question == NULL || !question->is_answered)
		return question;
	if (question->error == 0 &&
	    clock_ms() - question->answered_ms < LATE_ANSWER_MS)
		return question;
	unlist(question);
	return NULL;
}

static void
set_port(struct sockaddr *address, unsigned port)
{
	if (address->sa_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons(
		    (uint16_t)port);
	else
		((struct sockaddr_in *)address)->sin_port = htons(
		    (uint16_t)port);
}

/*
 * Copy the addresses: several may wait for one answer, and each releases its
 * own with resolver_release().
 */
static struct addrinfo *
copy_found(const struct addrinfo *found, unsigned port)
{
	struct addrinfo *first = NULL, **last = &first;

	for (; found != NULL; found = found->ai_next) {
		if (found->ai_family != AF_INET && found->ai_family != AF_INET6)
			continue;
		*last = xmalloc(sizeof **last + found->ai_addrlen);
		**last = *found;
		(*last)->ai_canonname = NULL;
		(*last)->ai_next = NULL;
		(*last)->ai_addr = (struct sockaddr *)(*last + 1);
		memcpy((*last)->ai_addr, found->ai_addr, found->ai_addrlen);
		set_port((*last)->ai_addr, port);
		last = &(*last)->ai_next;
	}
	return first;
}

void
resolver_release(struct addrinfo *addresses)
{
	struct addrinfo *next;

	for (; addresses != NULL; addresses = next) {
		next = addresses->ai_next;
		free(addresses);
	}
}

static enum resolver_status
report(const struct addrinfo *found, int error, int system_error, unsigned port,
    struct addrinfo **out, char *words, size_t words_size)
{
	if (error == 0)
		*out = copy_found(found, port);
	if (*out != NULL)
		return RESOLVE_OK;
	if (error == 0)
		error = EAI_NONAME;
	snprintf(words, words_size, "%s",
	    error == EAI_SYSTEM ? strerror(system_error) : gai_strerror(error));
	return RESOLVE_UNKNOWN;
}

/* Call with the mutex locked; it is unlocked during the wait. */
static enum await_status
wait_answer(struct question *question, int64_t deadline_ms, int cancel_fd)
{
	struct resolver *resolver = question->resolver;
	enum await_status status;

	pthread_mutex_unlock(&resolver->mutex);
	status = await_one(question->answered_fd, POLLIN, deadline_ms,
	    cancel_fd);
	pthread_mutex_lock(&resolver->mutex);
	return status;
}

static enum resolver_status
ask_thread(struct resolver *resolver, const char *host, unsigned port,
    int64_t deadline_ms, int cancel_fd, struct addrinfo **out, char *words,
    size_t words_size)
{
	struct question *question = find(resolver, host);
	enum resolver_status status = RESOLVE_TIMEOUT;

	if (question == NULL)
		question = question_new(resolver, host);
	if (question == NULL)
		return report(NULL, EAI_SYSTEM, errno, port, out, words,
		    words_size);
	question->refs++;
	if (wait_answer(question, deadline_ms, cancel_fd) == AWAIT_CANCELLED)
		status = RESOLVE_CANCELLED;
	else if (question->is_answered) {
		status = report(question->found, question->error,
		    question->system_error, port, out, words, words_size);
		unlist(question);
	}
	question_unref(question);
	return status;
}

/*
 * getaddrinfo() looks nothing up for an address literal, so it is asked here
 * without a thread.
 */
static bool
is_literal(const char *host, unsigned port, struct addrinfo **out)
{
	struct addrinfo *found;

	if (look_up(host, AI_NUMERICHOST, &found) != 0)
		return false;
	*out = copy_found(found, port);
	freeaddrinfo(found);
	return *out != NULL;
}

enum resolver_status
resolver_ask(struct resolver *resolver, const char *host, unsigned port,
    int64_t deadline_ms, int cancel_fd, struct addrinfo **out, char *words,
    size_t words_size)
{
	enum resolver_status status;

	*out = NULL;
	words[0] = '\0';
	if (is_literal(host, port, out))
		return RESOLVE_OK;
	pthread_mutex_lock(&resolver->mutex);
	status = ask_thread(resolver, host, port, deadline_ms, cancel_fd, out,
	    words, words_size);
	pthread_mutex_unlock(&resolver->mutex);
	return status;
}
