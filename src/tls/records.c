/* SPDX-License-Identifier: PostgreSQL */

/*
 * A record (RFC 8446, 5.1) has a header of five bytes and the length that this
 * counts.  TLS 1.2 shows an alert by the record's type.  TLS 1.3 hides the type
 * (5.2), but not the size: two bytes, one for the type, a tag of 16 at most.
 * PostgreSQL has no message that is so short, so data of this size are rare.
 */
#include "tls/records.h"

enum {
	TYPE_CHANGE_CIPHER_SPEC = 20, /* the lowest of four types */
	TYPE_ALERT = 21,
	TYPE_DATA = 23, /* the highest */
	VERSION_MAJOR = 3,
	LENGTH_MAX = 16384 + 2048,
	HIDDEN_ALERT_MAX = 2 + 1 + 16,
};

static void
look_at_header(struct tls_records *records)
{
	const unsigned char *header = records->header;

	records->left = (uint32_t)header[3] << 8 | header[4];
	records->is_foreign = header[0] < TYPE_CHANGE_CIPHER_SPEC ||
	    header[0] > TYPE_DATA || header[1] != VERSION_MAJOR ||
	    records->left > LENGTH_MAX;
	records->is_parting = header[0] == TYPE_ALERT ||
	    (header[0] == TYPE_DATA && records->left <= HIDDEN_ALERT_MAX);
}

void
tls_records_follow(struct tls_records *records, const void *bytes, size_t len)
{
	const unsigned char *at = bytes, *end = at + len;
	size_t skip;

	while (at < end && !records->is_foreign) {
		if (records->header_len < sizeof records->header) {
			records->header[records->header_len++] = *at++;
			if (records->header_len < sizeof records->header)
				continue;
			look_at_header(records);
		}
		skip = (size_t)(end - at) < records->left ? (size_t)(end - at)
							  : records->left;
		at += skip;
		records->left -= (uint32_t)skip;
		if (records->left == 0)
			records->header_len = 0;
	}
}

/*
 * Until the first header is whole, its first byte tells TLS from anything else.
 */
static bool
is_tls(const struct tls_records *records)
{
	return !records->is_foreign &&
	    records->header[0] >= TYPE_CHANGE_CIPHER_SPEC &&
	    records->header[0] <= TYPE_DATA;
}

bool
tls_records_are_cut(const struct tls_records *records)
{
	return is_tls(records) &&
	    (records->header_len > 0 || !records->is_parting);
}
