/* SPDX-License-Identifier: PostgreSQL */

/*
 * Promises that no message quotes a secret: neither the value of a secret
 * option nor a key or value that looks like a secret in the wrong place.
 */
#include "config/section.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "config/environment.h"
#include "config/mistake.h"
#include "config/unknown_key.h"
#include "config/value.h"
#include "config/yaml.h"
#include "key/ssh_key.h"

#define GUESSES_MAX 100
#define PREFIX_MAX  100 /* "jump_boxes.", a name of 64, "." */

/* --- Values -------------------------------------------------------------- */

/* Null, ~ and an empty text count as absent. */
static bool
is_absent(const struct node *node)
{
	return node->kind == NODE_SCALAR &&
	    (node->text[0] == '\0' || yaml_is_null(node));
}

/*
 * The node if it has a value to read; NULL: it is absent, or an unset variable
 * that was reported.
 */
static const struct node *
readable(const struct node *node)
{
	return node == NULL || is_absent(node) || node->mark == MARK_UNSET
	    ? NULL
	    : node;
}

static bool
is_missing(const struct node *node)
{
	return node == NULL || is_absent(node);
}

static size_t
slot_of(const struct section *section, const char *name)
{
	bool is_file;
	const struct option *option = config_options_find(section->which, name,
	    &is_file);

	assert(option != NULL && !is_file);
	return (size_t)(option - config_options);
}

static bool
is_given(const struct section *section, size_t slot)
{
	return section->is_meant[slot] || !is_missing(section->values[slot]) ||
	    !is_missing(section->files[slot]);
}

/* The section that an option comes from: this one, or its base. */
static const struct section *
source_of(const struct section *section, size_t slot)
{
	return section->base != NULL && !is_given(section, slot) &&
		is_given(section->base, slot)
	    ? section->base
	    : section;
}

static const struct node *
value_at(const struct section *section, size_t slot)
{
	return readable(source_of(section, slot)->values[slot]);
}

static const struct node *
file_at(const struct section *section, size_t slot)
{
	return readable(source_of(section, slot)->files[slot]);
}

const struct node *
config_section_value(const struct section *section, const char *name)
{
	return value_at(section, slot_of(section, name));
}

const struct node *
config_section_file(const struct section *section, const char *name)
{
	return file_at(section, slot_of(section, name));
}

bool
config_section_gives(const struct section *section, const char *name)
{
	size_t slot = slot_of(section, name);

	return is_given(source_of(section, slot), slot);
}

bool
config_section_overrides(const struct section *section, const char *name)
{
	return is_given(section, slot_of(section, name));
}

struct place
config_section_place(const struct section *section, const char *name)
{
	size_t slot = slot_of(section, name);

	if (value_at(section, slot) != NULL)
		return value_at(section, slot)->place;
	if (file_at(section, slot) != NULL)
		return file_at(section, slot)->place;
	return section->map->place;
}

const char *
config_section_dir(const struct section *section, struct place place)
{
	return section->reading->origins[place.file - 1].dir;
}

/* --- Errors -------------------------------------------------------------- */

/* Name the section if its keys occur in other sections as well. */
static void
put_prefix(const struct section *section, char *buf, size_t size)
{
	if (section->jump_box != NULL && section->jump_box[0] == '\0')
		snprintf(buf, size, "via.");
	else if (section->jump_box != NULL)
		snprintf(buf, size, "jump_boxes.%s.", section->jump_box);
	else
		snprintf(buf, size, "%s",
		    section->which == SECTION_TUNNEL    ? "ssh_tunnel."
			: section->which == SECTION_SSL ? "ssl_config."
							: "");
}

/* The section that `key`, an option or its file, comes from. */
static const struct section *
section_of(const struct section *section, const char *key)
{
	bool is_file;
	const struct option *option = config_options_find(section->which, key,
	    &is_file);

	assert(option != NULL);
	return source_of(section, (size_t)(option - config_options));
}

/* ": words" and "_file: words" follow the name of an option without a blank. */
static bool
is_suffix(const char *text)
{
	return text[0] == ':' || text[0] == '_';
}

/* `say` is report_error() or report_warning(). */
static void
tell(void (*say)(struct report *, struct place, const char *, ...),
    const struct section *section, const char *name, struct place place,
    const char *format, va_list args)
{
	char *text = xvasprintf(format, args), prefix[PREFIX_MAX];

	put_prefix(section_of(section, name), prefix, sizeof prefix);
	say(section->reading->report, place, "%s%s%s%s", prefix, name,
	    is_suffix(text) ? "" : " ", text);
	free(text);
}

void
config_section_error(const struct section *section, const char *name,
    struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(report_error, section, name, place, format, args);
	va_end(args);
}

void
config_section_warning(const struct section *section, const char *name,
    struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(report_warning, section, name, place, format, args);
	va_end(args);
}

static bool
is_secret(const struct option *option)
{
	return option->type == OPTION_SECRET || option->type == OPTION_SECRETS;
}

static void
refuse(const struct section *section, const struct option *option,
    const struct node *node)
{
	char *text = config_mistake_text(option, node);

	config_section_error(section, option->name, node->place, "%s", text);
	free(text);
}

