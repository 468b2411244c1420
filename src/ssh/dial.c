/* SPDX-License-Identifier: PostgreSQL */

/*
 * The stages of a dial, one after another.  Each has a deadline from the
 * configuration, and notes in the fault's DETAIL what it reached.
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
#include "config/hops.h"
#include "ssh/auth.h"
#include "ssh/await.h"
#include "ssh/handshake.h"
#include "ssh/hostkey_trust.h"
#include "ssh/login.h"
#include "ssh/proxy.h"
#include "ssh/reach.h"
#include "ssh/socket.h"
#include "ssh/transport.h"

static const struct reach_rows proxy_rows = {
	DIAL_PROXY_RESOLVE,
	DIAL_PROXY_CONNECT,
	FAIL_PROXY_NAME_UNKNOWN,
	FAIL_PROXY_NAME_TIMEOUT,
	FAIL_PROXY_REFUSED,
	FAIL_PROXY_HANGUP,
	FAIL_PROXY_UNREACHABLE,
	FAIL_PROXY_TIMEOUT,
};

static const struct reach_rows jump_rows = {
	DIAL_RESOLVE,
	DIAL_CONNECT,
	FAIL_JUMP_NAME_UNKNOWN,
	FAIL_JUMP_NAME_TIMEOUT,
	FAIL_JUMP_REFUSED,
	FAIL_JUMP_HANGUP,
	FAIL_JUMP_UNREACHABLE,
	FAIL_JUMP_TIMEOUT,
};

static const struct reach_rows database_rows = {
	DIAL_RESOLVE,
	DIAL_CONNECT,
	FAIL_DB_NAME_UNKNOWN,
	FAIL_DB_NAME_TIMEOUT,
	FAIL_DB_REFUSED,
	FAIL_DB_CLOSED,
	FAIL_DB_UNREACHABLE,
	FAIL_DB_TIMEOUT,
};

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

	dialing_enter(dial, DIAL_HANDSHAKE);
	code = ssh_hostkey_trust_prepare(jump, session, &trust, fault);
	if (code == FAIL_NONE)
		code = ssh_handshake(transport, jump->port,
		    dialing_allow_ms(dial, dial->cfg->handshake_timeout_ms),
		    dial->cancel_fd, fault);
	fault_software(fault, ssh_facts_software(transport));
	keep_facts(dial, transport);
	if (code == FAIL_NONE) {
		dialing_enter(dial, DIAL_HOSTKEY);
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
	dialing_enter(arg, is_asked ? DIAL_AGENT : DIAL_AUTH);
}

static enum failure
log_in(const struct dial *dial, const struct config_jump *jump,
    struct ssh_transport *transport, struct fault *fault)
{
	int64_t deadline_ms = clock_ms() +
	    dialing_allow_ms(dial, dial->cfg->auth_timeout_ms);
	struct ssh_login login;
	enum failure code;

	dialing_enter(dial, DIAL_AUTH);
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
		memcpy(dial->facts->ending, login.ending,
		    sizeof dial->facts->ending);
	}
	if (code == FAIL_NONE)
		code = flush(dial, transport, deadline_ms, fault);
	return code;
}

/* What answers is the jump box, at an address that only its proxy knows. */
static enum failure
ask_proxy(const struct dial *dial, const struct config_jump *jump,
    struct reached *reached, struct ssh_transport **out, struct fault *fault)
{
	struct ssh_socket *socket = ssh_socket_new(reached->fd);
	char said[sizeof dial->facts->proxy_said];
	enum failure code;

	dialing_enter(dial, DIAL_PROXY_ASK);
	code = ssh_proxy_open(jump, socket,
	    dialing_allow_ms(dial, dial->cfg->connect_timeout_ms),
	    dial->cancel_fd, said, sizeof said, fault);
	if (dial->facts != NULL)
		memcpy(dial->facts->proxy_said, said, sizeof said);
	reached->count = 1;
	if (code == FAIL_NONE)
		*out = ssh_transport_over(socket,
		    "closed by the jump box, or by the proxy");
	else
		ssh_socket_free(socket);
	return code;
}

/* Another jump box resolves the name and connects. */
static enum failure
reach_through(const struct dial *dial, struct reached *out, struct fault *fault)
{
	*out = (struct reached){ .count = 1 };
	dialing_enter(dial, DIAL_CONNECT);
	return dial->reach(dial->reach_arg, &out->fd, fault);
}

static enum failure
reach_jump(const struct dial *dial, const struct config_jump *jump,
    struct reached *reached, struct ssh_transport **out, struct fault *fault)
{
	const struct config_proxy *proxy = &jump->proxy;
	enum failure code;

	*out = NULL;
	if (dial->reach != NULL)
		code = reach_through(dial, reached, fault);
	else if (proxy->type != PROXY_NONE)
		code = reach_host(dial, &proxy_rows, proxy->host, proxy->port,
		    reached, fault);
	else
		code = reach_host(dial, &jump_rows, jump->host, jump->port,
		    reached, fault);
	config_hops_name(jump, fault);
	if (code == FAIL_NONE && proxy->type != PROXY_NONE)
		return ask_proxy(dial, jump, reached, out, fault);
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
		dialing_enter(dial, DIAL_HANDSHAKE);
		if (host_keys != NULL)
			ask_for(*out, host_keys);
		code = ssh_handshake(*out, jump->port,
		    dialing_allow_ms(dial, dial->cfg->handshake_timeout_ms),
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
	int64_t allowed_ms = dialing_allow_ms(dial,
	    dial->cfg->connect_timeout_ms);
	char *path = xasprintf("%s/.s.PGSQL.%u", dir, port);
	int error;

	dialing_enter(dial, DIAL_CONNECT);
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
	code = reach_host(dial, &database_rows, connection->host,
	    connection->port, &reached, fault);
	if (code == FAIL_NONE)
		*fd_out = reached.fd;
	return code;
}
