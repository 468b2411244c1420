/* SPDX-License-Identifier: PostgreSQL */

/*
 * The first exchange with a database, in sequential calls: is it PostgreSQL,
 * and does it offer TLS as `ssl_config` demands?  There is no login here.
 */
#ifndef PGJUMP_CHECK_POSTGRES_H
#define PGJUMP_CHECK_POSTGRES_H

#include <stdbool.h>

#include "base/failure.h"

struct check_state;
struct tls_facts;

/*
 * Ask the open database for TLS.  That commits us to nothing, and the answer is
 * one byte, 'S' or 'N', in tls_answer.  Fails with DB_CLOSED, DB_SILENT,
 * DB_NOT_POSTGRES or TUNNEL rows.
 */
enum failure check_postgres_ask(struct check_state *);

/*
 * Then go on as the mode demands.  True: TLS has begun, and ended well unless
 * the fault is set.  False: the database may be used in the clear, unless the
 * fault is set.  The facts hold what was seen, also after a failure.
 */
bool check_postgres_tls(struct check_state *, struct tls_facts *);

/*
 * End the stream, which the caller closes, and give the database a moment to
 * end its side: it may serve one connection at a time.
 */
void check_postgres_part(const struct check_state *);

#endif
