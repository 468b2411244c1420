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

struct jump_files {
	size_t count;
	struct file_stamp stamps[];
};

static void
look_at(struct jump_files *files, const char *path)
{
	files->stamps[files->count++] = file_stamp_of(path);
}

struct jump_files *
jump_files_look(const struct config_jump *jump)
{
	const struct secrets *keys = &jump->private_keys;
	size_t most = 5 + keys->count + jump->known_hosts_count;
	struct jump_files *files = xcalloc(1,
	    sizeof *files + most * sizeof *files->stamps);

	look_at(files, jump->password.path);
	look_at(files, jump->passphrase.path);
	look_at(files, jump->accept_new_file);
	look_at(files, jump->proxy.password.path);
	look_at(files, jump->proxy.ca_cert.path);
	for (size_t i = 0; i < keys->count; i++)
		look_at(files, keys->list[i].path);
	for (size_t i = 0; i < jump->known_hosts_count; i++)
		look_at(files, jump->known_hosts[i]);
	assert(files->count == most);
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
