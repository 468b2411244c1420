/* SPDX-License-Identifier: PostgreSQL */
/*
 * A known_hosts file, asked for a host at its usual port and at another.  What
 * is kept holds a key of the type it claims, and lines come in order.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "key/ssh_wire.h"
#include "ssh/known_hosts.h"

static void
ask(const uint8_t *data, size_t len, unsigned port)
{
	struct known_hosts hosts = { 0 };
	struct ssh_wire wire, type;
	unsigned last = 0;
	bool named;

	known_hosts_parse(&hosts, "file", (const char *)data, len,
	    "host.example.com", port);
	for (size_t i = 0; i < hosts.count; i++) {
		const struct known_host *line = &hosts.lines[i];

		wire = (struct ssh_wire){ line->blob, line->blob_len };
		named = ssh_wire_string(&wire, &type) &&
		    ssh_wire_is(&type, line->type);
		assert(named);
		assert(line->line > last);
		assert(!line->is_bare || port != 22);
		last = line->line;
	}
	known_hosts_clear(&hosts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	ask(data, len, 22);
	ask(data, len, 2222);
	return 0;
}
