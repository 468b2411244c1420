/* SPDX-License-Identifier: PostgreSQL */

/*
 * The file is read as YAML, and everything in it but the two values is wiped
 * unread.  Messages go to a report that nobody writes.
 */
#include "config/http_find.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/command_line.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/document.h"
#include "config/environment.h"
#include "config/http_address.h"
#include "config/sources.h"
#include "config/yaml.h"

/* The texts of the two keys, which the caller frees; NULL: not given. */
struct texts {
	char *admin, *http;
};

static char *
find_text(const struct yaml_tree *tree, const char *key, struct report *report)
{
	const struct node *root = tree->root;

	for (size_t i = 0; root->kind == NODE_MAPPING && i < root->count; i++) {
		struct node *value = root->items[i];
		struct yaml_tree alone = { .nodes = &value, .count = 1 };

		if (strcmp(root->keys[i]->text, key) != 0 ||
		    value->kind != NODE_SCALAR || yaml_is_null(value))
			continue;
		config_environment_expand(&alone, report);
		return value->mark == MARK_UNSET ? NULL : xstrdup(value->text);
	}
	return NULL;
}

static void
keep_first(char **text, char *take)
{
	if (*text == NULL)
		*text = take;
	else
		free(take);
}

static void
read_document(const char *bytes, size_t len, struct texts *texts)
{
	struct report *report = report_new("");
	struct yaml_tree *tree = yaml_tree_parse(bytes, len, report);

	if (tree != NULL) {
		keep_first(&texts->admin, find_text(tree, "admin", report));
		keep_first(&texts->http, find_text(tree, "http", report));
	}
	yaml_tree_free(tree);
	report_free(report);
}

static void
read_file(const char *path, struct texts *texts)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *buf = xmalloc(YAML_SIZE_MAX);
	size_t len = 0;
	ssize_t got = 0;

	while (fd >= 0 && len < YAML_SIZE_MAX &&
	    (got = read(fd, buf + len, YAML_SIZE_MAX - len)) > 0)
		len += (size_t)got;
	if (fd >= 0)
		close(fd);
	if (len > 0 && got == 0)
		read_document(buf, len, texts);
	secret_wipe(buf, len);
	free(buf);
}

static struct config_http_address *
address_of(const char *text)
{
	const char *why;

	return text != NULL && strcmp(text, "off") != 0
	    ? config_http_address_new(text, &why)
	    : NULL;
}

/* The text of a key, else that of its variable; NULL: neither is given. */
static const char *
text_of(const char *given, const char *variable)
{
	const char *value = getenv(variable);

	if (given != NULL)
		return given;
	return value != NULL && value[0] != '\0' ? value : NULL;
}

struct config_http_found
config_http_find(const struct command_line_list *paths, const char *admin)
{
	struct config_http_found found = { NULL, NULL };
	const char *document = config_document_variable();
	char **files = sources_files(paths);
	struct texts texts = { NULL, NULL };
	const char *admin_text;

	if (paths->count == 0 && document != NULL)
		read_document(document, strlen(document), &texts);
	else
		for (size_t i = 0; files[i] != NULL; i++)
			read_file(files[i], &texts);
	admin_text = admin != NULL ? admin
				   : text_of(texts.admin, "PGJUMP_ADMIN");
	found.admin = admin_text != NULL ? address_of(admin_text)
					 : config_http_address_default();
	found.http = address_of(text_of(texts.http, "PGJUMP_HTTP"));
	free(texts.admin);
	free(texts.http);
	sources_files_free(files);
	return found;
}

void
config_http_find_clear(struct config_http_found *found)
{
	config_free_http_address(found->admin);
	config_free_http_address(found->http);
	*found = (struct config_http_found){ NULL, NULL };
}
