/* SPDX-License-Identifier: PostgreSQL */

/*
 * A name is looked up among the sound jump boxes first, then among those that
 * were refused.
 */
#include "config/jump_names.h"

#include <string.h>

#include "base/nearest.h"
#include "config/value.h"

struct jump_box *
config_jump_names_find(const struct jump_boxes *boxes, const char *name)
{
	for (size_t i = 0; i < boxes->count; i++)
		if (strcmp(boxes->list[i].section.jump_box, name) == 0)
			return &boxes->list[i];
	return NULL;
}

bool
config_jump_names_is_refused(const struct jump_boxes *boxes, const char *name)
{
	for (size_t i = 0; i < boxes->refused_count; i++)
		if (strcmp(boxes->refused[i], name) == 0)
			return true;
	return boxes->is_unreadable && config_value_is_name(name);
}

bool
config_jump_names_may_be(const struct jump_boxes *boxes, const char *text)
{
	return config_jump_names_is_refused(boxes, text) ||
	    (boxes->count + boxes->refused_count > 0 &&
		config_value_is_name(text));
}

void
config_jump_names_refuse(const struct jump_boxes *boxes,
    const struct section *section, const char *option, struct place place,
    const char *name)
{
	struct nearest nearest = { .typed = name };
	bool may_guess;

	if (config_jump_names_is_refused(boxes, name))
		return;
	may_guess = config_section_may_guess(boxes->reading);
	for (size_t i = 0; may_guess && i < boxes->count; i++)
		nearest_consider(&nearest, boxes->list[i].section.jump_box);
	if (nearest.word[0] != '\0')
		config_section_error(section, option, place,
		    ": there is no jump box \"%s\"; did you mean \"%s\"?", name,
		    nearest.word);
	else
		config_section_error(section, option, place,
		    ": there is no jump box \"%s\" in jump_boxes", name);
}
