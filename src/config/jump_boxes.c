/* SPDX-License-Identifier: PostgreSQL */

/*
 * A jump box is read once by itself, so that its errors are reported at their
 * own places, whether or not a connection uses it.  It is read again for each
 * connection, as the base of the keys that the connection overrides.
 * config/jump.c makes equal jump boxes one.
 */
#include "config/jump_boxes.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/environment.h"
#include "config/fields.h"
#include "config/jump.h"
#include "config/section.h"
#include "config/value.h"
#include "config/yaml.h"

#define JUMP_BOXES_MAX 1000 /* as many as connections */

/* The parts with smaller numbers are connections. */
#define FIRST_PART ((size_t)1 << 20)

struct jump_box {
	struct section section;
	struct place place; /* of its name */
	bool is_used;
};

struct jump_boxes {
	struct reading *reading;
	struct jump_box *list; /* parallel to config.jump_boxes */
	size_t count;
	const char **refused; /* names in jump_boxes, as reported */
	size_t refused_count;
	bool is_unreadable; /* every name may be in it */
};

size_t
config_jump_boxes_part(size_t index)
{
	return FIRST_PART + index;
}

/* --- jump_boxes ----------------------------------------------------------- */

static struct jump_box *
find(const struct jump_boxes *boxes, const char *name)
{
	for (size_t i = 0; i < boxes->count; i++)
		if (strcmp(boxes->list[i].section.jump_box, name) == 0)
			return &boxes->list[i];
	return NULL;
}

/* Whether a jump box of this name was refused: more need not be said. */
static bool
is_refused(const struct jump_boxes *boxes, const char *name)
{
	for (size_t i = 0; i < boxes->refused_count; i++)
		if (strcmp(boxes->refused[i], name) == 0)
			return true;
	return boxes->is_unreadable && config_value_is_name(name);
}

/*
 * Whether this is a jump box with a name of its own; otherwise that was
 * reported.
 */
static bool
is_sound(const struct jump_boxes *boxes, const struct node *key,
    const struct node *value)
{
	struct report *report = boxes->reading->report;
	const struct jump_box *other;

	if (!config_value_is_name(key->text)) {
		report_error(report, key->place,
		    "the name of a jump box must be 1 to 64 of the characters "
		    "a-z, A-Z, 0-9, _ and -");
		return false;
	}
	other = find(boxes, key->text);
	if (other != NULL)
		report_error(report, key->place,
		    "the name \"%s\" is taken by the jump box in %s", key->text,
		    report_line_text(report, key->place, other->place));
	else if (value->kind != NODE_MAPPING && value->mark != MARK_UNSET)
		report_error(report, value->place,
		    "jump_boxes.%s must be a mapping, not %s", key->text,
		    yaml_kind_text(value));
	return other == NULL && value->kind == NODE_MAPPING;
}

