/* SPDX-License-Identifier: PostgreSQL */

/*
 * The stages of a dial, one after another.  Each has a deadline from the
 * configuration, and notes in the fault's DETAIL what it reached.  The first
 * two also reach a database without tunnel.
 */
#include "ssh/dial.h"

#include <assert.h>
#include <errno.h>
#include <libssh2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "ssh/auth.h"
#include "ssh/await.h"
#include "ssh/handshake.h"
#include "ssh/hostkey_trust.h"
#include "ssh/login.h"
#include "ssh/resolver.h"
#include "ssh/tcp.h"
#include "ssh/transport.h"

/* How reaching a host by TCP can fail, for a jump box or for a database. */
struct rows {
	enum failure name_unknown, name_timeout;
	enum failure refused, reset, unreachable, timeout;
};

static const struct rows jump_rows = {
	FAIL_JUMP_NAME_UNKNOWN,
	FAIL_JUMP_NAME_TIMEOUT,
	FAIL_JUMP_REFUSED,
	FAIL_JUMP_HANGUP,
	FAIL_JUMP_UNREACHABLE,
	FAIL_JUMP_TIMEOUT,
};

static const struct rows database_rows = {
	FAIL_DB_NAME_UNKNOWN,
	FAIL_DB_NAME_TIMEOUT,
	FAIL_DB_REFUSED,
	FAIL_DB_CLOSED,
	FAIL_DB_UNREACHABLE,
	FAIL_DB_TIMEOUT,
};

/* A host that was reached. */
struct reached {
	int fd;
	char address[64];
	unsigned count; /* how many addresses its name has */
};

enum failure
dial_stage_timeout(enum dial_stage stage)
{
	static const enum failure timeouts[] = {
		[DIAL_RESOLVE] = FAIL_JUMP_NAME_TIMEOUT,
		[DIAL_CONNECT] = FAIL_JUMP_TIMEOUT,
		[DIAL_HANDSHAKE] = FAIL_JUMP_HANDSHAKE_TIMEOUT,
		[DIAL_HOSTKEY] = FAIL_JUMP_HANDSHAKE_TIMEOUT,
		[DIAL_AUTH] = FAIL_AUTH_TIMEOUT,
		[DIAL_AGENT] = FAIL_AUTH_AGENT_WAITS,
	};

	assert((size_t)stage < sizeof timeouts / sizeof *timeouts);
	return timeouts[stage];
}

static void
enter(const struct dial *dial, enum dial_stage stage)
{
	if (dial->on_stage != NULL)
		dial->on_stage(dial->arg, stage);
}

/*
 * How long a stage may take: its own time-out, within the deadline of the dial.
 */
