/* SPDX-License-Identifier: PostgreSQL */

/*
 * The subcommand that validates a configuration: it does what the daemon does
 * before it opens anything, and may print what it has read.
 */
#include "command/config.h"

#include <stdio.h>

#include "base/command_line.h"
#include "config/config.h"
#include "config/load.h"
#include "config/print.h"

int
command_config_run(const struct command_line *line)
{
	struct config *cfg = config_load(&line->config_paths, line->names,
	    false);

	if (cfg == NULL)
		return 1;
	if (line->print)
		config_print(cfg, stdout);
	else
		printf("%s is valid: connections %zu, jump boxes %zu\n",
		    cfg->path, cfg->connection_count, cfg->jump_count);
	config_unref(cfg);
	return 0;
}
