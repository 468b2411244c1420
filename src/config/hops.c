/* SPDX-License-Identifier: PostgreSQL */

/*
 * A chain is a list from the innermost jump box outwards.
 */
#include "config/hops.h"

#include <stdio.h>

#include "base/fault.h"
#include "config/config.h"

unsigned
config_hops_count(const struct config_jump *jump)
{
	unsigned count = 0;

	for (; jump != NULL; jump = jump->via)
		count++;
	return count;
}

const struct config_jump *
config_hops_at(const struct config_jump *jump, unsigned hop)
{
	for (unsigned i = config_hops_count(jump); i > hop; i--)
		jump = jump->via;
	return jump;
}

const char *
config_hops_through(const struct config_jump *jump)
{
	return jump->via != NULL ? jump->via->label : NULL;
}

void
config_hops_name(const struct config_jump *jump, struct fault *fault)
{
	if (fault->jump[0] == '\0')
		fault_name_proxy(fault, jump->proxy.label);
	fault_name_hop(fault, jump->label, jump->username,
	    config_hops_count(jump), config_hops_through(jump));
}

const char *
config_hops_label(const struct config_jump *jump, char *buf, size_t size)
{
	unsigned hop = config_hops_count(jump);

	if (jump->via == NULL)
		snprintf(buf, size, "%s", jump->label);
	else
		snprintf(buf, size, "%s (hop %u of %u, through %s)",
		    jump->label, hop, hop, jump->via->label);
	return buf;
}
