/* SPDX-License-Identifier: PostgreSQL */

/*
 * libssh2 shakes hands; this file drives it by a deadline and says why it
 * failed.  Text before the SSH banner is legal (RFC 4253, 4.2), so a peer is
 * judged by what it said (ssh/peer.h) only after an end, a deadline or an
 * error.
 */
#include "ssh/handshake.h"

#include <assert.h>
#include <libssh2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ssh/facts.h"
#include "ssh/failure.h"
#include "ssh/kexinit.h"
#include "ssh/peer.h"
#include "ssh/transport.h"
#include "ssh/transport_wait.h"

/* libssh2 returns this when it could not read the first packet. */
#define KEXINIT_UNREAD (-1)

/* More bytes than any handshake has.  libssh2 might keep all of them. */
#define HANDSHAKE_MAX ((uint64_t)256 << 10)

/* How the handshake ended. */
enum ending {
	ENDED_CLOSED,
	ENDED_TIMEOUT,
	ENDED_ERROR,
};

static const enum failure failures[][3] = {
	/* closed, timeout, error */
	[SSH_PEER_SILENT] = { FAIL_JUMP_HANGUP, FAIL_JUMP_SILENT,
	    FAIL_JUMP_HANDSHAKE_FAILED },
	[SSH_PEER_SSH] = { FAIL_JUMP_HANGUP, FAIL_JUMP_HANDSHAKE_TIMEOUT,
	    FAIL_JUMP_HANDSHAKE_FAILED },
	[SSH_PEER_SSH_1] = { FAIL_JUMP_NO_ALGORITHM, FAIL_JUMP_NO_ALGORITHM,
	    FAIL_JUMP_NO_ALGORITHM },
	[SSH_PEER_TLS] = { FAIL_JUMP_SPEAKS_TLS, FAIL_JUMP_SPEAKS_TLS,
	    FAIL_JUMP_SPEAKS_TLS },
	[SSH_PEER_POSTGRES] = { FAIL_JUMP_POSTGRES, FAIL_JUMP_POSTGRES,
	    FAIL_JUMP_POSTGRES },
	[SSH_PEER_DOORMAN] = { FAIL_JUMP_TURNED_AWAY, FAIL_JUMP_TURNED_AWAY,
	    FAIL_JUMP_TURNED_AWAY },
	[SSH_PEER_OTHER] = { FAIL_JUMP_NOT_SSH, FAIL_JUMP_NOT_SSH,
	    FAIL_JUMP_NOT_SSH },
};

/*
 * The default ports of PostgreSQL and its poolers.  PostgreSQL closes without a
 * word when it hears an SSH banner.  Some poolers wait for the gigabyte that
 * the banner's first four bytes announce.
 */
static const unsigned postgres_ports[] = { 5432, 5433, 6432 };

/*
 * libssh2 reads text that is no banner only up to its first zero byte.  The
 * rest is still in the socket, so peek there.
 */
static struct ssh_heard
listen_on(struct ssh_transport *transport)
{
	const struct ssh_said *said = ssh_transport_said(transport);
	struct ssh_heard heard = { .len = said->first_len };

	assert(said->first_len <= sizeof heard.bytes);
	memcpy(heard.bytes, said->first, said->first_len);
	heard.len += ssh_transport_peek(transport, heard.bytes + heard.len,
	    sizeof heard.bytes - heard.len);
	return heard;
}

static bool
is_postgres_port(unsigned port)
{
	size_t count = sizeof postgres_ports / sizeof *postgres_ports;

	for (size_t i = 0; i < count; i++)
		if (postgres_ports[i] == port)
			return true;
	return false;
}

/* The last line that libssh2 took for a banner, or "". */
static const char *
banner(const struct ssh_transport *transport)
{
	const char *line = libssh2_session_banner_get(
	    ssh_transport_session(transport));

	return line != NULL ? line : "";
}

