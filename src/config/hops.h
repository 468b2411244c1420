/* SPDX-License-Identifier: PostgreSQL */

/*
 * The jump boxes of a chain, as hops: the first one is reached from this
 * machine, and each of the others through the one before it.
 */
#ifndef PGJUMP_CONFIG_HOPS_H
#define PGJUMP_CONFIG_HOPS_H

#include <stddef.h>

struct config_jump;
struct fault;

/* The longest chain. */
#define CONFIG_HOPS_MAX 8

/* The number of hops to this jump box, itself included; 0: NULL. */
unsigned config_hops_count(const struct config_jump *);

/* Hop number `hop`, from 1, on the way to this jump box. */
const struct config_jump *config_hops_at(const struct config_jump *,
    unsigned hop);

/* The label of the jump box before it; NULL: there is none. */
const char *config_hops_through(const struct config_jump *);

/* Name the jump box in a fault, as the hop that it is, unless one is named. */
void config_hops_name(const struct config_jump *, struct fault *);

/*
 * "10.1.0.4:22 (hop 2 of 2, through bastion.example.com:22)", or only the label
 * of a jump box which is reached directly.  Returns `buf`.
 */
const char *config_hops_label(const struct config_jump *, char *buf,
    size_t size);

/* Room for any such label. */
#define CONFIG_HOPS_LABEL_MAX 600

#endif
