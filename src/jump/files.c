/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of file stamps, in the order in which the configuration names the
 * files.
 */
#include "jump/files.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/file_stamp.h"
#include "base/xmalloc.h"
#include "config/config.h"

#define FIXED_COUNT 4 /* all but the known_hosts files */

struct jump_files {
	size_t count;
	struct file_stamp stamps[];
};

struct jump_files *
jump_files_look(const struct config_jump *jump)
{
	const char *const fixed[FIXED_COUNT] = {
		jump->password.path,
		jump->private_key.path,
		jump->passphrase.path,
		jump->accept_new_file,
	};
	size_t count = FIXED_COUNT + jump->known_hosts_count;
	struct jump_files *files = xcalloc(1,
	    sizeof *files + count * sizeof *files->stamps);

	files->count = count;
	for (size_t i = 0; i < count; i++)
		files->stamps[i] = file_stamp_of(i < FIXED_COUNT
			? fixed[i]
			: jump->known_hosts[i - FIXED_COUNT]);
	return files;
}

void
jump_files_free(struct jump_files *files)
{
	free(files);
}

bool
jump_files_are_equal(const struct jump_files *one,
    const struct jump_files *other)
{
	assert(one->count == other->count);
	for (size_t i = 0; i < one->count; i++)
		if (!file_stamp_equal(&one->stamps[i], &other->stamps[i]))
			return false;
	return true;
}
