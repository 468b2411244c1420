/* SPDX-License-Identifier: PostgreSQL */

/*
 * One direction of TLS that passes through, followed by the headers of its
 * records, which are in the clear: did it end as TLS ends, or was it cut?
 */
#ifndef PGJUMP_TLS_RECORDS_H
#define PGJUMP_TLS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A plain value; zeroed means that nothing has passed yet. */
struct tls_records {
	unsigned char header[5]; /* type, version, length */
	unsigned char header_len;
	bool is_foreign; /* no TLS, or no more: nothing can be said */
	bool is_parting; /* the last whole record may be an alert */
	uint32_t left;   /* of the record */
};

void tls_records_follow(struct tls_records *, const void *bytes, size_t len);

/*
 * An end here is a truncation: inside a record, or without the close_notify
 * that PostgreSQL sends before every end but a crash.  False where nothing has
 * passed, or no TLS.
 */
bool tls_records_are_cut(const struct tls_records *);

#endif
