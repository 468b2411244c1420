/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever a client begins TLS with, asked for or direct: a handshake cannot
 * be done in one flight, and what is said of its failure is text.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>

#include "tls/identity.h"
#include "tls/tls.h"

static void
begin(struct tls_identity *identity, bool direct, const uint8_t *data,
    size_t len)
{
	struct tls *tls = tls_identity_accept(identity, direct);
	enum tls_status status;
	const void *bytes;

	tls_feed(tls, data, len);
	status = tls_handshake(tls);
	assert(status != TLS_READY);
	assert((status == TLS_FAILED) == (tls_words(tls)[0] != '\0'));
	if (status == TLS_WAIT && len == 0)
		assert(tls_output(tls, &bytes) == 0);
	tls_free(tls);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tls_identity *identity;

	if (identity == NULL)
		identity = tls_identity_new();
	begin(identity, false, data, len);
	begin(identity, true, data, len);
	return 0;
}
