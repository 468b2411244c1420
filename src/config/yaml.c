/* SPDX-License-Identifier: PostgreSQL */

/*
 * libyaml's events made into a tree.  Promises bounds on everything that a
 * document can make large (its size, depth, nodes and bytes, through aliases as
 * well), a place for each error, and that every copy of a text is wiped before
 * it is released.
 */
#include "config/yaml.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/yaml_refused.h"
#include "config/yaml_text.h"

/* An alias is looked up in a list: bound the time that takes. */
#define ANCHORS_MAX 1000

struct anchor {
	char *name;
	struct node *node;
};

struct builder {
	yaml_parser_t parser;
	struct report *report;
	unsigned file; /* its number in the report */
	struct yaml_text text;
	struct yaml_tree *tree;
	struct anchor *anchors;
	size_t anchor_count;
};

static struct place
place_of(const struct builder *builder, yaml_mark_t mark)
{
	return (struct place){
		.line = (unsigned)mark.line + 1,
		.column = (unsigned)mark.column + 1,
		.file = builder->file,
	};
}

static void
open_document(struct builder *builder, const char *bytes, size_t len)
{
	if (!yaml_parser_initialize(&builder->parser))
		xmalloc_fail(0);
	yaml_text_open(&builder->text, bytes, len);
	yaml_parser_set_encoding(&builder->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&builder->parser,
	    (const unsigned char *)builder->text.masked, len);
}

