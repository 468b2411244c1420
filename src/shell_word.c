/* SPDX-License-Identifier: PostgreSQL */

/*
 * The quotes of a POSIX shell: in single ones nothing is special but they
 * themselves (POSIX.1-2017, Shell Command Language, 2.2.2).
 */
#include "shell_word.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "xmalloc.h"

#define BARE                                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"_-./:@%+=,"

char *
shell_word(const char *text)
{
	char *word = NULL;
	size_t size;
	FILE *out;

	if (text[0] != '\0' && text[strspn(text, BARE)] == '\0')
		return xstrdup(text);
	out = open_memstream(&word, &size);
	assert(out != NULL);
	putc('\'', out);
	for (; *text != '\0'; text++)
		fputs(*text == '\'' ? "'\\''" : (char[]){ *text, '\0' }, out);
	putc('\'', out);
	fclose(out);
	return word;
}
