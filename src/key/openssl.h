/* SPDX-License-Identifier: PostgreSQL */

/* What every caller of OpenSSL needs: the end of calls that must not fail. */
#ifndef PGJUMP_KEY_OPENSSL_H
#define PGJUMP_KEY_OPENSSL_H

#include <stdbool.h>

/*
 * Abort if OpenSSL failed for a reason that no user could mend: it has no
 * memory, or no random numbers.  The log has OpenSSL's words.
 */
void openssl_must(bool is_done);

#endif
