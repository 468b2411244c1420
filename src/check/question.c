/* SPDX-License-Identifier: PostgreSQL */

/*
 * A key that has changed, is revoked or contradicts a pin is never offered, and
 * neither is a certificate.
 */
#include "check/question.h"

#include <stdio.h>
#include <string.h>

#include "check/blamed.h"
#include "check/report.h"
#include "check/state.h"
#include "config/config.h"
#include "key/ssh_certificate.h"

void
check_question_find(const struct check_state *state, struct check_question *out)
{
	const struct config_jump *jump = check_blamed_jump(state);
	const struct ssh_facts *ssh = &state->facts.ssh;

	memset(out, 0, sizeof *out);
	if (state->fault.code != FAIL_HOSTKEY_UNKNOWN || jump == NULL ||
	    jump->trust != TRUST_KNOWN_HOSTS || jump->known_hosts_count == 0 ||
	    ssh->hostkey_len == 0 || ssh->hostkey_len > sizeof out->hostkey ||
	    strstr(ssh->hostkey_type, SSH_CERTIFICATE_SUFFIX) != NULL)
		return;
	out->about = CHECK_QUESTION_HOSTKEY;
	out->jump = jump;
	snprintf(out->type, sizeof out->type, "%s", ssh->hostkey_type);
	snprintf(out->fingerprint, sizeof out->fingerprint, "%s",
	    ssh->fingerprint);
	memcpy(out->hostkey, ssh->hostkey, ssh->hostkey_len);
	out->hostkey_len = ssh->hostkey_len;
}
