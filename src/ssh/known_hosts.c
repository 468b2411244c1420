/* SPDX-License-Identifier: PostgreSQL */

/*
 * A reader of known_hosts files.  A line is
 *
 *	[@marker] names type base64 [comment]
 *
 * where names are patterns between commas, or one hashed name.  Any other line
 * is skipped and counted as bad, whichever host it names.
 */
#include "ssh/known_hosts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "key/base64.h"
#include "key/ssh_wire.h"

enum {
	FILE_MAX = 16 * 1024 * 1024,
	HASH_LEN = 20, /* HMAC-SHA1, with a salt of the same length */
};

/* A piece of a line; borrowed. */
struct span {
	const char *at;
	size_t len;
};

/*
 * The host that is looked for.  Names are in lower case, as OpenSSH hashes
 * them.
 */
struct wanted {
	char *name; /* "host", or "[host]:port" for a port other than 22 */
	char *bare; /* "host" where name has a port, else NULL */
};

static const struct {
	const char *text;
	enum known_host_mark mark;
} markers[] = {
	{ "@revoked", KNOWN_HOST_REVOKED },
	{ "@cert-authority", KNOWN_HOST_AUTHORITY },
};

/* --- Names ------------------------------------------------------------- */

/* "host" or "[host]:port"; the caller frees the text. */
static char *
host_name(const char *host, unsigned port)
{
	return port == 22 ? xstrdup(host) : xasprintf("[%s]:%u", host, port);
}

