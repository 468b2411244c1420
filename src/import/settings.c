/* SPDX-License-Identifier: PostgreSQL */

/*
 * Refuses to know what any key means.
 */
#include "import/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"

static void
add(struct import_settings *settings, const char *line, size_t len)
{
	const char *blank = memchr(line, ' ', len);
	size_t key_len = blank != NULL ? (size_t)(blank - line) : len;
	size_t value_at = blank != NULL ? key_len + 1 : len;

	if (key_len == 0)
		return;
	settings->list = xreallocarray(settings->list, settings->count + 1,
	    sizeof *settings->list);
	settings->list[settings->count++] = (struct import_setting){
		.key = xstrndup(line, key_len),
		.value = xstrndup(line + value_at, len - value_at),
	};
}

void
import_settings_read(struct import_settings *settings, const char *printed)
{
	size_t len;

	for (; *printed != '\0'; printed += len) {
		len = strcspn(printed, "\n");
		add(settings, printed, len);
		len += printed[len] == '\n';
	}
}

void
import_settings_clear(struct import_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		free(settings->list[i].key);
		free(settings->list[i].value);
	}
	free(settings->list);
	*settings = (struct import_settings){ 0 };
}

const char *
import_settings_next(const struct import_settings *settings, const char *key,
    size_t *at)
{
	while (*at < settings->count) {
		const struct import_setting *setting = &settings->list[(*at)++];

		if (strcmp(setting->key, key) == 0)
			return setting->value;
	}
	return NULL;
}

const char *
import_settings_get(const struct import_settings *settings, const char *key)
{
	size_t at = 0;
	const char *value = import_settings_next(settings, key, &at);

	return value != NULL && strcmp(value, "none") == 0 ? NULL : value;
}

bool
import_settings_agree(const struct import_settings *a,
    const struct import_settings *b, const char *key)
{
	size_t a_at = 0, b_at = 0;
	const char *value;

	do {
		value = import_settings_next(a, key, &a_at);
		if (!text_equal(value, import_settings_next(b, key, &b_at)))
			return false;
	} while (value != NULL);
	return true;
}
