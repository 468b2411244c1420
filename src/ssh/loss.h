/* SPDX-License-Identifier: PostgreSQL */

/*
 * How a link ends: for a cause, which goes to the log and to its channels; or
 * by taking no new channel.
 */
#ifndef PGJUMP_SSH_LOSS_H
#define PGJUMP_SSH_LOSS_H

#include "base/failure.h"

struct ssh_link;

/* End it for this cause, unless it has ended. */
void ssh_loss_end(struct ssh_link *, enum failure, const char *words);

/* Its session has ended: find out why. */
void ssh_loss_end_session(struct ssh_link *);

void ssh_loss_retire(struct ssh_link *);

#endif
