/* SPDX-License-Identifier: PostgreSQL */

/* HOST:PORT and "[V6]:PORT", as addresses are written in a file. */
#ifndef PGJUMP_CONFIG_HOST_PORT_H
#define PGJUMP_CONFIG_HOST_PORT_H

#define CONFIG_PORT_MAX 65535

/*
 * The host, which the caller frees, without brackets; NULL if the text is
 * neither form.  An IPv6 address without brackets is none.
 */
char *config_host_port_read(const char *text, unsigned *port);

#endif
