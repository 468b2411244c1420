/* SPDX-License-Identifier: PostgreSQL */

/*
 * The shared record of a jump box, as jump/box.c keeps it and jump/box_cause.c
 * explains it.
 */
#ifndef PGJUMP_JUMP_BOX_RECORD_H
#define PGJUMP_JUMP_BOX_RECORD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "jump/box_counts.h"
#include "jump/gauge.h"
#include "ssh/dial.h"

struct jump_files;
struct jump_news;
struct resolver;
struct ssh_link;

struct jump_box {
	atomic_uint refs;
	struct fault named;     /* by it: the jump box, its hop and its proxy */
	struct jump_box *outer; /* NULL: reached from this machine */
	char *label, *username; /* NULL: for connections without tunnel */
	char *proxy;            /* its label; NULL: none */
	struct jump_files *files; /* the same */
	struct resolver *resolver;
	struct jump_news *news;
	pthread_mutex_t mutex; /* for all members below */
	size_t share;
	unsigned dials;        /* in flight */
	enum dial_stage stage; /* the last stage that one of them entered ... */
	int64_t stage_ms;      /* ... and when (base/clock.h) */
	bool is_proved;        /* the last news is of a login, not of a loss */
	unsigned attempts;     /* failed in a row */
	unsigned short_lives;  /* links that broke at once, in a row */
	unsigned unused;       /* links that broke unused, in a row */
	struct fault fault;    /* of the last failure, also if made good */
	int64_t failed_ms, retry_ms;
	struct ssh_link *link; /* see jump_box_bring() */
	struct jump_gauges gauges;
	struct jump_box_counts counts;
};

#endif