static int64_t
allow(const struct dial *dial, int64_t stage_ms)
{
	int64_t left_ms = dial->deadline_ms - clock_ms();

	if (dial->deadline_ms == 0 || left_ms > stage_ms)
		return stage_ms;
	return left_ms > 0 ? left_ms : 0;
}

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
resolve(const struct dial *dial, const struct rows *rows, const char *host,
    unsigned port, struct addrinfo **out, struct fault *fault)
{
	int64_t started_ms = clock_ms();
	int64_t allowed_ms = allow(dial, dial->cfg->resolve_timeout_ms);
	char words[FAULT_WORDS_MAX];

	enter(dial, DIAL_RESOLVE);
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
connect_to(const struct dial *dial, const struct rows *rows,
    const struct addrinfo *addresses, struct reached *out, struct fault *fault)
{
	int64_t started_ms = clock_ms();
	int64_t allowed_ms = allow(dial, dial->cfg->connect_timeout_ms);
	char words[FAULT_WORDS_MAX];

	enter(dial, DIAL_CONNECT);
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
		return fault_set_code(fault, rows->reset);
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

static enum failure
reach(const struct dial *dial, const struct rows *rows, const char *host,
    unsigned port, struct reached *out, struct fault *fault)
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

static void
keep_facts(const struct dial *dial, const struct ssh_transport *transport)
{
	if (dial->facts != NULL)
		ssh_facts_read(transport, &dial->facts->ssh);
}

/* The addresses of one name may belong to several machines. */
static enum failure
verify(const struct reached *reached, struct ssh_hostkey_trust *trust,
    LIBSSH2_SESSION *session, struct fault *fault)
{
	char at[100];

	snprintf(at, sizeof at, "%s, one of its %u addresses,",
	    reached->address, reached->count);
	return ssh_hostkey_trust_verify(trust, session,
	    reached->count > 1 ? at : NULL, fault);
}

static enum failure
shake_hands(const struct dial *dial, const struct config_jump *jump,
    const struct reached *reached, struct ssh_transport *transport,
    struct fault *fault)
{
	LIBSSH2_SESSION *session = ssh_transport_session(transport);
	struct ssh_hostkey_trust *trust;
	enum failure code;

	enter(dial, DIAL_HANDSHAKE);
	code = ssh_hostkey_trust_prepare(jump, session, &trust, fault);
	if (code == FAIL_NONE)
		code = ssh_handshake(transport, jump->port,
		    allow(dial, dial->cfg->handshake_timeout_ms),
		    dial->cancel_fd, fault);
	fault_software(fault, ssh_facts_software(transport));
	keep_facts(dial, transport);
	if (code == FAIL_NONE) {
		enter(dial, DIAL_HOSTKEY);
		code = verify(reached, trust, session, fault);
	}
	if (code == FAIL_NONE && dial->facts != NULL)
		snprintf(dial->facts->trusted_by,
		    sizeof dial->facts->trusted_by, "%s",
		    ssh_hostkey_trust_by(trust));
	ssh_hostkey_trust_free(trust);
	return code;
}

/* Nothing may be left to send when the session moves to another thread. */
static enum failure
flush(const struct dial *dial, struct ssh_transport *transport,
    int64_t deadline_ms, struct fault *fault)
{
	while (ssh_transport_flush(transport) > 0)
		switch (await_one(ssh_transport_fd(transport), POLLOUT,
		    deadline_ms, dial->cancel_fd)) {
		case AWAIT_READY:
			break;
		case AWAIT_TIMEOUT:
			return fail_timeout(fault, FAIL_AUTH_TIMEOUT,
			    dial->cfg->auth_timeout_ms);
		case AWAIT_CANCELLED:
			return fault_set_code(fault, FAIL_SHUTDOWN);
		}
	return FAIL_NONE;
}

static void
on_agent(void *arg, bool is_asked)
{
	enter(arg, is_asked ? DIAL_AGENT : DIAL_AUTH);
}

static enum failure
log_in(const struct dial *dial, const struct config_jump *jump,
    struct ssh_transport *transport, struct fault *fault)
{
	int64_t deadline_ms = clock_ms() +
	    allow(dial, dial->cfg->auth_timeout_ms);
	struct ssh_login login;
	enum failure code;

	enter(dial, DIAL_AUTH);
	ssh_login_start(&login, transport, jump, deadline_ms, dial->cancel_fd,
	    fault);
	login.on_agent = on_agent;
	login.agent_arg = (void *)dial;
	code = ssh_auth_login(&login);
	keep_facts(dial, transport);
	if (dial->facts != NULL) {
		snprintf(dial->facts->login_by, sizeof dial->facts->login_by,
		    "%s", login.by);
		dial->facts->tried = login.tried;
	}
	if (code == FAIL_NONE)
		code = flush(dial, transport, deadline_ms, fault);
	return code;
}

static enum failure
reach_jump(const struct dial *dial, const struct config_jump *jump,
    struct reached *reached, struct ssh_transport **out, struct fault *fault)
{
	enum failure code;

	*out = NULL;
	fault_name(fault, jump->label, jump->username, NULL);
	code = reach(dial, &jump_rows, jump->host, jump->port, reached, fault);
	if (code == FAIL_NONE)
		*out = ssh_transport_new(reached->fd);
	return code;
}

/* Free the session of a dial that failed. */
static enum failure
keep_if_good(enum failure code, struct ssh_transport **out)
{
	if (code != FAIL_NONE) {
		ssh_transport_free(*out);
		*out = NULL;
	}
	return code;
}

enum failure
dial_jump(const struct dial *dial, const struct config_jump *jump,
    struct ssh_transport **out, struct fault *fault)
{
	struct reached reached;
	enum failure code = reach_jump(dial, jump, &reached, out, fault);

	if (code == FAIL_NONE)
		code = shake_hands(dial, jump, &reached, *out, fault);
	if (code == FAIL_NONE)
		code = log_in(dial, jump, *out, fault);
	return keep_if_good(code, out);
}

static void
ask_for(struct ssh_transport *transport, const char *host_keys)
{
	int rc = libssh2_session_method_pref(ssh_transport_session(transport),
	    LIBSSH2_METHOD_HOSTKEY, host_keys);

	assert(rc == 0);
}

enum failure
dial_handshake(const struct dial *dial, const struct config_jump *jump,
    const char *host_keys, struct ssh_transport **out, struct fault *fault)
{
	struct reached reached;
	enum failure code = reach_jump(dial, jump, &reached, out, fault);

	if (code == FAIL_NONE) {
		enter(dial, DIAL_HANDSHAKE);
		if (host_keys != NULL)
			ask_for(*out, host_keys);
		code = ssh_handshake(*out, jump->port,
		    allow(dial, dial->cfg->handshake_timeout_ms),
		    dial->cancel_fd, fault);
		fault_software(fault, ssh_facts_software(*out));
	}
	return keep_if_good(code, out);
}

static enum failure
fail_socket(struct fault *fault, int error, int64_t allowed_ms)
{
	switch (error) {
	case ECONNREFUSED:
		return fault_set_code(fault, FAIL_DB_REFUSED);
	case ETIMEDOUT:
		return fail_timeout(fault, FAIL_DB_TIMEOUT, allowed_ms);
	case ECANCELED:
		return fault_set_code(fault, FAIL_SHUTDOWN);
	default:
		return fault_set(fault, FAIL_DB_UNREACHABLE, "%s",
		    strerror(error));
	}
}

/* PostgreSQL names the socket in a directory .s.PGSQL.PORT. */
static enum failure
reach_socket(const struct dial *dial, const char *dir, unsigned port,
    int *fd_out, struct fault *fault)
{
	int64_t started_ms = clock_ms();
	int64_t allowed_ms = allow(dial, dial->cfg->connect_timeout_ms);
	char *path = xasprintf("%s/.s.PGSQL.%u", dir, port);
	int error;

	enter(dial, DIAL_CONNECT);
	*fd_out = await_unix(path, started_ms + allowed_ms, dial->cancel_fd);
	error = errno;
	free(path);
	if (*fd_out < 0) {
		fault_note(fault, "tried the socket on this machine for %d ms",
		    elapsed_ms(started_ms));
		return fail_socket(fault, error, allowed_ms);
	}
	fault_note(fault, "connected in %d ms", elapsed_ms(started_ms));
	return FAIL_NONE;
}

enum failure
dial_database(const struct dial *dial,
    const struct config_connection *connection, int *fd_out,
    struct fault *fault)
{
	struct reached reached;
	enum failure code;

	*fd_out = -1;
	fault_name(fault, NULL, NULL, connection->label);
	if (connection->host_kind == CONFIG_HOST_SOCKET)
		return reach_socket(dial, connection->host, connection->port,
		    fd_out, fault);
	code = reach(dial, &database_rows, connection->host, connection->port,
	    &reached, fault);
	if (code == FAIL_NONE)
		*fd_out = reached.fd;
	return code;
}
