/* SPDX-License-Identifier: PostgreSQL */

/* The known word that somebody may have meant who typed an unknown one. */
#ifndef PGJUMP_BASE_NEAREST_H
#define PGJUMP_BASE_NEAREST_H

/* Longer than every word that pgjump knows; a longer word is never near. */
#define NEAREST_LEN_MAX 64

/* Begin with { .typed = ... }, which is borrowed. */
struct nearest {
	const char *typed;
	char word[NEAREST_LEN_MAX + 1]; /* the best so far; "": none */
	unsigned distance;              /* of the best so far */
};

/*
 * Consider one known word.  A slip is a letter that is missing, too many, wrong
 * or swapped with its neighbour.  A word is near if it takes at most one slip
 * for every three letters typed.  A word that holds everything typed, if that
 * is four letters or more ("user" in "username"), counts as two slips at most.
 */
void nearest_consider(struct nearest *, const char *word);

#endif
