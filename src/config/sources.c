/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is merged stays where it is: nodes of several trees get a common parent,
 * and each keeps its place in its own file.
 */
#include "config/sources.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/command_line.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/environment.h"
#include "config/options.h"
#include "config/path.h"
#include "config/unknown_key.h"
#include "config/yaml.h"

/* --- Files ---------------------------------------------------------------- */

static struct source *
add_source(struct sources *sources, const char *path, struct report *report)
{
	struct source *source;

	report_next_file(report, path);
	sources->list = xreallocarray(sources->list, sources->count + 1,
	    sizeof *sources->list);
	source = &sources->list[sources->count++];
	*source = (struct source){
		.path = xstrdup(path),
		.dir = config_path_dir(path),
	};
	return source;
}

static void
parse(struct source *source, const char *bytes, size_t len,
    struct report *report)
{
	source->tree = yaml_tree_parse(bytes, len, report);
	if (source->tree != NULL)
		config_environment_expand(source->tree, report);
}

/*
 * The permissions that matter.  A file of root's that pgjump's own group may
 * read is how a service gets its secrets; nobody else is in that group.
 */
static unsigned
mode_of(const struct stat *status)
{
	unsigned mode = status->st_mode & 0777;

	if (!S_ISREG(status->st_mode))
		return 0;
	if (status->st_uid == 0 && status->st_gid != 0 &&
	    status->st_gid == getegid())
		mode &= ~(unsigned)S_IRGRP;
	return mode;
}

/*
 * 0, or -1 with errno.  `buf` has room for one byte more than is allowed, so
 * that a file which is too large is noticed.
 */
static int
read_bytes(const char *path, char *buf, size_t *len, unsigned *mode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	ssize_t got = -1;

	*len = 0;
	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0)
		while (*len <= YAML_SIZE_MAX &&
		    (got = read(fd, buf + *len, YAML_SIZE_MAX + 1 - *len)) > 0)
			*len += (size_t)got;
	*mode = got >= 0 ? mode_of(&status) : 0;
	close(fd);
	return got < 0 ? -1 : 0;
}

static void
read_file(struct sources *sources, const char *path, struct report *report)
{
	struct source *source = add_source(sources, path, report);
	char *buf = xmalloc(YAML_SIZE_MAX + 1);
	size_t len;

	if (read_bytes(path, buf, &len, &source->mode) == 0)
		parse(source, buf, len, report);
	else if (errno == EISDIR)
		report_error(report, (struct place){ 0 },
		    "this directory has no *.yaml, *.yml or *.json");
	else
		report_error(report, (struct place){ 0 }, "cannot be read: %s",
		    strerror(errno));
	secret_wipe(buf, len);
	free(buf);
}

/* --- Directories ---------------------------------------------------------- */

