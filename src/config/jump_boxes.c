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

#include "base/xmalloc.h"
#include "config/config.h"
#include "config/environment.h"
#include "config/fields.h"
#include "config/hops.h"
#include "config/jump.h"
#include "config/jump_names.h"
#include "config/section.h"
#include "config/value.h"
#include "config/via.h"
#include "config/yaml.h"

#define JUMP_BOXES_MAX 1000 /* as many as connections */

/* The parts with smaller numbers are connections. */
#define FIRST_PART ((size_t)1 << 20)

size_t
config_jump_boxes_part(size_t index)
{
	return FIRST_PART + index;
}

/* --- jump_boxes ----------------------------------------------------------- */

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
	other = config_jump_names_find(boxes, key->text);
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

static void
find_ways(const struct jump_boxes *boxes, struct config *cfg)
{
	cfg->unused_jumps = xcalloc(boxes->count * CONFIG_HOPS_MAX,
	    sizeof *cfg->unused_jumps);
	for (size_t i = 0; i < boxes->count; i++) {
		report_about(boxes->reading->report, config_jump_boxes_part(i));
		config_via_box(boxes, i, cfg);
		report_about(boxes->reading->report, 0);
	}
}

static void
warn_of_unused(const struct jump_boxes *boxes)
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

void
config_jump_boxes_finish(const struct jump_boxes *boxes, struct config *cfg)
{
	find_ways(boxes, cfg);
	warn_of_unused(boxes);
}

/* --- ssh_tunnel ----------------------------------------------------------- */

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

/* The jump box of a tunnel, and those on the way to it. */
static const struct config_jump *
read_chain(const struct jump_boxes *boxes, const struct section *tunnel,
    struct config *cfg)
{
	const struct node *via = config_section_value(tunnel, "via");

	if (via != NULL)
		config_via_mark(boxes, via);
	return config_via_tunnel(boxes, tunnel, cfg);
}

static void
use(const struct jump_box *box, const struct section *tunnel,
    struct jump_boxes *boxes, struct config *cfg,
    struct config_connection *connection)
{
	struct config_hop hop = { 0 };
	const struct node name = { .kind = NODE_SCALAR,
		.text = (char *)box->section.jump_box };

	config_via_mark(boxes, &name);
	config_via_note(tunnel, &hop);
	connection->jump_box = hop.jump_box;
	connection->overrides = hop.overrides;
	connection->override_count = hop.override_count;
	connection->jump = read_chain(boxes, tunnel, cfg);
}

/* ssh_tunnel: NAME */
static void
read_name(struct jump_boxes *boxes, const struct section *section,
    const struct node *node, struct config *cfg,
    struct config_connection *connection)
{
	const struct node none = { .kind = NODE_MAPPING, .place = node->place };
	struct jump_box *box = config_jump_names_find(boxes, node->text);
	struct section tunnel;

	if (box == NULL && !config_jump_names_may_be(boxes, node->text)) {
		config_section_refuse(section, "ssh_tunnel", node);
		return;
	}
	if (box == NULL) {
		config_jump_names_refuse(boxes, section, "ssh_tunnel",
		    node->place, node->text);
		return;
	}
	config_section_open(&tunnel, boxes->reading, SECTION_TUNNEL, NULL,
	    &none);
	tunnel.base = &box->section;
	use(box, &tunnel, boxes, cfg, connection);
}

/* ssh_tunnel: { use: NAME, ... } */
static void
read_use(struct jump_boxes *boxes, struct section *tunnel, struct config *cfg,
    struct config_connection *connection)
{
	const struct jump_box *box = config_via_use(boxes, tunnel);

	if (box != NULL)
		use(box, tunnel, boxes, cfg, connection);
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
	const struct node *via = config_section_value(tunnel, "via");

	if (via != NULL)
		config_via_mark(boxes, via);
	if (name == NULL || name->kind != NODE_SCALAR ||
	    !config_value_is_name(name->text))
		return;
	connection->jump_box = xstrdup(name->text);
	config_via_mark(boxes, name);
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
	if (!config_section_gives(&tunnel, "enabled") &&
	    !config_section_gives(&tunnel, "via"))
		config_section_error(&tunnel, "enabled", node->place,
		    "is required: false makes the connection direct");
	connection->jump = read_chain(boxes, &tunnel, cfg);
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
