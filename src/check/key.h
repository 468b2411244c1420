/* SPDX-License-Identifier: PostgreSQL */

/*
 * The keys with which a connection logs in to its jump box, read in order to be
 * described.  No secret of them is kept.
 */
#ifndef PGJUMP_CHECK_KEY_H
#define PGJUMP_CHECK_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "config/config.h"

/* Texts are "" when there is no key, or none is known yet. */
struct check_key {
	char type[40];        /* "ssh-ed25519" */
	char fingerprint[64]; /* "SHA256:..." */
	char comment[128];
	unsigned rsa_bits; /* 0: no RSA key */
	char line[3000];   /* for authorized_keys, without options */
};

/* Those of the configuration; what is to be authorized is the first one. */
struct check_keys {
	struct check_key list[CONFIG_KEYS_MAX];
	size_t count;
};

/*
 * Read the secrets that a login will need.  FAIL_NONE, or the AUTH row with
 * which the login would fail.  The key of an agent is known here only if the
 * configuration selects it.
 */
enum failure check_key_read(const struct config_jump *, struct check_keys *,
    struct fault *);

/* Ask the agent, by `deadline_ms`, for the only key that it holds; false: it
 * holds none, or several. */
bool check_key_ask_agent(const struct config_jump *, struct check_key *,
    int64_t deadline_ms, int cancel_fd);

/* "agent": the word of auth_method. */
const char *check_key_method_name(enum auth_method);

/*
 * How the jump box is logged in to, in order: "the SSH agent, then key
 * ssh-ed25519 SHA256:..., then a password".
 */
void check_key_order(const struct config_jump *, const struct check_keys *,
    char *buf, size_t size);

/* "ssh-ed25519 SHA256:... (comment)" */
void check_key_describe(const struct check_key *, char *buf, size_t size);

#endif
