/* SPDX-License-Identifier: PostgreSQL */

/*
 * The first cause counts, and an outer one before an inner one.
 */
#include "ssh/carrier.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "ssh/channel_host.h"

void
ssh_carrier_begin(struct ssh_channel_host *host, struct stream *stream,
    const struct ssh_channel_host *of_stream)
{
	host->carrier.stream = stream;
	host->carrier.host = of_stream;
}

void
ssh_carrier_ended(struct ssh_channel_host *host, const struct fault *cause)
{
	host->carrier.stream = NULL;
	if (cause->code == FAIL_NONE || host->carrier.cause != NULL)
		return;
	host->carrier.cause = xmalloc(sizeof *host->carrier.cause);
	*host->carrier.cause = *cause;
}

void
ssh_carrier_clear(struct ssh_channel_host *host)
{
	free(host->carrier.cause);
}

void
ssh_carrier_ask(const struct ssh_channel_host *host)
{
	if (host->carrier.stream != NULL)
		stream_expect_by(host->carrier.stream, clock_ms());
}

const struct fault *
ssh_carrier_silent(const struct ssh_channel_host *host, int64_t since_ms)
{
	struct stream *carrier = host->carrier.stream;

	if (carrier == NULL || stream_was_heard(carrier, since_ms))
		return &host->fault;
	return ssh_carrier_silent(host->carrier.host, since_ms);
}
