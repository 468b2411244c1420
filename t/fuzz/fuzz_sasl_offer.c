/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever a database answers a StartupMessage with: a list of mechanisms
 * without those that bind is shorter or the same, its length is right, and
 * nothing is left to be taken out of it; anything else stays as it came.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pg/pgwire.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned char *bytes = malloc(len + 1);
	size_t left;

	assert(bytes != NULL);
	memcpy(bytes, data, len);
	left = pgwire_unbind(bytes, len);
	assert(left <= len);
	assert(pgwire_is_sasl_request(bytes, left) ==
	    pgwire_is_sasl_request(data, len));
	assert(pgwire_unbind(bytes, left) == left);
	if (left == len)
		assert(memcmp(bytes, data, len) == 0);
	free(bytes);
	return 0;
}
