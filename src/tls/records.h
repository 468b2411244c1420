/* SPDX-License-Identifier: PostgreSQL */

/*
 * One direction of TLS that passes through pgjump.  The headers of its records,
 * which are in the clear, show whether it ended as TLS ends or was cut.
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
	bool is_foreign; /* not TLS, or TLS no longer: nothing can be said */
	bool is_parting; /* the last whole record may be an alert */
	uint32_t left;   /* bytes of the record that are still to come */
};

void tls_records_follow(struct tls_records *, const void *bytes, size_t len);

/*
 * Whether an end here is a truncation: inside a record, or without the
 * close_notify that PostgreSQL sends before every end but a crash.  False if
 * nothing has passed, or no TLS.
 */
bool tls_records_are_cut(const struct tls_records *);

#endif
