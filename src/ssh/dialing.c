/* SPDX-License-Identifier: PostgreSQL */

#include "ssh/dialing.h"

#include <assert.h>
#include <stddef.h>

#include "base/clock.h"

enum failure
dialing_stage_timeout(enum dial_stage stage)
{
	static const enum failure timeouts[] = {
		[DIAL_RESOLVE] = FAIL_JUMP_NAME_TIMEOUT,
		[DIAL_CONNECT] = FAIL_JUMP_TIMEOUT,
		[DIAL_HANDSHAKE] = FAIL_JUMP_HANDSHAKE_TIMEOUT,
		[DIAL_HOSTKEY] = FAIL_JUMP_HANDSHAKE_TIMEOUT,
		[DIAL_AUTH] = FAIL_AUTH_TIMEOUT,
		[DIAL_AGENT] = FAIL_AUTH_AGENT_WAITS,
		[DIAL_PROXY_RESOLVE] = FAIL_PROXY_NAME_TIMEOUT,
		[DIAL_PROXY_CONNECT] = FAIL_PROXY_TIMEOUT,
		[DIAL_PROXY_ASK] = FAIL_PROXY_SILENT,
	};

	assert((size_t)stage < sizeof timeouts / sizeof *timeouts);
	return timeouts[stage];
}

void
dialing_enter(const struct dial *dial, enum dial_stage stage)
{
	if (dial->on_stage != NULL)
		dial->on_stage(dial->arg, stage);
}

int64_t
dialing_allow_ms(const struct dial *dial, int64_t stage_ms)
{
	int64_t left_ms = dial->deadline_ms - clock_ms();

	if (dial->deadline_ms == 0 || left_ms > stage_ms)
		return stage_ms;
	return left_ms > 0 ? left_ms : 0;
}
