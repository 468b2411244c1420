/* SPDX-License-Identifier: PostgreSQL */

/*
 * Settings with a field are compared by their rows in the option table, so that
 * a new one is compared as well.
 */
#include "config/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "config/config.h"
#include "config/jump.h"
#include "config/options.h"
#include "config/value.h"

static bool
values_are_equal(const struct option *option, const void *a, const void *b)
{
	char *left = config_value_text(option, a);
	char *right = config_value_text(option, b);
	bool are_equal = text_equal(left, right);

	free(left);
	free(right);
	return are_equal;
}

/* Whether the field of a row is the same in two structs of its section. */
static bool
fields_are_equal(const struct option *option, const void *a, const void *b)
{
	const void *left = (const char *)a + option->offset;
	const void *right = (const char *)b + option->offset;

	if (option->offset == OPTION_NO_FIELD)
		return true;
	switch (option->type) {
	case OPTION_SECRET:
	case OPTION_PEM:
		return secret_equal(left, right);
	case OPTION_SECRETS:
		return secret_all_equal(left, right);
	default:
		return values_are_equal(option, left, right);
	}
}

static bool
are_of_connection(enum option_section section)
{
	return section == SECTION_CONNECTION || section == SECTION_SSL;
}

static bool
listens_are_equal(const struct config_connection *a,
    const struct config_connection *b)
{
	if (a->listen_count != b->listen_count)
		return false;
	for (size_t i = 0; i < a->listen_count; i++)
		if (strcmp(a->listens[i].label, b->listens[i].label) != 0)
			return false;
	return true;
}

static bool
networks_are_equal(const struct config_network *a,
    const struct config_network *b)
{
	return a->family == b->family && a->prefix_len == b->prefix_len &&
	    memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool
allow_alike(const struct config_connection *a,
    const struct config_connection *b)
{
	if (a->allow_from_count != b->allow_from_count)
		return false;
	for (size_t i = 0; i < a->allow_from_count; i++)
		if (!networks_are_equal(&a->allow_from[i], &b->allow_from[i]))
			return false;
	return true;
}

static bool
tunnels_are_equal(const struct config_jump *a, const struct config_jump *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return config_jump_equal(a, b);
}

bool
config_compare_connections(const struct config_connection *a,
    const struct config_connection *b)
{
	for (size_t i = 0; i < config_option_count; i++)
		if (are_of_connection(config_options[i].section) &&
		    !fields_are_equal(&config_options[i], a, b))
			return false;
	return listens_are_equal(a, b) && allow_alike(a, b) &&
	    tunnels_are_equal(a->jump, b->jump);
}

const char *
config_compare_globals(const struct config *a, const struct config *b,
    size_t *from)
{
	while (*from < config_option_count) {
		const struct option *option = &config_options[(*from)++];

		if (option->section == SECTION_GLOBAL &&
		    !fields_are_equal(option, a, b))
			return option->name;
	}
	return NULL;
}
