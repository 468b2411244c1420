/* SPDX-License-Identifier: PostgreSQL */

/*
 * A YAML 1.1 document, which may be JSON, as a tree whose nodes know their
 * place in the file.  The tree knows no option and no type: a scalar is a text,
 * and whether it was quoted.
 */
#ifndef PGJUMP_CONFIG_YAML_H
#define PGJUMP_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

/*
 * Bounds of a document, for aliases of aliases can make a short one huge.  The
 * last two count the content of an alias each time it is used; they leave room
 * for 1000 connections with every option and a key of their own.
 */
#define YAML_SIZE_MAX  ((size_t)16 << 20)
#define YAML_DEPTH_MAX 16
#define YAML_NODES_MAX 500000
#define YAML_BYTES_MAX ((size_t)32 << 20)

enum node_kind {
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAPPING,
};

struct node {
	enum node_kind kind;
	struct place place;
	bool is_key;         /* of a mapping */
	bool is_plain;       /* a scalar without quotes */
	bool is_literal;     /* a scalar in single quotes */
	bool has_comment;    /* a plain scalar, and " #" behind it */
	char *text;          /* of a scalar: UTF-8 without a NUL */
	struct node **items; /* of a list; of a mapping, its values */
	struct node **keys;  /* of a mapping: scalars, duplicates possible */
	size_t count;        /* of items */
	size_t nodes, bytes; /* of this node and everything that it holds */
	/* For the user of the tree: config/environment.h. */
	unsigned mark;   /* 0 */
	char *reference; /* NULL */
};

/* Owns its nodes; an alias is a second pointer to the same node. */
struct yaml_tree {
	struct node *root;
	struct node **nodes; /* each once */
	size_t count, room;
};

/*
 * Read one document of `len` bytes.  NULL after reporting the first thing that
 * is not YAML or exceeds a bound.  Accepts what JSON allows and libyaml
 * refuses: surrogate pairs (RFC 8259, 7) and tabs around a document.
 */
struct yaml_tree *yaml_tree_parse(const char *bytes, size_t len,
    struct report *);

/* Wipes the texts; NULL is fine. */
void yaml_tree_free(struct yaml_tree *);

/* Whether this is null, ~ or nothing, without quotes. */
bool yaml_is_null(const struct node *);

/* "null", "a text", "a list" or "a mapping", for messages. */
const char *yaml_kind_text(const struct node *);

#endif
