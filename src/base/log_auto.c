/* SPDX-License-Identifier: PostgreSQL */

/* JOURNAL_STREAM is that of systemd.exec(5): the device and inode of stderr. */
#include "base/log_auto.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat status;

	return stream != NULL &&
	    sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
	    fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	    status.st_ino == inode;
}

static bool
has_colours(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no_colour == NULL || no_colour[0] == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0;
}

enum log_format
log_auto_format(void)
{
	const char *named = getenv("PGJUMP_LOG_FORMAT");

	if (named != NULL && strcmp(named, "text") == 0)
		return LOG_FORMAT_TEXT;
	if (named != NULL && strcmp(named, "json") == 0)
		return LOG_FORMAT_JSON;
	if (is_journal())
		return LOG_FORMAT_JOURNAL;
	if (isatty(STDERR_FILENO))
		return has_colours() ? LOG_FORMAT_COLOUR : LOG_FORMAT_PLAIN;
	return LOG_FORMAT_TEXT;
}
