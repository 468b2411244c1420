/* SPDX-License-Identifier: PostgreSQL */

/*
 * The writer of known_hosts files: one line more, beside other writers.
 */
#ifndef PGJUMP_SSH_KNOWN_HOSTS_WRITE_H
#define PGJUMP_SSH_KNOWN_HOSTS_WRITE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Append the line that makes a key known (known_hosts_line()) to `file`, making
 * it and its directory (0600, 0700) where missing, and flush it to the disk;
 * where another writer has added the line meanwhile, it stays one.  False with
 * errno; EINVAL: the host's name would not be read back as such, EEXIST:
 * another writer has added another key of this type.
 */
bool known_hosts_write(const char *file, const char *host, unsigned port,
    const char *type, const unsigned char *blob, size_t blob_len);

#endif
