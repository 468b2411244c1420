/* SPDX-License-Identifier: PostgreSQL */

/*
 * One failure with its facts.  A function that can fail for a reason a user
 * must hear returns `enum failure` and fills a `struct fault`, which is set
 * once: the first cause wins.
 */
#ifndef PGJUMP_BASE_FAULT_H
#define PGJUMP_BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"

/* "203.0.113.10:22": a host name of 253 bytes, brackets, colon, port. */
#define FAULT_PEER_MAX   264
#define FAULT_WORDS_MAX  400
#define FAULT_DETAIL_MAX 1200

/*
 * A plain value: copied, kept, compared by code.
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

/*
 * Record a cause; does nothing when one is set.  The words ("" for none) are
 * made printable and cut.  Returns the code that now stands, so that callers
 * can `return fault_set(...)`.
 */
enum failure fault_set(struct fault *, enum failure, const char *words, ...)
    __attribute__((format(printf, 3, 4)));

/* The same without words. */
enum failure fault_set_code(struct fault *, enum failure);

/* Append one clause to DETAIL ("; " between clauses). */
void fault_note(struct fault *, const char *clause, ...)
    __attribute__((format(printf, 2, 3)));

/* The clauses that DETAIL has got since it was `len` bytes long, or "". */
const char *fault_notes_since(const struct fault *, size_t len);

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

#endif
