/* SPDX-License-Identifier: PostgreSQL */

/*
 * The order of host key algorithms, from the lines that name a host.
 */
#include "ssh/hostkey_wanted.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "ssh/algorithms.h"

static void
append(char list[SSH_HOSTKEY_WANTED_SIZE], const char *names)
{
	size_t used = strlen(list), room = SSH_HOSTKEY_WANTED_SIZE - used;
	int put = snprintf(list + used, room, "%s%s", used > 0 ? "," : "",
	    names);

	assert(put > 0 && (size_t)put < room);
}

const struct known_host *
ssh_hostkey_wanted_authority(const struct known_hosts *known)
{
	const struct known_host *line = known_hosts_find(known,
	    KNOWN_HOST_AUTHORITY, false, NULL);

	return line != NULL
	    ? line
	    : known_hosts_find(known, KNOWN_HOST_AUTHORITY, true, NULL);
}

static void
append_certified(char list[SSH_HOSTKEY_WANTED_SIZE])
{
	for (size_t i = 0; i < SSH_ALGORITHMS_HOSTKEYS; i++)
		append(list, ssh_algorithms_hostkeys[i].certified);
}

/*
 * Bare lines count only where there are no others, since they may belong to
 * another server on the same host.
 */
static void
append_keys(char list[SSH_HOSTKEY_WANTED_SIZE], const struct known_hosts *known,
    bool is_known)
{
	bool is_bare = known_hosts_find(known, KNOWN_HOST_KEY, false, NULL) ==
	    NULL;

	for (size_t i = 0; i < SSH_ALGORITHMS_HOSTKEYS; i++) {
		const struct ssh_algorithms_hostkey
		    *key = &ssh_algorithms_hostkeys[i];

		if ((known_hosts_find(known, KNOWN_HOST_KEY, is_bare,
			 key->type) != NULL) == is_known)
			append(list, key->algorithms);
	}
}

void
ssh_hostkey_wanted(const struct known_hosts *known, bool by_lines,
    char list[SSH_HOSTKEY_WANTED_SIZE])
{
	list[0] = '\0';
	if (ssh_algorithms_has_certificates && by_lines &&
	    ssh_hostkey_wanted_authority(known) != NULL)
		append_certified(list);
	append_keys(list, known, true);
	append_keys(list, known, false);
}