static void
describe_error(const struct ssh_transport *transport, char *words, size_t size)
{
	const struct ssh_said *said = ssh_transport_said(transport);
	char *text;
	int rc;

	if (ssh_transport_is_cut(transport)) {
		snprintf(words, size, "%s",
		    ssh_transport_lost_words(transport));
		return;
	}
	if (said->has_disconnected) {
		snprintf(words, size, "it said \"%s\"", said->disconnect_text);
		return;
	}
	if (ssh_transport_received(transport) > HANDSHAKE_MAX) {
		snprintf(words, size, "it sent more than a handshake needs");
		return;
	}
	rc = libssh2_session_last_error(ssh_transport_session(transport), &text,
	    NULL, 0);
	snprintf(words, size, "%s (libssh2 error %d)", text, rc);
}

/* The text for {words} in the row of this failure. */
static void
describe(const struct ssh_transport *transport, const struct ssh_heard *heard,
    enum failure code, int64_t allowed_ms, char *words, size_t size)
{
	words[0] = '\0';
	switch (code) {
	case FAIL_JUMP_SILENT:
	case FAIL_JUMP_HANDSHAKE_TIMEOUT:
		snprintf(words, size, "%s", clock_text(allowed_ms).text);
		break;
	case FAIL_JUMP_SPEAKS_TLS:
	case FAIL_JUMP_POSTGRES:
	case FAIL_JUMP_NOT_SSH:
	case FAIL_JUMP_TURNED_AWAY:
		ssh_peer_describe(heard, words, size);
		break;
	case FAIL_JUMP_NO_ALGORITHM:
		snprintf(words, size, "it speaks only %s", banner(transport));
		break;
	case FAIL_JUMP_HANDSHAKE_FAILED:
		describe_error(transport, words, size);
		break;
	default:
		break;
	}
}

/* The peer said nothing, and the port is one of PostgreSQL's. */
static enum failure
fail_on_port(enum ending ending, int64_t allowed_ms, struct fault *fault)
{
	if (ending == ENDED_TIMEOUT)
		return fault_set(fault, FAIL_JUMP_POSTGRES_PORT,
		    "sent no SSH banner within %s",
		    clock_text(allowed_ms).text);
	return fault_set(fault, FAIL_JUMP_POSTGRES_PORT,
	    "closed the connection at our SSH banner");
}

static void
note_banner(const struct ssh_transport *transport,
    const struct ssh_heard *heard, struct fault *fault)
{
	const unsigned char *begun = ssh_peer_begun_banner(heard);
	const char *line = banner(transport);

	if (strncmp(line, "SSH-", 4) == 0)
		fault_note(fault, "its banner was %s", line);
	else if (begun != NULL)
		fault_note(fault, "its banner broke off after \"%.*s\"",
		    (int)(heard->bytes + heard->len - begun),
		    (const char *)begun);
}

static enum failure
fail(struct ssh_transport *transport, unsigned port, enum ending ending,
    int64_t allowed_ms, struct fault *fault)
{
	struct ssh_heard heard = listen_on(transport);
	enum ssh_peer peer = ssh_peer_of(banner(transport), &heard);
	enum failure code = failures[peer][ending];
	char words[FAULT_WORDS_MAX];

	if (peer == SSH_PEER_SILENT && is_postgres_port(port))
		return fail_on_port(ending, allowed_ms, fault);
	if (peer == SSH_PEER_SSH) {
		note_banner(transport, &heard, fault);
		if (ssh_transport_said(transport)->has_disconnected ||
		    ssh_transport_is_cut(transport))
			code = FAIL_JUMP_HANDSHAKE_FAILED;
	}
	describe(transport, &heard, code, allowed_ms, words, sizeof words);
	return fault_set(fault, code, "%s", words);
}

/*
 * Whether an SSH server sent what makes no sense.  libssh2 has one code for
 * every key exchange that cannot go on, whatever stopped it.
 */
