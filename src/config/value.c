/* SPDX-License-Identifier: PostgreSQL */

/* A reader and a writer for each type of option, and what the type allows. */
#include "config/value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "config/options.h"

#define TEXT_MAX     1024 /* longer than any name of a user or database */
#define HOST_MAX     253  /* RFC 1035, 2.3.4: 255 bytes in its packets */
#define NAME_MAX_LEN 64   /* the limit that pgjump.yaml(5) states */
#define SOCKET_MAX   107  /* unix(7): room in sun_path, its end left out */

/* parse_word() writes an enum through a pointer to unsigned. */
_Static_assert(sizeof(enum option_need) == sizeof(unsigned),
    "an enum is as large as an unsigned");

typedef enum value_verdict parse_fn(const struct option *, const char *text,
    void *field);

static bool
is_made_of(const char *text, const char *set, size_t max_len)
{
	size_t len = strspn(text, set);

	return len > 0 && len <= max_len && text[len] == '\0';
}

bool
config_value_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
	int64_t value = 0;

	/* 15 digits exceed every range, and fit into 64 bits. */
	if (!is_made_of(text, TEXT_DIGITS, 15))
		return false;
	for (; *text != '\0'; text++)
		value = value * 10 + (*text - '0');
	*number = value;
	return value >= min && value <= max;
}

/*
 * A single colon stands before a port; an IPv6 address has two or more.  A text
 * that begins with '-' is refused, since printed commands would take it for an
 * option.
 */
bool
config_value_is_host(const char *text)
{
	const char *colon = strchr(text, ':');

	return is_made_of(text, TEXT_LETTERS TEXT_DIGITS ".-_:%", HOST_MAX) &&
	    text[0] != '-' && (colon == NULL || strchr(colon + 1, ':') != NULL);
}

bool
config_value_is_name(const char *text)
{
	return is_made_of(text, TEXT_LETTERS TEXT_DIGITS "_-", NAME_MAX_LEN);
}

/* Texts and paths are printed: in commands, in the log and by config --print.
 */
static bool
is_text(const char *text)
{
	return utf8_is_legible_text(text) && strlen(text) <= TEXT_MAX;
}

static enum value_verdict
keep_text(bool is_good, const char *text, void *field)
{
	if (!is_good)
		return VALUE_BAD;
	*(char **)field = xstrdup(text);
	return VALUE_GOOD;
}

static enum value_verdict
parse_text(const struct option *option, const char *text, void *field)
{
	(void)option;
	return keep_text(is_text(text), text, field);
}

static enum value_verdict
parse_host(const struct option *option, const char *text, void *field)
{
	(void)option;
	return keep_text(config_value_is_host(text), text, field);
}

static enum value_verdict
parse_host_or_dir(const struct option *option, const char *text, void *field)
{
	(void)option;
	return keep_text(text[0] == '/' ? is_text(text)
					: config_value_is_host(text),
	    text, field);
}

static enum value_verdict
parse_socket(const struct option *option, const char *text, void *field)
{
	(void)option;
	return keep_text(text[0] == '/' && is_text(text) &&
		strlen(text) <= SOCKET_MAX,
	    text, field);
}

static enum value_verdict
parse_name(const struct option *option, const char *text, void *field)
{
	(void)option;
	return keep_text(config_value_is_name(text), text, field);
}

static enum value_verdict
parse_number(const struct option *option, const char *text, void *field)
{
	int64_t number;

	if (!config_value_number(text, option->min, option->max, &number))
		return VALUE_BAD;
	*(unsigned *)field = (unsigned)number;
	return VALUE_GOOD;
}

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "", 1000 },
	{ "ms", 1 },
};

static enum value_verdict
parse_duration(const struct option *option, const char *text, void *field)
{
	size_t len = strspn(text, TEXT_DIGITS);
	char digits[16];
	int64_t number;

	if (len >= sizeof digits)
		return VALUE_BAD;
	memcpy(digits, text, len);
	digits[len] = '\0';
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(text + len, units[i].name) != 0)
			continue;
		if (!config_value_number(digits, 0, option->max / units[i].ms,
			&number) ||
		    number * units[i].ms < option->min)
			return VALUE_BAD;
		*(int64_t *)field = number * units[i].ms;
		return VALUE_GOOD;
	}
	return VALUE_BAD;
}

