/* SPDX-License-Identifier: PostgreSQL */

/*
 * A tunnel is written as the file gives it: by the name of its jump box, with
 * what it overrides, or in full; and so is each jump box on the way.
 */
#include "config/print_tunnel.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/options.h"
#include "config/printing.h"

static bool
is_overridden(const struct config_hop *hop, const struct option *option)
{
	for (size_t i = 0; i < hop->override_count; i++)
		if (strcmp(hop->overrides[i], option->name) == 0)
			return true;
	return false;
}

/*
 * The keys beside `use`, also those which repeat the value of the jump box:
 * what is read back is printed again the same.
 */
static void
print_overrides(struct printing *printing, const struct config_hop *hop)
{
	printing->is_override = true;
	for (size_t i = 0; i < config_option_count; i++)
		if (config_options[i].section == SECTION_TUNNEL &&
		    is_overridden(hop, &config_options[i]))
			printing->print_option(printing, &config_options[i],
			    hop->jump);
	printing->is_override = false;
}

static void
print_text(struct printing *printing, const char *key, const char *text)
{
	config_printing_begin(printing, key);
	fputc(' ', printing->out);
	config_printing_quote(printing, text);
	config_printing_end(printing, false);
}

static void
print_use(struct printing *printing, const char *key,
    const struct config_hop *hop)
{
	if (hop->override_count == 0) {
		print_text(printing, key, hop->jump_box);
		return;
	}
	config_printing_begin(printing, key);
	config_printing_end(printing, false);
	printing->indent += PRINTING_STEP;
	print_text(printing, "use", hop->jump_box);
	print_overrides(printing, hop);
	printing->indent -= PRINTING_STEP;
}

/* A jump box of `via` as a mapping: beside `use` only what it overrides. */
static void
print_hop_keys(struct printing *printing, const struct config_hop *hop)
{
	if (hop->jump_box == NULL) {
		printing->print_section(printing, SECTION_TUNNEL, hop->jump);
		return;
	}
	print_text(printing, "use", hop->jump_box);
	print_overrides(printing, hop);
}

static void
print_item_name(struct printing *printing, const char *name)
{
	fprintf(printing->out, "%*s- ", (int)printing->indent, "");
	config_printing_quote(printing, name);
	config_printing_end(printing, false);
}

/* What is noted about the place in the file is about another one inside. */
static void
print_item(struct printing *printing, const struct config_hop *hop,
    bool is_in_list)
{
	struct printing inside = *printing;

	inside.indent += PRINTING_STEP;
	inside.is_item_due = true;
	inside.is_in_list = is_in_list;
	inside.is_override = false;
	inside.jump_box = NULL;
	print_hop_keys(&inside, hop);
}

/* In a list, each is reached through the one before it. */
static void
print_hops(struct printing *printing, const struct config_jump *jump)
{
	config_printing_end(printing, false);
	printing->indent += PRINTING_STEP;
	for (size_t i = 0; i < jump->hop_count; i++) {
		const struct config_hop *hop = &jump->hops[i];

		if (hop->jump_box != NULL && hop->override_count == 0)
			print_item_name(printing, hop->jump_box);
		else
			print_item(printing, hop, i > 0);
	}
	printing->indent -= PRINTING_STEP;
}

void
config_print_tunnel_via(struct printing *printing, const char *key,
    const void *fields)
{
	const struct config_jump *jump = fields;

	if (printing->is_in_list)
		return;
	if (jump->hop_count == 0 && jump->via == NULL &&
	    printing->is_override) {
		config_printing_begin(printing, key);
		fputs(" []", printing->out);
		config_printing_end(printing, false);
	} else if (jump->hop_count == 0) {
		config_printing_not_set(printing, key);
	} else if (jump->hop_count == 1 && jump->hops[0].jump_box != NULL) {
		print_use(printing, key, &jump->hops[0]);
	} else {
		config_printing_begin(printing, key);
		print_hops(printing, jump);
	}
}

/* A tunnel that does not name its jump box, or is disabled. */
static void
print_enabled(struct printing *printing, const char *key,
    const struct config_connection *connection)
{
	config_printing_begin(printing, key);
	config_printing_end(printing, false);
	printing->indent += PRINTING_STEP;
	config_printing_begin(printing, "enabled");
	fprintf(printing->out, " %s\n",
	    connection->jump != NULL ? "true" : "false");
	if (connection->jump_box != NULL)
		print_text(printing, "use", connection->jump_box);
	if (connection->jump != NULL)
		printing->print_section(printing, SECTION_TUNNEL,
		    connection->jump);
	printing->indent -= PRINTING_STEP;
}

void
config_print_tunnel(struct printing *printing, const char *key,
    const void *fields)
{
	const struct config_connection *connection = fields;
	const struct config_hop hop = {
		.jump_box = connection->jump_box,
		.overrides = connection->overrides,
		.override_count = connection->override_count,
		.jump = connection->jump,
	};

	if (connection->jump != NULL && connection->jump_box != NULL)
		print_use(printing, key, &hop);
	else
		print_enabled(printing, key, connection);
}

/* The name is quoted: true and null are names, too. */
static void
print_jump_box(struct printing *printing, const struct config_jump_box *box)
{
	fprintf(printing->out, "%*s\"%s\":\n", (int)printing->indent, "",
	    box->name);
	printing->indent += PRINTING_STEP;
	printing->jump_box = box;
	printing->print_section(printing, SECTION_TUNNEL, &box->settings);
	printing->jump_box = NULL;
	printing->indent -= PRINTING_STEP;
}

void
config_print_tunnel_boxes(struct printing *printing, const char *key,
    const void *fields)
{
	const struct config *cfg = fields;

	if (cfg->jump_box_count == 0) {
		config_printing_not_set(printing, key);
		return;
	}
	config_printing_begin(printing, key);
	config_printing_end(printing, false);
	printing->indent += PRINTING_STEP;
	for (size_t i = 0; i < cfg->jump_box_count; i++)
		print_jump_box(printing, &cfg->jump_boxes[i]);
	printing->indent -= PRINTING_STEP;
}
