/* SPDX-License-Identifier: PostgreSQL */

/*
 * A cause that the carrier gave comes before one of the session's own.
 */
#include "ssh/loss.h"

#include <event2/event.h>

#include "base/fault.h"
#include "base/log.h"
#include "ssh/facts.h"
#include "ssh/link_state.h"

/* What the fault names is the link's own jump box, before it has a cause. */
static void
log_loss(const struct ssh_link *link, const struct fault *cause)
{
	const struct fault *own = &link->host.fault;
	char text[FAULT_DETAIL_MAX];

	fault_cause(cause, text, sizeof text);
	log_warning("link lost", log_str("jump", own->jump),
	    log_str("through", own->through[0] != '\0' ? own->through : NULL),
	    log_str("stage", failure_stage(cause->code)->label),
	    log_str("cause",
		link->host.carrier.cause != NULL ? text : cause->words),
	    log_num("channels", (int64_t)link->channels.live_count));
}

void
ssh_loss_end(struct ssh_link *link, enum failure code, const char *words)
{
	struct ssh_channel_host *host = &link->host;
	struct fault cause = host->fault;

	if (host->is_lost)
		return;
	host->is_lost = true;
	link->needs_pump = true;
	event_del(link->readable);
	event_del(link->writable);
	event_del(link->timer);
	if (host->carrier.cause != NULL)
		fault_adopt(&cause, host->carrier.cause);
	fault_set(&cause, code, "%s", words);
	log_loss(link, &cause);
	host->fault = cause;
}

void
ssh_loss_end_session(struct ssh_link *link)
{
	const char *words;
	enum failure code = ssh_facts_end(link->host.transport, &words);

	ssh_loss_end(link, code, words);
}

void
ssh_loss_retire(struct ssh_link *link)
{
	if (!link->is_retired)
		log_info("link retired", log_str("jump", link->host.fault.jump),
		    log_num("channels", (int64_t)link->channels.live_count));
	link->is_retired = true;
}
