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

/* A host name of 253 bytes, brackets, a colon and a port. */
#define FAULT_PEER_MAX   264
#define FAULT_WORDS_MAX  400
#define FAULT_DETAIL_MAX 1200

/*
 * A plain value.  Zeroed means that nothing failed.  Its texts hold printable
 * ASCII only.
 */
struct fault {
	enum failure code;
	enum software software;    /* of the jump box */
	char jump[FAULT_PEER_MAX]; /* host:port; "" without a tunnel */
	/* That jump box is hop `hop` of `hops`; where unknown, both are 0. */
	unsigned hop, hops;
	char through[FAULT_PEER_MAX]; /* the jump box before it; "": none */
	char proxy[FAULT_PEER_MAX];   /* the one before the jump box, or "" */
	/* host:port or a path, as the jump box sees it */
	char database[FAULT_PEER_MAX];
	char user[80]; /* on the jump box */
	/* The peer's own words, the text of an errno, or a fact. */
	char words[FAULT_WORDS_MAX];
	char detail[FAULT_DETAIL_MAX]; /* what was reached, in how many ms */
};

/*
 * Record a cause, unless one is set already.  The words ("" for none) are made
 * printable and cut to their room.  Returns the code that is now set, so that
 * callers can `return fault_set(...)`.
 */
enum failure fault_set(struct fault *, enum failure, const char *words, ...)
    __attribute__((format(printf, 3, 4)));

/* The same without words. */
enum failure fault_set_code(struct fault *, enum failure);

/* Append one clause to DETAIL, after "; " where it is not the first. */
void fault_note(struct fault *, const char *clause, ...)
    __attribute__((format(printf, 2, 3)));

/* The clauses that DETAIL has got since it was `len` bytes long, or "". */
const char *fault_notes_since(const struct fault *, size_t len);

/* Fill in each name that is still empty; NULL leaves it empty. */
void fault_name(struct fault *, const char *jump, const char *user,
    const char *database);

/* Set the proxy on the way to the jump box; NULL: there is none. */
void fault_name_proxy(struct fault *, const char *proxy);

/*
 * Name the jump box, and the user there, unless a jump box is named.  It is the
 * one number `hop` on the way, and `through` the one before it, or NULL.
 */
void fault_name_hop(struct fault *, const char *jump, const char *user,
    unsigned hop, const char *through);

/* Name the jump box that another fault names, unless one is named. */
void fault_name_as(struct fault *, const struct fault *named);

/* The way to the database, or to an inner jump box, has so many hops. */
void fault_count_hops(struct fault *, unsigned hops);

/* Whether the named jump box is an outer one of a way with `hops`. */
bool fault_is_of_outer(const struct fault *, unsigned hops);

/* Take over the cause, names and notes of another fault, unless one is set. */
enum failure fault_adopt(struct fault *, const struct fault *cause);

/* Set the SSH server of the jump box, unless it is known already. */
void fault_software(struct fault *, enum software);

/*
 * Whether texts may name settings of sshd: the jump box runs OpenSSH, or is not
 * known to run anything else.
 */
bool fault_is_of_sshd(const struct fault *);

/*
 * The primary message: one line of ASCII, complete on its own, which ends in
 * the stage's label.  In templates {proxy}, {database}, {user} and {words}
 * stand for the fault's texts; {jump} for the jump box and, in a chain, its
 * hop; {before} for the hop before it; {from} for " from jump box {jump}", or
 * for nothing on a connection without tunnel.  Always ends with NUL within
 * `len`.
 */
void fault_message(const struct fault *, char *buf, size_t len);

/* The same without the name of the program in front. */
void fault_message_bare(const struct fault *, char *buf, size_t len);

/* The same for the end of a session: "terminating connection: pgjump: ...". */
void fault_message_mid_session(const struct fault *, char *buf, size_t len);

/* The message without its side and its label. */
void fault_cause(const struct fault *, char *buf, size_t len);

/* One full sentence that says what to change, and where. */
void fault_hint(const struct fault *, char *buf, size_t len);

#endif
