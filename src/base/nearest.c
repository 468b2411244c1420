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
 * row[i % 3][j] is the distance between the first i letters of one word and
 * the first j of the other.
 */
static unsigned
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[3][NEAREST_LEN_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *this = row[i % 3], *above = row[(i + 2) % 3];

		this[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool is_same = a[i - 1] == b[j - 1];

			this[j] = smaller(above[j - 1] + !is_same,
			    smaller(above[j], this[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				this[j] = smaller(this[j],
				    row[(i + 1) % 3][j - 2] + 1);
		}
	}
	return row[a_len % 3][b_len];
}

void
nearest_consider(struct nearest *nearest, const char *word)
{
	size_t typed_len = strlen(nearest->typed), word_len = strlen(word);
	unsigned found;

	if (typed_len > NEAREST_LEN_MAX || word_len > NEAREST_LEN_MAX)
		return;
	found = distance(nearest->typed, typed_len, word, word_len);
	if (typed_len >= 4 && strstr(word, nearest->typed) != NULL)
		found = smaller(found, 2);
	if (found > (typed_len + 2) / 3)
		return;
	if (nearest->word[0] != '\0' && found >= nearest->distance)
		return;
	strcpy(nearest->word, word);
	nearest->distance = found;
}
