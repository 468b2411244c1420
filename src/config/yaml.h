/* SPDX-License-Identifier: PostgreSQL */

/*
 * A YAML 1.1 document (JSON is one) as a tree whose nodes know where they
 * stand.  It knows no option and no type: a scalar is its text, and whether it
 * was quoted.
 */
#ifndef PGJUMP_CONFIG_YAML_H
#define PGJUMP_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

/* Bounds of a document; `nodes` and `bytes` count what an alias stands for
 * each time it is used. */
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
	bool plain;          /* a scalar without quotes */
	char *text;          /* of a scalar: UTF-8, no NUL inside */
	struct node **items; /* of a list; of a mapping, its values */
	struct node **keys;  /* of a mapping: scalars, duplicates possible */
	size_t count;        /* of items */
	size_t nodes, bytes; /* in all, this node with what it holds */
	unsigned mark;       /* 0; for who uses the tree */
	char *reference;     /* NULL; the same: what `text` came from */
};

/* Owns its nodes; an alias is a second pointer to one node. */
struct yaml_tree {
	struct node *root;
	struct node **nodes; /* each once */
	size_t count, room;
};

/*
 * Read `len` bytes, one document.  NULL after reporting the first thing that
 * is not YAML, or beyond a bound.  JSON surrogate pairs (RFC 8259, 7) work; so
 * do tabs around and inside a JSON document.
 */
struct yaml_tree *yaml_tree_parse(const char *bytes, size_t len,
    struct report *);

/* Texts are wiped; NULL is fine. */
void yaml_tree_free(struct yaml_tree *);

/* "a text", "a list" or "a mapping". */
const char *yaml_kind_text(const struct node *);

#endif
