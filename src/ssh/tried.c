/* SPDX-License-Identifier: PostgreSQL */

/* What exceeds the list is not told. */
#include "ssh/tried.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const names[] = {
	[SSH_TRIED_NONE] = "none",
	[SSH_TRIED_AGENT] = "agent",
	[SSH_TRIED_AGENT_KEY] = "agent key",
	[SSH_TRIED_AGENT_CERTIFICATE] = "agent certificate of",
	[SSH_TRIED_KEY] = "key",
	[SSH_TRIED_CERTIFICATE] = "certificate of",
	[SSH_TRIED_PASSWORD] = "password",
	[SSH_TRIED_PROMPTS] = "keyboard-interactive",
};

void
ssh_tried_add(struct ssh_tried *tried, enum ssh_tried_what what,
    const char *key, enum ssh_tried_end end, const char *words)
{
	struct ssh_try *try;

	if (tried->count == SSH_TRIED_MAX)
		return;
	try = &tried->list[tried->count++];
	*try = (struct ssh_try){ .what = what, .end = end };
	text_printable(try->key, sizeof try->key, key, strlen(key));
	text_printable(try->words, sizeof try->words, words, strlen(words));
}

bool
ssh_tried_has_rejected(const struct ssh_tried *tried, const char *fingerprint)
{
	for (size_t i = 0; i < tried->count; i++) {
		const struct ssh_try *try = &tried->list[i];

		if (try->end == SSH_TRIED_REJECTED &&
		    try->what != SSH_TRIED_AGENT_CERTIFICATE &&
		    try->what != SSH_TRIED_CERTIFICATE &&
		    strcmp(try->key, fingerprint) == 0)
			return true;
	}
	return false;
}

size_t
ssh_tried_rejections(const struct ssh_tried *tried, size_t from)
{
	size_t rejections = 0;

	for (size_t i = from; i < tried->count; i++)
		rejections += tried->list[i].end == SSH_TRIED_REJECTED;
	return rejections;
}

void
ssh_tried_describe(const struct ssh_try *try, char *buf, size_t size)
{
	const char *end = try->words;

	if (try->end == SSH_TRIED_REJECTED)
		end = "rejected";
	else if (try->end == SSH_TRIED_ACCEPTED)
		end = "accepted";
	snprintf(buf, size, "%s%s%s (%s)", names[try->what],
	    try->key[0] != '\0' ? " " : "", try->key, end);
}

void
ssh_tried_words(const struct ssh_tried *tried, size_t from, char *buf,
    size_t size)
{
	char one[300];
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = from; i < tried->count && used < size; i++) {
		if (tried->list[i].end == SSH_TRIED_ACCEPTED)
			continue;
		ssh_tried_describe(&tried->list[i], one, sizeof one);
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
		    used > 0 ? ", " : "", one);
	}
}