/* Refuse the keys that are about a connection, not about a jump box. */
static void
refuse_foreign(const struct section *section)
{
	static const char *const names[] = { "enabled", "use" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (config_section_gives(section, names[i]))
			config_section_error(section, names[i],
			    config_section_place(section, names[i]),
			    "belongs in ssh_tunnel of a connection");
}

static void
read_one(struct jump_boxes *boxes, const struct node *key,
    const struct node *value, struct config *cfg)
{
	struct jump_box *box = &boxes->list[boxes->count];
	struct config_jump_box *out = &cfg->jump_boxes[boxes->count];

	report_about(boxes->reading->report,
	    config_jump_boxes_part(boxes->count));
	out->name = xstrdup(key->text);
	box->place = key->place;
	config_section_open(&box->section, boxes->reading, SECTION_TUNNEL,
	    out->name, value);
	refuse_foreign(&box->section);
	config_jump_fill(&box->section, cfg, &out->settings);
	out->gives_known_hosts = config_section_gives(&box->section,
	    "known_hosts");
	report_about(boxes->reading->report, 0);
	cfg->jump_box_count = ++boxes->count;
}

static void
read_all(struct jump_boxes *boxes, const struct node *map, struct config *cfg)
{
	boxes->is_unreadable = false;
	boxes->list = xcalloc(map->count, sizeof *boxes->list);
	boxes->refused = xcalloc(map->count, sizeof *boxes->refused);
	cfg->jump_boxes = xcalloc(map->count, sizeof *cfg->jump_boxes);
	for (size_t i = 0; i < map->count; i++) {
		const struct node *key = map->keys[i];

		if (is_sound(boxes, key, map->items[i]))
			read_one(boxes, key, map->items[i], cfg);
		else
			boxes->refused[boxes->refused_count++] = key->text;
	}
}

struct jump_boxes *
config_jump_boxes_read(const struct section *global, struct config *cfg)
{
	const struct node *map = config_section_value(global, "jump_boxes");
	struct jump_boxes *boxes = xcalloc(1, sizeof *boxes);

	boxes->reading = global->reading;
	boxes->is_unreadable = config_section_gives(global, "jump_boxes");
	if (map == NULL)
		return boxes;
	if (map->kind != NODE_MAPPING)
		config_section_refuse(global, "jump_boxes", map);
	else if (map->count > JUMP_BOXES_MAX)
		config_section_error(global, "jump_boxes", map->place,
		    "has more than %d jump boxes", JUMP_BOXES_MAX);
	else
		read_all(boxes, map, cfg);
	return boxes;
}

void
config_jump_boxes_free(struct jump_boxes *boxes)
{
	if (boxes == NULL)
		return;
	free(boxes->list);
	free(boxes->refused);
	free(boxes);
}

void
config_jump_boxes_warn(const struct jump_boxes *boxes)
{
	struct report *report = boxes->reading->report;

	/* The connection that uses it may be the one with an error. */
	if (report_has_error(report))
		return;
	for (size_t i = 0; i < boxes->count; i++) {
		const struct jump_box *box = &boxes->list[i];

		if (box->is_used)
			continue;
		report_about(report, config_jump_boxes_part(i));
		report_warning(report, box->place,
		    "no connection uses the jump box \"%s\"",
		    box->section.jump_box);
		report_about(report, 0);
	}
}

/* --- ssh_tunnel ----------------------------------------------------------- */

/*
 * Report that the `name` which `option` gives, at `place`, is unknown, unless
 * what has that name was reported.
 */
static void
refuse_name(const struct jump_boxes *boxes, const struct section *section,
    const char *option, struct place place, const char *name)
{
	struct nearest nearest = { .typed = name };
	bool may_guess;

	if (is_refused(boxes, name))
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

/* The jump box is unknown: report what is wrong with the other keys. */
static void
read_in_vain(struct section *tunnel)
{
	static const struct section nothing;
	struct config_jump jump = { 0 };

	tunnel->base = &nothing;
	config_fields_fill(tunnel, &jump);
	config_clear_jump(&jump);
}

/* Remember which options are given beside `use`. */
static void
note_overrides(const struct section *tunnel,
    struct config_connection *connection)
{
	connection->overrides = xcalloc(config_option_count,
	    sizeof *connection->overrides);
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];

		if (option->section == SECTION_TUNNEL &&
		    strcmp(option->name, "enabled") != 0 &&
		    strcmp(option->name, "use") != 0 &&
		    config_section_overrides(tunnel, option->name))
			connection->overrides[connection->override_count++] =
			    option->name;
	}
}

static void
use(struct jump_box *box, struct section *tunnel, struct config *cfg,
    struct config_connection *connection)
{
	box->is_used = true;
	tunnel->base = &box->section;
	connection->jump_box = xstrdup(box->section.jump_box);
	note_overrides(tunnel, connection);
	connection->jump = config_jump_read(tunnel, cfg);
}

/* Whether a text can be meant as the name of a jump box. */
static bool
may_be_name(const struct jump_boxes *boxes, const char *text)
{
	return is_refused(boxes, text) ||
	    (boxes->count + boxes->refused_count > 0 &&
		config_value_is_name(text));
}

