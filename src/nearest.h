/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which known word did somebody mean who typed an unknown one.  Pure.
 */
#ifndef PGJUMP_NEAREST_H
#define PGJUMP_NEAREST_H

/* Begin with { .typed = ... }; the texts are borrowed. */
struct nearest {
	const char *typed;
	const char *word;  /* the best so far; NULL: none is near enough */
	unsigned distance; /* of that one */
};

/*
 * Consider one known word.  Distance counts letters that are missing, too
 * many, wrong or swapped with their neighbour; near enough is one such slip
 * for every three letters typed.
 */
void nearest_consider(struct nearest *, const char *word);

#endif