static enum value_verdict
parse_flag(const struct option *option, const char *text, void *field)
{
	static const char *const words[][2] = {
		{ "false", "true" },
		{ "no", "yes" },
		{ "off", "on" },
		{ "0", "1" },
	};

	(void)option;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		for (int value = 0; value <= 1; value++)
			if (strcasecmp(text, words[i][value]) == 0) {
				*(bool *)field = value;
				return VALUE_GOOD;
			}
	return VALUE_BAD;
}

static enum value_verdict
parse_word(const struct option *option, const char *text, void *field)
{
	for (const struct option_word *word = option->words; word->word != NULL;
	     word++) {
		if (strcasecmp(text, word->word) != 0)
			continue;
		*(unsigned *)field = (unsigned)word->value;
		return VALUE_GOOD;
	}
	return VALUE_BAD;
}

static enum value_verdict
parse_words(const struct option *option, const char *text, void *field)
{
	struct config_words *words = field;
	unsigned value;

	if (parse_word(option, text, &value) != VALUE_GOOD)
		return VALUE_BAD;
	for (size_t i = 0; i < words->count; i++)
		if (words->list[i] == value)
			return VALUE_TWICE;
	words->list[words->count++] = value;
	return VALUE_GOOD;
}

static enum value_verdict
parse_secret(const struct option *option, const char *text, void *field)
{
	(void)option;
	((struct secret *)field)->text = xstrndup(text,
	    text_len_without_line_end(text));
	return VALUE_GOOD;
}

static enum value_verdict
parse_secrets(const struct option *option, const char *text, void *field)
{
	return parse_secret(option, text, secret_append(field));
}

static enum value_verdict
parse_pem(const struct option *option, const char *text, void *field)
{
	(void)option;
	if (strstr(text, "-----BEGIN CERTIFICATE-----") == NULL)
		return VALUE_BAD;
	((struct secret *)field)->text = xstrdup(text);
	return VALUE_GOOD;
}

/* --- And back ------------------------------------------------------------ */

static char *
text_text(const struct option *option, const void *field)
{
	(void)option;
	return xstrdup(*(char *const *)field);
}

static char *
number_text(const struct option *option, const void *field)
{
	unsigned number = *(const unsigned *)field;

	if (number == 0 && option->min > 0)
		return NULL;
	return xasprintf("%u", number);
}

static void
print_duration(int64_t ms, char *buf, size_t size)
{
	const struct unit *unit = units;

	while (ms % unit->ms != 0 || (ms == 0 && unit->ms > 1000))
		unit++;
	snprintf(buf, size, "%" PRId64 "%s", ms / unit->ms, unit->name);
}

static char *
duration_text(const struct option *option, const void *field)
{
	char text[32];

	(void)option;
	print_duration(*(const int64_t *)field, text, sizeof text);
	return xstrdup(text);
}

static char *
flag_text(const struct option *option, const void *field)
{
	(void)option;
	return xstrdup(*(const bool *)field ? "true" : "false");
}

/* Of several words for a value, the last one in the table says most. */
static const char *
word_of(const struct option *option, unsigned value)
{
	const char *found = NULL;

	for (const struct option_word *word = option->words; word->word != NULL;
	     word++)
		if (word->value == (int)value)
			found = word->word;
	return found;
}

static char *
word_text(const struct option *option, const void *field)
{
	return xstrdup(word_of(option, *(const unsigned *)field));
}

