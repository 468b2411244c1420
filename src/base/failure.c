/* SPDX-License-Identifier: PostgreSQL */

#include "base/failure.h"

#include <assert.h>

static const struct stage_info stages[] = {
#define STAGE(symbol, label, side, sqlstate, exit_code) \
	[STAGE_##symbol] = { label, SIDE_##side, sqlstate, exit_code },
#include "base/failure.def"
};

static const struct failure_info failures[] = {
#define FAILURE(symbol, stage, retry, message, hint) \
	[FAIL_##symbol] = { STAGE_##stage, RETRY_##retry, message, hint },
#include "base/failure.def"
};

const struct stage_info *
failure_stage_info(enum stage stage)
{
	assert(stage < STAGE_COUNT);
	return &stages[stage];
}

const struct failure_info *
failure_info(enum failure code)
{
	assert(code > FAIL_NONE && code < FAILURE_COUNT);
	return &failures[code];
}

const struct stage_info *
failure_stage(enum failure code)
{
	return failure_stage_info(failure_info(code)->stage);
}
