/* SPDX-License-Identifier: PostgreSQL */

/*
 * Its user knows how long the text may become; more is a mistake of pgjump.
 */
#include "command/dsn_writer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command/dsn_value.h"

static const char name_is_lost[] =
    "this client cannot compare the name in the certificate, because it "
    "connects to the address of pgjump: sslmode=verify-ca takes the place of "
    "verify-full";

static void
put_len(struct dsn_writer *writer, const char *text, size_t len)
{
	assert(len < writer->size - writer->len);
	memcpy(writer->text + writer->len, text, len);
	writer->len += len;
	writer->text[writer->len] = '\0';
}

void
dsn_writer_put(struct dsn_writer *writer, const char *text)
{
	put_len(writer, text, strlen(text));
}

void
dsn_writer_escaped(struct dsn_writer *writer, const char *text,
    const char *special, char escape)
{
	for (; *text != '\0'; text++) {
		if (strchr(special, *text) != NULL)
			put_len(writer, &escape, 1);
		put_len(writer, text, 1);
	}
}

void
dsn_writer_percent(struct dsn_writer *writer, const char *text)
{
	char code[4];

	for (; *text != '\0'; text++) {
		if (strchr(TEXT_LETTERS TEXT_DIGITS "-._~", *text) != NULL) {
			put_len(writer, text, 1);
			continue;
		}
		snprintf(code, sizeof code, "%%%02X", (unsigned char)*text);
		dsn_writer_put(writer, code);
	}
}

void
dsn_writer_refuse(struct dsn_writer *writer, const char *why)
{
	writer->is_refused = true;
	writer->remark = why;
}

const char *
dsn_writer_host(const struct dsn *dsn)
{
	return dsn->dir != NULL ? dsn->dir : dsn->host;
}

const char *
dsn_writer_name(const struct dsn *dsn)
{
	return dsn_writer_address(dsn) != NULL ? dsn->verified_name
					       : dsn_writer_host(dsn);
}

const char *
dsn_writer_address(const struct dsn *dsn)
{
	return dsn->verified_name != NULL && dsn->dir == NULL ? dsn->host
							      : NULL;
}

const char *
dsn_writer_weaker_mode(struct dsn_writer *writer, const struct dsn *dsn)
{
	if (dsn_writer_address(dsn) == NULL)
		return dsn->ssl_mode;
	writer->remark = name_is_lost;
	return "verify-ca";
}