/* What begins with a dot is hidden: an editor's copy, Kubernetes' ..data. */
static int
is_wanted(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot != NULL &&
	    (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 ||
		strcmp(dot, ".json") == 0);
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct files {
	char **list; /* ends with NULL */
	size_t count;
};

static void
add_file(struct files *files, char *take)
{
	files->list = xreallocarray(files->list, files->count + 2,
	    sizeof *files->list);
	files->list[files->count++] = take;
	files->list[files->count] = NULL;
}

/* A directory without any stands for itself: reading it tells that. */
static void
add_path(struct files *files, const char *path)
{
	const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_wanted, by_bytes);

	if (count <= 0)
		add_file(files, xstrdup(path));
	for (int i = 0; i < count; i++) {
		add_file(files,
		    xasprintf("%s%s%s", path, slash, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
}

char **
sources_files(const struct command_line_list *paths)
{
	struct files files = { xcalloc(1, sizeof *files.list), 0 };
	char *found = paths->count > 0 ? NULL : config_path_find_config();

	for (size_t i = 0; i < paths->count; i++)
		add_path(&files, paths->items[i]);
	if (found != NULL)
		add_path(&files, found);
	free(found);
	return files.list;
}

void
sources_files_free(char **files)
{
	for (size_t i = 0; files[i] != NULL; i++)
		free(files[i]);
	free(files);
}

/* --- One tree of several -------------------------------------------------- */

enum {
	ROOT,
	CONNECTIONS,
	JUMP_BOXES,
	MERGED_COUNT
};

static void
append(struct node *parent, struct node *key, struct node *item)
{
	/* A file more is rare; an item more may be one of thousands. */
	if ((parent->count & (parent->count - 1)) == 0) {
		size_t room = parent->count > 0 ? 2 * parent->count : 1;

		parent->items = xreallocarray(parent->items, room,
		    sizeof *parent->items);
		parent->keys = xreallocarray(parent->keys, room,
		    sizeof *parent->keys);
	}
	parent->keys[parent->count] = key;
	parent->items[parent->count++] = item;
}

static void
append_all(struct node *parent, const struct node *from)
{
	for (size_t i = 0; i < from->count; i++)
		append(parent,
		    from->kind == NODE_MAPPING ? from->keys[i] : NULL,
		    from->items[i]);
}

static bool
is_key_of(enum option_section section, const struct node *map)
{
	bool is_file;

	for (size_t i = 0; i < map->count; i++)
		if (config_options_find(section, map->keys[i]->text,
			&is_file) != NULL)
			return true;
	return false;
}

static struct node *
find_item(const struct node *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->items[i];
	return NULL;
}

bool
sources_means_connections(const struct node *root)
{
	if (root->kind != NODE_MAPPING ||
	    find_item(root, "connections") != NULL)
		return false;
	for (size_t i = 0; i < root->count; i++) {
		const struct node *item = root->items[i];

		assert(item != NULL);
		if (item->kind != NODE_SCALAR &&
		    config_unknown_key_means_connections(root->keys[i]->text))
			return true;
	}
	return false;
}

bool
sources_is_top_level(const struct node *root)
{
	return root->kind == NODE_MAPPING &&
	    (find_item(root, "connections") != NULL ||
		sources_means_connections(root) ||
		(is_key_of(SECTION_GLOBAL, root) &&
		    !is_key_of(SECTION_CONNECTION, root)));
}

/*
 * Add one entry of a top level.  The list of connections and the mapping of
 * jump boxes grow; if they are something else, they stay in the root, where
 * that is reported.
 */
static void
merge_entry(struct node *merged, struct node *key, struct node *item)
{
	if (strcmp(key->text, "connections") == 0 && item->kind == NODE_LIST)
		append_all(&merged[CONNECTIONS], item);
	else if (strcmp(key->text, "jump_boxes") == 0 &&
	    item->kind == NODE_MAPPING)
		append_all(&merged[JUMP_BOXES], item);
	else
		append(&merged[ROOT], key, item);
}

static void
merge(struct node *merged, struct node *root, struct report *report)
{
	if (sources_is_top_level(root))
		for (size_t i = 0; i < root->count; i++)
			merge_entry(merged, root->keys[i], root->items[i]);
	else if (root->kind == NODE_MAPPING)
		append(&merged[CONNECTIONS], NULL, root);
	else if (root->kind == NODE_LIST)
		append_all(&merged[CONNECTIONS], root);
	else
		report_error(report, root->place,
		    "this is neither a connection, nor a list of connections, "
		    "nor a mapping with connections");
}

/* A key of the common parent, which stands in no file. */
static void
append_made(struct node *merged, const char *name, struct node *item,
    struct place place)
{
	struct node *key = xcalloc(1, sizeof *key);

	item->place = key->place = place;
	key->kind = NODE_SCALAR;
	key->text = xstrdup(name);
	append(&merged[ROOT], key, item);
}

static void
merge_all(struct sources *sources, struct report *report)
{
	struct node *merged = xcalloc(MERGED_COUNT, sizeof *merged);
	struct place place = sources->list[0].tree->root->place;

	sources->merged = merged;
	merged[ROOT].kind = merged[JUMP_BOXES].kind = NODE_MAPPING;
	merged[CONNECTIONS].kind = NODE_LIST;
	merged[ROOT].place = place;
	for (size_t i = 0; i < sources->count; i++)
		merge(merged, sources->list[i].tree->root, report);
	if (merged[JUMP_BOXES].count > 0)
		append_made(merged, "jump_boxes", &merged[JUMP_BOXES], place);
	append_made(merged, "connections", &merged[CONNECTIONS], place);
	sources->root = &merged[ROOT];
}

/* Errors of all files are told together, but only whole trees are merged. */
static void
join(struct sources *sources, struct report *report)
{
	for (size_t i = 0; i < sources->count; i++)
		if (sources->list[i].tree == NULL)
			return;
	if (sources->count == 1)
		sources->root = sources->list[0].tree->root;
	else
		merge_all(sources, report);
}

struct sources *
sources_read(char *const *files, struct report *report)
{
	struct sources *sources = xcalloc(1, sizeof *sources);

	for (; *files != NULL; files++)
		read_file(sources, *files, report);
	join(sources, report);
	return sources;
}

struct sources *
sources_read_text(const char *file, const char *bytes, size_t len,
    struct report *report)
{
	struct sources *sources = xcalloc(1, sizeof *sources);

	parse(add_source(sources, file, report), bytes, len, report);
	join(sources, report);
	return sources;
}

/* Only those of the keys that stand in no file belong to the common parent. */
static void
free_merged(struct node *merged)
{
	struct node *root = merged != NULL ? &merged[ROOT] : NULL;

	for (size_t i = 0; root != NULL && i < root->count; i++)
		if (root->items[i] == &merged[CONNECTIONS] ||
		    root->items[i] == &merged[JUMP_BOXES]) {
			free(root->keys[i]->text);
			free(root->keys[i]);
		}
	for (size_t i = 0; merged != NULL && i < MERGED_COUNT; i++) {
		free(merged[i].items);
		free(merged[i].keys);
	}
	free(merged);
}

void
sources_free(struct sources *sources)
{
	if (sources == NULL)
		return;
	for (size_t i = 0; i < sources->count; i++) {
		yaml_tree_free(sources->list[i].tree);
		free(sources->list[i].path);
		free(sources->list[i].dir);
	}
	free_merged(sources->merged);
	free(sources->list);
	free(sources);
}
