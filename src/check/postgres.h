/* SPDX-License-Identifier: PostgreSQL */

/*
 * The first words with a database, in sequential calls: is it PostgreSQL, and
 * does it speak TLS as `ssl_config` asks?  Nobody logs in here.
 */
#ifndef PGJUMP_CHECK_POSTGRES_H
#define PGJUMP_CHECK_POSTGRES_H

#include <stdbool.h>

#include "base/failure.h"

struct check_state;
struct tls_facts;

/*
 * Ask the open database for TLS, which commits to nothing and is answered by
 * one byte: tls_answer is 'S' or 'N'.  Else DB_CLOSED, DB_SILENT,
 * DB_NOT_POSTGRES or TUNNEL rows.
 */
enum failure check_postgres_ask(struct check_state *);

/*
 * Then go on as the mode asks.  True: TLS has begun.  False: the database may
 * be used in the clear, unless the fault is set.  The facts are filled as far
 * as it came, failed or not.
 */
bool check_postgres_tls(struct check_state *, struct tls_facts *);

/*
 * Nothing more is to be said: end the stream, which the caller closes, and wait
 * a moment for the end of the database, which may serve one connection at a
 * time.
 */
void check_postgres_part(const struct check_state *);

#endif
