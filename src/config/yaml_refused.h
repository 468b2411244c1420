/* SPDX-License-Identifier: PostgreSQL */

/*
 * What to tell of a text that libyaml does not read: where the slip is, and how
 * to repair it.
 */
#ifndef PGJUMP_CONFIG_YAML_REFUSED_H
#define PGJUMP_CONFIG_YAML_REFUSED_H

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

struct yaml_text;

/* True after reporting that the document is UTF-16. */
bool yaml_refused_utf16(struct report *, const char *bytes, size_t len);

/* Report the byte at `offset`, which is no UTF-8, or a control character. */
void yaml_refused_bytes(struct report *, const struct yaml_text *,
    size_t offset);

/* Report why the text cannot be read; `place` and `problem` are libyaml's. */
void yaml_refused_text(struct report *, const struct yaml_text *,
    struct place place, const char *problem);

#endif
