/* SPDX-License-Identifier: PostgreSQL */

/*
 * The struct has two holders, the owner and the message on its way to the
 * owner.  The last one to let go frees it.
 */
#include "jump/dialer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "ssh/transport.h"

/* getaddrinfo() and bcrypt need the most stack; 512 KB is ample for both. */
#define STACK_SIZE ((size_t)512 << 10)

struct dialer {
	struct message message; /* first: it carries the outcome */
	atomic_int holders;
	pthread_t thread;
	bool has_thread;
	int cancel_fd;
	struct dialer_setup setup;
	const struct config_jump *jump;             /* one of these ... */
	const struct config_connection *connection; /* ... is set */
	struct dialer_outcome outcome;
};

static void
let_go(struct dialer *dialer)
{
	if (atomic_fetch_sub(&dialer->holders, 1) > 1)
		return;
	ssh_transport_free(dialer->outcome.transport);
	if (dialer->outcome.fd >= 0)
		close(dialer->outcome.fd);
	if (dialer->setup.take_socket >= 0)
		close(dialer->setup.take_socket);
	if (dialer->cancel_fd >= 0)
		close(dialer->cancel_fd);
	mailbox_unref(dialer->setup.mailbox);
	config_unref(dialer->setup.cfg);
	free(dialer);
}

static void
on_message(struct message *message, void *receiver)
{
	struct dialer *dialer = (struct dialer *)message;

	(void)receiver;
	if (dialer->setup.done != NULL)
		dialer->setup.done(dialer->setup.arg, &dialer->outcome);
	let_go(dialer);
}

static void
on_discard(struct message *message)
{
	let_go((struct dialer *)message);
}

/* The way there is open already. */
static enum failure
reach(void *arg, int *fd_out, struct fault *fault)
{
	struct dialer *dialer = arg;

	*fd_out = dialer->setup.take_socket;
	dialer->setup.take_socket = -1;
	fault_note(fault, "connected through %s in %lld ms",
	    dialer->jump->via->label, (long long)dialer->setup.reached_ms);
	return FAIL_NONE;
}

static void *
run(void *arg)
{
	struct dialer *dialer = arg;
	const struct dial dial = {
		.reach = dialer->setup.take_socket >= 0 ? reach : NULL,
		.reach_arg = dialer,
		.cfg = dialer->setup.cfg,
		.resolver = dialer->setup.resolver,
		.cancel_fd = dialer->cancel_fd,
		.on_stage = dialer->setup.on_stage,
		.arg = dialer->setup.stage_arg,
	};
	struct dialer_outcome *outcome = &dialer->outcome;

	if (dialer->jump != NULL)
		dial_jump(&dial, dialer->jump, &outcome->transport,
		    &outcome->fault);
	else
		dial_database(&dial, dialer->connection, &outcome->fd,
		    &outcome->fault);
	mailbox_post(dialer->setup.mailbox, &dialer->message);
	return NULL;
}

/*
 * The system is short of threads or descriptors, which may pass: the code is
 * one that is tried again soon.
 */
static void
post_not_started(struct dialer *dialer, int error)
{
	fault_set(&dialer->outcome.fault,
	    dialer->jump != NULL ? FAIL_JUMP_UNREACHABLE : FAIL_DB_UNREACHABLE,
	    "pgjump cannot start a thread: %s", strerror(error));
	mailbox_post(dialer->setup.mailbox, &dialer->message);
}

/* Returns 0 or an errno. */
static int
start_thread(struct dialer *dialer)
{
	pthread_attr_t attr;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	error = pthread_create(&dialer->thread, &attr, run, dialer);
	pthread_attr_destroy(&attr);
	dialer->has_thread = error == 0;
	return error;
}

/* Without cancel_fd no thread is started: it would hold up dialer_close(). */
static void
start(struct dialer *dialer)
{
	int error;

	dialer->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = dialer->cancel_fd >= 0 ? start_thread(dialer) : errno;
	if (error != 0)
		post_not_started(dialer, error);
}

static struct dialer *
dialer_new(const struct dialer_setup *setup)
{
	struct dialer *dialer = xcalloc(1, sizeof *dialer);

	dialer->message.deliver = on_message;
	dialer->message.discard = on_discard;
	dialer->holders = 2;
	dialer->setup = *setup;
	config_ref(setup->cfg);
	mailbox_ref(setup->mailbox);
	dialer->outcome.fd = -1;
	return dialer;
}

struct dialer *
dialer_jump(const struct dialer_setup *setup, const struct config_jump *jump)
{
	struct dialer *dialer = dialer_new(setup);

	dialer->jump = jump;
	start(dialer);
	return dialer;
}

struct dialer *
dialer_database(const struct dialer_setup *setup,
    const struct config_connection *connection)
{
	struct dialer *dialer = dialer_new(setup);

	dialer->connection = connection;
	start(dialer);
	return dialer;
}

void
dialer_cancel(struct dialer *dialer)
{
	const uint64_t one = 1;
	ssize_t written = write(dialer->cancel_fd, &one, sizeof one);

	(void)written; /* a full counter is readable as well */
}

void
dialer_close(struct dialer *dialer)
{
	if (dialer == NULL)
		return;
	dialer_cancel(dialer);
	if (dialer->has_thread)
		pthread_join(dialer->thread, NULL);
	dialer->setup.done = NULL;
	let_go(dialer);
}
