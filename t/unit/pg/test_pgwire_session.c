/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where a session stands when one way ends, and which bytes are read to know
 * it: the other bytes lie in a page that may not be read.
 */
#include "pg/pgwire_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pg/pgwire.h"

/* A text with NULs in it, without the one at its end. */
#define BYTES(text) text, sizeof(text) - 1

/* --- Moments -------------------------------------------------------------- */

#define READY       "Z\0\0\0\5I"
#define READY_IN    "Z\0\0\0\5T"
#define AUTH_OK     "R\0\0\0\10\0\0\0\0"
#define QUERY       "Q\0\0\0\6x\0"
#define SYNC        "S\0\0\0\4"
#define PARSE       "P\0\0\0\5\0"
#define EXECUTE     "E\0\0\0\5\0"
#define FUNCTION    "F\0\0\0\4"
#define TERMINATE   "X\0\0\0\4"
#define PASSWORD    "p\0\0\0\6x\0"
#define COPY_DATA   "d\0\0\0\7abc"
#define COPY_DONE   "c\0\0\0\4"
#define COPY_FAIL   "f\0\0\0\5\0"
#define COPY_IN     "G\0\0\0\7\0\0\0"
#define COPY_OUT    "H\0\0\0\7\0\0\0"
#define COPY_BOTH   "W\0\0\0\7\0\0\0"
#define COMPLETE    "C\0\0\0\6x\0"
#define ROW         "D\0\0\0\10abcd"
#define PLAIN_ERROR "E\0\0\0\23SERROR\0C42601\0\0"
#define FATAL_ERROR "E\0\0\0\25SFATAL\0C57P01\0M\0\0"

/* Bytes of the client (`is_front`) or of the database. */
struct step {
	bool is_front;
	const char *bytes;
	size_t len;
};

#define FRONT(text)               \
	{                         \
		true, BYTES(text) \
	}
#define BACK(text)                 \
	{                          \
		false, BYTES(text) \
	}

