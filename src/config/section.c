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
#include <sys/stat.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "config/environment.h"
#include "config/path.h"
#include "config/value.h"
#include "config/yaml.h"
#include "key/ssh_key.h"

/*
 * Long enough for keys and values, and shorter than a line of PEM, which must
 * not be quoted.
 */
#define QUOTED_MAX 60
#define PREFIX_MAX 100 /* "jump_boxes.", a name of 64, "." */

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
	return !is_missing(section->values[slot]) ||
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

/* --- Errors -------------------------------------------------------------- */

/* Name the section if its keys occur in other sections as well. */
static void
put_prefix(const struct section *section, char *buf, size_t size)
{
	if (section->jump_box != NULL)
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

/* A message may not quote a secret, nor what may hold one: PEM, or a URL. */
static bool
may_quote(const struct option *option, const char *text)
{
	return option->type != OPTION_SECRET && option->type != OPTION_PEM &&
	    strlen(text) <= QUOTED_MAX && strchr(text, '@') == NULL;
}

static void
refuse(const struct section *section, const struct option *option,
    const struct node *node)
{
	char expected[200], value[QUOTED_MAX + 1];

	config_value_expected(option, expected, sizeof expected);
	if (node->kind != NODE_SCALAR) {
		config_section_error(section, option->name, node->place,
		    "must be %s, not %s", expected, yaml_kind_text(node));
	} else if (may_quote(option, node->text)) {
		text_printable(value, sizeof value, node->text,
		    strlen(node->text));
		config_section_error(section, option->name, node->place,
		    "must be %s, not \"%s\"", expected, value);
	} else {
		config_section_error(section, option->name, node->place,
		    "must be %s", expected);
	}
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

static void
report_unknown(const struct section *section, const struct node *key)
{
	const char *title = title_of(section);
	size_t len = strlen(key->text);
	char hint[100];

	if (strcmp(key->text, "<<") == 0) {
		report_error(section->reading->report, key->place,
		    "merge keys are not supported; an alias stands for a whole "
		    "mapping");
		return;
	}
	if (len == 0 || len > QUOTED_MAX ||
	    strspn(key->text, TEXT_LETTERS TEXT_DIGITS "_-.") != len) {
		report_error(section->reading->report, key->place,
		    "unknown key in %s", title);
		return;
	}
	config_options_hint(section->which, key->text, hint, sizeof hint);
	report_error(section->reading->report, key->place,
	    "unknown key \"%s\" in %s%s", key->text, title, hint);
}

/*
 * Remember the first secret that is in the file itself.  A public key, which
 * selects one of an agent, is none.
 */
static void
note_secret(struct reading *reading, const struct node *value)
{
	if (reading->first_secret.line == 0 && value->mark == MARK_NONE &&
	    value->kind == NODE_SCALAR && readable(value) != NULL &&
	    strcmp(value->text, SECRET_REDACTED) != 0 &&
	    !ssh_key_is_public(value->text))
		reading->first_secret = value->place;
}

static void
match(struct section *section, const struct node *key, const struct node *value)
{
	bool is_file;
	const struct option *option = config_options_find(section->which,
	    key->text, &is_file);
	const struct node **slot;

	if (option == NULL) {
		report_unknown(section, key);
		return;
	}
	slot = (is_file ? section->files : section->values) +
	    (option - config_options);
	if (*slot != NULL)
		config_section_error(section, key->text, key->place,
		    "is given twice; the first is in line %u",
		    (*slot)->place.line);
	else if (option->need == NEED_LATER && readable(value) != NULL)
		config_section_error(section, key->text, key->place,
		    "is not supported yet");
	if (option->type == OPTION_SECRET && !is_file)
		note_secret(section->reading, value);
	*slot = value;
}

void
config_section_open(struct section *section, struct reading *reading,
    enum option_section which, const char *jump_box, const struct node *map)
{
	assert(map->kind == NODE_MAPPING);
	assert(config_option_count <= SECTION_SLOTS);
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
	if (node->kind != NODE_SCALAR) {
		refuse(section, option, node);
		return false;
	}
	if (config_value_parse(option, node->text, field) == VALUE_GOOD)
		return true;
	refuse(section, option, node);
	return false;
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

/* SECRET_REDACTED, which config --print writes, is accepted with a warning. */
static void
keep_reference(const struct section *section, const struct option *option,
    const struct node *node, struct secret *secret)
{
	secret->reference = xstrdup(node->reference);
	if (secret_is_redacted(secret))
		config_section_warning(section, option->name, node->place,
		    "was left out by config --print: put the secret itself in "
		    "its place");
}

/* Warn if everybody can read the file of a secret. */
static void
check_readers(const struct section *section, const struct option *option,
    const struct node *node, const char *path)
{
	struct stat status;

	if (option->type == OPTION_SECRET && stat(path, &status) == 0 &&
	    S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0)
		config_section_warning(section, option->name, node->place,
		    "_file: everybody can read %s (mode %03o); chmod o-r it",
		    path, status.st_mode & 0777);
}

/* Judge the content of a file now, and not when it is needed. */
static void
check_file(const struct section *section, const struct option *option,
    const struct node *node, const struct secret *secret)
{
	struct secret content = { 0 };
	char error[400], *text;

	text = secret_load(secret, error, sizeof error);
	if (text == NULL)
		config_section_error(section, option->name, node->place,
		    "_file: %s", error);
	else if (text[0] == '\0')
		config_section_error(section, option->name, node->place,
		    "_file: %s is empty", secret->path);
	else if (config_value_parse(option, text, &content) != VALUE_GOOD)
		refuse(section, option, node);
	if (text != NULL && !ssh_key_is_public(text))
		check_readers(section, option, node, secret->path);
	secret_clear(&content);
	secret_free(text);
}

static void
read_file(const struct section *section, const struct option *option,
    const struct node *node, struct secret *secret)
{
	const char *why = "it must be a path";

	if (node->kind == NODE_SCALAR)
		secret->path = config_path_resolve(section->reading->dir,
		    node->text, &why);
	if (secret->path == NULL)
		config_section_error(section, option->name, node->place,
		    "_file: %s", why);
	else
		check_file(section, option, node, secret);
}

/*
 * A wrong value is replaced by the default, so that it causes one error only.
 */
static void
fill_field(const struct section *section, const struct option *option,
    void *field)
{
	size_t slot = (size_t)(option - config_options);
	const struct node *value = value_at(section, slot);
	const struct node *file = file_at(section, slot);

	if (value != NULL && file != NULL)
		config_section_error(section, option->name, file->place,
		    "and %s_file are both given; keep one of them",
		    option->name);
	else if (file != NULL)
		read_file(section, option, file, field);
	else if ((value == NULL ||
		     !read_value(section, option, value, field)) &&
	    option->fallback != NULL)
		config_value_parse(option, option->fallback, field);
	else if (value != NULL && option->type == OPTION_SECRET)
		keep_reference(section, option, value, field);
}

void
config_section_fill(const struct section *section, void *fields)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];

		if (option->section != section->which)
			continue;
		if (option->offset != OPTION_NO_FIELD)
			fill_field(section, option,
			    (char *)fields + option->offset);
		if (option->need == NEED_REQUIRED && section->base == NULL &&
		    is_missing(section->values[i]))
			config_section_error(section, option->name,
			    section->map->place, "is required: %s",
			    option->sentence);
	}
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
