/* SPDX-License-Identifier: PostgreSQL */

/*
 * Double quotes can hold everything (YAML 1.1, 5.6): what has a short escape
 * gets it, what is not printable there gets the one of its code point.
 */
#include "yaml_write.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT 0xfffd

/* A code point that UTF-8 may not hold, or that a shorter form would hold. */
static bool
is_misfit(uint32_t code, unsigned len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff);
}

/* The code point at *text, and *text behind it (RFC 3629, 3). */
static uint32_t
next_code(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	unsigned len = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
	uint32_t code = len == 1 ? *at : *at & (0x7fU >> len);

	(*text)++;
	if (*at >= 0xf8 || (*at >= 0x80 && *at < 0xc0))
		return REPLACEMENT;
	for (unsigned i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (is_misfit(code, len))
		return REPLACEMENT;
	*text += len - 1;
	return code;
}

/* Between double quotes, as it is; a byte order mark and what counts as a line
 * end are printable for YAML, and do not stay what they are. */
static bool
is_printable(uint32_t code)
{
	if (code < 0x7f)
		return code >= 0x20;
	return (code >= 0xa0 && code <= 0xfffd && code != 0x2028 &&
		   code != 0x2029 && code != 0xfeff) ||
	    code >= 0x10000;
}

static void
write_code(FILE *out, uint32_t code, const char *bytes, size_t len)
{
	static const char escaped[] = "\"\\\n\r\t", letters[] = "\"\\nrt";
	const char *found = code < 0x80 ? strchr(escaped, (int)code) : NULL;

	if (found != NULL)
		fprintf(out, "\\%c", letters[found - escaped]);
	else if (!is_printable(code))
		fprintf(out, code < 0x100 ? "\\x%02x" : "\\u%04x",
		    (unsigned)code);
	else if (code == REPLACEMENT)
		fputs("\xef\xbf\xbd", out);
	else
		fwrite(bytes, 1, len, out);
}

void
yaml_write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text != '\0') {
		const char *bytes = text;
		uint32_t code = next_code(&text);

		write_code(out, code, bytes, (size_t)(text - bytes));
	}
	fputc('"', out);
}

/* Lines of printable ASCII, the first not indented, one line end at most at
 * the end. */
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
