/* SPDX-License-Identifier: PostgreSQL */

/*
 * Each form of an address, with plain texts, with every awkward character, and
 * with a certificate to verify.  libpq itself reads its two forms.
 */
#include "command/dsn_text.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "command/dsn_value.h"

static const struct dsn plain = { .name = "orders",
	.host = "127.0.0.1",
	.port = "6432",
	.database = "myapp",
	.username = "readonly" };

static const struct dsn verified = { .name = "orders",
	.host = "127.0.0.1",
	.port = "6432",
	.database = "myapp",
	.username = "readonly",
	.ssl_mode = "verify-full",
	.verified_name = "db.internal",
	.authorities = "/etc/ca.pem" };

/* libpq's quotes, those of URIs, ODBC and .NET, and what `+` means in a form */
#define AWKWARD "a b'c\\d:e@f/g?h%i&j=k+l#m;n{o}p\"q[r]s$t`u"

static const struct dsn awkward = { .name = "orders",
	.host = "::1",
	.port = "6432",
	.database = AWKWARD "1",
	.username = AWKWARD "2",
	.password = AWKWARD "3" };

static const struct dsn in_directory = { .name = "orders",
	.dir = "/run/pgjump",
	.port = "6432",
	.database = "myapp",
	.username = "readonly" };

static char *
text_of(const char *format, const struct dsn *dsn)
{
	const char *remark;

	return dsn_text(dsn_text_find(format), dsn, &remark);
}

static void
expect(const char *format, const struct dsn *dsn, const char *expected)
{
	char *text = text_of(format, dsn);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void
plain_texts(void **state)
{
	(void)state;
	expect("uri", &plain, "postgresql://readonly@127.0.0.1:6432/myapp");
	expect("keyword", &plain,
	    "host=127.0.0.1 port=6432 dbname=myapp user=readonly");
	expect("jdbc", &plain,
	    "jdbc:postgresql://127.0.0.1:6432/myapp?user=readonly");
	expect("odbc", &plain,
	    "Driver={PostgreSQL Unicode};Server=127.0.0.1;Port=6432;"
	    "Database=myapp;Uid=readonly;");
	expect("env", &plain,
	    "export PGHOST=127.0.0.1\nexport PGPORT=6432\n"
	    "export PGDATABASE=myapp\nexport PGUSER=readonly\n");
	expect("service", &plain,
	    "[orders]\nhost=127.0.0.1\nport=6432\ndbname=myapp\n"
	    "user=readonly\n");
	expect("sqlalchemy", &plain,
	    "postgresql://readonly@127.0.0.1:6432/myapp");
	expect("npgsql", &plain,
	    "Host=127.0.0.1;Port=6432;Database=myapp;Username=readonly");
	expect("go", &plain, "postgres://readonly@127.0.0.1:6432/myapp");
}

static void
a_unix_socket(void **state)
{
	(void)state;
	expect("uri", &in_directory,
	    "postgresql://readonly@/myapp?host=%2Frun%2Fpgjump&port=6432");
	expect("keyword", &in_directory,
	    "host=/run/pgjump port=6432 dbname=myapp user=readonly");
	expect("go", &in_directory,
	    "postgres://readonly@/myapp?host=%2Frun%2Fpgjump&port=6432");
	expect("npgsql", &in_directory,
	    "Host=/run/pgjump;Port=6432;Database=myapp;Username=readonly");
	assert_null(text_of("jdbc", &in_directory));
}

/* --- Awkward characters --------------------------------------------------- */

static const char *
value_of(const PQconninfoOption *options, const char *keyword)
{
	while (strcmp(options->keyword, keyword) != 0)
		options++;
	return options->val;
}

static void
libpq_reads_what_was_meant(void **state)
{
	static const char *const formats[] = { "uri", "keyword" };
	PQconninfoOption *options;
	char *text, *error;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		text = text_of(formats[i], &awkward);
		options = PQconninfoParse(text, &error);
		assert_non_null(options);
		assert_string_equal(value_of(options, "host"), "::1");
		assert_string_equal(value_of(options, "port"), "6432");
		assert_string_equal(value_of(options, "dbname"), AWKWARD "1");
		assert_string_equal(value_of(options, "user"), AWKWARD "2");
		assert_string_equal(value_of(options, "password"), AWKWARD "3");
		PQconninfoFree(options);
		free(text);
	}
}

