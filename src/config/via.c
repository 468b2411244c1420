/* SPDX-License-Identifier: PostgreSQL */

/*
 * A chain is read from the innermost jump box outwards, each hop as one that a
 * connection could use itself, so that equal hops become one object.  Every
 * jump box of jump_boxes is read as well, which finds all circles: a connection
 * alone cannot make one.
 */
#include "config/via.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "config/hops.h"
#include "config/jump.h"
#include "config/jump_names.h"
#include "config/options.h"
#include "config/section.h"
#include "config/yaml.h"

/* Room for the way of a circle, in words. */
#define WAY_MAX 800

/* A chain that is being read. */
struct way {
	const struct jump_boxes *boxes;
	struct config *cfg;
	bool is_used; /* by a connection */
	/* The jump boxes that led here, the innermost first. */
	const struct jump_box *names[CONFIG_HOPS_MAX];
	size_t count;
	bool is_too_long;
	bool
	    has_failed; /* nothing more is read, so that errors add up to few */
};

static const struct config_jump *read_hop(struct way *, const struct section *,
    const struct config_jump *outer);

/* --- Names --------------------------------------------------------------- */

struct jump_box *
config_via_use(const struct jump_boxes *boxes, struct section *tunnel)
{
	const struct node *node = config_section_value(tunnel, "use");
	struct jump_box *box = NULL;
	char *name = NULL;

	if (node != NULL && node->kind == NODE_SCALAR &&
	    config_jump_names_is_refused(boxes, node->text))
		return NULL;
	if (config_section_read(tunnel, "use", &name)) {
		box = config_jump_names_find(boxes, name);
		if (box == NULL)
			config_jump_names_refuse(boxes, tunnel, "use",
			    config_section_place(tunnel, "use"), name);
	}
	free(name);
	if (box != NULL)
		tunnel->base = &box->section;
	return box;
}

void
config_via_note(const struct section *tunnel, struct config_hop *hop)
{
	hop->jump_box = xstrdup(tunnel->base->jump_box);
	hop->overrides = xcalloc(config_option_count, sizeof *hop->overrides);
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];

		if (option->section == SECTION_TUNNEL &&
		    strcmp(option->name, "enabled") != 0 &&
		    strcmp(option->name, "use") != 0 &&
		    config_section_overrides(tunnel, option->name))
			hop->overrides[hop->override_count++] = option->name;
	}
}

static void
mark(const struct jump_boxes *boxes, const char *name)
{
	struct jump_box *box = config_jump_names_find(boxes, name);
	const struct node *via;

	if (box == NULL || box->is_used)
		return;
	box->is_used = true;
	via = config_section_value(&box->section, "via");
	if (via != NULL)
		config_via_mark(boxes, via);
}

void
config_via_mark(const struct jump_boxes *boxes, const struct node *node)
{
	if (node->kind == NODE_SCALAR)
		mark(boxes, node->text);
	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
		config_via_mark(boxes, node->items[i]);
	for (size_t i = 0; node->kind == NODE_MAPPING && i < node->count; i++)
		if (strcmp(node->keys[i]->text, "use") == 0 ||
		    strcmp(node->keys[i]->text, "via") == 0)
			config_via_mark(boxes, node->items[i]);
}

/* --- Circles ------------------------------------------------------------- */

static void
append(char *text, const char *piece)
{
	strncat(text, piece, WAY_MAX - 1 - strlen(text));
}

/*
 * Several ways lead into a circle.  It is reported once: on the way that begins
 * with the member that stands first in the file.
 */
static bool
is_reported_here(const struct way *way, const struct jump_box *first)
{
	if (way->names[0] != first)
		return false;
	for (size_t i = 1; i < way->count; i++)
		if (way->names[i] < first)
			return false;
	return true;
}

static void
report_circle(const struct way *way, const struct section *section,
    struct place place, const struct jump_box *box)
{
	char text[WAY_MAX] = "";

	if (!is_reported_here(way, box))
		return;
	for (size_t i = 0; i < way->count; i++) {
		append(text, way->names[i]->section.jump_box);
		append(text, " -> ");
	}
	append(text, box->section.jump_box);
	config_section_error(section, "via", place,
	    "goes round in a circle: %s", text);
}

/* Go on through a jump box with a name; false: that would not end. */
static bool
enter(struct way *way, const struct section *section, struct place place,
    const struct jump_box *box)
{
	for (size_t i = 0; i < way->count; i++)
		if (way->names[i] == box) {
			report_circle(way, section, place, box);
			return false;
		}
	way->is_too_long = way->count == CONFIG_HOPS_MAX;
	if (!way->is_too_long)
		way->names[way->count++] = box;
	return !way->is_too_long;
}

/* --- One hop ------------------------------------------------------------- */

static const struct config_jump *
read_named(struct way *way, const struct section *section, struct place place,
    const struct jump_box *box, const struct section *hop,
    const struct config_jump *outer)
{
	const struct config_jump *jump;

	if (!enter(way, section, place, box))
		return NULL;
	jump = read_hop(way, hop, outer);
	way->count--;
	return jump;
}

/* via: NAME */
static void
read_name(struct way *way, const struct section *section,
    const struct node *node, const struct config_jump *outer,
    struct config_hop *out)
{
	const struct node none = { .kind = NODE_MAPPING, .place = node->place };
	const struct jump_box *box = config_jump_names_find(way->boxes,
	    node->text);
	struct section hop;

