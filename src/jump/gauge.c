/* SPDX-License-Identifier: PostgreSQL */

#include "jump/gauge.h"

void
jump_gauge_sum(const struct jump_gauges *gauges, size_t *links,
    size_t *channels, int64_t *rtt_us)
{
	const struct jump_gauge *gauge;

	*links = *channels = 0;
	*rtt_us = 0;
	LIST_FOREACH(gauge, gauges, entry) {
		int64_t one_us = atomic_load(&gauge->rtt_us);

		*links += atomic_load(&gauge->links);
		*channels += atomic_load(&gauge->channels);
		if (one_us > 0 && (*rtt_us == 0 || one_us < *rtt_us))
			*rtt_us = one_us;
	}
}