static bool
is_broken(const struct ssh_transport *transport, int rc)
{
	return strncmp(banner(transport), "SSH-2.0-", 8) == 0 &&
	    (rc == KEXINIT_UNREAD || rc == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE ||
		ssh_failure_is_damage(rc, ""));
}

/*
 * The signature of a key exchange covers all that both sides said before (RFC
 * 4253, 8).  When it is wrong, any of that may have been altered.
 */
static enum failure
fail_broken(const struct ssh_transport *transport, int rc, struct fault *fault)
{
	struct ssh_facts facts;

	fault_note(fault, "its banner was %s", banner(transport));
	ssh_facts_read(transport, &facts);
	if (rc == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE &&
	    facts.hostkey_type[0] != '\0' &&
	    !ssh_transport_said(transport)->has_sent_newkeys)
		return fault_set(fault, FAIL_JUMP_UNPROVED, "%s %s",
		    facts.hostkey_type, facts.fingerprint);
	return fault_set_code(fault, FAIL_JUMP_DAMAGED);
}

static enum failure
fail_error(struct ssh_transport *transport, unsigned port, int rc,
    int64_t allowed_ms, struct fault *fault)
{
	const struct ssh_said *said = ssh_transport_said(transport);
	const struct ssh_wire ours = { said->kexinits[0].bytes,
		said->kexinits[0].len };
	const struct ssh_wire theirs = { said->kexinits[1].bytes,
		said->kexinits[1].len };
	char words[FAULT_WORDS_MAX];

	if (rc == LIBSSH2_ERROR_KEX_FAILURE &&
	    ssh_kexinit_has_gap(ours, theirs, words, sizeof words))
		return fault_set(fault, FAIL_JUMP_NO_ALGORITHM, "%s", words);
	if (!said->has_disconnected && is_broken(transport, rc))
		return fail_broken(transport, rc, fault);
	return fail(transport, port, ENDED_ERROR, allowed_ms, fault);
}

/* "OpenSSH_9.2p1" from "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10". */
static void
note_success(const struct ssh_transport *transport, int64_t started_ms,
    struct fault *fault)
{
	const char *line = banner(transport);
	const char *software = strchr(line + strlen("SSH-"), '-');

	software = software != NULL ? software + 1 : line;
	fault_note(fault, "SSH handshake with %.*s in %d ms",
	    (int)strcspn(software, " "), software,
	    (int)(clock_ms() - started_ms));
}

enum failure
ssh_handshake(struct ssh_transport *transport, unsigned port,
    int64_t allowed_ms, int cancel_fd, struct fault *fault)
{
	const struct ssh_said *said = ssh_transport_said(transport);
	LIBSSH2_SESSION *session = ssh_transport_session(transport);
	int64_t started_ms = clock_ms(), deadline_ms = started_ms + allowed_ms;
	int rc;

	while ((rc = libssh2_session_handshake(session,
		    ssh_transport_fd(transport))) == LIBSSH2_ERROR_EAGAIN) {
		if (ssh_peer_is_tls(said->first, said->first_len) ||
		    ssh_transport_received(transport) > HANDSHAKE_MAX)
			return fail(transport, port, ENDED_ERROR, allowed_ms,
			    fault);
		switch (ssh_transport_wait(transport, deadline_ms, cancel_fd)) {
		case SSH_WAIT_READY:
			break;
		case SSH_WAIT_TIMEOUT:
			return fail(transport, port, ENDED_TIMEOUT, allowed_ms,
			    fault);
		case SSH_WAIT_CANCELLED:
			return fault_set_code(fault, FAIL_SHUTDOWN);
		case SSH_WAIT_LOST:
			return fail(transport, port, ENDED_CLOSED, allowed_ms,
			    fault);
		}
	}
	if (rc != 0)
		return fail_error(transport, port, rc, allowed_ms, fault);
	note_success(transport, started_ms, fault);
	return FAIL_NONE;
}
