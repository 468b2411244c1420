/* SPDX-License-Identifier: PostgreSQL */

/* Numeric addresses of IPv4 and IPv6, told from names. */
#ifndef PGJUMP_BASE_ADDRESS_H
#define PGJUMP_BASE_ADDRESS_H

#include <stdbool.h>

#define ADDRESS_LEN_MAX 16

/*
 * AF_INET or AF_INET6 when `text` is a numeric address, whose 4 or 16 bytes go
 * to `bytes` in network order; 0 when it is not.
 */
int address_read(const char *text, unsigned char bytes[ADDRESS_LEN_MAX]);

/* 127.0.0.0/8 or ::1; false for every name. */
bool address_is_loopback(const char *text);

#endif
