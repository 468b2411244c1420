/* SPDX-License-Identifier: PostgreSQL */

/*
 * Promises that every copy of a secret that it made or was given is wiped
 * before its memory is released, and that opening a file never waits: a FIFO is
 * refused instead of waited for.
 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xmalloc.h"

/* Far more than any key or password. */
#define FILE_MAX ((size_t)1 << 20)

bool
secret_is_set(const struct secret *secret)
{
	return secret->text != NULL || secret->path != NULL;
}

bool
secret_is_redacted(const struct secret *secret)
{
	return secret->text != NULL &&
	    strcmp(secret->text, SECRET_REDACTED) == 0;
}

struct secret
secret_copy(const struct secret *secret)
{
	return (struct secret){
		.text = xstrdup(secret->text),
		.path = xstrdup(secret->path),
		.reference = xstrdup(secret->reference),
	};
}

/* Two redacted secrets are equal only if they came from the same variable. */
bool
secret_equal(const struct secret *a, const struct secret *b)
{
	return text_equal(a->text, b->text) && text_equal(a->path, b->path) &&
	    (!secret_is_redacted(a) || text_equal(a->reference, b->reference));
}

/*
 * Fill `buf` from the descriptor; -1 with errno, which is EFBIG if `buf` is
 * full.
 */
static ssize_t
read_all(int fd, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while ((got = read(fd, buf + used, size - used)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		used += (size_t)got;
		if (used == size) {
			errno = EFBIG;
			return -1;
		}
	}
	return (ssize_t)used;
}

/* The length without the line end that an editor adds. */
static size_t
without_line_end(const char *text, size_t len)
{
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	return len;
}

/* The text of an open file; NULL, and *why, if it cannot be used. */
static char *
read_text(int fd, const char **why)
{
	char *buf = NULL, *text = NULL;
	struct stat status;
	ssize_t len;

	if (fstat(fd, &status) != 0) {
		*why = strerror(errno);
		return NULL;
	}
	if (!S_ISREG(status.st_mode)) {
		*why = "not a regular file";
		return NULL;
	}
	buf = xmalloc(FILE_MAX + 1);
	len = read_all(fd, buf, FILE_MAX + 1);
	if (len < 0)
		*why = errno == EFBIG ? "larger than 1 MB" : strerror(errno);
	else if (memchr(buf, '\0', (size_t)len) != NULL)
		*why = "holds a NUL byte; it is not a text file";
	else
		text = xstrndup(buf, without_line_end(buf, (size_t)len));
	secret_wipe(buf, FILE_MAX + 1);
	free(buf);
	return text;
}

char *
secret_load(const struct secret *secret, char *error, size_t size)
{
	const char *why = "";
	char *text;
	int fd;

	error[0] = '\0';
	if (secret->path == NULL)
		return xstrdup(secret->text);
	fd = open(secret->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		snprintf(error, size, "cannot read %s: %s", secret->path,
		    strerror(errno));
		return NULL;
	}
	text = read_text(fd, &why);
	close(fd);
	if (text == NULL)
		snprintf(error, size, "cannot read %s: %s", secret->path, why);
	return text;
}

void
secret_wipe(void *bytes, size_t len)
{
	OPENSSL_cleanse(bytes, len);
}

void
secret_free(char *text)
{
	if (text != NULL)
		secret_wipe(text, strlen(text));
	free(text);
}

void
secret_clear(struct secret *secret)
{
	secret_free(secret->text);
	free(secret->path);
	free(secret->reference);
	*secret = (struct secret){ 0 };
}

struct secret *
secret_append(struct secrets *secrets)
{
	struct secret *last;

	secrets->list = xreallocarray(secrets->list, secrets->count + 1,
	    sizeof *secrets->list);
	last = &secrets->list[secrets->count++];
	*last = (struct secret){ 0 };
	return last;
}

bool
secret_all_equal(const struct secrets *a, const struct secrets *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!secret_equal(&a->list[i], &b->list[i]))
			return false;
	return true;
}

void
secret_clear_all(struct secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++)
		secret_clear(&secrets->list[i]);
	free(secrets->list);
	*secrets = (struct secrets){ 0 };
}
