/* SPDX-License-Identifier: PostgreSQL */

/*
 * A double-quoted scalar can hold everything (YAML 1.1, 5.6): a character gets
 * its short escape, or, if a terminal may not show it, that of its code point.
 */
#include "config/yaml_write.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

static void
write_code(FILE *out, uint32_t code, const char *bytes, size_t len)
{
	static const char escaped[] = "\"\\\n\r\t", letters[] = "\"\\nrt";
	const char *found = code < 0x80 ? strchr(escaped, (int)code) : NULL;

	if (found != NULL)
		fprintf(out, "\\%c", letters[found - escaped]);
	else if (code == UTF8_REPLACEMENT)
		fputs("\xef\xbf\xbd", out);
	else if (!utf8_is_legible(code))
		fprintf(out,
		    code < 0x100         ? "\\x%02x"
			: code < 0x10000 ? "\\u%04x"
					 : "\\U%08x",
		    (unsigned)code);
	else
		fwrite(bytes, 1, len, out);
}

void
yaml_write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text != '\0') {
		const char *bytes = text;
		uint32_t code = utf8_next(&text);

		write_code(out, code, bytes, (size_t)(text - bytes));
	}
	fputc('"', out);
}

/*
 * Whether a text has only lines of printable ASCII, the first of them not
 * indented, and no empty line at its end.
 */
static bool
can_be_block(const char *text)
{
	size_t len = strlen(text);

	if (len < 2 || text[0] == ' ' || text[0] == '\n' ||
	    strcmp(text + len - 2, "\n\n") == 0)
		return false;
	for (; *text != '\0'; text++)
		if (*text != '\n' && (*text < 0x20 || *text > 0x7e))
			return false;
	return true;
}

void
yaml_write_lines(FILE *out, const char *text, unsigned indent)
{
	size_t len;

	if (!can_be_block(text)) {
		yaml_write_quoted(out, text);
		fputc('\n', out);
		return;
	}
	fputs(text[strlen(text) - 1] == '\n' ? "|\n" : "|-\n", out);
	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		fprintf(out, "%*s%.*s\n", (int)(len > 0 ? indent : 0), "",
		    (int)len, text);
	}
}
