/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a connection logs in to its jump box with, read to be described: no
 * secret of it is kept.
 */
#ifndef PGJUMP_CHECK_KEY_H
#define PGJUMP_CHECK_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct config_jump;

/* "" where there is no key, or none is known yet. */
struct check_key {
	char type[40];        /* "ssh-ed25519" */
	char fingerprint[64]; /* "SHA256:..." */
	char comment[128];
	unsigned rsa_bits; /* 0: it is none */
	char line[3000];   /* as authorized_keys wants it, without options */
};

/*
 * Read the secrets that a login will need.  FAIL_NONE, or the AUTH row that
 * the login would fail with.  The key of an agent is known here only where
 * the configuration selects it.
 */
enum failure check_key_read(const struct config_jump *, struct check_key *,
    struct fault *);

/* Ask the agent for the only key that it would offer, by `deadline_ms`; false:
 * there is none, or one of several. */
bool check_key_ask_agent(struct check_key *, int64_t deadline_ms,
    int cancel_fd);

/* "ssh-ed25519 SHA256:... (comment)" */
void check_key_describe(const struct check_key *, char *buf, size_t size);

#endif
