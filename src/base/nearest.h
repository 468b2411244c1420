/* SPDX-License-Identifier: PostgreSQL */

/*
 * Which known word did somebody mean who typed an unknown one.  Pure.
 */
#ifndef PGJUMP_BASE_NEAREST_H
#define PGJUMP_BASE_NEAREST_H

/* Longer words are nobody's slip, and are never near. */
#define NEAREST_LEN_MAX 64

/* Begin with { .typed = ... }, which is borrowed. */
struct nearest {
	const char *typed;
	char word[NEAREST_LEN_MAX + 1]; /* the best so far; "": none is near */
	unsigned distance;              /* of that one */
};

/*
 * Consider one known word.  Distance counts letters that are missing, too
 * many, wrong or swapped with their neighbour; near enough is one such slip
 * for every three letters typed.  A word of which four letters or more were
 * typed right ("user" of "username") is two slips away at most.
 */
void nearest_consider(struct nearest *, const char *word);

#endif
