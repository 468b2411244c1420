/* SPDX-License-Identifier: PostgreSQL */

#include "config/yaml_refused.h"

#include <string.h>

#include "config/json_slip.h"
#include "config/slip.h"
#include "config/yaml_slip.h"
#include "config/yaml_text.h"

/* By its byte order mark, or since every other byte of ASCII text is 0. */
static bool
is_utf16(const char *bytes, size_t len)
{
	return len >= 2 &&
	    (memcmp(bytes, "\xff\xfe", 2) == 0 ||
		memcmp(bytes, "\xfe\xff", 2) == 0 ||
		(bytes[0] == '\0') != (bytes[1] == '\0'));
}

bool
yaml_refused_utf16(struct report *report, const char *bytes, size_t len)
{
	if (!is_utf16(bytes, len))
		return false;
	report_error(report, (struct place){ .line = 1, .column = 1 },
	    "this file is UTF-16; save it as UTF-8");
	return true;
}

/* libyaml may point to what follows the byte that begins no character. */
static size_t
find_culprit(const struct yaml_text *text, size_t offset)
{
	unsigned char byte = (unsigned char)text->bytes[offset];

	if (byte < ' ' || byte >= 0x7f)
		return offset;
	for (size_t back = 1; back <= 3 && back <= offset; back++)
		if ((unsigned char)text->bytes[offset - back] >= 0xc0)
			return offset - back;
	return offset;
}

void
yaml_refused_bytes(struct report *report, const struct yaml_text *text,
    size_t offset)
{
	size_t at = offset < text->len ? find_culprit(text, offset) : offset;
	unsigned byte = at < text->len ? (unsigned char)text->bytes[at] : 0;
	struct place place = yaml_text_place(text, at);

	if (byte < 0x80)
		report_error(report, place,
		    "the control character 0x%02X stands here; leave it out",
		    byte);
	else
		report_error(report, place,
		    "the byte 0x%02X is not UTF-8; save the file as UTF-8",
		    byte);
}

void
yaml_refused_text(struct report *report, const struct yaml_text *text,
    struct place place, const char *problem)
{
	bool is_json = json_slip_is_json(text->bytes, text->len);
	const char *language = is_json ? "JSON" : "YAML";
	struct slip slip;

	if (yaml_text_has_bare_address(text, &place))
		report_error(report, place,
		    "quote this address: in YAML a bracket begins a list");
	else if (yaml_slip_find(text->bytes, text->len,
		     yaml_text_offset(text, place), &slip))
		report_error(report, yaml_text_place(text, slip.offset),
		    "not %s: %s", language, slip.text);
	else
		report_error(report, place,
		    "not %s: %s; look at the quotes, colons and indentation of "
		    "this line and the one above",
		    language, problem);
}
