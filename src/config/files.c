/* SPDX-License-Identifier: PostgreSQL */

/*
 * Secrets are found by their rows in the option table, so that a new one is
 * found as well.
 */
#include "config/files.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/options.h"

struct visit {
	void (*each)(void *arg, const char *path);
	void *arg;
};

static void
visit_secret(const struct visit *visit, const struct secret *secret)
{
	if (secret->path != NULL)
		visit->each(visit->arg, secret->path);
}

static void
visit_field(const struct visit *visit, const struct option *option,
    const void *fields)
{
	const void *field = (const char *)fields + option->offset;
	const struct secrets *several = field;

	if (option->offset == OPTION_NO_FIELD)
		return;
	switch (option->type) {
	case OPTION_SECRET:
	case OPTION_PEM:
		visit_secret(visit, field);
		break;
	case OPTION_SECRETS:
		for (size_t i = 0; i < several->count; i++)
			visit_secret(visit, &several->list[i]);
		break;
	default:
		break;
	}
}

static void
visit_option(const struct visit *visit, const struct option *option,
    const struct config *cfg)
{
	switch (option->section) {
	case SECTION_CONNECTION:
	case SECTION_SSL:
		for (size_t i = 0; i < cfg->connection_count; i++)
			visit_field(visit, option, &cfg->connections[i]);
		break;
	case SECTION_TUNNEL:
		for (size_t i = 0; i < cfg->jump_count; i++)
			visit_field(visit, option, &cfg->jumps[i]);
		break;
	default:
		break;
	}
}

/* A file may be added to it. */
static void
visit_directory(const struct visit *visit, const char *path)
{
	struct stat status;
	char *every;

	if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
		return;
	every = xasprintf("%s/*", path);
	visit->each(visit->arg, every);
	free(every);
}

void
config_files_each(const struct config *cfg,
    void (*each)(void *arg, const char *path), void *arg)
{
	const struct visit visit = { each, arg };

	for (size_t i = 0; cfg->document == NULL && cfg->files != NULL &&
	     cfg->files[i] != NULL;
	     i++)
		each(arg, cfg->files[i]);
	for (size_t i = 0; cfg->paths != NULL && cfg->paths[i] != NULL; i++)
		visit_directory(&visit, cfg->paths[i]);
	for (size_t i = 0; i < config_option_count; i++)
		visit_option(&visit, &config_options[i], cfg);
}
