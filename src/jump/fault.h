/* SPDX-License-Identifier: PostgreSQL */

/*
 * The fault of a forward that was refused or not answered in time.  Pure: facts
 * in, fault out.  `jump` is the jump box's label for DETAIL; the caller adds
 * the names in the message.
 */
#ifndef PGJUMP_JUMP_FAULT_H
#define PGJUMP_JUMP_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct config_connection;
struct config_jump;
struct ssh_opened;

/*
 * Fill in the names that every fault of a connection carries, and the number of
 * hops to its database.
 */
void jump_fault_name(struct fault *, const struct config_connection *);

/*
 * The link to `jump` broke for the cause `lost_by` (NULL or FAIL_NONE: it is
 * not known).
 */
void jump_fault_broken(struct fault *, const struct config_jump *jump,
    const struct fault *lost_by);

/* The jump box refused the forward; `is_socket`: to a Unix socket. */
void jump_fault_refused(struct fault *, const char *jump,
    const struct ssh_opened *, bool is_socket);

/*
 * No way through an outer jump box to the SSH server of the inner one, for what
 * `outer` says: a failure behind it is the inner one's, every other its own.
 */
void jump_fault_of_hop(struct fault *, const struct fault *outer,
    const struct config_jump *inner);

/*
 * The jump box has sent nothing for `silent_ms`: the one that `named` names,
 * which may be an outer one, or NULL.
 */
void jump_fault_silent(struct fault *, const struct fault *named,
    int64_t silent_ms);

/*
 * The jump box lives, but has not answered this request for `asked_ms`;
 * `is_stalled`: nor any other request on that link.
 */
void jump_fault_unanswered(struct fault *, const char *jump, int64_t asked_ms,
    bool is_stalled);

/*
 * The request had no turn, because earlier ones to its database were not
 * answered.
 */
void jump_fault_behind(struct fault *, const char *jump, int64_t waited_ms);

/* The request had no turn, because all `links` were busy. */
void jump_fault_busy(struct fault *, int64_t waited_ms, size_t links);

#endif
