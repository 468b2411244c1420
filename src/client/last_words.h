/* SPDX-License-Identifier: PostgreSQL */

/*
 * The error that ends a client's session, or takes its place: as severe as the
 * moment allows, in messages that no client takes for something else.
 */
#ifndef PGJUMP_CLIENT_LAST_WORDS_H
#define PGJUMP_CLIENT_LAST_WORDS_H

#include <stddef.h>

#include "pg/pgwire.h"
#include "pg/pgwire_session.h"

struct fault;

#define LAST_WORDS_MAX (PGWIRE_ERROR_MAX + PGWIRE_READY_LEN)

/*
 * Returns the length; 0 where nothing may be said.  A zeroed session stands
 * for a client that has none yet.  The fault is complete.
 */
size_t last_words_write(unsigned char buf[LAST_WORDS_MAX], const struct fault *,
    const struct pgwire_session *);

#endif
