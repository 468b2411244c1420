/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of paths, in the order in which the configuration names the files, and
 * a list of stamps in the same order.
 */
#include "jump/files.h"

#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/file_stamp.h"
#include "base/xmalloc.h"
#include "config/config.h"

struct jump_files {
	pthread_mutex_t mutex;
	struct file_stamp *stamps; /* under the mutex */
	size_t count;
	char *paths[]; /* NULL: the secret is in no file */
};

static void
add_path(struct jump_files *files, const char *path)
{
	files->paths[files->count++] = xstrdup(path);
}

struct jump_files *
jump_files_new(const struct config_jump *jump)
{
	const struct secrets *keys = &jump->private_keys;
	size_t most = 6 + keys->count + jump->known_hosts_count;
	struct jump_files *files = xcalloc(1,
	    sizeof *files + most * sizeof *files->paths);

	add_path(files, jump->password.path);
	add_path(files, jump->passphrase.path);
	add_path(files, jump->certificate.path);
	add_path(files, jump->accept_new_file);
	add_path(files, jump->proxy.password.path);
	add_path(files, jump->proxy.ca_cert.path);
	for (size_t i = 0; i < keys->count; i++)
		add_path(files, keys->list[i].path);
	for (size_t i = 0; i < jump->known_hosts_count; i++)
		add_path(files, jump->known_hosts[i]);
	assert(files->count == most);
	pthread_mutex_init(&files->mutex, NULL);
	files->stamps = xcalloc(files->count, sizeof *files->stamps);
	return files;
}

void
jump_files_free(struct jump_files *files)
{
	if (files == NULL)
		return;
	for (size_t i = 0; i < files->count; i++)
		free(files->paths[i]);
	free(files->stamps);
	pthread_mutex_destroy(&files->mutex);
	free(files);
}

static bool
are_equal(const struct file_stamp *one, const struct file_stamp *other,
    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!file_stamp_equal(&one[i], &other[i]))
			return false;
	return true;
}

bool
jump_files_have_changed(struct jump_files *files)
{
	struct file_stamp *stamps = xcalloc(files->count, sizeof *stamps);
	struct file_stamp *before;
	bool have_changed;

	for (size_t i = 0; i < files->count; i++)
		stamps[i] = file_stamp_of(files->paths[i]);
	pthread_mutex_lock(&files->mutex);
	before = files->stamps;
	have_changed = !are_equal(before, stamps, files->count);
	files->stamps = stamps;
	pthread_mutex_unlock(&files->mutex);
	free(before);
	return have_changed;
}

void
jump_files_remember(struct jump_files *files)
{
	jump_files_have_changed(files);
}
