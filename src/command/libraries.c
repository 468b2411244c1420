/* SPDX-License-Identifier: PostgreSQL */

/*
 * The only file that includes the headers of all foreign libraries.  It needs
 * them for their first and last call and for their version.
 */
#include "command/libraries.h"

#include <assert.h>
#include <event2/event.h>
#include <libpq-fe.h>
#include <libssh2.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/xmalloc.h"

/* Bytes; each thread may have an arena that keeps so much when it is free. */
#define KEPT_MAX (1 << 20)

/* Macros in its header mark the patches of contrib/libssh2, which no release
 * has. */
static const char *
libssh2(void)
{
#if defined LIBSSH2_FEATURE_CIPHER_RUNS && \
    defined LIBSSH2_FEATURE_HOST_CERTIFICATES
	return LIBSSH2_VERSION " bundled and patched";
#else
	return libssh2_version(0);
#endif
}

static const char *
openssl(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}

/* 150018 is 15.18 (libpq, PQlibVersion). */
static const char *
libpq(void)
{
	static char text[32];
	int version = PQlibVersion();

	snprintf(text, sizeof text, "%d.%d", version / 10000, version % 10000);
	return text;
}

static const struct {
	const char *name;
	const char *(*version)(void);
} libraries[] = {
	{ "libssh2", libssh2 },
	{ "OpenSSL", openssl },
	{ "libevent", event_get_version },
	{ "libpq", libpq },
	{ "libyaml", yaml_get_version_string },
};

/* As with OpenSSL's own function, no bytes are NULL. */
static void *
openssl_alloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return size > 0 ? xmalloc(size) : NULL;
}

static void
openssl_free(void *block, const char *file, int line)
{
	(void)file, (void)line;
	free(block);
}

static void *
openssl_realloc(void *block, size_t size, const char *file, int line)
{
	if (size > 0)
		return xrealloc(block, size);
	openssl_free(block, file, line);
	return NULL;
}

/*
 * Without this glibc raises both limits for ever to the largest block that was
 * freed (mallopt(3), M_MMAP_THRESHOLD).  Since a file is read into 16 MB, each
 * worker would keep up to 32 MB after a burst of clients.
 */
static void
keep_little(void)
{
	mallopt(M_MMAP_THRESHOLD, KEPT_MAX);
	mallopt(M_TRIM_THRESHOLD, KEPT_MAX);
}

/*
 * Make both libraries end the program when memory runs out, as we do. Otherwise
 * a failed allocation would look like a failed handshake, or like an event that
 * never fires.  OpenSSL wipes secrets before it frees them.  It keeps its own
 * functions if another library made it allocate before main().
 */
static void
give_memory(void)
{
	CRYPTO_set_mem_functions(openssl_alloc, openssl_realloc, openssl_free);
	event_set_mem_functions(xmalloc, xrealloc, free);
}

void
libraries_start(void)
{
	int result;

	keep_little();
	give_memory();
	result = libssh2_init(0);
	assert(result == 0);
}

void
libraries_stop(void)
{
	libssh2_exit();
	libevent_global_shutdown();
}

void
libraries_write(FILE *out)
{
	for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
		fprintf(out, "%s%s %s", i > 0 ? ", " : "", libraries[i].name,
		    libraries[i].version());
}
