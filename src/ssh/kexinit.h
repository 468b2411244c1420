/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two SSH_MSG_KEXINIT packets compared: for what our side and the peer have no
 * algorithm in common, which libssh2 does not say.  Pure.
 */
#ifndef PGJUMP_SSH_KEXINIT_H
#define PGJUMP_SSH_KEXINIT_H

#include <stdbool.h>
#include <stddef.h>

#include "key/ssh_wire.h"

/*
 * Whether one kind of algorithm has no name in common.  Then `words` says which
 * kind, and what the peer offers for it.  `ours` and `theirs` are whole
 * packets, from their first byte (RFC 4253, 7.1).
 */
bool ssh_kexinit_has_gap(struct ssh_wire ours, struct ssh_wire theirs,
    char *words, size_t words_size);

/*
 * Whether a packet offers one of these algorithms for the host key.  `names` is
 * a name-list.
 */
bool ssh_kexinit_has_host_key(struct ssh_wire packet, const char *names);

#endif
