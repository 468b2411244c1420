/* SPDX-License-Identifier: PostgreSQL */

/*
 * What the check of one connection has found so far, as a plain value: the
 * phases in the order of the hops, the first failure, and what to do about it.
 * Texts hold printable ASCII and no secret.
 */
#ifndef PGJUMP_CHECK_REPORT_H
#define PGJUMP_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "config/hops.h"

struct config_connection;
struct config_jump;

enum check_phase {
	CHECK_CONFIG,
	CHECK_PROXY, /* in place of the next two */
	CHECK_RESOLVE,
	CHECK_CONNECT,
	CHECK_HANDSHAKE,
	CHECK_HOSTKEY,
	CHECK_AUTH,
	CHECK_FORWARD,
	CHECK_POSTGRES,
	CHECK_TLS,
	CHECK_LOGIN,
	CHECK_SERVER,
	CHECK_PHASE_COUNT
};

enum check_status {
	CHECK_WAITING,
	CHECK_RUNNING,
	CHECK_OK,
	CHECK_FAILED,
	CHECK_SKIPPED,
};

/*
 * A fact of a phase, under a key of the JSON report: a text, a number, or a
 * list of texts, each of which ends with a line feed.
 */
struct check_fact {
	const char *key;
	bool is_number, is_list;
	double number;
	char text[1024];
};

#define CHECK_FACTS_MAX 10

struct check_step {
	enum check_status status;
	int64_t started_ms, duration_ms; /* base/clock.h */
	char message[FAULT_WORDS_MAX];
	struct check_fact facts[CHECK_FACTS_MAX];
	size_t fact_count;
};

/* A question that was asked after a forward had failed (check/probe.h). */
struct check_probe {
	char target[FAULT_PEER_MAX];
	char outcome[FAULT_WORDS_MAX];
	int64_t duration_ms;
};

#define CHECK_PROBES_MAX  8
#define CHECK_REMARKS_MAX 6
#define CHECK_LINES_MAX   4

/* Where a command is run. */
#define CHECK_HERE        "on this machine"
#define CHECK_AT_JUMP     "on the jump box"
#define CHECK_BEFORE_JUMP "on the jump box before it"
#define CHECK_AT_DATABASE "on the database server"

/* What to do: a sentence, lines to add to a file, a command to run. */
struct check_advice {
	char hint[FAULT_WORDS_MAX];
	char file[160]; /* where the lines belong; "": none */
	char lines[CHECK_LINES_MAX][1600]; /* an RSA key of 8192 bits fits */
	size_t line_count;
	char place[300];   /* where the command is run */
	char command[400]; /* "": none */
};

/* What a person could be asked, so that the walk gets further. */
enum check_question_about {
	CHECK_QUESTION_NOTHING,
	CHECK_QUESTION_HOSTKEY,    /* that is unknown, and nothing else */
	CHECK_QUESTION_PASSPHRASE, /* of a private key that has none */
};

struct check_question {
	enum check_question_about about;
	const struct config_jump *jump; /* borrowed from the configuration */
	char type[40], fingerprint[64]; /* of the host key */
	unsigned char hostkey[2200];    /* RFC 4253, 6.6 */
	size_t hostkey_len;
	size_t key; /* in the private keys of the jump box */
};

/*
 * The steps of a report: CHECK_CONFIG, then from CHECK_PROXY to CHECK_AUTH
 * for each hop in turn, then the rest.
 */
#define CHECK_HOP_PHASES (CHECK_FORWARD - CHECK_PROXY)
#define CHECK_STEPS_MAX                                  \
	((size_t)(CHECK_PHASE_COUNT - CHECK_HOP_PHASES + \
	    CHECK_HOP_PHASES * CONFIG_HOPS_MAX))

struct check_report {
	const struct config_connection *connection;
	struct check_step steps[CHECK_STEPS_MAX];
	struct check_probe probes[CHECK_PROBES_MAX];
	size_t probe_count;
	char remarks[CHECK_REMARKS_MAX][FAULT_WORDS_MAX];
	size_t remark_count;
	struct fault fault; /* FAIL_NONE: nothing failed (yet) */
	struct check_advice advice;
	struct check_question question;  /* that may help */
	int64_t started_ms, duration_ms; /* duration: once it is done */
	int64_t due_ms; /* when a call that cannot be cancelled must have
			 * returned; 0: none is in progress */
	bool is_done;
};

/* "resolve": its name in both forms of the report. */
const char *check_report_phase_name(enum check_phase);

/* "ok" */
const char *check_report_status_name(enum check_status);

/* The step of a phase, and of a hop (from 1) if the phase belongs to one. */
size_t check_report_step(enum check_phase, unsigned hop);

enum check_phase check_report_phase(size_t step);

/* 0: its phase belongs to no hop. */
unsigned check_report_hop(size_t step);

/*
 * Whether this connection has this step: without a jump box it has fewer, and
 * with a chain of them more.
 */
bool check_report_has(const struct check_report *, size_t step);

/* Set the command and where to run it.  A command that does not fit is left
 * out: half a command would do harm. */
void check_report_advice_run(struct check_advice *, const char *place,
    const char *command, ...) __attribute__((format(printf, 3, 4)));

/* Add a line for the file. */
void check_report_advice_line(struct check_advice *, const char *line, ...)
    __attribute__((format(printf, 2, 3)));

/* "ok", "failed", or "interrupted" when the walk did not end. */
const char *check_report_status(const struct check_report *);

/* The exit code: 0, the one of failure.def, or 130 when interrupted. */
int check_report_code(const struct check_report *);

/* Which side failed: "tunnel" or "database"; "" where nothing failed. */
const char *check_report_side(const struct check_report *);

#endif
