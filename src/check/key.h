/* SPDX-License-Identifier: PostgreSQL */

/*
 * The key with which a connection logs in to its jump box, read in order to be
 * described.  No secret of it is kept.
 */
#ifndef PGJUMP_CHECK_KEY_H
#define PGJUMP_CHECK_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct config_jump;

/* Texts are "" when there is no key, or none is known yet. */
struct check_key {
	char type[40];        /* "ssh-ed25519" */
	char fingerprint[64]; /* "SHA256:..." */
	char comment[128];
	unsigned rsa_bits; /* 0: no RSA key */
	char line[3000];   /* for authorized_keys, without options */
};

/*
 * Read the secrets that a login will need.  FAIL_NONE, or the AUTH row with
 * which the login would fail.  The key of an agent is known here only if the
 * configuration selects it.
 */
enum failure check_key_read(const struct config_jump *, struct check_key *,
    struct fault *);

/* Ask the agent, by `deadline_ms`, for the only key that it holds; false: it
 * holds none, or several. */
bool check_key_ask_agent(const struct config_jump *, struct check_key *,
    int64_t deadline_ms, int cancel_fd);

/* "ssh-ed25519 SHA256:... (comment)" */
void check_key_describe(const struct check_key *, char *buf, size_t size);

#endif