static const struct session_case {
	const char *name;
	struct step steps[10];
	enum pgwire_moment moment;
} session_cases[] = {
	{ "nothing yet", { BACK("") }, PGWIRE_STARTING },
	{ "authenticated", { BACK(AUTH_OK) }, PGWIRE_STARTING },
	{ "password sent", { BACK(AUTH_OK), FRONT(PASSWORD) },
	    PGWIRE_STARTING },
	{ "up", { FRONT(PASSWORD), BACK(AUTH_OK READY) }, PGWIRE_IDLE },
	{ "in a transaction", { BACK(READY_IN) }, PGWIRE_IDLE },
	{ "query", { BACK(READY), FRONT(QUERY) }, PGWIRE_BUSY },
	{ "rows", { BACK(READY), FRONT(QUERY), BACK(ROW ROW) }, PGWIRE_BUSY },
	{ "answered", { BACK(READY), FRONT(QUERY), BACK(ROW COMPLETE READY) },
	    PGWIRE_IDLE },
	{ "two queries, one answer",
	    { BACK(READY), FRONT(QUERY QUERY), BACK(COMPLETE READY) },
	    PGWIRE_BUSY },
	{ "two queries, two answers",
	    { BACK(READY), FRONT(QUERY QUERY), BACK(READY), BACK(READY) },
	    PGWIRE_IDLE },
	{ "function call", { BACK(READY), FRONT(FUNCTION) }, PGWIRE_BUSY },
	{ "parse without sync", { BACK(READY), FRONT(PARSE) },
	    PGWIRE_BUSY_EXTENDED },
	{ "pipeline: the answer of the first half",
	    { BACK(READY), FRONT(PARSE SYNC PARSE), BACK(READY) },
	    PGWIRE_BUSY_EXTENDED },
	{ "extended query",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(ROW READY) },
	    PGWIRE_IDLE },
	{ "extended query, not answered",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(ROW) },
	    PGWIRE_BUSY_EXTENDED },
	{ "a query after an extended one",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(READY),
		FRONT(QUERY) },
	    PGWIRE_BUSY },
	{ "a query behind an extended one",
	    { BACK(READY), FRONT(PARSE SYNC QUERY) }, PGWIRE_BUSY_EXTENDED },
	{ "half a frontend header", { BACK(READY), FRONT("Q\0\0") },
	    PGWIRE_BUSY },
	{ "terminate", { BACK(READY), FRONT(TERMINATE) }, PGWIRE_IDLE },
	{ "notice while idle", { BACK(READY), BACK("N\0\0\0\6x\0") },
	    PGWIRE_IDLE },
	{ "error, then ready",
	    { BACK(READY), FRONT(QUERY), BACK(PLAIN_ERROR READY) },
	    PGWIRE_IDLE },
	{ "error, not ready", { BACK(READY), FRONT(QUERY), BACK(PLAIN_ERROR) },
	    PGWIRE_BUSY },
	{ "fatal", { BACK(READY), FRONT(QUERY), BACK(FATAL_ERROR) },
	    PGWIRE_OVER },
	{ "fatal at login", { BACK(FATAL_ERROR) }, PGWIRE_OVER },
	{ "cut header", { BACK(READY), BACK("D\0\0") }, PGWIRE_CUT },
	{ "cut body", { BACK(READY), BACK("D\0\0\0\10ab") }, PGWIRE_CUT },
	{ "cut and continued",
	    { BACK(READY), BACK("D\0\0\0\10ab"), BACK("cd") }, PGWIRE_IDLE },
	{ "framing lost", { BACK(READY), BACK("D\0\0\0\3ab" READY) },
	    PGWIRE_CUT },
	{ "copy in",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_IN),
		FRONT(COPY_DATA COPY_DATA) },
	    PGWIRE_BUSY },
	{ "copy in, done",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_IN),
		FRONT(COPY_DATA COPY_DONE), BACK(COMPLETE READY) },
	    PGWIRE_IDLE },
	{ "copy in, failed by the database",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_IN), FRONT(COPY_DATA),
		BACK(PLAIN_ERROR READY) },
	    PGWIRE_IDLE },
	{ "copy in by the extended protocol: the first Sync is ignored",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(COPY_IN),
		FRONT(COPY_DATA COPY_DONE SYNC), BACK(COMPLETE READY) },
	    PGWIRE_IDLE },
	{ "copy in by the extended protocol, Sync amid the data",
	    { BACK(READY), FRONT(PARSE EXECUTE), BACK(COPY_IN),
		FRONT(COPY_DATA SYNC COPY_FAIL SYNC), BACK(PLAIN_ERROR READY) },
	    PGWIRE_IDLE },
	{ "copy in by the extended protocol, not answered",
	    { BACK(READY), FRONT(PARSE EXECUTE SYNC), BACK(COPY_IN),
		FRONT(COPY_DATA COPY_DONE SYNC), BACK(COMPLETE) },
	    PGWIRE_BUSY_EXTENDED },
	{ "copy out", { BACK(READY), FRONT(QUERY), BACK(COPY_OUT COPY_DATA) },
	    PGWIRE_BUSY },
	{ "copy out, done",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_OUT COPY_DATA COPY_DONE),
		BACK(COMPLETE READY) },
	    PGWIRE_IDLE },
	{ "replication",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_BOTH COPY_DATA),
		FRONT(COPY_DATA), BACK(COPY_DATA) },
	    PGWIRE_BUSY },
	{ "replication ended",
	    { BACK(READY), FRONT(QUERY), BACK(COPY_BOTH COPY_DATA),
		FRONT(COPY_DATA COPY_DONE),
		BACK(COPY_DONE COMPLETE COMPLETE READY) },
	    PGWIRE_IDLE },
};

static void
run_step(struct pgwire_session *session, const struct step *step, size_t piece)
{
	for (size_t at = 0; at < step->len; at += piece) {
		size_t len = step->len - at < piece ? step->len - at : piece;

		if (step->is_front)
			pgwire_session_front(session, step->bytes + at, len);
		else
			pgwire_session_back(session, step->bytes + at, len);
	}
}

/* The moment never depends on the sizes of reads. */
static void
a_session_stands_where_its_messages_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof session_cases / sizeof *session_cases;
	     i++) {
		const struct session_case *c = &session_cases[i];

		for (size_t piece = 1; piece <= 40; piece++) {
			struct pgwire_session session = { 0 };

			for (size_t j = 0; j < 10 && c->steps[j].bytes; j++)
				run_step(&session, &c->steps[j], piece);
			if (pgwire_session_moment(&session) != c->moment)
				fail_msg("%s, in pieces of %zu: %d", c->name,
				    piece, pgwire_session_moment(&session));
		}
	}
}

