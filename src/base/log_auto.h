/* SPDX-License-Identifier: PostgreSQL */

/* The format of the log where none is asked for: whatever reads stderr. */
#ifndef PGJUMP_BASE_LOG_AUTO_H
#define PGJUMP_BASE_LOG_AUTO_H

#include "base/log_line.h"

/*
 * What $PGJUMP_LOG_FORMAT says, if that is text or json.  Else the format of
 * systemd's journal, if that reads stderr; on a terminal the one for people,
 * without colours if $NO_COLOR is set or $TERM is dumb; text for all others.
 */
enum log_format log_auto_format(void);

#endif
