/* SPDX-License-Identifier: PostgreSQL */

/*
 * Walks the option table along one section.  Promises that the file of a secret
 * is read and judged now, and not when it is needed.
 */
#include "config/fields.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/environment.h"
#include "config/path.h"
#include "config/section.h"
#include "config/value.h"
#include "config/yaml.h"
#include "key/ssh_key.h"

/* --- Texts of secrets ----------------------------------------------------- */

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

/* The texts of a list that was read without an error. */
static void
keep_references(const struct section *section, const struct option *option,
    struct secrets *secrets)
{
	size_t count;
	const struct node *const *items = config_section_items(section,
	    option->name, &count);

	for (size_t i = 0; i < count; i++)
		keep_reference(section, option, items[i], &secrets->list[i]);
}

/* --- Files of secrets ----------------------------------------------------- */

/* Warn if everybody can read the file of a secret. */
static void
check_readers(const struct section *section, const struct option *option,
    const struct node *node, const char *path)
{
	struct stat status;

	if (option->type != OPTION_PEM && option->type != OPTION_CERTIFICATE &&
	    stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	    (status.st_mode & S_IROTH) != 0)
		config_section_warning(section, option->name, node->place,
		    "_file: everybody can read %s (mode %03o); chmod o-r it",
		    path, status.st_mode & 0777);
}

static bool
is_parsable(const struct option *option, const char *text)
{
	struct secret content = { 0 };
	bool is_good = option->type == OPTION_SECRETS ||
	    config_value_parse(option, text, &content) == VALUE_GOOD;

	secret_clear(&content);
	return is_good;
}

/* Judge the content of a file now, and not when it is needed. */
static void
check_file(const struct section *section, const struct option *option,
    const struct node *node, const struct secret *secret)
{
	char error[400], *text;

	text = secret_load(secret, error, sizeof error);
	if (text == NULL)
		config_section_error(section, option->name, node->place,
		    "_file: %s", error);
	else if (text[0] == '\0')
		config_section_error(section, option->name, node->place,
		    "_file: %s is empty", secret->path);
	else if (!is_parsable(option, text))
		config_section_refuse(section, option->name, node);
	if (text != NULL && !ssh_key_is_public(text))
		check_readers(section, option, node, secret->path);
	secret_free(text);
}

static void
read_file(const struct section *section, const struct option *option,
    const struct node *node, struct secret *secret)
{
	const char *why = "it must be a path";

	if (node->kind == NODE_SCALAR)
		secret->path = config_path_resolve(config_section_dir(section,
						       node->place),
		    node->text, &why);
	if (secret->path == NULL)
		config_section_error(section, option->name, node->place,
		    "_file: %s", why);
	else
		check_file(section, option, node, secret);
}

/* One path, or a list of paths. */
static void
read_files(const struct section *section, const struct option *option,
    const struct node *node, struct secrets *secrets)
{
	if (node->kind != NODE_LIST) {
		read_file(section, option, node, secret_append(secrets));
		return;
	}
	if (node->count == 0)
		config_section_error(section, option->name, node->place,
		    "_file is an empty list");
	for (size_t i = 0; i < node->count; i++)
		if (node->items[i]->mark != MARK_UNSET)
			read_file(section, option, node->items[i],
			    secret_append(secrets));
}

/* --- Fields --------------------------------------------------------------- */

/* A wrong value of several leaves none, so that nothing follows from it. */
static void
fill_words(const struct section *section, const struct option *option,
    struct config_words *words)
{
	if (config_section_value(section, option->name) == NULL)
		config_value_parse(option, option->fallback, words);
	else if (!config_section_read_items(section, option->name, words))
		words->count = 0;
}

/*
 * A wrong value is replaced by the default, so that it causes one error only.
 */
static void
fill_value(const struct section *section, const struct option *option,
    void *field)
{
	const struct node *value = config_section_value(section, option->name);

	if (option->type == OPTION_WORDS)
		fill_words(section, option, field);
	else if (option->type == OPTION_SECRETS) {
		if (config_section_read_items(section, option->name, field))
			keep_references(section, option, field);
	} else if (!config_section_read(section, option->name, field)) {
		if (option->fallback != NULL)
			config_value_parse(option, option->fallback, field);
	} else if (option->type == OPTION_SECRET)
		keep_reference(section, option, value, field);
}

static void
fill_field(const struct section *section, const struct option *option,
    void *field)
{
	const struct node *file = config_section_file(section, option->name);

	if (file == NULL)
		fill_value(section, option, field);
	else if (config_section_value(section, option->name) != NULL)
		config_section_error(section, option->name, file->place,
		    "and %s_file are both given; keep one of them",
		    option->name);
	else if (option->type == OPTION_SECRETS)
		read_files(section, option, file, field);
	else
		read_file(section, option, file, field);
}

void
config_fields_fill(const struct section *section, void *fields)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];

		if (option->section != section->which)
			continue;
		if (option->offset != OPTION_NO_FIELD)
			fill_field(section, option,
			    (char *)fields + option->offset);
		if (option->need == NEED_REQUIRED && section->base == NULL &&
		    !config_section_overrides(section, option->name))
			config_section_error(section, option->name,
			    section->map->place, "is required: %s",
			    option->sentence);
	}
}
