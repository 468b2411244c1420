/* SPDX-License-Identifier: PostgreSQL */

#include "key/openssl.h"

#include <openssl/err.h>

#include <stdlib.h>

#include "base/log.h"
#include "base/xmalloc.h"

void
openssl_must(bool is_done)
{
	if (is_done)
		return;
	if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
		xmalloc_fail(0);
	log_error("OpenSSL failed",
	    log_str("error", ERR_reason_error_string(ERR_peek_error())));
	abort();
}
