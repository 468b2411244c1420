/* SPDX-License-Identifier: PostgreSQL */

#include "http/expiry.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "http/exposition.h"
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

static int64_t
read_end(const struct config_connection *connection, size_t which)
{
	const struct secret *secret = (const void *)((const char *)connection +
	    certificates[which].offset);
	char error[200], *text;
	int64_t end;

	if (!secret_is_set(secret))
		return 0;
	text = secret_load(secret, error, sizeof error);
	if (text == NULL)
		return 0;
	end = tls_pem_expiry(text, certificates[which].is_last);
	secret_free(text);
	return end;
}

static void
read_all(struct http_expiry *expiry, const struct config *cfg, unsigned shown)
{
	free(expiry->ends);
	expiry->ends = xcalloc(cfg->connection_count * COUNT,
	    sizeof *expiry->ends);
	for (size_t i = 0; i < cfg->connection_count * COUNT; i++)
		expiry->ends[i] = read_end(&cfg->connections[i / COUNT],
		    i % COUNT);
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
}

void
http_expiry_clear(struct http_expiry *expiry)
{
	free(expiry->ends);
	*expiry = (struct http_expiry){ .shown = 0 };
}