void
config_section_refuse(const struct section *section, const char *name,
    const struct node *node)
{
	refuse(section, &config_options[slot_of(section, name)], node);
}

/* --- Keys ---------------------------------------------------------------- */

static const char *
title_of(const struct section *section)
{
	return section->jump_box != NULL ? "a jump box"
					 : config_options_title(section->which);
}

bool
config_section_may_guess(struct reading *reading)
{
	return reading->guesses++ < GUESSES_MAX;
}

/*
 * Remember the first secret that is in the file itself.  A public key, which
 * selects one of an agent, is none.
 */
static void
note_secret(struct reading *reading, const struct node *value)
{
	struct origin *origin;

	for (size_t i = 0; value->kind == NODE_LIST && i < value->count; i++)
		note_secret(reading, value->items[i]);
	if (value->kind != NODE_SCALAR)
		return;
	origin = &reading->origins[value->place.file - 1];
	if (origin->first_secret.line == 0 && value->mark == MARK_NONE &&
	    readable(value) != NULL &&
	    strcmp(value->text, SECRET_REDACTED) != 0 &&
	    !ssh_key_is_public(value->text))
		origin->first_secret = value->place;
}

/* "password: ab #cd" is "ab": whoever wants that can say so in quotes. */
static void
warn_of_comment(const struct section *section, const struct node *key,
    const struct node *value)
{
	if (value->has_comment && value->reference == NULL &&
	    value->mark == MARK_NONE)
		config_section_warning(section, key->text, value->place,
		    ": what follows # is a comment and no part of the secret; "
		    "put the value in single quotes");
}

static void
match(struct section *section, const struct node *key, const struct node *value)
{
	bool is_file;
	const struct option *option = config_options_find(section->which,
	    key->text, &is_file);
	const struct node **slot;

	if (option == NULL) {
		option = config_unknown_key(section->reading->report,
		    section->which, title_of(section), key,
		    config_section_may_guess(section->reading));
		if (option != NULL)
			section->is_meant[option - config_options] = true;
		return;
	}
	slot = (is_file ? section->files : section->values) +
	    (option - config_options);
	if (*slot != NULL)
		config_section_error(section, key->text, key->place,
		    "is given twice; the first is in %s",
		    report_line_text(section->reading->report, key->place,
			(*slot)->place));
	if (is_secret(option) && !is_file) {
		note_secret(section->reading, value);
		warn_of_comment(section, key, value);
	}
	*slot = value;
}

void
config_section_open(struct section *section, struct reading *reading,
    enum option_section which, const char *jump_box, const struct node *map)
{
	assert(
	    map->kind == NODE_MAPPING && config_option_count <= SECTION_SLOTS);
	*section = (struct section){
		.reading = reading,
		.which = which,
		.jump_box = jump_box,
		.map = map,
	};
	for (size_t i = 0; i < map->count; i++)
		match(section, map->keys[i], map->items[i]);
}

/* --- Fields -------------------------------------------------------------- */

static bool
read_value(const struct section *section, const struct option *option,
    const struct node *node, void *field)
{
	enum value_verdict verdict = node->kind == NODE_SCALAR
	    ? config_value_parse(option, node->text, field)
	    : VALUE_BAD;

	if (verdict == VALUE_TWICE)
		config_section_error(section, option->name, node->place,
		    ": \"%s\" is in the list twice", node->text);
	else if (verdict == VALUE_BAD)
		refuse(section, option, node);
	return verdict == VALUE_GOOD;
}

bool
config_section_read(const struct section *section, const char *name,
    void *field)
{
	size_t slot = slot_of(section, name);
	const struct node *node = value_at(section, slot);

	return node != NULL &&
	    read_value(section, &config_options[slot], node, field);
}

bool
config_section_read_items(const struct section *section, const char *name,
    void *field)
{
	const struct option *option = &config_options[slot_of(section, name)];
	size_t count;
	const struct node *const *items = config_section_items(section, name,
	    &count);
	bool are_good = count > 0;

	for (size_t i = 0; i < count; i++)
		are_good &= read_value(section, option, items[i], field);
	return are_good;
}

const struct node *const *
config_section_items(const struct section *section, const char *name,
    size_t *count)
{
	size_t slot = slot_of(section, name);
	const struct node *value = value_at(section, slot);

	*count = 0;
	if (value == NULL)
		return NULL;
	if (value->kind == NODE_MAPPING) {
		config_section_refuse(section, name, value);
		return NULL;
	}
	if (value->kind == NODE_SCALAR) {
		*count = 1;
		return &source_of(section, slot)->values[slot];
	}
	if (value->count == 0)
		config_section_error(section, name, value->place,
		    "is an empty list");
	for (size_t i = 0; i < value->count; i++)
		if (value->items[i]->kind != NODE_SCALAR ||
		    readable(value->items[i]) == NULL) {
			if (value->items[i]->mark != MARK_UNSET)
				config_section_refuse(section, name,
				    value->items[i]);
			return NULL;
		}
	*count = value->count;
	return (const struct node *const *)value->items;
}