static void
rest_is_idle_outside_a_transaction(void **state)
{
	struct pgwire_session session = { 0 };

	(void)state;
	assert_false(pgwire_session_is_at_rest(&session));
	pgwire_session_back(&session, BYTES(READY));
	assert_true(pgwire_session_is_at_rest(&session));
	pgwire_session_back(&session, BYTES(READY_IN));
	assert_false(pgwire_session_is_at_rest(&session));
	pgwire_session_back(&session, BYTES(READY));
	pgwire_session_front(&session, BYTES(QUERY));
	assert_false(pgwire_session_is_at_rest(&session));
}

static void
the_last_error_is_kept(void **state)
{
	struct pgwire_session session = { 0 };
	struct pgwire_error_fields fields;

	(void)state;
	pgwire_session_back(&session, BYTES(PLAIN_ERROR FATAL_ERROR));
	assert_true(session.is_over);
	pgwire_error_fields(session.error, session.error_len, &fields);
	assert_string_equal(fields.sqlstate, "57P01");
}

#define WARNING "N\0\0\0\45SWARNING\0C57P02\0Mit has crashed\0\0"
#define NOTICE  "N\0\0\0\27SNOTICE\0C00000\0Mx\0\0"

/* A notice tells why the connection ends only if it comes last. */
static void
a_warning_of_the_end_is_kept(void **state)
{
	struct pgwire_session session = { 0 };
	struct pgwire_error_fields fields;

	(void)state;
	pgwire_session_back(&session, BYTES(READY NOTICE));
	assert_false(session.is_warned);
	for (size_t i = 0; i < sizeof WARNING - 1; i++) {
		assert_false(session.is_warned);
		pgwire_session_back(&session, WARNING + i, 1);
	}
	assert_true(session.is_warned);
	pgwire_error_fields(session.error, session.error_len, &fields);
	assert_string_equal(fields.message, "it has crashed");
	assert_int_equal(pgwire_session_moment(&session), PGWIRE_IDLE);
	pgwire_session_back(&session, BYTES(READY));
	assert_false(session.is_warned);
	pgwire_session_back(&session, BYTES(FATAL_ERROR WARNING));
	pgwire_error_fields(session.error, session.error_len, &fields);
	assert_string_equal(fields.sqlstate, "57P01");
}

/* An error that is too long to be kept is still followed to its end. */
static void
a_long_error_is_followed(void **state)
{
	struct pgwire_session session = { 0 };
	unsigned char buf[PGWIRE_ERROR_MAX];
	char detail[4000];
	const struct pgwire_text text = { "FATAL", "57P01", "gone", detail,
		NULL };
	size_t len;

	(void)state;
	memset(detail, 'd', sizeof detail);
	detail[sizeof detail - 1] = '\0';
	len = pgwire_error(buf, &text);
	pgwire_session_back(&session, BYTES(READY));
	for (size_t i = 0; i < len; i++)
		pgwire_session_back(&session, buf + i, 1);
	assert_int_equal(session.error_len, PGWIRE_ERROR_KEPT);
	assert_int_equal(pgwire_session_moment(&session), PGWIRE_OVER);
}

/* --- Bytes that are read -------------------------------------------------- */

/* Three pages side by side; the middle one may not be read. */
struct pages {
	size_t size;
	unsigned char *bytes;
};

static unsigned char *
forbidden(const struct pages *pages)
{
	return pages->bytes + pages->size;
}

static int
set_up(void **state)
{
	struct pages *pages = calloc(1, sizeof *pages);

	assert_non_null(pages);
	pages->size = (size_t)sysconf(_SC_PAGESIZE);
	pages->bytes = mmap(NULL, 3 * pages->size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages->bytes, MAP_FAILED);
	assert_int_equal(mprotect(forbidden(pages), pages->size, PROT_NONE), 0);
	*state = pages;
	return 0;
}

static int
tear_down(void **state)
{
	struct pages *pages = *state;

	munmap(pages->bytes, 3 * pages->size);
	free(pages);
	return 0;
}

/*
 * A message whose body has `len` bytes.  Its header and the first `in_sight`
 * bytes of the body may be read; the forbidden page begins behind them.
 */