static void
quotes_of_other_forms(void **state)
{
	const struct dsn dsn = { .name = "orders",
		.host = "127.0.0.1",
		.port = "1",
		.database = "d;b",
		.username = "u\"s'er",
		.password = "p}w{" };
	const struct dsn blank = { .name = "orders",
		.host = "127.0.0.1",
		.port = "1",
		.database = "d b",
		.username = "u@x",
		.password = "p}w{" };

	(void)state;
	expect("npgsql", &dsn,
	    "Host=127.0.0.1;Port=1;Database=\"d;b\";Username=\"u\"\"s'er\";"
	    "Password=p}w{");
	assert_null(text_of("odbc", &dsn)); /* psqlODBC has no quotes for it */
	expect("odbc", &blank,
	    "Driver={PostgreSQL Unicode};Server=127.0.0.1;Port=1;"
	    "Database=d b;Uid=u@x;Pwd={p}}w{};");
	expect("env", &dsn,
	    "export PGHOST=127.0.0.1\nexport PGPORT=1\n"
	    "export PGDATABASE='d;b'\nexport PGUSER='u\"s'\\''er'\n"
	    "export PGPASSWORD='p}w{'\n");
	expect("sqlalchemy", &dsn,
	    "postgresql://u%22s%27er:p%7Dw%7B@127.0.0.1:1/d;b");
}

/* SQLAlchemy decodes nothing in the path, and node-pg little. */
static void
names_of_databases_in_paths(void **state)
{
	struct dsn dsn = plain;

	(void)state;
	dsn.username = NULL;
	dsn.database = "a/b+c";
	expect("uri", &dsn, "postgresql://127.0.0.1:6432/a/b+c");
	expect("sqlalchemy", &dsn, "postgresql://127.0.0.1:6432/a/b+c");
	expect("jdbc", &dsn, "jdbc:postgresql://127.0.0.1:6432/a%2Fb%2Bc");
	dsn.database = "a b";
	expect("uri", &dsn, "postgresql://127.0.0.1:6432/a%20b");
	expect("sqlalchemy", &dsn, "postgresql://127.0.0.1:6432/?dbname=a%20b");
}

static void
lines_of_a_password_file(void **state)
{
	struct dsn dsn = plain;

	(void)state;
	assert_null(text_of("pgpass", &dsn));
	dsn.password = "a:b\\c";
	dsn.username = "x:y";
	expect("pgpass", &dsn,
	    "127.0.0.1:6432:*:x\\:y:a\\:b\\\\c\n"
	    "localhost:6432:*:x\\:y:a\\:b\\\\c\n");
	dsn.password = "two\nlines";
	assert_null(text_of("pgpass", &dsn));
}

static void
a_service_file_keeps_no_blank_at_the_end(void **state)
{
	struct dsn dsn = plain;

	(void)state;
	dsn.password = " inside is fine";
	expect("service", &dsn,
	    "[orders]\nhost=127.0.0.1\nport=6432\ndbname=myapp\n"
	    "user=readonly\npassword= inside is fine\n");
	dsn.password = "lost ";
	assert_null(text_of("service", &dsn));
}

static void
a_password_without_a_user(void **state)
{
	struct dsn dsn = plain;

	(void)state;
	dsn.username = NULL;
	dsn.password = "x";
	expect("uri", &dsn, "postgresql://127.0.0.1:6432/myapp?password=x");
}

/* --- Certificates --------------------------------------------------------- */

/* Which client compares the name, and which says that it does not. */
static void
a_certificate_is_verified_where_the_client_can(void **state)
{
	const struct {
		const char *format, *holds;
		bool is_full;
	} cases[] = {
		{ "uri", "@db.internal:6432/myapp?hostaddr=127.0.0.1&", true },
		{ "keyword", "host=db.internal hostaddr=127.0.0.1 ", true },
		{ "odbc", "pqopt={hostaddr=127.0.0.1 sslrootcert=/etc/ca.pem}",
		    true },
		{ "service", "host=db.internal\nhostaddr=127.0.0.1\n", true },
		{ "env", "PGHOSTADDR=127.0.0.1\n", true },
		{ "sqlalchemy", "@db.internal:6432/myapp?hostaddr=", true },
		{ "jdbc",
		    "127.0.0.1:6432/myapp?user=readonly&"
		    "sslmode=verify-ca&sslrootcert=%2Fetc%2Fca.pem",
		    false },
		{ "npgsql", ";SSL Mode=VerifyCA;Root Certificate=/etc/ca.pem",
		    false },
		{ "go", "127.0.0.1:6432/myapp?sslmode=verify-ca&", false },
	};
	const char *remark;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		text = dsn_text(dsn_text_find(cases[i].format), &verified,
		    &remark);
		assert_non_null(strstr(text, cases[i].holds));
		assert_int_equal(strstr(text, "verify-full") != NULL,
		    cases[i].is_full);
		if (!cases[i].is_full)
			assert_non_null(strstr(remark, "verify-ca"));
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_texts),
		cmocka_unit_test(a_unix_socket),
		cmocka_unit_test(libpq_reads_what_was_meant),
		cmocka_unit_test(quotes_of_other_forms),
		cmocka_unit_test(names_of_databases_in_paths),
		cmocka_unit_test(lines_of_a_password_file),
		cmocka_unit_test(a_service_file_keeps_no_blank_at_the_end),
		cmocka_unit_test(a_password_without_a_user),
		cmocka_unit_test(
		    a_certificate_is_verified_where_the_client_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
