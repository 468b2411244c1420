/* SPDX-License-Identifier: PostgreSQL */

/*
 * Words are split like those of a shell because ssh hands ProxyCommand to one;
 * here nothing is ever run.
 */
#include "import/texts.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

void
import_texts_take(struct import_texts *texts, char *take)
{
	texts->items = xreallocarray(texts->items, texts->count + 1,
	    sizeof *texts->items);
	texts->items[texts->count++] = take;
}

void
import_texts_add(struct import_texts *texts, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	import_texts_take(texts, text);
}

/* Copy one word without its quotes; returns where it ends. */
static const char *
copy_word(const char *from, char *to)
{
	char quote = '\0';

	for (; *from != '\0'; from++) {
		if (quote == '\0' && strchr(" \t", *from) != NULL)
			break;
		if (*from == quote)
			quote = '\0';
		else if (quote == '\0' && strchr("'\"", *from) != NULL)
			quote = *from;
		else if (*from == '\\' && quote != '\'' && from[1] != '\0')
			*to++ = *++from;
		else
			*to++ = *from;
	}
	*to = '\0';
	return from;
}

void
import_texts_split(struct import_texts *texts, const char *line)
{
	while (*(line += strspn(line, " \t")) != '\0') {
		char *word = xmalloc(strlen(line) + 1);

		line = copy_word(line, word);
		import_texts_take(texts, word);
	}
}

void
import_texts_clear(struct import_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	*texts = (struct import_texts){ 0 };
}
