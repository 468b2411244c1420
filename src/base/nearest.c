/* SPDX-License-Identifier: PostgreSQL */

/*
 * The distance of Damerau and Levenshtein (optimal string alignment), which
 * needs only the last three rows of its table.
 */
#include "base/nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static unsigned
smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * The distance of two words if it is at most `limit`, else limit + 1.
 * row[i % 3][j] is the distance between the first i letters of one word and
 * the first j of the other.  A distance comes from one of the two rows above,
 * so that the end is known when all of both exceed the limit.
 */
static unsigned
distance(const char *a, size_t a_len, const char *b, size_t b_len,
    unsigned limit)
{
	unsigned row[3][NEAREST_LEN_MAX + 1], least = 0;

	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *this = row[i % 3], *above = row[(i + 2) % 3];
		unsigned least_above = least;

		least = this[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool is_same = a[i - 1] == b[j - 1];

			this[j] = smaller(above[j - 1] + !is_same,
			    smaller(above[j], this[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				this[j] = smaller(this[j],
				    row[(i + 1) % 3][j - 2] + 1);
			least = smaller(least, this[j]);
		}
		if (least > limit && least_above > limit)
			return limit + 1;
	}
	return smaller(row[a_len % 3][b_len], limit + 1);
}

/* The lengths alone may tell that a distance exceeds the limit. */
static bool
may_be_near(size_t a_len, size_t b_len, unsigned limit)
{
	return (a_len > b_len ? a_len - b_len : b_len - a_len) <= limit;
}

void
nearest_consider(struct nearest *nearest, const char *word)
{
	size_t typed_len = strlen(nearest->typed), word_len = strlen(word);
	unsigned limit = (unsigned)(typed_len + 2) / 3, found;

	if (nearest->word[0] != '\0' && nearest->distance == 0)
		return;
	if (nearest->word[0] != '\0')
		limit = smaller(limit, nearest->distance - 1);
	if (typed_len > NEAREST_LEN_MAX || word_len > NEAREST_LEN_MAX)
		return;
	found = limit + 1;
	if (may_be_near(typed_len, word_len, limit))
		found = distance(nearest->typed, typed_len, word, word_len,
		    limit);
	if (typed_len >= 4 && strstr(word, nearest->typed) != NULL)
		found = smaller(found, 2);
	if (found > limit)
		return;
	strcpy(nearest->word, word);
	nearest->distance = found;
}
