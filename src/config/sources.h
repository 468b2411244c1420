/* SPDX-License-Identifier: PostgreSQL */

/*
 * The files of a configuration, read within bounds, and their content as one
 * tree: that of the only file, or a mapping of all global settings with one
 * list of all connections and one mapping of all jump boxes.
 */
#ifndef PGJUMP_CONFIG_SOURCES_H
#define PGJUMP_CONFIG_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

struct command_line_list;
struct node;
struct yaml_tree;

struct source {
	char *path;
	char *dir; /* in which relative paths begin; NULL: working directory */
	struct yaml_tree *tree; /* NULL: it cannot be read, as was reported */
	unsigned mode;          /* permissions; 0: it is no regular file */
};

struct sources {
	struct source *list; /* in the order of the report's numbers */
	size_t count;
	struct node *root;   /* NULL after an error, which was reported */
	struct node *merged; /* NULL with one file */
};

/*
 * The files that `paths` name, else those of the usual places.  A directory
 * stands for its *.yaml, *.yml and *.json in the order of their names.  NULL
 * ends them; release them with sources_files_free().
 */
char **sources_files(const struct command_line_list *paths);
void sources_files_free(char **);

/*
 * Read the files, which NULL ends, and expand variables.  Never NULL; release
 * it with sources_free().
 */
struct sources *sources_read(char *const *files, struct report *);

/* The same for a document in memory, which messages call `file`. */
struct sources *sources_read_text(const char *file, const char *bytes,
    size_t len, struct report *);

/* Whether a document is settings for all, with or without connections. */
bool sources_is_top_level(const struct node *root);

/* Whether a document has its connections under a wrong key. */
bool sources_means_connections(const struct node *root);

void sources_free(struct sources *); /* wipes; NULL is fine */

#endif
