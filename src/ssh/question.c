/* SPDX-License-Identifier: PostgreSQL */

/*
 * The request is for an environment variable (RFC 4254, 6.4), which means
 * nothing on such a channel.  libssh2 consumes the answer to it, which it does
 * not do for the answer to a keepalive.
 */
#include "ssh/question.h"

#include "base/clock.h"
#include "ssh/transport.h"

#define VARIABLE "PGJUMP_PING"

/*
 * The pulse decides when to ask.  libssh2 holds a keepalive back until its
 * interval has passed, at least two seconds.  It keeps the interval in an int,
 * and below 0 it holds nothing back.
 */
#define KEEPALIVE_AT_ONCE ((unsigned)-1)

void
ssh_question_init(struct ssh_question *question,
    struct ssh_transport *transport)
{
	*question = (struct ssh_question){ .transport = transport };
	libssh2_keepalive_config(ssh_transport_session(transport), 1,
	    KEEPALIVE_AT_ONCE);
}

bool
ssh_question_keep(struct ssh_question *question, LIBSSH2_CHANNEL *take)
{
	if (question->channel != NULL)
		return false;
	question->channel = take;
	return true;
}

LIBSSH2_CHANNEL *
ssh_question_take_ended(struct ssh_question *question)
{
	LIBSSH2_CHANNEL *channel = question->channel;

	if (channel == NULL || libssh2_channel_eof(channel) == 0)
		return NULL;
	question->channel = NULL;
	question->is_pending = question->is_proved = false;
	return channel;
}

/*
 * An error of libssh2's own is no answer: the caller's next read will report
 * it.
 */
int64_t
ssh_question_step(struct ssh_question *question)
{
	int64_t elapsed_us;
	int rc;

	if (!question->is_pending)
		return 0;
	rc = libssh2_channel_setenv(question->channel, VARIABLE, "");
	question->is_pending = rc == LIBSSH2_ERROR_EAGAIN;
	if (rc != 0 && rc != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
		return 0;
	question->is_proved = true;
	elapsed_us = clock_us() - question->asked_us;
	return elapsed_us > 0 ? elapsed_us : 1;
}

static void
ask_on_channel(struct ssh_question *question)
{
	question->is_pending = true;
	question->asked_us = clock_us();
	ssh_question_step(question);
}

/*
 * Until the peer has answered once on the channel, it may never do so; then a
 * keepalive is sent as well.
 */
bool
ssh_question_ask(struct ssh_question *question)
{
	size_t pending = ssh_transport_pending(question->transport);
	int next_s;

	if (question->channel != NULL && !question->is_pending)
		ask_on_channel(question);
	if (!question->is_proved ||
	    ssh_transport_pending(question->transport) == pending)
		libssh2_keepalive_send(ssh_transport_session(
					   question->transport),
		    &next_s);
	return ssh_transport_pending(question->transport) > pending;
}