static void
close_document(struct builder *builder)
{
	yaml_parser_t *parser = &builder->parser;

	secret_wipe(parser->raw_buffer.start,
	    (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
	secret_wipe(parser->buffer.start,
	    (size_t)(parser->buffer.end - parser->buffer.start));
	yaml_parser_delete(parser);
	yaml_text_close(&builder->text);
	for (size_t i = 0; i < builder->anchor_count; i++)
		free(builder->anchors[i].name);
	free(builder->anchors);
}

static void
report_syntax(const struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;

	if (parser->error == YAML_MEMORY_ERROR)
		xmalloc_fail(0);
	if (parser->error == YAML_READER_ERROR)
		yaml_refused_bytes(builder->report, &builder->text,
		    parser->problem_offset);
	else
		yaml_refused_text(builder->report, &builder->text,
		    place_of(builder, parser->problem_mark), parser->problem);
}

static bool
next_event(struct builder *builder, yaml_event_t *event)
{
	if (yaml_parser_parse(&builder->parser, event))
		return true;
	report_syntax(builder);
	return false;
}

/* --- The tree ------------------------------------------------------------ */

static struct node *
node_new(struct builder *builder, enum node_kind kind, yaml_mark_t mark)
{
	struct yaml_tree *tree = builder->tree;
	struct node *node = xcalloc(1, sizeof *node);

	node->kind = kind;
	node->place = place_of(builder, mark);
	node->nodes = 1;
	if (tree->count == tree->room) {
		tree->room = tree->room > 0 ? 2 * tree->room : 64;
		tree->nodes = xreallocarray(tree->nodes, tree->room,
		    sizeof *tree->nodes);
	}
	tree->nodes[tree->count++] = node;
	return node;
}

/*
 * Add the weight of `item`, which may be an alias, to the node that holds it.
 * False: a bound is exceeded.
 */
static bool
weigh(struct builder *builder, struct node *node, const struct node *item)
{
	node->nodes += item->nodes;
	node->bytes += item->bytes;
	if (node->nodes <= YAML_NODES_MAX && node->bytes <= YAML_BYTES_MAX)
		return true;
	report_error(builder->report, item->place,
	    "the document is too large, aliases counted each time they are used"
	    " (at most %d values, %zu MB of text)",
	    YAML_NODES_MAX, YAML_BYTES_MAX >> 20);
	return false;
}

static bool
has_room(size_t count)
{
	return (count & (count - 1)) != 0;
}

static bool
append(struct builder *builder, struct node *node, struct node *key,
    struct node *item)
{
	size_t room = node->count > 0 ? 2 * node->count : 1;

	if (!has_room(node->count)) {
		node->items = xreallocarray(node->items, room,
		    sizeof *node->items);
		if (node->kind == NODE_MAPPING)
			node->keys = xreallocarray(node->keys, room,
			    sizeof *node->keys);
	}
	if (key != NULL)
		node->keys[node->count] = key;
	node->items[node->count++] = item;
	return (key == NULL || weigh(builder, node, key)) &&
	    weigh(builder, node, item);
}

static struct node *build(struct builder *, yaml_event_t *take, unsigned depth);

static struct node *
build_scalar(struct builder *builder, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	struct node *node;

	if (memchr(text, '\0', len) != NULL) {
		report_error(builder->report,
		    place_of(builder, event->start_mark),
		    "a text cannot hold a NUL character");
		return NULL;
	}
	node = node_new(builder, NODE_SCALAR, event->start_mark);
	node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->is_literal = event->data.scalar.style ==
	    YAML_SINGLE_QUOTED_SCALAR_STYLE;
	node->has_comment = node->is_plain &&
	    yaml_text_has_comment(&builder->text,
		place_of(builder, event->end_mark));
	node->text = xstrndup(text, len);
	yaml_text_restore(&builder->text, node->text, event->start_mark.index,
	    event->end_mark.index,
	    event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE);
	node->bytes = len;
	return node;
}

static struct node *
build_list(struct builder *builder, const yaml_event_t *event, unsigned depth)
{
	struct node *node = node_new(builder, NODE_LIST, event->start_mark);
	struct node *item;
	yaml_event_t next;

	for (;;) {
		if (!next_event(builder, &next))
			return NULL;
		if (next.type == YAML_SEQUENCE_END_EVENT)
			break;
		item = build(builder, &next, depth + 1);
		if (item == NULL || !append(builder, node, NULL, item))
			return NULL;
	}
	yaml_event_delete(&next);
	return node;
}

static struct node *
build_key(struct builder *builder, yaml_event_t *take, unsigned depth)
{
	bool is_alias = take->type == YAML_ALIAS_EVENT;
	struct node *key = build(builder, take, depth);

	if (key != NULL && is_alias) {
		report_error(builder->report, key->place,
		    "a key cannot be an alias");
		return NULL;
	}
	if (key != NULL && key->kind != NODE_SCALAR) {
		report_error(builder->report, key->place,
		    "a key must be a text, not %s", yaml_kind_text(key));
		return NULL;
	}
	if (key != NULL)
		key->is_key = true;
	return key;
}

static struct node *
build_mapping(struct builder *builder, const yaml_event_t *event,
    unsigned depth)
{
	struct node *node = node_new(builder, NODE_MAPPING, event->start_mark);
	struct node *key, *item;
	yaml_event_t next;

	for (;;) {
		if (!next_event(builder, &next))
			return NULL;
		if (next.type == YAML_MAPPING_END_EVENT)
			break;
		key = build_key(builder, &next, depth + 1);
		if (key == NULL || !next_event(builder, &next))
			return NULL;
		item = build(builder, &next, depth + 1);
		if (item == NULL || !append(builder, node, key, item))
			return NULL;
	}
	yaml_event_delete(&next);
	return node;
}

/* --- Anchors, aliases, tags ---------------------------------------------- */

/* The anchor of an event, or NULL; *tag is its tag, or NULL. */
static const char *
properties(const yaml_event_t *event, const char **tag)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		*tag = (const char *)event->data.scalar.tag;
		return (const char *)event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		*tag = (const char *)event->data.sequence_start.tag;
		return (const char *)event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		*tag = (const char *)event->data.mapping_start.tag;
		return (const char *)event->data.mapping_start.anchor;
	default:
		*tag = NULL;
		return NULL;
	}
}

/* An anchor is added at the end of its node, so that no node holds itself. */
static bool
add_anchor(struct builder *builder, const char *name, struct node *node)
{
	if (builder->anchor_count == ANCHORS_MAX) {
		report_error(builder->report, node->place,
		    "too many anchors (at most %d)", ANCHORS_MAX);
		return false;
	}
	if (!has_room(builder->anchor_count))
		builder->anchors = xreallocarray(builder->anchors,
		    builder->anchor_count > 0 ? 2 * builder->anchor_count : 1,
		    sizeof *builder->anchors);
	builder->anchors[builder->anchor_count++] = (struct anchor){
		.name = xstrdup(name),
		.node = node,
	};
	return true;
}

/* A password that begins with "&" would else be absent. */
static bool
is_anchor_alone(struct builder *builder, const struct node *node)
{
	if (node->kind != NODE_SCALAR || !node->is_plain ||
	    node->text[0] != '\0')
		return false;
	report_error(builder->report, node->place,
	    "this anchor has no value; if it is a text, put the value in "
	    "single quotes");
	return true;
}

static struct node *
find_anchor(struct builder *builder, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;

	/* A later anchor of the same name replaces the earlier one. */
	for (size_t i = builder->anchor_count; i-- > 0;)
		if (strcmp(builder->anchors[i].name, name) == 0)
			return builder->anchors[i].node;
	report_error(builder->report, place_of(builder, event->start_mark),
	    "an alias must stand after its anchor; if this is a text, put the "
	    "value in single quotes");
	return NULL;
}

