/* SPDX-License-Identifier: PostgreSQL */

/*
 * The rows of a printed jump box that say what makes its host key trusted.
 */
#ifndef PGJUMP_CONFIG_PRINT_TRUST_H
#define PGJUMP_CONFIG_PRINT_TRUST_H

struct printing;

/* known_hosts and host_key of `fields`, a struct config_jump. */
void config_print_trust_files(struct printing *, const char *key,
    const void *fields);
void config_print_trust_key(struct printing *, const char *key,
    const void *fields);

#endif
