/* SPDX-License-Identifier: PostgreSQL */

/*
 * Appends to known_hosts files, to which other programs may write as well.
 */
#ifndef PGJUMP_SSH_KNOWN_HOSTS_WRITE_H
#define PGJUMP_SSH_KNOWN_HOSTS_WRITE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Append the line that makes a key known (known_hosts_line()) to `file`, and
 * flush it to the disk.  A missing file or directory is made (0600, 0700).  If
 * another writer has meanwhile added the same line, nothing is written.  False
 * with errno; EINVAL: a reader would not read the host's name back as it is;
 * EEXIST: another writer has added another key of this type.
 */
bool known_hosts_write(const char *file, const char *host, unsigned port,
    const char *type, const unsigned char *blob, size_t blob_len);

#endif