static struct node *
build_kind(struct builder *builder, const yaml_event_t *event, unsigned depth)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return build_scalar(builder, event);
	case YAML_SEQUENCE_START_EVENT:
		return build_list(builder, event, depth);
	case YAML_MAPPING_START_EVENT:
		return build_mapping(builder, event, depth);
	case YAML_ALIAS_EVENT:
		return find_anchor(builder, event);
	default:
		assert(!"libyaml ends what it begins");
		return NULL;
	}
}

/* The node that begins with this event; NULL after an error was reported. */
static struct node *
build(struct builder *builder, yaml_event_t *take, unsigned depth)
{
	const char *tag, *anchor = properties(take, &tag);
	struct node *node = NULL;

	if (depth > YAML_DEPTH_MAX)
		report_error(builder->report,
		    place_of(builder, take->start_mark),
		    "nested too deeply (at most %d levels)", YAML_DEPTH_MAX);
	else if (tag != NULL)
		report_error(builder->report,
		    place_of(builder, take->start_mark),
		    "YAML tags are not accepted, each option has its own type; "
		    "if this is a text, put the value in single quotes");
	else
		node = build_kind(builder, take, depth);
	if (node != NULL && anchor != NULL &&
	    (is_anchor_alone(builder, node) ||
		!add_anchor(builder, anchor, node)))
		node = NULL;
	if (take->type == YAML_SCALAR_EVENT)
		secret_wipe(take->data.scalar.value, take->data.scalar.length);
	yaml_event_delete(take);
	return node;
}

/* --- The document -------------------------------------------------------- */

/* The next event that does not begin or end a stream or document. */
static bool
next_content(struct builder *builder, yaml_event_t *event)
{
	for (;;) {
		if (!next_event(builder, event))
			return false;
		if (event->type != YAML_STREAM_START_EVENT &&
		    event->type != YAML_DOCUMENT_START_EVENT &&
		    event->type != YAML_DOCUMENT_END_EVENT)
			return true;
		yaml_event_delete(event);
	}
}

static struct node *
build_document(struct builder *builder)
{
	struct node *root = NULL;
	yaml_event_t event;

	if (!next_content(builder, &event))
		return NULL;
	if (event.type == YAML_STREAM_END_EVENT)
		report_error(builder->report,
		    (struct place){ .line = 1, .column = 1 },
		    "the file is empty");
	else
		root = build(builder, &event, 1);
	if (root == NULL || !next_content(builder, &event))
		return NULL;
	if (event.type != YAML_STREAM_END_EVENT) {
		report_error(builder->report,
		    place_of(builder, event.start_mark),
		    "a second document; a configuration has only one");
		root = NULL;
	}
	yaml_event_delete(&event);
	return root;
}

struct yaml_tree *
yaml_tree_parse(const char *bytes, size_t len, struct report *report)
{
	struct builder builder = {
		.report = report,
		.file = report_file(report),
	};

	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		bytes += 3; /* a byte order mark */
		len -= 3;
	}
	if (len > YAML_SIZE_MAX) {
		report_error(report, (struct place){ 0 }, "larger than %zu MB",
		    YAML_SIZE_MAX >> 20);
		return NULL;
	}
	if (yaml_refused_utf16(report, bytes, len))
		return NULL;
	builder.tree = xcalloc(1, sizeof *builder.tree);
	open_document(&builder, bytes, len);
	builder.tree->root = build_document(&builder);
	close_document(&builder);
	if (builder.tree->root == NULL) {
		yaml_tree_free(builder.tree);
		return NULL;
	}
	return builder.tree;
}

void
yaml_tree_free(struct yaml_tree *tree)
{
	if (tree == NULL)
		return;
	for (size_t i = 0; i < tree->count; i++) {
		struct node *node = tree->nodes[i];

		secret_free(node->text);
		free(node->reference);
		free(node->items);
		free(node->keys);
		free(node);
	}
	free(tree->nodes);
	free(tree);
}

bool
yaml_is_null(const struct node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
		if (node->kind == NODE_SCALAR && node->is_plain &&
		    strcmp(node->text, nulls[i]) == 0)
			return true;
	return false;
}

const char *
yaml_kind_text(const struct node *node)
{
	static const char *const texts[] = {
		[NODE_SCALAR] = "a text",
		[NODE_LIST] = "a list",
		[NODE_MAPPING] = "a mapping",
	};

	return yaml_is_null(node) ? "null" : texts[node->kind];
}