/* ssh_tunnel: NAME */
static void
read_name(struct jump_boxes *boxes, const struct section *section,
    const struct node *node, struct config *cfg,
    struct config_connection *connection)
{
	const struct node none = { .kind = NODE_MAPPING, .place = node->place };
	struct jump_box *box = find(boxes, node->text);
	struct section tunnel;

	if (box == NULL && !may_be_name(boxes, node->text)) {
		config_section_refuse(section, "ssh_tunnel", node);
		return;
	}
	if (box == NULL) {
		refuse_name(boxes, section, "ssh_tunnel", node->place,
		    node->text);
		return;
	}
	config_section_open(&tunnel, boxes->reading, SECTION_TUNNEL, NULL,
	    &none);
	use(box, &tunnel, cfg, connection);
}

/* The jump box that `use` names; NULL: there is none, as reported. */
static struct jump_box *
find_used(const struct jump_boxes *boxes, const struct section *tunnel)
{
	const struct node *node = config_section_value(tunnel, "use");
	struct jump_box *box = NULL;
	char *name = NULL;

	if (node != NULL && node->kind == NODE_SCALAR &&
	    is_refused(boxes, node->text))
		return NULL;
	if (config_section_read(tunnel, "use", &name)) {
		box = find(boxes, name);
		if (box == NULL)
			refuse_name(boxes, tunnel, "use",
			    config_section_place(tunnel, "use"), name);
	}
	free(name);
	return box;
}

/* ssh_tunnel: { use: NAME, ... } */
static void
read_use(struct jump_boxes *boxes, struct section *tunnel, struct config *cfg,
    struct config_connection *connection)
{
	struct jump_box *box = find_used(boxes, tunnel);

	if (box != NULL)
		use(box, tunnel, cfg, connection);
	else
		read_in_vain(tunnel);
}

/*
 * ssh_tunnel: { enabled: false, ... }.  The jump box counts as used: the tunnel
 * may be enabled again.
 */
static void
read_disabled(struct jump_boxes *boxes, const struct section *tunnel,
    struct config_connection *connection)
{
	const struct node *name = config_section_value(tunnel, "use");
	struct jump_box *box;

	if (name == NULL || name->kind != NODE_SCALAR ||
	    !config_value_is_name(name->text))
		return;
	connection->jump_box = xstrdup(name->text);
	box = find(boxes, name->text);
	if (box != NULL)
		box->is_used = true;
}

static void
read_mapping(struct jump_boxes *boxes, const struct node *node,
    struct config *cfg, struct config_connection *connection)
{
	struct section tunnel;
	bool is_enabled = true;

	config_section_open(&tunnel, boxes->reading, SECTION_TUNNEL, NULL,
	    node);
	config_section_read(&tunnel, "enabled", &is_enabled);
	if (!is_enabled) {
		read_disabled(boxes, &tunnel, connection);
		return;
	}
	if (config_section_gives(&tunnel, "use")) {
		read_use(boxes, &tunnel, cfg, connection);
		return;
	}
	if (!config_section_gives(&tunnel, "enabled"))
		config_section_error(&tunnel, "enabled", node->place,
		    "is required: false makes the connection direct");
	connection->jump = config_jump_read(&tunnel, cfg);
}

void
config_jump_boxes_tunnel(struct jump_boxes *boxes,
    const struct section *section, struct config *cfg,
    struct config_connection *connection)
{
	const struct node *node = config_section_value(section, "ssh_tunnel");

	if (node == NULL)
		return;
	switch (node->kind) {
	case NODE_SCALAR:
		read_name(boxes, section, node, cfg, connection);
		break;
	case NODE_MAPPING:
		read_mapping(boxes, node, cfg, connection);
		break;
	case NODE_LIST:
		config_section_refuse(section, "ssh_tunnel", node);
		break;
	}
}