static const unsigned char *
message(const struct pages *pages, char type, size_t len, size_t in_sight)
{
	unsigned char *header = forbidden(pages) - in_sight - 5;
	uint32_t total = (uint32_t)len + 4;

	header[0] = (unsigned char)type;
	for (int i = 0; i < 4; i++)
		header[1 + i] = (unsigned char)(total >> (24 - 8 * i));
	memset(header + 5, 'x', in_sight);
	return header;
}

typedef void follow_fn(struct pgwire_session *, const void *bytes, size_t len);

/* One body comes with its header, another in three reads without it. */
static struct pgwire_session
follow_unseen(const struct pages *pages, follow_fn *follow, char type)
{
	const unsigned char *header = message(pages, type, pages->size, 0);
	const unsigned char *body = forbidden(pages);
	struct pgwire_session session = { 0 };

	follow(&session, header, 5 + pages->size);
	follow(&session, header, 5);
	follow(&session, body, 1);
	follow(&session, body + 1, pages->size - 2);
	follow(&session, body + pages->size - 1, 1);
	return session;
}

static void
a_client_s_body_is_not_looked_at(void **state)
{
	for (int type = 0; type < 256; type++) {
		struct pgwire_session session = follow_unseen(*state,
		    pgwire_session_front, (char)type);

		pgwire_session_front(&session, BYTES(FUNCTION));
		assert_int_equal(session.last_asked, 'F');
	}
}

static void
nor_is_a_database_s(void **state)
{
	for (int type = 0; type < 256; type++) {
		struct pgwire_session session;

		if (type == 'E' || type == 'N' || type == 'Z')
			continue;
		session = follow_unseen(*state, pgwire_session_back,
		    (char)type);
		pgwire_session_back(&session, BYTES(READY));
		assert_int_equal(pgwire_session_moment(&session), PGWIRE_IDLE);
	}
}

static void
of_an_error_what_is_kept_is_looked_at(void **state)
{
	const struct pages *pages = *state;
	size_t len = PGWIRE_ERROR_KEPT + pages->size;
	struct pgwire_session session = { 0 };

	pgwire_session_back(&session,
	    message(pages, 'E', len, PGWIRE_ERROR_KEPT), 5 + len);
	assert_int_equal(session.error_len, PGWIRE_ERROR_KEPT);
	pgwire_session_back(&session, BYTES(READY));
	assert_int_equal(pgwire_session_moment(&session), PGWIRE_IDLE);
}

static void
of_ready_for_query_the_status_is_looked_at(void **state)
{
	const struct pages *pages = *state;
	struct pgwire_session session = { 0 };

	forbidden(pages)[pages->size] = 'T';
	pgwire_session_back(&session, message(pages, 'Z', pages->size + 1, 0),
	    5 + pages->size + 1);
	assert_int_equal(session.status, 'T');
}

/* Bytes that were passed once lie in the forbidden page afterwards. */
static void
no_byte_is_looked_at_twice(void **state)
{
	static const char row[] = ROW READY_IN;
	const struct pages *pages = *state;
	unsigned char *copy = pages->bytes;

	for (size_t cut = 1; cut < sizeof row - 1; cut++) {
		struct pgwire_session session = { 0 };

		memcpy(copy, row, cut);
		pgwire_session_back(&session, copy, cut);
		assert_int_equal(mprotect(copy, pages->size, PROT_NONE), 0);
		pgwire_session_back(&session, row + cut, sizeof row - 1 - cut);
		assert_int_equal(session.status, 'T');
		assert_int_equal(pgwire_session_moment(&session), PGWIRE_IDLE);
		assert_int_equal(mprotect(copy, pages->size,
				     PROT_READ | PROT_WRITE),
		    0);
	}
}

#define IN_PAGES(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_stands_where_its_messages_say),
		cmocka_unit_test(rest_is_idle_outside_a_transaction),
		cmocka_unit_test(the_last_error_is_kept),
		cmocka_unit_test(a_warning_of_the_end_is_kept),
		cmocka_unit_test(a_long_error_is_followed),
		IN_PAGES(a_client_s_body_is_not_looked_at),
		IN_PAGES(nor_is_a_database_s),
		IN_PAGES(of_an_error_what_is_kept_is_looked_at),
		IN_PAGES(of_ready_for_query_the_status_is_looked_at),
		IN_PAGES(no_byte_is_looked_at_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
