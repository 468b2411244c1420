/* SPDX-License-Identifier: PostgreSQL */

/*
 * The proxy_* keys of a jump box, judged: what each type of proxy can be told,
 * and the port where it listens by default.
 */
#ifndef PGJUMP_CONFIG_PROXY_H
#define PGJUMP_CONFIG_PROXY_H

#include <stdbool.h>

#include "config/config.h"

struct section;

/* Complete what config_section_fill() has read, and report what is wrong. */
void config_proxy_read(const struct section *, struct config_proxy *);

/* Whether both are reached, asked and trusted in the same way. */
bool config_proxy_equal(const struct config_proxy *,
    const struct config_proxy *);

/*
 * Why a proxy of this type cannot be given this password: "has a control
 * character"; NULL: it can.
 */
const char *config_proxy_judge_password(enum proxy_type, const char *password);

#endif
