/* SPDX-License-Identifier: PostgreSQL */

/*
 * A user who can write a known_hosts file decides which server passes for the
 * jump box.  Judged are owner and mode of the file and of its directory, but
 * not of directories above that.  Other kinds of files, such as /dev/null, are
 * not judged.
 */
#include "config/trust.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shell_word.h"
#include "config/path.h"
#include "config/section.h"

#define MODE_BITS 07777

/* The file that is judged, and the option that names it. */
struct subject {
	const struct section *section;
	const char *name;
	struct place place;
	const char *path;
};

static bool
others_can_write(const struct stat *status)
{
	return (status->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static bool
is_foreign(const struct stat *status)
{
	return status->st_uid != 0 && status->st_uid != geteuid();
}

static void
judge_file(const struct subject *is, const struct stat *status)
{
	char *word = shell_word(is->path);

	if (is_foreign(status))
		config_section_warning(is->section, is->name, is->place,
		    ": user %u owns %s (mode %03o), and so decides which host "
		    "keys are trusted; chown %u %s",
		    status->st_uid, is->path, status->st_mode & MODE_BITS,
		    geteuid(), word);
	if (others_can_write(status))
		config_section_warning(is->section, is->name, is->place,
		    ": others can write %s (mode %03o), and so decide which "
		    "host keys are trusted; chmod go-w %s",
		    is->path, status->st_mode & MODE_BITS, word);
	free(word);
}

/* With the sticky bit only the owner of a file can replace it. */
static void
judge_directory(const struct subject *is, const char *dir,
    const struct stat *status)
{
	char *word = shell_word(dir);

	if (is_foreign(status))
		config_section_warning(is->section, is->name, is->place,
		    ": user %u owns the directory %s (mode %03o), and can "
		    "replace %s; chown %u %s",
		    status->st_uid, dir, status->st_mode & MODE_BITS, is->path,
		    geteuid(), word);
	if (others_can_write(status) && (status->st_mode & S_ISVTX) == 0)
		config_section_warning(is->section, is->name, is->place,
		    ": others can write the directory %s (mode %03o), and "
		    "replace %s; chmod go-w %s",
		    dir, status->st_mode & MODE_BITS, is->path, word);
	free(word);
}

void
config_trust_check(const struct section *section, const char *name,
    struct place place, const char *path)
{
	const struct subject subject = { section, name, place, path };
	char *above = config_path_dir(path);
	const char *dir = above != NULL ? above : ".";
	struct stat status;
	bool is_there = stat(path, &status) == 0;

	if (is_there && S_ISREG(status.st_mode))
		judge_file(&subject, &status);
	if ((is_there ? S_ISREG(status.st_mode) : errno == ENOENT) &&
	    stat(dir, &status) == 0)
		judge_directory(&subject, dir, &status);
	free(above);
}
