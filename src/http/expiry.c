/* SPDX-License-Identifier: PostgreSQL */

#include "http/expiry.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "http/exposition.h"
#include "key/ssh_certificate.h"
#include "key/ssh_key.h"
#include "key/tls_pem.h"

#define REREAD_MS 60000

static const struct {
	const char *what; /* its key */
	size_t offset;    /* in struct config_connection */
	bool is_last;     /* of several, the last one that ends counts */
} certificates[] = {
	{ "tls_cert", offsetof(struct config_connection, tls_cert), false },
	{ "client_cert", offsetof(struct config_connection, client_cert),
	    false },
	{ "ca_cert", offsetof(struct config_connection, ca_cert), true },
};

#define COUNT (sizeof certificates / sizeof *certificates)

/* The text of a certificate; NULL: it is not given, or cannot be read now. */
static char *
load(const struct secret *secret)
{
	char error[200];

	return secret_is_set(secret) ? secret_load(secret, error, sizeof error)
				     : NULL;
}

static int64_t
read_end(const struct config_connection *connection, size_t which)
{
	char *text = load((const void *)((const char *)connection +
	    certificates[which].offset));
	int64_t end = 0;

	if (text != NULL)
		end = tls_pem_expiry(text, certificates[which].is_last);
	secret_free(text);
	return end;
}

/* A user's certificate; one without an end tells nothing. */
static int64_t
read_login_end(const struct config_jump *jump)
{
	char *text = load(&jump->certificate);
	struct ssh_certificate says = { .valid_before = UINT64_MAX };
	struct ssh_key key = { 0 };

	if (text != NULL && ssh_key_read_public(text, &key)) {
		if (!ssh_certificate_read((struct ssh_wire){ key.blob,
					      key.blob_len },
			&says))
			says.valid_before = UINT64_MAX;
		ssh_key_clear(&key);
	}
	secret_free(text);
	return says.valid_before <= INT64_MAX ? (int64_t)says.valid_before : 0;
}

static void
read_all(struct http_expiry *expiry, const struct config *cfg, unsigned shown)
{
	http_expiry_clear(expiry);
	expiry->ends = xcalloc(cfg->connection_count * COUNT,
	    sizeof *expiry->ends);
	for (size_t i = 0; i < cfg->connection_count * COUNT; i++)
		expiry->ends[i] = read_end(&cfg->connections[i / COUNT],
		    i % COUNT);
	expiry->login_ends = xcalloc(cfg->jump_count,
	    sizeof *expiry->login_ends);
	for (size_t i = 0; i < cfg->jump_count; i++)
		expiry->login_ends[i] = read_login_end(&cfg->jumps[i]);
	expiry->shown = shown;
	expiry->read_ms = clock_ms();
}

void
http_expiry_write(struct http_expiry *expiry, const struct config *cfg,
    unsigned shown, struct exposition *out)
{
	if (expiry->shown != shown || clock_ms() - expiry->read_ms >= REREAD_MS)
		read_all(expiry, cfg, shown);
	exposition_begin(out, "pgjump_certificate_expiry_timestamp_seconds",
	    EXPOSITION_GAUGE,
	    "When a certificate ends, in seconds since 1970.");
	for (size_t i = 0; i < cfg->connection_count * COUNT; i++)
		if (expiry->ends[i] != 0)
			exposition_value(out,
			    EXPOSITION_LABELS({ "connection",
						  cfg->connections[i / COUNT]
						      .name },
				{ "what", certificates[i % COUNT].what }),
			    (double)expiry->ends[i]);
	for (size_t i = 0; i < cfg->jump_count; i++)
		if (expiry->login_ends[i] != 0)
			exposition_value(out,
			    EXPOSITION_LABELS({ "jump", cfg->jumps[i].name },
				{ "what", "certificate" }),
			    (double)expiry->login_ends[i]);
}

void
http_expiry_clear(struct http_expiry *expiry)
{
	free(expiry->ends);
	free(expiry->login_ends);
	*expiry = (struct http_expiry){ .shown = 0 };
}
