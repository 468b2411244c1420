/* SPDX-License-Identifier: PostgreSQL */

/*
 * Is the host key of a jump box trusted, and by what: known_hosts files, pins,
 * accept-new or any.  Strict like `ssh` in batch mode.  Knows no networking:
 * it sees a session before and after its handshake.
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
 * Before the handshake: read what is known of the jump box, and make the
 * session ask for ssh_hostkey_trust_algorithms().  FAIL_HOSTKEY_UNREADABLE or
 * FAIL_NONE.  *out is released with ssh_hostkey_trust_free() in any case.
 */
enum failure ssh_hostkey_trust_prepare(const struct config_jump *,
    LIBSSH2_SESSION *, struct ssh_hostkey_trust **out, struct fault *);

/*
 * After the handshake: the verdict on the key the jump box showed.  FAIL_NONE
 * when it is trusted (ssh_hostkey_trust_by() then says by what);
 * else HOSTKEY_UNKNOWN, _CHANGED, _PIN, _REVOKED, _AUTHORITY with the key's
 * type and fingerprint as words.  accept-new remembers the key here.  `at`:
 * where the name has several addresses the one that answered, which may be a
 * machine with a key of its own (_ONE_OF_MANY, _PIN_OF_MANY); else NULL.
 */
enum failure ssh_hostkey_trust_verify(struct ssh_hostkey_trust *,
    LIBSSH2_SESSION *, const char *at, struct fault *);

/*
 * The two steps without a session.  What is read for `jump`, which must outlive
 * it; what to ask the server for (LIBSSH2_METHOD_HOSTKEY), the types that are
 * known first, the others behind them, so that a key which changed its type is
 * seen and named; and the verdict on a key in wire format.
 */
struct ssh_hostkey_trust *ssh_hostkey_trust_read(const struct config_jump *jump,
    struct fault *); /* NULL: FAIL_HOSTKEY_UNREADABLE */
const char *ssh_hostkey_trust_algorithms(const struct ssh_hostkey_trust *);
enum failure ssh_hostkey_trust_judge(struct ssh_hostkey_trust *,
    const unsigned char *blob, size_t len, struct fault *);

/* By which line, pin or policy a key is trusted, which fault_note() has told as
 * well: "is known by FILE:LINE"; "" before the verdict. */
const char *ssh_hostkey_trust_by(const struct ssh_hostkey_trust *);

/* What is known of a key. */
enum ssh_hostkey_trust_standing {
	SSH_HOSTKEY_NEW,
	SSH_HOSTKEY_KNOWN, /* by a line */
	SSH_HOSTKEY_PINNED,
	SSH_HOSTKEY_CHANGED, /* a line has another key of this type */
	SSH_HOSTKEY_REVOKED, /* by a line */
};

/*
 * The same question without a verdict: nothing is remembered, nothing logged.
 * *line is the line that says so, or NULL.
 */
enum ssh_hostkey_trust_standing
ssh_hostkey_trust_standing(const struct ssh_hostkey_trust *,
    const unsigned char *blob, size_t len, const struct known_host **line);

void ssh_hostkey_trust_free(struct ssh_hostkey_trust *); /* NULL is fine */

#endif
