/* SPDX-License-Identifier: PostgreSQL */

/*
 * The first two stages of a dial, which know nothing of what is spoken to the
 * host.
 */
#include "ssh/reach.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "config/config.h"
#include "ssh/resolver.h"
#include "ssh/tcp.h"

static enum failure
fail_timeout(struct fault *fault, enum failure code, int64_t allowed_ms)
{
	return fault_set(fault, code, "%s", clock_text(allowed_ms).text);
}

static int
elapsed_ms(int64_t since_ms)
{
	return (int)(clock_ms() - since_ms);
}

/* "203.0.113.10 and 1 more" */
static void
describe(const struct addrinfo *addresses, char *text, size_t size)
{
	char first[NI_MAXHOST];
	unsigned more = 0;

	getnameinfo(addresses->ai_addr, addresses->ai_addrlen, first,
	    sizeof first, NULL, 0, NI_NUMERICHOST);
	while ((addresses = addresses->ai_next) != NULL)
		more++;
	if (more > 0)
		snprintf(text, size, "%s and %u more", first, more);
	else
		snprintf(text, size, "%s", first);
}

/* An address literal resolves to itself, which is not worth a note. */
static void
note_resolved(const char *host, const struct addrinfo *found,
    int64_t started_ms, struct fault *fault)
{
	char text[NI_MAXHOST + 32];

	describe(found, text, sizeof text);
	if (strcmp(text, host) != 0)
		fault_note(fault, "resolved to %s in %d ms", text,
		    elapsed_ms(started_ms));
}

static void
note_asked(const char *host, int64_t started_ms, struct fault *fault)
{
	fault_note(fault, "asked this machine's resolver for %s for %d ms",
	    host, elapsed_ms(started_ms));
}

static void
note_tried(const struct addrinfo *addresses, int64_t started_ms,
    struct fault *fault)
{
	char text[NI_MAXHOST + 32];

	describe(addresses, text, sizeof text);
	fault_note(fault, "tried %s for %d ms", text, elapsed_ms(started_ms));
}

static enum failure
resolve(const struct dial *dial, const struct reach_rows *rows,
    const char *host, unsigned port, struct addrinfo **out, struct fault *fault)
{
	int64_t started_ms = clock_ms();
	int64_t allowed_ms = dialing_allow_ms(dial,
	    dial->cfg->resolve_timeout_ms);
	char words[FAULT_WORDS_MAX];

	dialing_enter(dial, rows->resolve);
	switch (
	    resolver_ask(dial->resolver, host, port, started_ms + allowed_ms,
		dial->cancel_fd, out, words, sizeof words)) {
	case RESOLVE_OK:
		note_resolved(host, *out, started_ms, fault);
		if (dial->facts != NULL)
			describe(*out, dial->facts->addresses,
			    sizeof dial->facts->addresses);
		return FAIL_NONE;
	case RESOLVE_UNKNOWN:
		note_asked(host, started_ms, fault);
		return fault_set(fault, rows->name_unknown, "%s", words);
	case RESOLVE_TIMEOUT:
		note_asked(host, started_ms, fault);
		return fail_timeout(fault, rows->name_timeout, allowed_ms);
	case RESOLVE_CANCELLED:
		break;
	}
	return fault_set_code(fault, FAIL_SHUTDOWN);
}

static enum failure
connect_to(const struct dial *dial, const struct reach_rows *rows,
    const struct addrinfo *addresses, struct reached *out, struct fault *fault)
{
	int64_t started_ms = clock_ms();
	int64_t allowed_ms = dialing_allow_ms(dial,
	    dial->cfg->connect_timeout_ms);
	char words[FAULT_WORDS_MAX];

	dialing_enter(dial, rows->connect);
	switch (tcp_connect(addresses, started_ms + allowed_ms, dial->cancel_fd,
	    &out->fd, words, sizeof words)) {
	case TCP_CONNECTED:
		fault_note(fault, "connected to %s in %d ms", words,
		    elapsed_ms(started_ms));
		snprintf(out->address, sizeof out->address, "%.63s", words);
		if (dial->facts != NULL)
			snprintf(dial->facts->address,
			    sizeof dial->facts->address, "%.63s", words);
		tcp_keepalive(out->fd, dial->cfg->keepalive_interval_ms,
		    dial->cfg->keepalive_count);
		return FAIL_NONE;
	case TCP_REFUSED:
		note_tried(addresses, started_ms, fault);
		return fault_set_code(fault, rows->refused);
	case TCP_RESET:
		note_tried(addresses, started_ms, fault);
		return fault_set(fault, rows->reset, "at once");
	case TCP_UNREACHABLE:
		note_tried(addresses, started_ms, fault);
		return fault_set(fault, rows->unreachable, "%s", words);
	case TCP_TIMEOUT:
		note_tried(addresses, started_ms, fault);
		return fail_timeout(fault, rows->timeout, allowed_ms);
	case TCP_CANCELLED:
		break;
	}
	return fault_set_code(fault, FAIL_SHUTDOWN);
}

static unsigned
count(const struct addrinfo *addresses)
{
	unsigned n = 0;

	for (; addresses != NULL; addresses = addresses->ai_next)
		n++;
	return n;
}

enum failure
reach_host(const struct dial *dial, const struct reach_rows *rows,
    const char *host, unsigned port, struct reached *out, struct fault *fault)
{
	struct addrinfo *addresses;
	enum failure code;

	code = resolve(dial, rows, host, port, &addresses, fault);
	if (code == FAIL_NONE) {
		out->count = count(addresses);
		code = connect_to(dial, rows, addresses, out, fault);
	}
	resolver_release(addresses);
	return code;
}
