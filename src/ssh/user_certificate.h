/* SPDX-License-Identifier: PostgreSQL */

/*
 * A user's certificate in a login: what is told when it was accepted, and why
 * it may have been rejected, which a server keeps to itself.
 */
#ifndef PGJUMP_SSH_USER_CERTIFICATE_H
#define PGJUMP_SSH_USER_CERTIFICATE_H

#include "base/fault.h"
#include "key/ssh_certificate.h"
#include "ssh/login.h"

/*
 * The row for a certificate that the jump box rejected, and its words: what can
 * be seen from here is named, such as its end; else AUTH_CERTIFICATE.  What the
 * certificate says is noted.
 */
enum failure ssh_user_certificate_rejected(struct ssh_login *,
    struct ssh_wire certificate, char words[FAULT_WORDS_MAX]);

/*
 * Add it to what was accepted, as "certificate of SHA256:..." with its
 * authority and its end, with `prefix` in front.  It warns of an end that is
 * near.
 */
void ssh_user_certificate_accepted(struct ssh_login *, const char *prefix,
    struct ssh_wire certificate);

#endif
