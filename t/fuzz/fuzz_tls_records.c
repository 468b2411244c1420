/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever a database sends in a session that nobody here can read: what is
 * told of its end never depends on how the bytes were cut into reads, and once
 * it is no TLS it stays that.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>

#include "tls/records.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tls_records whole = { 0 }, cut = { 0 };
	size_t piece = len > 0 ? 1 + data[len - 1] % 16U : 1;
	bool was_foreign;

	assert(!tls_records_are_cut(&whole));
	tls_records_follow(&whole, data, len);
	for (size_t at = 0; at < len; at += piece) {
		was_foreign = cut.is_foreign;
		tls_records_follow(&cut, data + at,
		    len - at < piece ? len - at : piece);
		assert(cut.is_foreign || !was_foreign);
	}
	assert(whole.is_foreign == cut.is_foreign);
	assert(tls_records_are_cut(&whole) == tls_records_are_cut(&cut));
	assert(!whole.is_foreign || !tls_records_are_cut(&whole));
	return 0;
}
