/* SPDX-License-Identifier: PostgreSQL */

/*
 * Failures as values.  failure.def lists every stage at which a connection can
 * fail and every cause that pgjump can tell apart there; this file makes the
 * enums, the tables and the texts from those rows.  A function that can fail
 * for a reason a user must hear returns `enum failure` and fills a `struct
 * fault`, which is set once: the first cause wins.
 */
#ifndef PGJUMP_BASE_FAILURE_H
#define PGJUMP_BASE_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum side {
	SIDE_TUNNEL,   /* "pgjump: tunnel failed: ..." */
	SIDE_DATABASE, /* "pgjump: tunnel is up, database failed: ..." */
	SIDE_CLIENT,   /* "pgjump: refused: ..." */
	SIDE_LOCAL,    /* "pgjump: refused: ..." */
};

/*
 * The SSH server that runs on a jump box, as its banner tells (RFC 4253, 4.2):
 * its words, its settings and its logs are its own.
 */
enum software {
	SOFTWARE_UNKNOWN, /* no banner was seen */
	SOFTWARE_OPENSSH,
	SOFTWARE_DROPBEAR,
	SOFTWARE_ASYNCSSH,
	SOFTWARE_LIBSSH,
	SOFTWARE_TWISTED,
	SOFTWARE_OTHER,
};

/* How a jump box is dialled again after a cause. */
enum retry {
	RETRY_SOON,   /* may pass by itself: 0.25 s to 30 s */
	RETRY_RARELY, /* somebody must change something: 30 s to 10 min */
};

enum stage {
#define STAGE(symbol, label, side, sqlstate, exit_code) STAGE_##symbol,
#include "base/failure.def"
	STAGE_COUNT
};

enum failure {
	FAIL_NONE = 0,
#define FAILURE(symbol, stage, retry, message, hint) FAIL_##symbol,
#include "base/failure.def"
	FAILURE_COUNT
};

struct stage_info {
	const char *label; /* "jump_auth": log, metrics, end of the message */
	enum side side;
	const char *sqlstate; /* before the session is up */
	int exit_code;        /* of `pgjump check` */
};

struct failure_info {
	enum stage stage;
	enum retry retry;
	const char *message, *hint; /* templates, see fault_message() */
};

/* "203.0.113.10:22": a host name of 253 bytes, brackets, colon, port. */
#define FAULT_PEER_MAX   264
#define FAULT_WORDS_MAX  400
#define FAULT_DETAIL_MAX 1200

/*
 * One failure with its facts.  A plain value: copied, kept, compared by code.
 * Zeroed means "nothing failed".  Texts hold printable ASCII only.
 */
struct fault {
	enum failure code;
	enum software software;    /* of the jump box */
	char jump[FAULT_PEER_MAX]; /* host:port; "" where no tunnel is used */
	char database[FAULT_PEER_MAX]; /* host:port or path, as the jump box
					  sees it */
	char user[80];                 /* of the jump box */
	char words[FAULT_WORDS_MAX]; /* the peer's own words, errno text, a fact
				      */
	char detail[FAULT_DETAIL_MAX]; /* what was reached, in how many ms */
};

const struct stage_info *failure_stage_info(enum stage);
const struct failure_info *failure_info(enum failure); /* not FAIL_NONE */
const struct stage_info *failure_stage(enum failure);  /* not FAIL_NONE */

/*
 * Record a cause; does nothing when one is set.  The words ("" for none) are
 * made printable and cut.  Returns the code that now stands, so that callers
 * can `return fault_set(...)`.
 */
enum failure fault_set(struct fault *, enum failure, const char *words, ...)
    __attribute__((format(printf, 3, 4)));

/* Append one clause to DETAIL ("; " between clauses). */
void fault_note(struct fault *, const char *clause, ...)
    __attribute__((format(printf, 2, 3)));

/* Fill in names, each only where it is still empty; NULL leaves it so. */
void fault_name(struct fault *, const char *jump, const char *user,
    const char *database);

/* Name the SSH server of the jump box, where it is not known yet. */
void fault_software(struct fault *, enum software);

/* It is OpenSSH's, or not known to be another: settings of sshd may be named.
 */
bool fault_is_of_sshd(const struct fault *);

/*
 * The primary message: one line, ASCII, complete on its own, ending in the
 * stage's label.  In templates {jump}, {database}, {user} and {words} stand
 * for the fault's texts; {from} for " from jump box HOST:PORT", or nothing on
 * a connection without tunnel.  Always ends with NUL within `len`.
 */
void fault_message(const struct fault *, char *buf, size_t len);

/* The same for a session that was up: "terminating connection: pgjump: ...". */
void fault_message_mid_session(const struct fault *, char *buf, size_t len);

/* The cause alone: the message without its side and its label. */
void fault_cause(const struct fault *, char *buf, size_t len);

/* One full sentence: what to change and where. */
void fault_hint(const struct fault *, char *buf, size_t len);

/*
 * Copy `len` bytes of a peer's text as printable ASCII: control characters and
 * bytes >= 0x80 become '?', white space at the ends goes, runs of it become
 * one space.  Always ends with NUL within `size`.
 */
void text_printable(char *out, size_t size, const void *bytes, size_t len);

#endif
