/* SPDX-License-Identifier: PostgreSQL */

/*
 * A jump box in known_hosts files, under the name that it has there: its
 * host_key_alias without a port, like HostKeyAlias of ssh_config(5); without
 * an alias its host and port.
 */
#ifndef PGJUMP_SSH_KNOWN_NAME_H
#define PGJUMP_SSH_KNOWN_NAME_H

#include <stdbool.h>
#include <stddef.h>

struct config_jump;
struct known_hosts;

/* That name without a port, as a host certificate has it. */
const char *ssh_known_name_bare(const struct config_jump *);

/* As known_hosts_read(), known_hosts_line() and known_hosts_write(). */
bool ssh_known_name_read(struct known_hosts *, const char *file,
    const struct config_jump *);
char *ssh_known_name_line(const struct config_jump *, const char *type,
    const unsigned char *blob, size_t blob_len);
bool ssh_known_name_write(const char *file, const struct config_jump *,
    const char *type, const unsigned char *blob, size_t blob_len);

#endif
