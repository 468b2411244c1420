/* SPDX-License-Identifier: PostgreSQL */

/* The forms that are URIs: what reads each of them is in its name. */
#ifndef PGJUMP_COMMAND_DSN_URI_H
#define PGJUMP_COMMAND_DSN_URI_H

struct dsn;
struct dsn_writer;

void dsn_uri_libpq(struct dsn_writer *, const struct dsn *);
void dsn_uri_sqlalchemy(struct dsn_writer *, const struct dsn *);
void dsn_uri_jdbc(struct dsn_writer *, const struct dsn *);

/* Clients that know neither hostaddr nor libpq's other ways. */
void dsn_uri_go(struct dsn_writer *, const struct dsn *);

#endif
