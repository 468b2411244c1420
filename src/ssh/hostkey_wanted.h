/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which host keys to ask a server for: those that known_hosts files can judge
 * come first, and the others behind them, so that a key of another type is
 * seen and named.
 */
#ifndef PGJUMP_SSH_HOSTKEY_WANTED_H
#define PGJUMP_SSH_HOSTKEY_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "ssh/known_hosts.h"

/* Room for every name that there is, and a NUL. */
#define SSH_HOSTKEY_WANTED_SIZE 420

/* The first line that names an authority; NULL: none does. */
const struct known_host *ssh_hostkey_wanted_authority(
    const struct known_hosts *);

/*
 * A name-list for LIBSSH2_METHOD_HOSTKEY.  Certificates come first where a line
 * names an authority, as for ssh(1), if the caller judges by lines at all
 * (`by_lines`) and this libssh2 can verify them.
 */
void ssh_hostkey_wanted(const struct known_hosts *, bool by_lines,
    char list[SSH_HOSTKEY_WANTED_SIZE]);

#endif
