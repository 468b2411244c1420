/* SPDX-License-Identifier: PostgreSQL */

/*
 * TLS where pgjump itself is the database's client: the SSLRequest, the
 * handshake and the verification that `ssl_config` asks for, as libpq does
 * them, in steps on memory buffers.  Failures are put into words for people;
 * those of OpenSSL end here.
 */
#ifndef PGJUMP_TLS_CLIENT_H
#define PGJUMP_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_connection;
struct fault;
struct tls;
struct tls_client;
struct tls_client_rules;

/* --- The rules of one connection ------------------------------------------ */

/*
 * ssl_config with its secrets read.  It serves any number of sessions of one
 * thread, which may outlive it.  verify-ca without ca_cert trusts the system's
 * authorities and, since those sign for anybody, checks the name as well.
 * Rules and sessions borrow the connection.  NULL with FAIL_DB_TLS_SETTINGS: a
 * file cannot be read, or its text cannot be used.
 */
struct tls_client_rules *tls_client_rules_new(const struct config_connection *,
    struct fault *);
void tls_client_rules_free(struct tls_client_rules *); /* NULL is fine */

/* Whether one of the files has changed, so that new rules must be made. */
bool tls_client_rules_are_stale(const struct tls_client_rules *);

/* --- One session ---------------------------------------------------------- */

/*
 * Start a session.  Its output begins with an SSLRequest, unless the mode is
 * `disable` or the database is a Unix socket, on which libpq uses no TLS,
 * either. Mode `allow` works like `prefer` here: to try in the clear first is
 * up to the caller.
 */
struct tls_client *tls_client_new(const struct tls_client_rules *);
void tls_client_free(struct tls_client *); /* NULL is fine */

/* Bytes from the database; all are taken. */
void tls_client_feed(struct tls_client *, const void *bytes, size_t len);

/* The bytes for the database that wait: how many, and where they are. */
size_t tls_client_output(struct tls_client *, const void **bytes);
void tls_client_sent(struct tls_client *, size_t len);

enum tls_client_status {
	TLS_CLIENT_WAIT,   /* send the output, feed more bytes */
	TLS_CLIENT_PLAIN,  /* go on in the clear: the mode permits it */
	TLS_CLIENT_READY,  /* encrypted, and verified as the mode asks */
	TLS_CLIENT_FAILED, /* the fault is set; the output may hold an alert */
};

/*
 * Go on with the bytes that were fed.  On failure the fault gets a
 * FAIL_DB_TLS_* code and words, or FAIL_DB_NOT_POSTGRES when the answer was
 * none to an SSLRequest.
 */
enum tls_client_status tls_client_step(struct tls_client *, struct fault *);

/* Set the fault: the database closed before tls_client_step() was done. */
void tls_client_closed(struct tls_client *, struct fault *);

/*
 * Say why a session failed after READY.  A database with TLS 1.3 rejects our
 * certificate only then.
 */
void tls_client_explain(const struct tls *, struct fault *);

/* After READY: take the session for what follows; it is the caller's. */
struct tls *tls_client_take(struct tls_client *);

/* --- What was seen -------------------------------------------------------- */

/*
 * Texts are "" while unknown.  After FAILED they hold what was seen until then.
 */
struct tls_facts {
	char version[16];               /* "TLSv1.3" */
	char cipher[64];                /* "TLS_AES_256_GCM_SHA384" */
	char subject[256], issuer[256]; /* "CN=db.example.com,O=Example" */
	char names[512];                /* "db.example.com, 10.0.0.5" */
	char expires[16];               /* "2027-01-31" */
	int64_t expires_s;              /* the same, in seconds since 1970 */
	bool is_verified;               /* whether `verified` says so */
	char verified[256]; /* "not verified: mode require does not ask" */
};

const struct tls_facts *tls_client_facts(const struct tls_client *);

#endif
