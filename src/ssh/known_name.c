/* SPDX-License-Identifier: PostgreSQL */

/*
 * The one place that knows under which name a jump box is looked up.
 */
#include "ssh/known_name.h"

#include "config/config.h"
#include "ssh/known_hosts.h"
#include "ssh/known_hosts_write.h"

/* A name without a port in known_hosts means this port. */
#define PLAIN_PORT 22

const char *
ssh_known_name_bare(const struct config_jump *jump)
{
	return jump->host_key_alias != NULL ? jump->host_key_alias : jump->host;
}

static unsigned
port_of(const struct config_jump *jump)
{
	return jump->host_key_alias != NULL ? PLAIN_PORT : jump->port;
}

bool
ssh_known_name_read(struct known_hosts *known, const char *file,
    const struct config_jump *jump)
{
	return known_hosts_read(known, file, ssh_known_name_bare(jump),
	    port_of(jump));
}

char *
ssh_known_name_line(const struct config_jump *jump, const char *type,
    const unsigned char *blob, size_t blob_len)
{
	return known_hosts_line(ssh_known_name_bare(jump), port_of(jump), type,
	    blob, blob_len);
}

bool
ssh_known_name_write(const char *file, const struct config_jump *jump,
    const char *type, const unsigned char *blob, size_t blob_len)
{
	return known_hosts_write(file, ssh_known_name_bare(jump), port_of(jump),
	    type, blob, blob_len);
}
