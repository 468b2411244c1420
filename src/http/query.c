/* SPDX-License-Identifier: PostgreSQL */

#include "http/query.h"

#include <string.h>

static int
hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The value of "%41" at `text`; -1: it is none, or a control character. */
static int
escaped(const char *text, size_t len)
{
	int high = len >= 3 ? hex(text[1]) : -1;
	int low = high >= 0 ? hex(text[2]) : -1;

	return low >= 0 && high * 16 + low >= 0x20 ? high * 16 + low : -1;
}

static bool
decode(const char *text, size_t len, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		int byte = text[i] == '+' ? ' ' : text[i];

		if (text[i] == '%') {
			byte = escaped(text + i, len - i);
			i += 2;
			if (byte < 0)
				return false;
		}
		if (used + 1 >= size)
			return false;
		out[used++] = (char)byte;
	}
	out[used] = '\0';
	return true;
}

/* The first value of a parameter; NULL: it is not there. */
static const char *
find(const char *pair, const char *name, size_t *len)
{
	size_t name_len = strlen(name);

	while (pair != NULL) {
		size_t pair_len = strcspn(pair, "&");

		if (pair_len >= name_len &&
		    strncmp(pair, name, name_len) == 0 &&
		    strchr("=&", pair[name_len]) != NULL) {
			*len = pair_len - name_len - (pair[name_len] == '=');
			return pair + pair_len - *len;
		}
		pair = pair[pair_len] == '&' ? pair + pair_len + 1 : NULL;
	}
	return NULL;
}

bool
http_query_has(const char *query, const char *name)
{
	size_t len;

	return find(query, name, &len) != NULL;
}

bool
http_query_read(const char *query, const char *name, char *out, size_t size)
{
	size_t len;
	const char *value = find(query, name, &len);

	return value != NULL && decode(value, len, out, size);
}
