/* SPDX-License-Identifier: PostgreSQL */

/*
 * Between single quotes only the single quote itself is special to a POSIX
 * shell (POSIX.1-2017, Shell Command Language, 2.2.2).
 */
#include "base/shell_word.h"

#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"

/* What is special to no shell, wherever it stands in a word. */
#define BARE TEXT_LETTERS TEXT_DIGITS "_-./:@%+=,"

/* The end of a quoted part, an escaped quote, the start of the next part. */
#define QUOTE "'\\''"

char *
shell_word(const char *text)
{
	char *word, *at;

	if (text[0] != '\0' && text[strspn(text, BARE)] == '\0')
		return xstrdup(text);
	at = word = xmalloc(strlen(text) * strlen(QUOTE) + sizeof "''");
	*at++ = '\'';
	for (; *text != '\0'; text++)
		if (*text == '\'')
			at = stpcpy(at, QUOTE);
		else
			*at++ = *text;
	stpcpy(at, "'");
	return word;
}
