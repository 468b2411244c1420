/* SPDX-License-Identifier: PostgreSQL */

/* Files are written whether or not they exist, as the configuration has them.
 */
#include "config/print_trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config/config.h"
#include "config/jump.h"
#include "config/printing.h"

static void
write_path(struct printing *printing, const void *of, size_t index)
{
	config_printing_quote_path(printing, ((char *const *)of)[index]);
}

/*
 * The default files of a jump box, which a connection that overrides host_key
 * does not inherit, unlike files that are given.
 */
static bool
are_default_files(const struct printing *printing)
{
	return printing->jump_box != NULL &&
	    !printing->jump_box->gives_known_hosts;
}

void
config_print_trust_files(struct printing *printing, const char *key,
    const void *fields)
{
	const struct config_jump *jump = fields;

	if (jump->known_hosts_count == 0) {
		config_printing_not_set(printing, key);
		return;
	}
	if (are_default_files(printing))
		config_printing_comment(printing, key);
	else
		config_printing_begin(printing, key);
	config_printing_flow(printing, jump->known_hosts_count,
	    jump->known_hosts, write_path);
	config_printing_end(printing,
	    config_jump_has_default_known_hosts(jump));
}

static void
write_pin(struct printing *printing, const void *of, size_t index)
{
	config_printing_quote(printing, ((char *const *)of)[index]);
}

void
config_print_trust_key(struct printing *printing, const char *key,
    const void *fields)
{
	const struct config_jump *jump = fields;

	if (jump->trust == TRUST_KNOWN_HOSTS) {
		config_printing_not_set(printing, key);
		return;
	}
	config_printing_begin(printing, key);
	if (jump->trust == TRUST_PINS)
		config_printing_flow(printing, jump->pin_count, jump->pins,
		    write_pin);
	else
		fputs(jump->trust == TRUST_ANY ? " any" : " accept-new",
		    printing->out);
	config_printing_end(printing, false);
}
