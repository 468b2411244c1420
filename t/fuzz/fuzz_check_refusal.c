/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever libpq says of a login that failed, which is in large part what the
 * database said: it makes a failure of the database, and text for a terminal.
 */
#include "fuzz.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "check/refusal.h"

static void
check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	assert(len < size);
	for (size_t i = 0; i < len; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
}

static void
check_code(enum failure code)
{
	static const enum failure codes[] = { FAIL_DB_HANGUP,
		FAIL_DB_HANGUP_PASSWORD, FAIL_DB_TLS_FAILED,
		FAIL_DB_NOT_POSTGRES, FAIL_DB_REJECTED };
	bool is_known = false;

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		is_known |= code == codes[i];
	assert(is_known);
}

/* SQLSTATE: the database has said why, and is PostgreSQL. */
static void
check_state(const struct check_refusal *refusal, const struct fault *fault)
{
	if (refusal->sqlstate[0] == '\0')
		return;
	assert(strlen(refusal->sqlstate) == 5);
	for (int i = 0; i < 5; i++)
		assert(isdigit((unsigned char)refusal->sqlstate[i]) ||
		    isupper((unsigned char)refusal->sqlstate[i]));
	assert(fault->code == FAIL_DB_REJECTED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *said = xstrndup((const char *)data, len);
	struct check_refusal refusal = { 0 };
	struct fault fault = { 0 };
	enum failure code = check_refusal_read(said, len % 2 == 0, &refusal,
	    &fault);

	assert(code == fault.code);
	check_code(code);
	check_state(&refusal, &fault);
	check_text(refusal.message, sizeof refusal.message);
	check_text(fault.words, sizeof fault.words);
	free(said);
	return 0;
}
