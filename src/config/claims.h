/* SPDX-License-Identifier: PostgreSQL */

/* What only one connection of a file may have: a name, an address. */
#ifndef PGJUMP_CONFIG_CLAIMS_H
#define PGJUMP_CONFIG_CLAIMS_H

#include "config/report.h"

struct config;

/* Where a connection stands in the file. */
struct connection_place {
	struct place whole, listen;
};

/*
 * Report each name and each address that two connections have; places[i] is
 * that of connections[i].
 */
void config_claims_check(const struct config *,
    const struct connection_place *places, struct report *);

#endif
