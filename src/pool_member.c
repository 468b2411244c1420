/* SPDX-License-Identifier: PostgreSQL */

/*
 * A link's bookkeeping within its pool.  It decides nothing.
 */
#include "pool_member.h"

#include <arpa/inet.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "originator.h"
#include "ssh_link.h"
#include "ssh_slot.h"

/* What suits less; the sum is a link's cost. */
enum {
	COST_CROWDED = 1,
	COST_FOREIGN = 2,
};

bool
pool_host_is_address(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return host[0] == '/' || inet_pton(AF_INET, host, bytes) == 1 ||
	    inet_pton(AF_INET6, host, bytes) == 1;
}

static bool
is_foreign(const struct pool_member *member, const char *host)
{
	if (pool_host_is_address(host))
		return member->name != NULL;
	return member->numeric ||
	    (member->name != NULL && strcmp(member->name, host) != 0);
}

int
pool_member_cost(const struct pool_member *member, const char *host)
{
	bool crowded = ssh_link_channels(member->link) >=
	    SSH_LINK_CHANNELS_SOFT;

	return (is_foreign(member, host) ? COST_FOREIGN : 0) +
	    (crowded ? COST_CROWDED : 0);
}

void
pool_member_open(struct pool_member *member,
    const struct config_connection *connection,
    const struct originator *originator, int64_t by_ms, void *user)
{
	bool is_socket = connection->host[0] == '/';
	const struct ssh_target target = {
		.host = is_socket ? connection->label : connection->host,
		.port = connection->port,
		.is_socket = is_socket,
		.originator_host = originator->host,
		.originator_port = originator->port,
	};

	if (pool_host_is_address(connection->host))
		member->numeric = true;
	else
		member->name = connection->host;
	member->was_used = true;
	member->idle_ms = 0;
	member->target = connection;
	member->user = user;
	member->opened_ms = clock_ms();
	member->overdue_ms = member->opened_ms +
	    (by_ms - member->opened_ms) / 4;
	ssh_link_open(member->link, &target, member->overdue_ms);
}

bool
pool_member_is_overdue(const struct pool_member *member)
{
	return member->target != NULL && clock_ms() >= member->overdue_ms;
}

void
pool_member_tidy(struct pool_member *member)
{
	if (!ssh_link_is_opening(member->link))
		member->target = NULL;
	if (member->target != NULL || ssh_link_channels(member->link) > 0) {
		member->idle_ms = 0;
	} else if (member->idle_ms == 0) {
		member->idle_ms = clock_ms();
		member->name = NULL;
		member->numeric = false;
	}
}
