/* SPDX-License-Identifier: PostgreSQL */

/*
 * It is made before the first worker starts and freed after the last one has
 * gone.
 */
#include "command/shared.h"

#include <stdlib.h>

#include "base/secret.h"
#include "base/xmalloc.h"
#include "client/gate.h"
#include "config/config.h"
#include "jump/box.h"
#include "tls/identity.h"

static struct jump_box *
make_box(const struct config *cfg, const struct config_jump *jump)
{
	return jump_box_new(jump, cfg->max_links, cfg->workers);
}

/* Connections without a certificate of their own share a throwaway one. */
static void
make_identities(struct shared *shared)
{
	const struct config *cfg = shared->cfg;

	shared->throwaway = tls_identity_new();
	shared->identities = xcalloc(cfg->connection_count,
	    sizeof *shared->identities);
	for (size_t i = 0; i < cfg->connection_count; i++)
		shared->identities[i] = secret_is_set(
					    &cfg->connections[i].tls_cert)
		    ? tls_identity_open(&cfg->connections[i], shared->throwaway)
		    : shared->throwaway;
}

static void
free_identities(struct shared *shared)
{
	for (size_t i = 0; i < shared->cfg->connection_count; i++)
		if (shared->identities[i] != shared->throwaway)
			tls_identity_free(shared->identities[i]);
	free(shared->identities);
	tls_identity_free(shared->throwaway);
}

struct shared *
shared_new(struct config *cfg)
{
	struct shared *shared = xcalloc(1, sizeof *shared);
	size_t i;

	shared->cfg = cfg;
	make_identities(shared);
	shared->gates = xcalloc(cfg->connection_count, sizeof *shared->gates);
	for (i = 0; i < cfg->connection_count; i++)
		shared->gates[i] = gate_new(cfg->connections[i].max_clients);
	shared->boxes = xcalloc(cfg->jump_count + 1, sizeof *shared->boxes);
	for (i = 0; i < cfg->jump_count; i++)
		shared->boxes[i] = make_box(cfg, &cfg->jumps[i]);
	shared->boxes[i] = make_box(cfg, NULL);
	return shared;
}

void
shared_free(struct shared *shared)
{
	const struct config *cfg = shared->cfg;

	for (size_t i = 0; i < cfg->connection_count; i++)
		gate_free(shared->gates[i]);
	for (size_t i = 0; i <= cfg->jump_count; i++)
		jump_box_free(shared->boxes[i]);
	free(shared->gates);
	free(shared->boxes);
	free_identities(shared);
	free(shared);
}
