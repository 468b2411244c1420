/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two SSH_MSG_KEXINIT packets compared: what our side and the peer have no
 * algorithm in common for, which libssh2 does not say.  Pure.
 */
#ifndef PGJUMP_SSH_KEXINIT_H
#define PGJUMP_SSH_KEXINIT_H

#include <stdbool.h>
#include <stddef.h>

#include "key/ssh_wire.h"

/*
 * `ours` and `theirs` are whole packets, from the byte that says what they are
 * (RFC 4253, 7.1).  True when there is a kind of algorithm without a name in
 * common; `words` then says which, and what the peer offers for it.
 */
bool ssh_kexinit_has_gap(struct ssh_wire ours, struct ssh_wire theirs,
    char *words, size_t words_size);

/*
 * Whether a packet offers one of these algorithms (names between commas) for
 * the host key.
 */
bool ssh_kexinit_has_host_key(struct ssh_wire packet, const char *names);

#endif