static char *
lower(char *text)
{
	for (char *at = text; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	return text;
}

/*
 * Whether a pattern with * and ? matches a name in lower case.  It backtracks
 * to the last star only, so that no pattern takes more than len * len steps.
 */
static bool
pattern_matches(struct span pattern, const char *name)
{
	const char *p = pattern.at, *end = pattern.at + pattern.len;
	const char *after_star = NULL, *retry = NULL;

	while (*name != '\0') {
		if (p < end && *p == '*') {
			after_star = ++p;
			retry = name;
		} else if (p < end &&
		    (*p == '?' || tolower((unsigned char)*p) == *name)) {
			p++;
			name++;
		} else if (after_star != NULL) {
			p = after_star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

/* Take the text before `separator` off the front. */
static struct span
cut(struct span *rest, char separator)
{
	const char *end = memchr(rest->at, separator, rest->len);
	struct span piece = *rest;

	if (end == NULL) {
		rest->at += rest->len;
		rest->len = 0;
		return piece;
	}
	piece.len = (size_t)(end - piece.at);
	rest->at = end + 1;
	rest->len -= piece.len + 1;
	return piece;
}

/* A list matches when one of its patterns does, and none with a '!' does. */
static bool
list_matches(struct span list, const char *name)
{
	bool is_match = false;

	while (list.len > 0) {
		struct span pattern = cut(&list, ',');
		bool is_negated = pattern.len > 0 && pattern.at[0] == '!';

		if (is_negated) {
			pattern.at++;
			pattern.len--;
		}
		if (!pattern_matches(pattern, name))
			continue;
		if (is_negated)
			return false;
		is_match = true;
	}
	return is_match;
}

/* Decode exactly HASH_LEN bytes of base64. */
static bool
decode_hash(struct span text, unsigned char out[HASH_LEN + 1])
{
	size_t len;

	return text.len == BASE64_TEXT_SIZE(HASH_LEN) - 1 &&
	    base64_decode(text.at, text.len, out, &len) && len == HASH_LEN;
}

/* Split and decode "|1|salt|hash". */
static bool
read_hashed(struct span names, unsigned char salt[HASH_LEN + 1],
    unsigned char hash[HASH_LEN + 1])
{
	names.at += 3;
	names.len -= 3;
	return decode_hash(cut(&names, '|'), salt) && decode_hash(names, hash);
}

static bool
hash_matches(const unsigned char *salt, const unsigned char *hash,
    const char *name)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	return HMAC(EVP_sha1(), salt, HASH_LEN, (const unsigned char *)name,
		   strlen(name), digest, &len) != NULL &&
	    len == HASH_LEN && memcmp(digest, hash, HASH_LEN) == 0;
}

static bool
is_hashed(struct span names)
{
	return names.len > 3 && memcmp(names.at, "|1|", 3) == 0;
}

/* Whether the names field can be understood. */
static bool
names_are_sound(struct span names)
{
	unsigned char salt[HASH_LEN + 1], hash[HASH_LEN + 1];

	return names.at[0] != '|' ||
	    (is_hashed(names) && read_hashed(names, salt, hash));
}

/* Whether a sound names field names `name`; false for NULL. */
static bool
names_match(struct span names, const char *name)
{
	unsigned char salt[HASH_LEN + 1], hash[HASH_LEN + 1];

	if (name == NULL)
		return false;
	if (is_hashed(names))
		return read_hashed(names, salt, hash) &&
		    hash_matches(salt, hash, name);
	return list_matches(names, name);
}

/* --- Lines ------------------------------------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Take the next word off the front; empty at the line's end. */
static struct span
next_word(struct span *line)
{
	struct span word;

	while (line->len > 0 && is_blank(*line->at)) {
		line->at++;
		line->len--;
	}
	word = (struct span){ line->at, 0 };
	while (word.len < line->len && !is_blank(word.at[word.len]))
		word.len++;
	line->at += word.len;
	line->len -= word.len;
	return word;
}

static bool
read_marker(struct span word, enum known_host_mark *mark)
{
	for (size_t i = 0; i < sizeof markers / sizeof *markers; i++)
		if (word.len == strlen(markers[i].text) &&
		    memcmp(word.at, markers[i].text, word.len) == 0) {
			*mark = markers[i].mark;
			return true;
		}
	return false;
}

/*
 * Read the key of a line: its base64 must hold a key of the type that the line
 * names.
 */
static bool
read_key(struct span type, struct span text, struct known_host *host)
{
	struct ssh_wire wire, name;

	if (type.len == 0 || type.len >= sizeof host->type || text.len == 0)
		return false;
	host->blob = xmalloc(BASE64_BYTES_MAX(text.len));
	if (base64_decode(text.at, text.len, host->blob, &host->blob_len)) {
		wire = (struct ssh_wire){ host->blob, host->blob_len };
		memcpy(host->type, type.at, type.len);
		host->type[type.len] = '\0';
		if (ssh_wire_string(&wire, &name) &&
		    ssh_wire_is(&name, host->type))
			return true;
	}
	free(host->blob);
	return false;
}

static void
add(struct known_hosts *hosts, const struct known_host *take)
{
	hosts->lines = xreallocarray(hosts->lines, hosts->count + 1,
	    sizeof *hosts->lines);
	hosts->lines[hosts->count++] = *take;
}

/* Read one line, and keep it if it names the host.  False: it is a bad line. */
static bool
read_line(struct known_hosts *hosts, struct span line,
    const struct wanted *wanted, struct known_host *host)
{
	struct span names = next_word(&line), type;

	if (names.len == 0 || names.at[0] == '#')
		return true;
	if (names.at[0] == '@') {
		if (!read_marker(names, &host->mark))
			return false;
		names = next_word(&line);
	}
	type = next_word(&line);
	if (names.len == 0 || !names_are_sound(names) ||
	    !read_key(type, next_word(&line), host))
		return false;
	host->is_bare = !names_match(names, wanted->name);
	if (!host->is_bare || names_match(names, wanted->bare))
		add(hosts, host);
	else
		free(host->blob);
	return true;
}

void
known_hosts_parse(struct known_hosts *hosts, const char *file, const char *text,
    size_t len, const char *host, unsigned port)
{
	struct wanted wanted = {
		.name = lower(host_name(host, port)),
		.bare = port == 22 ? NULL : lower(xstrdup(host)),
	};
	struct span rest = { text, len };

	for (unsigned line = 1; rest.len > 0; line++) {
		struct known_host found = { .file = file, .line = line };

		if (!read_line(hosts, cut(&rest, '\n'), &wanted, &found))
			hosts->bad_lines++;
	}
	free(wanted.name);
	free(wanted.bare);
}

/* --- Files ------------------------------------------------------------- */

/* Read until the end; false with errno. */
static bool
read_all(int fd, char **text, size_t *len)
{
	size_t size = 0;
	ssize_t got;

	*text = NULL;
	*len = 0;
	for (;;) {
		if (*len == size) {
			size = size > 0 ? size * 2 : 8192;
			*text = xreallocarray(*text, size, 1);
		}
		got = read(fd, *text + *len, size - *len);
		if (got == 0)
			return true;
		if (got < 0 && errno == EINTR)
			continue;
		if (got > 0)
			*len += (size_t)got;
		if (*len > FILE_MAX)
			errno = EFBIG;
		if (got < 0 || *len > FILE_MAX)
			return false;
	}
}

bool
known_hosts_read(struct known_hosts *hosts, const char *file, const char *host,
    unsigned port)
{
	/* Do not block: the path may be a pipe to which nobody writes. */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len;
	char *text;
	bool is_read;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR;
	is_read = read_all(fd, &text, &len);
	if (is_read)
		known_hosts_parse(hosts, file, text, len, host, port);
	free(text);
	close(fd);
	return is_read;
}

const struct known_host *
known_hosts_find(const struct known_hosts *known, enum known_host_mark mark,
    bool is_bare, const char *type)
{
	for (size_t i = 0; i < known->count; i++) {
		const struct known_host *line = &known->lines[i];

		if (line->mark == mark && line->is_bare == is_bare &&
		    (type == NULL || strcmp(line->type, type) == 0))
			return line;
	}
	return NULL;
}

const struct known_host *
known_hosts_find_key(const struct known_hosts *known, enum known_host_mark mark,
    const unsigned char *blob, size_t blob_len)
{
	const struct known_host *bare = NULL;

	for (size_t i = 0; i < known->count; i++) {
		const struct known_host *line = &known->lines[i];

		if (line->mark != mark || line->blob_len != blob_len ||
		    memcmp(line->blob, blob, blob_len) != 0)
			continue;
		if (!line->is_bare)
			return line;
		if (bare == NULL)
			bare = line;
	}
	return bare;
}

char *
known_hosts_line(const char *host, unsigned port, const char *type,
    const unsigned char *blob, size_t blob_len)
{
	char *name, *text, *line;

	if (host[0] == '\0' || strpbrk(host, " \t\r\n,*?!|#@[]") != NULL)
		return NULL;
	name = lower(host_name(host, port));
	text = xmalloc(BASE64_TEXT_SIZE(blob_len));
	base64_encode(text, blob, blob_len);
	line = xasprintf("%s %s %s", name, type, text);
	free(name);
	free(text);
	return line;
}

void
known_hosts_clear(struct known_hosts *hosts)
{
	for (size_t i = 0; i < hosts->count; i++)
		free(hosts->lines[i].blob);
	free(hosts->lines);
	*hosts = (struct known_hosts){ 0 };
}
