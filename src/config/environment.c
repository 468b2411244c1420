/* SPDX-License-Identifier: PostgreSQL */

/* A value is replaced once: what a variable holds is not expanded again. */
#include "config/environment.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "config/path.h"
#include "config/report.h"
#include "config/yaml.h"

/* A name begins with one of these; digits may follow. */
#define NAME_START TEXT_LETTERS "_"

/* The length of NAME in "${NAME}" or "${NAME:-default}"; 0: it is neither. */
static size_t
variable_len(const char *text)
{
	size_t len = strlen(text), name;

	if (len < 4 || strncmp(text, "${", 2) != 0 || text[len - 1] != '}' ||
	    strspn(text + 2, NAME_START) == 0)
		return 0;
	name = strspn(text + 2, NAME_START TEXT_DIGITS);
	if (2 + name == len - 1 || strncmp(text + 2 + name, ":-", 2) == 0)
		return name;
	return 0;
}

static void
replace(struct node *node, size_t name_len, char *take)
{
	bool has_default = node->text[2 + name_len] == ':';

	node->reference = xasprintf("${%.*s%s}", (int)name_len, node->text + 2,
	    has_default ? ":-" SECRET_REDACTED : "");
	secret_free(node->text);
	node->text = take;
	node->is_plain = false;
}

static void
expand(struct node *node, size_t name_len, struct report *report)
{
	char *name = xstrndup(node->text + 2, name_len);
	const char *value = getenv(name), *rest = node->text + 2 + name_len;

	if (value != NULL && (value[0] != '\0' || rest[0] == '}')) {
		node->mark = MARK_ENVIRONMENT;
		replace(node, name_len,
		    xstrndup(value, text_len_without_line_end(value)));
	} else if (rest[0] == ':') {
		replace(node, name_len,
		    xstrndup(rest + 2, strlen(rest + 2) - 1));
	} else {
		node->mark = MARK_UNSET;
		report_error(report, node->place,
		    "the environment variable %s is not set", name);
	}
	free(name);
}

/* "$NAME", as a shell writes it. */
static bool
is_shell_variable(const char *text)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t start = text[0] == '$' ? strspn(text + 1, upper) : 0;

	return start > 0 &&
	    text[1 +
		strspn(text + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] ==
	    '\0';
}

/* "x${NAME}" */
static bool
holds_variable(const char *text)
{
	const char *start = strstr(text, "${");

	return start != NULL && strspn(start + 2, NAME_START) > 0 &&
	    strchr(start, '}') != NULL &&
	    strncmp(text, CONFIG_CREDENTIALS_PREFIX,
		strlen(CONFIG_CREDENTIALS_PREFIX)) != 0;
}

/* The name is not quoted: a secret may look like a variable. */
static void
warn_of_literal(const struct node *node, struct report *report)
{
	if (!node->is_literal &&
	    (is_shell_variable(node->text) || holds_variable(node->text)))
		report_warning(report, node->place,
		    "this is taken as it stands: only a value that is exactly "
		    "${NAME} or ${NAME:-default} is a variable; single quotes "
		    "say that it is none");
}

void
config_environment_expand(struct yaml_tree *tree, struct report *report)
{
	for (size_t i = 0; i < tree->count; i++) {
		struct node *node = tree->nodes[i];
		size_t name_len;

		if (node->kind != NODE_SCALAR || node->is_key)
			continue;
		name_len = variable_len(node->text);
		if (name_len > 0)
			expand(node, name_len, report);
		else
			warn_of_literal(node, report);
	}
}

char *
config_environment_verbatim(const char *text)
{
	if (variable_len(text) == 0)
		return xstrdup(text);
	return xasprintf("${PGJUMP_VERBATIM:-%s}", text);
}
