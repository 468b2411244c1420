/* SPDX-License-Identifier: PostgreSQL */

/*
 * The first words with a database, in sequential calls: is it PostgreSQL, and
 * does it speak TLS as `ssl_config` asks?  Nobody logs in here.
 */
#ifndef PGJUMP_CHECK_POSTGRES_H
#define PGJUMP_CHECK_POSTGRES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct check_route;
struct check_task;
struct stream;
struct tls_facts;

/* A stream to the database, borrowed, and when it was opened (base/clock.h). */
struct check_talk {
	const struct check_task *task;
	struct check_route *route;
	struct stream *stream;
	int64_t opened_ms;
};

/*
 * Ask for TLS, which commits to nothing and is answered by one byte: 'S' or
 * 'N' in *answer.  Else DB_CLOSED, DB_SILENT, DB_NOT_POSTGRES or TUNNEL rows.
 */
enum failure check_postgres_ask(const struct check_talk *, char *answer,
    struct fault *);

/*
 * Then go on as the mode asks.  *is_encrypted: else it goes on in the clear.
 * The facts are filled as far as it came, failed or not.
 */
enum failure check_postgres_tls(const struct check_talk *, char answer,
    bool *is_encrypted, struct tls_facts *, struct fault *);

/*
 * Nothing more is to be said: end the stream, which the caller closes, and wait
 * a moment for the end of the database, which may serve one connection at a
 * time.
 */
void check_postgres_part(const struct check_talk *);

#endif
