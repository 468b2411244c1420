/* SPDX-License-Identifier: PostgreSQL */

/*
 * What stays is found by the name of a connection and by the settings of a jump
 * box, never by position: a file may list them in any order.
 */
#include "command/shared.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/xmalloc.h"
#include "client/gate.h"
#include "config/config.h"
#include "config/jump.h"
#include "jump/box.h"
#include "tls/identity.h"

/* What shared_new() allocates: callers see the first member only. */
struct counted_shared {
	struct shared shared;
	atomic_uint refs;
};

/* --- Who stays ------------------------------------------------------------ */

static int
compare_names(const void *a, const void *b)
{
	const struct config_connection *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

/* The connections in the order of their names; the caller frees the list. */
static const struct config_connection **
by_name(const struct config *cfg)
{
	const struct config_connection **list = xcalloc(cfg->connection_count,
	    sizeof *list);

	for (size_t i = 0; i < cfg->connection_count; i++)
		list[i] = &cfg->connections[i];
	qsort(list, cfg->connection_count, sizeof *list, compare_names);
	return list;
}

static size_t *
find_connection_heirs(const struct config *before, const struct config *cfg)
{
	const struct config_connection **names = by_name(cfg);
	size_t *heirs = xcalloc(before->connection_count, sizeof *heirs);

	for (size_t i = 0; i < before->connection_count; i++) {
		const struct config_connection *old = &before->connections[i];
		const struct config_connection *const *heir = bsearch(&old,
		    names, cfg->connection_count, sizeof *names, compare_names);

		heirs[i] = heir != NULL ? (*heir)->index : SHARED_NO_HEIR;
	}
	free(names);
	return heirs;
}

static size_t
find_jump(const struct config *cfg, const struct config_jump *old)
{
	for (size_t i = 0; i < cfg->jump_count; i++)
		if (config_jump_equal(&cfg->jumps[i], old))
			return i;
	return SHARED_NO_HEIR;
}

/* Direct connections have a record, too, which is always the same one. */
static size_t *
find_jump_heirs(const struct config *before, const struct config *cfg)
{
	size_t *heirs = xcalloc(before->jump_count + 1, sizeof *heirs);

	for (size_t i = 0; i < before->jump_count; i++)
		heirs[i] = find_jump(cfg, &before->jumps[i]);
	heirs[before->jump_count] = cfg->jump_count;
	return heirs;
}

/* --- Taking over ---------------------------------------------------------- */

static void
take_connections(struct shared *shared, const struct shared *before)
{
	const struct config *old = before->cfg, *cfg = shared->cfg;

	for (size_t i = 0; i < old->connection_count; i++) {
		const struct config_connection *was = &old->connections[i];
		size_t heir = shared->connection_heirs[i];
		const struct config_connection *is;

		if (heir == SHARED_NO_HEIR)
			continue;
		is = &cfg->connections[heir];
		shared->gates[heir] = gate_ref(before->gates[i]);
		if (secret_equal(&was->tls_cert, &is->tls_cert) &&
		    secret_equal(&was->tls_key, &is->tls_key))
			shared->identities[heir] = tls_identity_ref(
			    before->identities[i]);
	}
}

static void
take_jumps(struct shared *shared, const struct shared *before)
{
	for (size_t i = 0; i <= before->cfg->jump_count; i++)
		if (shared->jump_heirs[i] != SHARED_NO_HEIR)
			shared->boxes[shared->jump_heirs[i]] = jump_box_ref(
			    before->boxes[i]);
}

static void
take_over(struct shared *shared, const struct shared *before)
{
	shared->throwaway = tls_identity_ref(before->throwaway);
	shared->owners = before->owners;
	shared->connection_heirs = find_connection_heirs(before->cfg,
	    shared->cfg);
	shared->jump_heirs = find_jump_heirs(before->cfg, shared->cfg);
	take_connections(shared, before);
	take_jumps(shared, before);
}

/* --- What is new ---------------------------------------------------------- */

/* Connections without a certificate of their own share a throwaway one. */
static struct tls_identity *
make_identity(const struct shared *shared,
    const struct config_connection *connection)
{
	return secret_is_set(&connection->tls_cert)
	    ? tls_identity_open(connection, shared->throwaway)
	    : tls_identity_ref(shared->throwaway);
}

/* Outer jump boxes stand before inner ones. */
static struct jump_box *
make_box(const struct shared *shared, const struct config_jump *jump)
{
	const struct config *cfg = shared->cfg;
	struct jump_box *box = jump_box_new(jump, cfg->max_links, cfg->workers);

	if (jump != NULL && jump->via != NULL)
		jump_box_put_behind(box, shared->boxes[jump->via->index]);
	return box;
}

static void
make_rest(struct shared *shared)
{
	const struct config *cfg = shared->cfg;

	for (size_t i = 0; i < cfg->connection_count; i++) {
		const struct config_connection
		    *connection = &cfg->connections[i];

		if (shared->gates[i] == NULL)
			shared->gates[i] = gate_new(connection->max_clients);
		if (shared->identities[i] == NULL)
			shared->identities[i] = make_identity(shared,
			    connection);
	}
	for (size_t i = 0; i <= cfg->jump_count; i++)
		if (shared->boxes[i] == NULL)
			shared->boxes[i] = make_box(shared,
			    i < cfg->jump_count ? &cfg->jumps[i] : NULL);
}

/* --- Life ----------------------------------------------------------------- */

struct shared *
shared_new(struct config *cfg, const struct shared *before)
{
	struct counted_shared *counted = xcalloc(1, sizeof *counted);
	struct shared *shared = &counted->shared;

	atomic_init(&counted->refs, 1);
	shared->cfg = config_ref(cfg);
	shared->gates = xcalloc(cfg->connection_count, sizeof *shared->gates);
	shared->identities = xcalloc(cfg->connection_count,
	    sizeof *shared->identities);
	shared->boxes = xcalloc(cfg->jump_count + 1, sizeof *shared->boxes);
	if (before != NULL)
		take_over(shared, before);
	else
		shared->throwaway = tls_identity_new();
	make_rest(shared);
	return shared;
}

struct shared *
shared_ref(struct shared *shared)
{
	atomic_fetch_add(&((struct counted_shared *)shared)->refs, 1);
	return shared;
}

void
shared_unref(struct shared *shared)
{
	struct counted_shared *counted = (struct counted_shared *)shared;

	if (shared == NULL || atomic_fetch_sub(&counted->refs, 1) > 1)
		return;
	for (size_t i = 0; i < shared->cfg->connection_count; i++) {
		gate_unref(shared->gates[i]);
		tls_identity_unref(shared->identities[i]);
	}
	for (size_t i = 0; i <= shared->cfg->jump_count; i++)
		jump_box_unref(shared->boxes[i]);
	free(shared->gates);
	free(shared->boxes);
	free(shared->identities);
	free(shared->connection_heirs);
	free(shared->jump_heirs);
	tls_identity_unref(shared->throwaway);
	config_unref(shared->cfg);
	free(counted);
}

void
shared_begin(const struct shared *shared)
{
	const struct config *cfg = shared->cfg;

	for (size_t i = 0; i < cfg->connection_count; i++)
		gate_limit(shared->gates[i], cfg->connections[i].max_clients);
	for (size_t i = 0; i <= cfg->jump_count; i++)
		jump_box_limit(shared->boxes[i], cfg->max_links, cfg->workers);
}
