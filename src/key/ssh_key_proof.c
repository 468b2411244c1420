/* SPDX-License-Identifier: PostgreSQL */

/*
 * A login without a network.  With neither a handshake nor a public key,
 * libssh2 opens the private key, derives the public half, and sends its request
 * in the clear to a callback.  That looks for the public key in it and refuses
 * to send. OpenSSL alone cannot tell: it has no bcrypt_pbkdf, and what counts
 * is what libssh2 can read.
 */
#include "key/ssh_key_proof.h"

#include <assert.h>
#include <errno.h>
#include <libssh2.h>
#include <string.h>

#include "key/ssh_memory.h"

struct proof {
	struct ssh_memory memory;
	const struct ssh_blob *blob;
	bool is_found;
};

/* The hook of LIBSSH2_CALLBACK_SEND. */
static ssize_t
on_send(libssh2_socket_t fd, const void *bytes, size_t len, int flags,
    void **abstract)
{
	struct proof *proof = *abstract;

	(void)fd, (void)flags;
	proof->is_found = memmem(bytes, len, proof->blob->bytes,
			      proof->blob->len) != NULL;
	return -EPIPE;
}

static LIBSSH2_ALLOC_FUNC(on_alloc)
{
	return ssh_memory_alloc(&((struct proof *)*abstract)->memory, count);
}

static LIBSSH2_REALLOC_FUNC(on_realloc)
{
	struct proof *proof = *abstract;

	return ssh_memory_realloc(&proof->memory, ptr, count, true);
}

static LIBSSH2_FREE_FUNC(on_free)
{
	ssh_memory_free(&((struct proof *)*abstract)->memory, ptr, true);
}

bool
ssh_key_proof(const char *text, const char *passphrase,
    const struct ssh_blob *blob)
{
	struct proof proof = { .memory.may_libc_free = true, .blob = blob };
	LIBSSH2_SESSION *session;

	session = libssh2_session_init_ex(on_alloc, on_free, on_realloc,
	    &proof);
	assert(session != NULL);
	libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_SEND,
	    (libssh2_cb_generic *)on_send);
	libssh2_userauth_publickey_frommemory(session, "pgjump", 6, NULL, 0,
	    text, strlen(text), passphrase);
	libssh2_session_free(session);
	return proof.is_found;
}