/* "password", "[agent, key]" */
static char *
words_text(const struct option *option, const void *field)
{
	const struct config_words *words = field;
	bool is_list = words->count != 1;
	char buf[80] = "";
	size_t used = 0;

	for (size_t i = 0; i < words->count; i++)
		used += (size_t)snprintf(buf + used, sizeof buf - used, "%s%s",
		    i > 0 ? ", " : "", word_of(option, words->list[i]));
	assert(used < sizeof buf);
	return xasprintf(is_list ? "[%s]" : "%s", buf);
}

/* --- The types ----------------------------------------------------------- */

static const struct {
	parse_fn *parse;
	char *(*text)(const struct option *, const void *field);
	const char *expected; /* NULL: made from the row */
} types[OPTION_TYPE_COUNT] = {
	[OPTION_TEXT] = { parse_text, text_text,
	    "a text of one line without control characters" },
	[OPTION_HOST] = { parse_host, text_text,
	    "a host name or an address without a port" },
	[OPTION_HOST_OR_DIR] = { parse_host_or_dir, text_text,
	    "a host name, an address or a directory, without a port" },
	[OPTION_SOCKET] = { parse_socket, text_text,
	    "the absolute path of a socket, of at most 107 bytes, without "
	    "control characters" },
	[OPTION_NAME] = { parse_name, text_text,
	    "1 to 64 of the characters a-z, A-Z, 0-9, _ and -" },
	[OPTION_NUMBER] = { parse_number, number_text, NULL },
	[OPTION_DURATION] = { parse_duration, duration_text, NULL },
	[OPTION_FLAG] = { parse_flag, flag_text, "true or false" },
	[OPTION_WORD] = { parse_word, word_text, NULL },
	[OPTION_WORDS] = { parse_words, words_text, NULL },
	[OPTION_SECRET] = { parse_secret, NULL, "a text" },
	[OPTION_SECRETS] = { parse_secrets, NULL, "a text or a list of texts" },
	[OPTION_PEM] = { parse_pem, NULL, "a certificate in PEM format" },
	[OPTION_CERTIFICATE] = { parse_secret, NULL,
	    "a certificate of OpenSSH" },
};

/*
 * Space at the ends belongs to no value but a secret: it comes from pasting,
 * and a line end from a variable or a block of text.
 */
static char *
trimmed(const char *text)
{
	static const char space[] = " \t\r\n";
	size_t len;

	text += strspn(text, space);
	len = strlen(text);
	while (len > 0 && strchr(space, text[len - 1]) != NULL)
		len--;
	return xstrndup(text, len);
}

enum value_verdict
config_value_parse(const struct option *option, const char *text, void *field)
{
	enum value_verdict verdict;
	char *copy;

	assert(types[option->type].parse != NULL);
	if (option->type == OPTION_SECRET || option->type == OPTION_SECRETS ||
	    option->type == OPTION_PEM)
		return types[option->type].parse(option, text, field);
	copy = trimmed(text);
	verdict = types[option->type].parse(option, copy, field);
	free(copy);
	return verdict;
}

char *
config_value_text(const struct option *option, const void *field)
{
	assert(types[option->type].text != NULL);
	return types[option->type].text(option, field);
}

static void
expect_duration(const struct option *option, char *buf, size_t size)
{
	char min[32], max[32];

	print_duration(option->min, min, sizeof min);
	print_duration(option->max, max, sizeof max);
	snprintf(buf, size, "a duration from %s to %s, such as 4s, 500ms or 1m",
	    min, max);
}

static void
expect_words(const struct option *option, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (const struct option_word *word = option->words;
	     word->word != NULL && used < size; word++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
		    used > 0 ? ", " : "one of ", word->word);
}

void
config_value_expected(const struct option *option, char *buf, size_t size)
{
	if (option->expects != NULL)
		snprintf(buf, size, "%s", option->expects);
	else if (types[option->type].expected != NULL)
		snprintf(buf, size, "%s", types[option->type].expected);
	else if (option->type == OPTION_NUMBER)
		snprintf(buf, size, "a number from %" PRId64 " to %" PRId64,
		    option->min, option->max);
	else if (option->type == OPTION_DURATION)
		expect_duration(option, buf, size);
	else
		expect_words(option, buf, size);
}