	if (box == NULL && !config_jump_names_may_be(way->boxes, node->text)) {
		config_section_refuse(section, "via", node);
		return;
	}
	if (box == NULL) {
		config_jump_names_refuse(way->boxes, section, "via",
		    node->place, node->text);
		return;
	}
	config_section_open(&hop, way->boxes->reading, SECTION_TUNNEL, NULL,
	    &none);
	hop.base = &box->section;
	config_via_note(&hop, out);
	out->jump = read_named(way, section, node->place, box, &hop, outer);
}

/* via: { use: NAME, ... } or { host: ..., ... } */
static void
read_mapping(struct way *way, const struct section *section,
    const struct node *node, const struct config_jump *outer,
    struct config_hop *out)
{
	const struct jump_box *box = NULL;
	struct section hop;

	config_section_open(&hop, way->boxes->reading, SECTION_TUNNEL,
	    SECTION_HOP, node);
	if (config_section_gives(&hop, "enabled"))
		config_section_error(&hop, "enabled",
		    config_section_place(&hop, "enabled"),
		    "belongs in ssh_tunnel of a connection");
	if (outer != NULL && config_section_overrides(&hop, "via"))
		config_section_error(&hop, "via",
		    config_section_place(&hop, "via"),
		    "is said by the list: each jump box is reached through the "
		    "one before it");
	if (!config_section_gives(&hop, "use")) {
		out->jump = read_hop(way, &hop, outer);
		return;
	}
	box = config_via_use(way->boxes, &hop);
	if (box == NULL)
		return;
	config_via_note(&hop, out);
	out->jump = read_named(way, section, node->place, box, &hop, outer);
}

static void
read_item(struct way *way, const struct section *section,
    const struct node *node, const struct config_jump *outer,
    struct config_hop *out)
{
	switch (node->kind) {
	case NODE_SCALAR:
		read_name(way, section, node, outer, out);
		break;
	case NODE_MAPPING:
		read_mapping(way, section, node, outer, out);
		break;
	case NODE_LIST:
		config_section_refuse(section, "via", node);
		break;
	}
}

/* Each item of a list is reached through the one before it. */
static void
read_via(struct way *way, const struct section *section,
    struct config_jump *jump)
{
	const struct node *node = config_section_value(section, "via");
	struct node *const *items;

	if (node == NULL)
		return;
	items = node->kind == NODE_LIST ? node->items
					: (struct node *const *)&node;
	jump->hop_count = node->kind == NODE_LIST ? node->count : 1;
	jump->hops = xcalloc(jump->hop_count, sizeof *jump->hops);
	for (size_t i = 0; i < jump->hop_count && !way->has_failed; i++) {
		read_item(way, section, items[i], jump->via, &jump->hops[i]);
		jump->via = jump->hops[i].jump;
		way->has_failed = jump->via == NULL;
	}
}

/* A proxy leads to the first jump box, and to no other. */
static void
refuse_proxy(const struct section *section, const struct config_jump *jump)
{
	if (jump->via != NULL && config_section_gives(section, "proxy_host"))
		config_section_error(section, "proxy_host",
		    config_section_place(section, "proxy_host"),
		    "is for a jump box that is reached from this machine, and "
		    "not through another one (via)");
}

/* `outer`: through which it is reached in a list, whatever its own via says. */
static const struct config_jump *
read_hop(struct way *way, const struct section *section,
    const struct config_jump *outer)
{
	struct config_jump jump = { 0 };

	config_jump_fill(section, way->cfg, &jump);
	if (outer == NULL)
		read_via(way, section, &jump);
	else
		jump.via = outer;
	refuse_proxy(section, &jump);
	if (config_hops_count(jump.via) >= CONFIG_HOPS_MAX)
		way->is_too_long = way->has_failed = true;
	if (!way->has_failed)
		return config_jump_share(way->cfg, &jump, way->is_used);
	config_clear_jump(&jump);
	return NULL;
}

static void
check_length(const struct way *way, const struct section *section)
{
	if (way->is_too_long)
		config_section_error(section, "via",
		    config_section_place(section, "via"),
		    "makes a chain of more than %d jump boxes",
		    CONFIG_HOPS_MAX);
}

/* --- Whole chains -------------------------------------------------------- */

const struct config_jump *
config_via_tunnel(const struct jump_boxes *boxes, const struct section *section,
    struct config *cfg)
{
	struct way way = { .boxes = boxes, .cfg = cfg, .is_used = true };
	const struct config_jump *jump = read_hop(&way, section, NULL);

	check_length(&way, section);
	return jump;
}

void
config_via_box(const struct jump_boxes *boxes, size_t index, struct config *cfg)
{
	struct config_jump *jump = &cfg->jump_boxes[index].settings;
	struct way way = {
		.boxes = boxes,
		.cfg = cfg,
		.names = { &boxes->list[index] },
		.count = 1,
	};

	read_via(&way, &boxes->list[index].section, jump);
	refuse_proxy(&boxes->list[index].section, jump);
	if (config_hops_count(jump) > CONFIG_HOPS_MAX)
		way.is_too_long = true;
	check_length(&way, &boxes->list[index].section);
}
