/* SPDX-License-Identifier: PostgreSQL */

/*
 * Every option of a configuration file, a row for each: its section, name,
 * type, range, default, field, and a sentence, which an error quotes where the
 * option is required and missing.  Parsing, defaults, error texts and the test
 * of the documentation are made from these rows.
 */
#ifndef PGJUMP_CONFIG_OPTIONS_H
#define PGJUMP_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum option_section {
	SECTION_GLOBAL,     /* beside `connections` */
	SECTION_CONNECTION, /* struct config_connection */
	SECTION_TUNNEL, /* in ssh_tunnel and jump_boxes: struct config_jump */
	SECTION_SSL,    /* in ssl_config: struct config_connection */
	SECTION_COUNT,
};

/* The type decides how a scalar is read, and the type of the field. */
enum option_type {
	OPTION_TEXT,        /* char * */
	OPTION_HOST,        /* char *: a name or an address, no port */
	OPTION_HOST_OR_DIR, /* char *: the same, or an absolute path */
	OPTION_SOCKET,      /* char *: absolute path of a Unix socket */
	OPTION_NAME,        /* char *: [a-zA-Z0-9_-]{1,64} */
	OPTION_NUMBER,      /* unsigned */
	OPTION_DURATION,    /* int64_t, milliseconds */
	OPTION_FLAG,        /* bool */
	OPTION_WORD,        /* an enum: one of `words` */
	OPTION_WORDS,       /* struct config_words: one or a list of `words` */
	OPTION_SECRET,      /* struct secret; KEY_file as well */
	OPTION_SECRETS, /* struct secrets: one or a list; KEY_file as well */
	OPTION_PEM,     /* the same for a certificate, which is public */
	OPTION_CERTIFICATE, /* the same for a certificate of OpenSSH */
	OPTION_SPECIAL,     /* no field: a list, a mapping, its own form */
	OPTION_TYPE_COUNT,
};

enum option_need {
	NEED_OPTIONAL,
	NEED_REQUIRED,
};

/* A word of OPTION_WORD or OPTION_WORDS. */
struct option_word {
	const char *word; /* NULL ends a list */
	int value;
};

#define OPTION_NO_FIELD ((size_t)-1)

struct option {
	enum option_section section;
	const char *name;
	enum option_type type;
	enum option_need need;
	size_t offset;    /* of the field in the section's struct */
	int64_t min, max; /* of a number; of a duration in milliseconds */
	const struct option_word *words;
	const char
	    *fallback;       /* the default as a file would write it; or NULL */
	const char *expects; /* what is allowed, if the type does not say it */
	const char *sentence;
};

extern const struct option config_options[];
extern const size_t config_option_count;

/* "verify-ca": the word of ssl_config.mode, and of libpq. */
const char *config_options_ssl_mode(enum ssl_mode);

/* "socks5": the word of proxy_type; not for PROXY_NONE. */
const char *config_options_proxy_type(enum proxy_type);

/* The name of a section for messages: "a connection", "ssh_tunnel". */
const char *config_options_title(enum option_section);

/*
 * The row of a key; NULL if the section has no such key.  The row of
 * "password_file" is that of "password", and *is_file is true.
 */
const struct option *config_options_find(enum option_section, const char *key,
    bool *is_file);

/*
 * The key of the section that is nearest to an unknown one, into a buffer of
 * NEAREST_LEN_MAX + 1; "": none is near.
 */
void config_options_nearest(enum option_section, const char *key, char *word);

/* "; it belongs in ssh_tunnel"; false: it is a key of no section. */
bool config_options_hint_section(const char *key, char *hint, size_t size);

#endif
