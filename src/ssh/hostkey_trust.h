/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whether the host key of a jump box is trusted, and by what: known_hosts
 * files, pins, accept-new or any.  As strict as `ssh` in batch mode.  It does
 * no networking: it sees a session before and after its handshake.
 *
 * Six files concern host keys: this one judges the key that a session shows,
 * with ssh/host_certificate.h for a certificate; ssh/hostkey_wanted.h says
 * which to ask for; ssh/hostkey_fetch.h collects the keys of a jump box, for a
 * person to compare; ssh/known_hosts.h reads known_hosts files for both;
 * ssh/known_hosts_write.h appends a key to one.
 */
#ifndef PGJUMP_SSH_HOSTKEY_TRUST_H
#define PGJUMP_SSH_HOSTKEY_TRUST_H

#include <libssh2.h>
#include <stddef.h>

#include "base/fault.h"

struct config_jump;
struct known_host;
struct ssh_hostkey_trust;

/*
 * Before the handshake: read what is known of the jump box, and let the session
 * ask for ssh_hostkey_trust_algorithms().  FAIL_NONE or
 * FAIL_HOSTKEY_UNREADABLE. Release *out with ssh_hostkey_trust_free() in any
 * case.
 */
enum failure ssh_hostkey_trust_prepare(const struct config_jump *,
    LIBSSH2_SESSION *, struct ssh_hostkey_trust **out, struct fault *);

/*
 * After the handshake: judge the key, or the certificate, that the jump box
 * showed.  FAIL_NONE: it is trusted, and ssh_hostkey_trust_by() says by what.
 * Else one of the HOSTKEY rows but _UNREADABLE, with the key's type and
 * fingerprint as words, or with what is wrong with the certificate.  accept-new
 * remembers the key here.
 *
 * `at` is NULL, or, where the name has several addresses, the one that
 * answered: it may be a machine with a key of its own (_ONE_OF_MANY,
 * _PIN_OF_MANY).
 */
enum failure ssh_hostkey_trust_verify(struct ssh_hostkey_trust *,
    LIBSSH2_SESSION *, const char *at, struct fault *);

/*
 * The same in steps without a session.  ssh_hostkey_trust_read() reads what is
 * known of `jump`, which must outlive it.  ssh_hostkey_trust_algorithms() is
 * what to ask the server for (LIBSSH2_METHOD_HOSTKEY): known types first and
 * the others behind them, so that a key of another type is seen and named.
 * ssh_hostkey_trust_judge() judges a key in wire format.
 */
struct ssh_hostkey_trust *ssh_hostkey_trust_read(const struct config_jump *jump,
    struct fault *); /* NULL: FAIL_HOSTKEY_UNREADABLE */
const char *ssh_hostkey_trust_algorithms(const struct ssh_hostkey_trust *);
enum failure ssh_hostkey_trust_judge(struct ssh_hostkey_trust *,
    const unsigned char *blob, size_t len, struct fault *);

/*
 * By which line, pin or policy the key is trusted: "is known by FILE:LINE", "is
 * certified by CA SHA256:... of FILE:LINE"; "" before the verdict. fault_note()
 * has told it, too.
 */
const char *ssh_hostkey_trust_by(const struct ssh_hostkey_trust *);

/* How a key stands to what is known. */
enum ssh_hostkey_trust_standing {
	SSH_HOSTKEY_NEW,
	SSH_HOSTKEY_KNOWN, /* a line has it */
	SSH_HOSTKEY_PINNED,
	SSH_HOSTKEY_CHANGED, /* a line has another key of this type */
	SSH_HOSTKEY_REVOKED, /* a line revokes it */
};

/*
 * How a key stands, without a verdict: nothing is remembered or logged.  *line
 * is the line that says so, or NULL.
 */
enum ssh_hostkey_trust_standing
ssh_hostkey_trust_standing(const struct ssh_hostkey_trust *,
    const unsigned char *blob, size_t len, const struct known_host **line);

/*
 * The first line that names an authority for certificates of the host, NULL if
 * none does.
 */
const struct known_host *ssh_hostkey_trust_authority(
    const struct ssh_hostkey_trust *);

void ssh_hostkey_trust_free(struct ssh_hostkey_trust *); /* NULL is fine */

#endif
