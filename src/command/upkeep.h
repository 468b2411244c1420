/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the main thread does at intervals for the whole process: it writes the
 * counts of the log when they are due, and gives memory back.
 */
#ifndef PGJUMP_COMMAND_UPKEEP_H
#define PGJUMP_COMMAND_UPKEEP_H

struct event_base;
struct upkeep;

struct upkeep *upkeep_open(struct event_base *);
void upkeep_close(struct upkeep *);

#endif
