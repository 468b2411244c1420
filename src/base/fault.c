/* SPDX-License-Identifier: PostgreSQL */

/*
 * The texts of a fault, built from the templates of failure.def.  It knows
 * neither sockets nor the log.
 */
#include "base/fault.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Texts for jump boxes that do not run sshd; NULL: the text of the row. */
static const struct variant {
	enum failure code;
	enum software software;
	const char *message, *hint;
} variants[] = {
#define VARIANT(symbol, software, message, hint) \
	{ FAIL_##symbol, SOFTWARE_##software, message, hint },
#include "base/failure.def"
};

/* Texts for a jump box behind another one; NULL: the text of the row. */
static const struct inner {
	enum failure code;
	const char *message, *hint;
} inners[] = {
#define INNER(symbol, message, hint) { FAIL_##symbol, message, hint },
#include "base/failure.def"
};

/* What stands between two clauses of DETAIL. */
#define BETWEEN "; "

enum failure
fault_set(struct fault *fault, enum failure code, const char *words, ...)
{
	char text[FAULT_WORDS_MAX];
	va_list args;

	if (fault->code != FAIL_NONE)
		return fault->code;
	va_start(args, words);
	vsnprintf(text, sizeof text, words, args);
	va_end(args);
	text_printable(fault->words, sizeof fault->words, text, strlen(text));
	return fault->code = code;
}

enum failure
fault_set_code(struct fault *fault, enum failure code)
{
	return fault_set(fault, code, "%s", "");
}

void
fault_note(struct fault *fault, const char *clause, ...)
{
	size_t used = strlen(fault->detail);
	char text[FAULT_DETAIL_MAX];
	va_list args;

	va_start(args, clause);
	vsnprintf(text, sizeof text, clause, args);
	va_end(args);
	if (used > 0 && used + strlen(BETWEEN) < sizeof fault->detail) {
		memcpy(fault->detail + used, BETWEEN, sizeof BETWEEN);
		used += strlen(BETWEEN);
	}
	text_printable(fault->detail + used, sizeof fault->detail - used, text,
	    strlen(text));
}

const char *
fault_notes_since(const struct fault *fault, size_t len)
{
	const char *notes = fault->detail + len;

	if (strncmp(notes, BETWEEN, strlen(BETWEEN)) == 0)
		notes += strlen(BETWEEN);
	return notes;
}

static void
name_once(char *name, size_t size, const char *text)
{
	if (text != NULL && name[0] == '\0')
		text_printable(name, size, text, strlen(text));
}

void
fault_name(struct fault *fault, const char *jump, const char *user,
    const char *database)
{
	name_once(fault->jump, sizeof fault->jump, jump);
	name_once(fault->user, sizeof fault->user, user);
	name_once(fault->database, sizeof fault->database, database);
}

void
fault_name_proxy(struct fault *fault, const char *proxy)
{
	name_once(fault->proxy, sizeof fault->proxy, proxy);
}

void
fault_name_hop(struct fault *fault, const char *jump, const char *user,
    unsigned hop, const char *through)
{
	if (fault->jump[0] != '\0')
		return;
	fault_name(fault, jump, user, NULL);
	name_once(fault->through, sizeof fault->through, through);
	fault->hop = hop;
	if (fault->hops < hop)
		fault->hops = hop;
}

void
fault_name_as(struct fault *fault, const struct fault *named)
{
	if (fault->jump[0] == '\0')
		fault_name_proxy(fault, named->proxy);
	fault_name_hop(fault, named->jump, named->user, named->hop,
	    named->through);
}

void
fault_count_hops(struct fault *fault, unsigned hops)
{
	if (fault->hop > 0 && fault->hops < hops)
		fault->hops = hops;
}

bool
fault_is_of_outer(const struct fault *fault, unsigned hops)
{
	return fault->code != FAIL_NONE && fault->hop > 0 && fault->hop < hops;
}

enum failure
fault_adopt(struct fault *fault, const struct fault *cause)
{
	if (fault->code == FAIL_NONE && cause->code != FAIL_NONE)
		*fault = *cause;
	return fault->code;
}

void
fault_software(struct fault *fault, enum software software)
{
	if (fault->software == SOFTWARE_UNKNOWN)
		fault->software = software;
}

bool
fault_is_of_sshd(const struct fault *fault)
{
	return fault->software == SOFTWARE_OPENSSH ||
	    fault->software == SOFTWARE_UNKNOWN;
}

static const struct variant *
variant_for(enum failure code, enum software software)
{
	for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
		if (variants[i].code == code &&
		    variants[i].software == software)
			return &variants[i];
	return NULL;
}

/* The variant for this server, else the one for every server but sshd. */
static const struct variant *
variant_of(const struct fault *fault)
{
	const struct variant *own;

	if (fault_is_of_sshd(fault))
		return NULL;
	own = variant_for(fault->code, fault->software);
	return own != NULL ? own : variant_for(fault->code, SOFTWARE_OTHER);
}

static const struct inner *
inner_of(const struct fault *fault)
{
	for (size_t i = 0; fault->hop > 1 && i < sizeof inners / sizeof *inners;
	     i++)
		if (inners[i].code == fault->code)
			return &inners[i];
	return NULL;
}

static const char *
message_of(const struct fault *fault)
{
	const struct variant *variant = variant_of(fault);
	const struct inner *inner = inner_of(fault);

	if (inner != NULL && inner->message != NULL)
		return inner->message;
	if (variant != NULL && variant->message != NULL)
		return variant->message;
	return failure_info(fault->code)->message;
}

static const char *
hint_of(const struct fault *fault)
{
	const struct variant *variant = variant_of(fault);
	const struct inner *inner = inner_of(fault);

	if (inner != NULL && inner->hint != NULL)
		return inner->hint;
	if (variant != NULL && variant->hint != NULL)
		return variant->hint;
	return failure_info(fault->code)->hint;
}

/* A text that is being built: cut at its end, and always ending with NUL. */
struct text {
	char *buf;
	size_t size, len;
};

static void
append(struct text *text, const char *piece, size_t len)
{
	size_t room = text->size - 1 - text->len;

	if (len > room)
		len = room;
	memcpy(text->buf + text->len, piece, len);
	text->len += len;
	text->buf[text->len] = '\0';
}

static void
append_string(struct text *text, const char *piece)
{
	append(text, piece, strlen(piece));
}

/* "10.1.0.4:22 (hop 2 of 2, through bastion.example.com:22)" */
static void
append_jump(struct text *text, const struct fault *fault)
{
	char hop[60];

	append_string(text, fault->jump);
	if (fault->hops < 2)
		return;
	snprintf(hop, sizeof hop, " (hop %u of %u", fault->hop, fault->hops);
	append_string(text, hop);
	if (fault->through[0] != '\0') {
		append_string(text, ", through ");
		append_string(text, fault->through);
	}
	append_string(text, ")");
}

static void
append_before(struct text *text, const struct fault *fault)
{
	char hop[20];

	snprintf(hop, sizeof hop, "hop %u", fault->hop - 1);
	append_string(text, hop);
}

static void
append_from(struct text *text, const struct fault *fault)
{
	if (fault->jump[0] == '\0')
		return;
	append_string(text, " from jump box ");
	append_jump(text, fault);
}

/* Append what a template's {name} stands for. */
static void
append_named(struct text *text, const struct fault *fault, const char *name,
    size_t len)
{
	const struct {
		const char *name, *value;
	} values[] = {
		{ "proxy", fault->proxy },
		{ "database", fault->database },
		{ "user", fault->user },
		{ "words", fault->words },
	};
	const struct {
		const char *name;
		void (*append)(struct text *, const struct fault *);
	} forms[] = {
		{ "jump", append_jump },
		{ "before", append_before },
		{ "from", append_from },
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (strlen(forms[i].name) == len &&
		    memcmp(forms[i].name, name, len) == 0) {
			forms[i].append(text, fault);
			return;
		}
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if (strlen(values[i].name) == len &&
		    memcmp(values[i].name, name, len) == 0) {
			append_string(text, values[i].value);
			return;
		}
	assert(!"a name in failure.def that no fault has");
}

static void
append_template(struct text *text, const struct fault *fault,
    const char *template)
{
	const char *brace, *end;

	while ((brace = strchr(template, '{')) != NULL) {
		append(text, template, (size_t)(brace - template));
		end = strchr(brace, '}');
		assert(end != NULL);
		append_named(text, fault, brace + 1, (size_t)(end - brace - 1));
		template = end + 1;
	}
	append_string(text, template);
}

/* The message of a direct connection must not claim that a tunnel is up. */
static const char *
opening_words(const struct fault *fault)
{
	switch (failure_stage(fault->code)->side) {
	case SIDE_TUNNEL:
		return "tunnel failed: ";
	case SIDE_DATABASE:
		return fault->jump[0] != '\0'
		    ? "tunnel is up, database failed: "
		    : "database failed: ";
	case SIDE_CLIENT:
	case SIDE_LOCAL:
		break;
	}
	return "refused: ";
}

static void
build_message(const struct fault *fault, const char *program,
    const char *opening, char *buf, size_t len)
{
	struct text text = { .buf = buf, .size = len };

	buf[0] = '\0';
	append_string(&text, program);
	append_string(&text, opening);
	append_template(&text, fault, message_of(fault));
	append_string(&text, " [");
	append_string(&text, failure_stage(fault->code)->label);
	append_string(&text, "]");
}

void
fault_message(const struct fault *fault, char *buf, size_t len)
{
	build_message(fault, "pgjump: ", opening_words(fault), buf, len);
}

void
fault_message_bare(const struct fault *fault, char *buf, size_t len)
{
	build_message(fault, "", opening_words(fault), buf, len);
}

void
fault_message_mid_session(const struct fault *fault, char *buf, size_t len)
{
	build_message(fault, "terminating connection: pgjump: ", "", buf, len);
}

void
fault_cause(const struct fault *fault, char *buf, size_t len)
{
	struct text text = { .buf = buf, .size = len };

	buf[0] = '\0';
	append_template(&text, fault, message_of(fault));
}

void
fault_hint(const struct fault *fault, char *buf, size_t len)
{
	struct text text = { .buf = buf, .size = len };

	buf[0] = '\0';
	append_template(&text, fault, hint_of(fault));
}
