/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a client is told whose forward was refused or not answered in time.
 * Pure: facts in, fault out.  `jump` is the jump box's label for DETAIL; the
 * names in the message are added by the caller.
 */
#ifndef PGJUMP_JUMP_FAULT_H
#define PGJUMP_JUMP_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct config_connection;
struct ssh_opened;

/* Fill in the names that every fault of a connection carries. */
void jump_fault_name(struct fault *, const struct config_connection *);

/* The link broke, by this cause (FAIL_NONE: none is known). */
void jump_fault_broken(struct fault *, enum failure lost_by);

/* The jump box refused; `is_socket`: the target is a Unix socket. */
void jump_fault_refused(struct fault *, const char *jump,
    const struct ssh_opened *, bool is_socket);

/* Nothing was heard of the jump box for `silent_ms`. */
void jump_fault_silent(struct fault *, int64_t silent_ms);

/*
 * The jump box lives, and has not answered for `asked_ms`; `is_stalled`: it has
 * answered nobody on that link since.
 */
void jump_fault_unanswered(struct fault *, const char *jump, int64_t asked_ms,
    bool is_stalled);

/* The turn did not come: because of earlier clients of the same database ... */
void jump_fault_behind(struct fault *, const char *jump, int64_t waited_ms);

/* ... or because every one of `links` was busy. */
void jump_fault_busy(struct fault *, int64_t waited_ms, size_t links);

#endif
