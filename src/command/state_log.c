/* SPDX-License-Identifier: PostgreSQL */

/*
 * A line holds what applies and nothing else: a jump box that never failed has
 * no last failure.
 */
#include "command/state_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "client/gate.h"
#include "command/shared.h"
#include "config/config.h"
#include "config/hops.h"
#include "jump/box.h"

#define FIELDS_MAX 16

struct fields {
	struct log_field list[FIELDS_MAX + 1]; /* the last one ends the list */
	size_t count;
};

static void
add(struct fields *fields, struct log_field field)
{
	if (fields->count < FIELDS_MAX)
		fields->list[fields->count++] = field;
}

static void
add_age(struct fields *fields, const char *key, int64_t since_ms)
{
	add(fields, log_num(key, clock_ms() - since_ms));
}

static void
add_failure(struct fields *fields, const struct jump_box_state *box, char *text,
    size_t size)
{
	if (box->fault.code == FAIL_NONE)
		return;
	fault_message(&box->fault, text, size);
	add(fields,
	    log_str("last_failure", failure_stage(box->fault.code)->label));
	add_age(fields, "failure_age_ms", box->failed_ms);
	add(fields, log_str("error", text));
	add(fields, log_str("detail", box->fault.detail));
}

static void
add_next_try(struct fields *fields, const struct jump_box_state *box)
{
	int64_t wait_ms = box->retry_ms - clock_ms();

	if (box->attempts == 0)
		return;
	add(fields, log_num("attempts", box->attempts));
	if (box->dials == 0)
		add(fields, log_num("retry_ms", wait_ms > 0 ? wait_ms : 0));
}

static void
log_jump(const struct config_jump *jump, int64_t waiting,
    struct jump_box *shared)
{
	struct fields fields = { .count = 0 };
	char text[FAULT_DETAIL_MAX];
	struct jump_box_state box;

	jump_box_look(shared, &box);
	add(&fields, log_str("jump", jump->label));
	add(&fields, log_str("through", config_hops_through(jump)));
	add(&fields, log_str("user", jump->username));
	add(&fields, log_str("state", jump_box_state_word(&box)));
	add(&fields, log_num("links", (int64_t)box.links));
	add(&fields, log_num("channels", (int64_t)box.channels));
	add(&fields, log_num("waiting", waiting));
	if (box.rtt_us > 0)
		add(&fields, log_num("rtt_us", box.rtt_us));
	add_next_try(&fields, &box);
	add_failure(&fields, &box, text, sizeof text);
	log_answer(LOG_LEVEL_INFO, "state of jump box", fields.list);
}

static const char *
addresses(const struct config_connection *connection, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < connection->listen_count && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
		    i > 0 ? ", " : "", connection->listens[i].label);
	return buf;
}

static void
log_connection(const struct config_connection *connection,
    const struct gate_report *gate)
{
	const struct config_jump *jump = connection->jump;
	const struct gate_state *clients = &gate->state;
	struct fields fields = { .count = 0 };
	char listen[1000];

	add(&fields, log_str("connection", connection->name));
	add(&fields,
	    log_str("listen", addresses(connection, listen, sizeof listen)));
	add(&fields, log_str("jump", jump != NULL ? jump->label : NULL));
	add(&fields, log_str("database", connection->label));
	add(&fields, log_num("clients", clients->clients));
	add(&fields, log_num("max_clients", connection->max_clients));
	add(&fields, log_num("arriving", clients->arrivals));
	add(&fields, log_num("waiting", gate->waiting));
	add(&fields, log_num("probes", (int64_t)clients->probes));
	add(&fields, log_num("failures", (int64_t)clients->failures));
	if (clients->last_failure != FAIL_NONE) {
		add(&fields,
		    log_str("last_failure",
			failure_stage(clients->last_failure)->label));
		add_age(&fields, "failure_age_ms", clients->failed_ms);
	}
	log_answer(LOG_LEVEL_INFO, "state of connection", fields.list);
}

static int64_t
waiting_for(const struct config *cfg, const struct config_jump *jump,
    const struct gate_report *gates)
{
	int64_t count = 0;

	for (size_t i = 0; i < cfg->connection_count; i++)
		if (cfg->connections[i].jump == jump)
			count += gates[i].waiting;
	return count;
}

void
state_log(const struct shared *shared)
{
	const struct config *cfg = shared->cfg;
	struct gate_report *gates = xcalloc(cfg->connection_count,
	    sizeof *gates);

	for (size_t i = 0; i < cfg->connection_count; i++)
		gate_report(shared->gates[i], &gates[i]);
	for (size_t i = 0; i < cfg->jump_count; i++)
		log_jump(&cfg->jumps[i],
		    waiting_for(cfg, &cfg->jumps[i], gates), shared->boxes[i]);
	for (size_t i = 0; i < cfg->connection_count; i++)
		log_connection(&cfg->connections[i], &gates[i]);
	free(gates);
}
