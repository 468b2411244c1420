/* SPDX-License-Identifier: PostgreSQL */

/*
 * What no server would accept is an error.  When a certificate is valid is for
 * the clock of the jump box, and its file may be renewed: a warning.
 */
#include "config/certificate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "base/secret.h"
#include "config/config.h"
#include "config/section.h"
#include "key/ssh_certificate_text.h"
#include "key/ssh_key.h"

#define ERROR_MAX 400
#define NAME      "certificate"

static const char *
suffix(const struct config_jump *jump)
{
	return jump->certificate.path != NULL ? "_file" : "";
}

/* --- Its key -------------------------------------------------------------- */

enum match {
	MATCH_YES,
	MATCH_NO,
	MATCH_UNKNOWN, /* the key cannot be read here */
};

static enum match
match_key(const struct ssh_certificate_text *certificate,
    const struct secret *from)
{
	struct ssh_wire bytes = { certificate->line.blob,
		certificate->line.blob_len };
	char error[ERROR_MAX], *text = secret_load(from, error, sizeof error);
	enum match match = MATCH_UNKNOWN;
	struct ssh_blob half;

	if (text != NULL && ssh_key_public_half(text, &half)) {
		match = ssh_certificate_is_of(bytes,
			    (struct ssh_wire){ half.bytes, half.len })
		    ? MATCH_YES
		    : MATCH_NO;
		free(half.bytes);
	}
	secret_free(text);
	return match;
}

/* Whether it is for another key than those that are given. */
static bool
is_of_another_key(const struct config_jump *jump,
    const struct ssh_certificate_text *certificate)
{
	const struct secrets *keys = &jump->private_keys;

	if (config_uses_method(jump, AUTH_METHOD_AGENT))
		return false; /* which may have its key */
	for (size_t i = 0; i < keys->count; i++)
		if (match_key(certificate, &keys->list[i]) != MATCH_NO)
			return false;
	return keys->count > 0;
}

/* --- Its time ------------------------------------------------------------- */

static void
warn_of_time(const struct section *section, const struct config_jump *jump,
    const struct ssh_certificate *says)
{
	static const struct {
		const char *words;
		bool is_begin;
	} times[] = {
		[SSH_CERTIFICATE_EARLY] = { "is not valid before", true },
		[SSH_CERTIFICATE_ENDING] = { "ends soon, at", false },
		[SSH_CERTIFICATE_EXPIRED] = { "has expired, at", false },
	};
	enum ssh_certificate_time time_is = ssh_certificate_time(says,
	    (uint64_t)time(NULL));
	struct ssh_certificate_date date = ssh_certificate_date(
	    times[time_is].is_begin ? says->valid_after : says->valid_before);

	if (time_is != SSH_CERTIFICATE_VALID)
		config_section_warning(section, NAME,
		    config_section_place(section, NAME),
		    "%s: the certificate %s %s", suffix(jump),
		    times[time_is].words, date.text);
}

/* --- All of it ------------------------------------------------------------ */

static void
judge(const struct section *section, const struct config_jump *jump,
    const char *text)
{
	struct ssh_certificate_text certificate;
	const char *wrong = ssh_certificate_text_read(text, &certificate);

	if (wrong[0] != '\0') {
		config_section_error(section, NAME,
		    config_section_place(section, NAME), "%s: %s", suffix(jump),
		    wrong);
		return;
	}
	if (is_of_another_key(jump, &certificate))
		config_section_error(section, NAME,
		    config_section_place(section, NAME),
		    "%s: it certifies the key %s, which private_key is not",
		    suffix(jump), certificate.line.fingerprint);
	warn_of_time(section, jump, &certificate.says);
	ssh_certificate_text_clear(&certificate);
}

/* Whether there may be a key that it certifies. */
static bool
has_key(const struct config_jump *jump)
{
	return jump->private_keys.count > 0 ||
	    config_uses_method(jump, AUTH_METHOD_KEY) ||
	    config_uses_method(jump, AUTH_METHOD_AGENT);
}

static bool
is_same(const struct config_jump *a, const struct config_jump *b)
{
	return secret_equal(&a->certificate, &b->certificate) &&
	    secret_all_equal(&a->private_keys, &b->private_keys) &&
	    has_key(a) == has_key(b) &&
	    config_uses_method(a, AUTH_METHOD_AGENT) ==
	    config_uses_method(b, AUTH_METHOD_AGENT);
}

static bool
is_judged(const struct config *cfg, const struct config_jump *jump)
{
	for (size_t i = 0; i < cfg->jump_box_count; i++)
		if (is_same(&cfg->jump_boxes[i].settings, jump))
			return true;
	for (size_t i = 0; i < cfg->jump_count; i++)
		if (is_same(&cfg->jumps[i], jump))
			return true;
	return false;
}

void
config_certificate_judge(const struct section *section,
    const struct config *cfg, const struct config_jump *jump)
{
	char error[ERROR_MAX], *text;

	if (!secret_is_set(&jump->certificate) ||
	    jump->auth_methods.count == 0 || is_judged(cfg, jump))
		return;
	if (!has_key(jump)) {
		config_section_error(section, NAME,
		    config_section_place(section, NAME),
		    "%s: it is for a private_key or for auth_method agent, and "
		    "neither is set",
		    suffix(jump));
		return;
	}
	text = secret_load(&jump->certificate, error, sizeof error);
	if (text != NULL && !secret_is_redacted(&jump->certificate))
		judge(section, jump, text);
	secret_free(text);
}
