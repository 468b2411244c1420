/* SPDX-License-Identifier: PostgreSQL */

/*
 * The end of OpenSSL calls that must not fail, for all callers of OpenSSL.
 */
#ifndef PGJUMP_KEY_OPENSSL_H
#define PGJUMP_KEY_OPENSSL_H

#include <stdbool.h>

/*
 * Abort if OpenSSL failed for a reason that no user can repair: no memory, or
 * no random numbers.  The log has OpenSSL's words.
 */
void openssl_must(bool is_done);

#endif
