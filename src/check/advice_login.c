/* SPDX-License-Identifier: PostgreSQL */

/*
 * SQLSTATEs of rejected logins.  Where one SQLSTATE has several causes the
 * message decides, by words that no translation changes: names of files, and
 * what stands in quotes.  Poolers speak English and use one SQLSTATE for
 * everything.
 */
#include "check/advice_login.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/shell_word.h"
#include "check/report.h"
#include "check/state.h"
#include "config/config.h"

struct row {
	const char *sqlstate;
	const char *marker; /* a part of the message; NULL: any message */
	const char *hint, *place, *command;
	void (*add_lines)(const struct check_state *, struct check_advice *);
};

/* A word of pg_hba.conf, in quotes if it needs them; quotes in it are doubled.
 * It is cut when there is no room. */
static void
put_word(char *out, size_t size, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t used = 0;

	if (strspn(word, plain) == strlen(word)) {
		snprintf(out, size, "%s", word);
		return;
	}
	out[used++] = '"';
	for (; *word != '\0' && used + 4 < size; word++) {
		if (*word == '"')
			out[used++] = '"';
		out[used++] = *word;
	}
	out[used++] = '"';
	out[used] = '\0';
}

/* The address in the first quotes of the message, under which the database sees
 * the jump box; false: there is none. */
static bool
find_address(const char *message, char *out, size_t size)
{
	unsigned char address[ADDRESS_LEN_MAX];
	const char *begin = strchr(message, '"');
	size_t len;

	if (begin == NULL)
		return false;
	len = strcspn(++begin, "\"");
	if (len >= size)
		return false;
	memcpy(out, begin, len);
	out[len] = '\0';
	return address_read(out, address) != 0;
}

static void
permit_address(const struct check_state *state, struct check_advice *out)
{
	const struct config_connection *connection = state->task->connection;
	const char *database = connection->database != NULL
	    ? connection->database
	    : connection->username;
	char address[64], user_word[140], database_word[140];

	if (!find_address(state->refusal.message, address, sizeof address))
		return;
	put_word(database_word, sizeof database_word, database);
	put_word(user_word, sizeof user_word, connection->username);
	snprintf(out->hint, sizeof out->hint,
	    "Permit the address %s in pg_hba.conf: the database sees %s "
	    "at this address.",
	    address,
	    connection->jump != NULL ? "the jump box" : "this machine");
	snprintf(out->file, sizeof out->file,
	    "pg_hba.conf of the database, above the line that rejects, then "
	    "reload it");
	snprintf(out->lines[out->line_count++], sizeof out->lines[0],
	    "host %s %s %s/%d scram-sha-256", database_word, user_word, address,
	    strchr(address, ':') != NULL ? 128 : 32);
}

static void
set_password(const struct check_state *state, struct check_advice *out)
{
	check_advice_login_password(state, out);
}

#define AT_POOLER          "at the console of the pooler"
#define PGBOUNCER(command) AT_POOLER, "psql -d pgbouncer -c '" command "'"

/* The first row that fits. */
static const struct row rows[] = {
	/* pgbouncer */
	{ "08P01", "no such database",
	    "A pooler answers here: correct database of this connection, or "
	    "add it to [databases] of the pooler.",
	    PGBOUNCER("SHOW DATABASES"), NULL },
	{ "08P01", "max_client_conn",
	    "Close idle clients of the pooler, or raise its max_client_conn.",
	    PGBOUNCER("SHOW LISTS"), NULL },
	{ "08P01", "SSL required",
	    "Set ssl_config.mode to require: the pooler accepts no client "
	    "without TLS (client_tls_sslmode).",
	    "", "", NULL },
	{ "08P01", "SASL authentication failed",
	    "Correct username or password of this connection, or the entry of "
	    "that user in auth_file of the pooler.",
	    PGBOUNCER("SHOW USERS"), NULL },
	{ "08P01", "is disabled",
	    "Enable this database at the console of the pooler (ENABLE).",
	    PGBOUNCER("SHOW DATABASES"), NULL },
	{ "", "query_wait_timeout",
	    "Check that the pooler is not paused (RESUME), reaches its database "
	    "server, and has free connections to it: a query waited longer than "
	    "its query_wait_timeout.",
	    PGBOUNCER("SHOW POOLS"), NULL },
	{ "", "server_login_retry",
	    "See the log of the pooler: it cannot log in to its database "
	    "server.",
	    PGBOUNCER("SHOW SERVERS"), NULL },
	/* pgpool */
	{ "", "failed to create a backend",
	    "See the log of pgpool and backend_hostname0 in its configuration: "
	    "it cannot reach its database server.",
	    "", "", NULL },
	/* odyssey */
	{ "3D000", "route for",
	    "Correct database or username of this connection, or give the "
	    "pooler, which is what answers there, such a database and user in "
	    "its configuration.",
	    "", "", NULL },
	{ "08006", "failed to connect to remote server",
	    "See the log of the pooler and the storage in its configuration: "
	    "it cannot reach its database server, or that database does not "
	    "exist there.",
	    "", "", NULL },
	{ "", "client_max",
	    "Close idle clients of the pooler, or raise its client_max.", "",
	    "", NULL },
	/* PostgreSQL, and libpq */
	{ "28P01", NULL,
	    "Correct username or password of this connection, or give that user "
	    "a new password in the database, and a new VALID UNTIL if the old "
	    "one has passed.",
	    "", "", set_password },
	{ "28000", "pg_hba.conf",
	    "Permit this user, database and address in pg_hba.conf of the "
	    "database.",
	    CHECK_AT_DATABASE, "psql -c 'SELECT pg_reload_conf()'",
	    permit_address },
	{ "28000", NULL,
	    "Correct username of this connection, or create that user in the "
	    "database and permit it to log in.",
	    CHECK_AT_DATABASE, "psql -c '\\du'", NULL },
	{ "3D000", NULL,
	    "Correct database of this connection, or create that database.",
	    CHECK_AT_DATABASE, "psql -l", NULL },
	{ "42501", NULL,
	    "Grant this user the privilege CONNECT on the database.",
	    CHECK_AT_DATABASE, "psql -c '\\l'", NULL },
	{ "53300", NULL,
	    "Close idle sessions, or raise max_connections, or the limit of "
	    "this user or database.",
	    CHECK_AT_DATABASE,
	    "psql -c 'SELECT usename, datname, state, count(*) "
	    "FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC'",
	    NULL },
	{ "57P03", NULL,
	    "Wait until the database has started; its log says how far it is.",
	    CHECK_AT_DATABASE, "pg_isready", NULL },
	{ "", "SASL authentication mechanisms are supported",
	    "Permit this user scram-sha-256 in pg_hba.conf: the database offers "
	    "only methods that take no password, such as OAuth.",
	    CHECK_AT_DATABASE, "psql -c 'SELECT * FROM pg_hba_file_rules'",
	    NULL },
	{ "", "channel binding",
	    "Set ssl_config.mode to require: the database demands channel "
	    "binding.",
	    "", "", NULL },
	{ "", "no password",
	    "Set password of this connection: the database asks for one.", "",
	    "", NULL },
	{ "", NULL, "See the log of the database server, which may say why.",
	    CHECK_AT_DATABASE, "psql -c 'SELECT pg_current_logfile()'", NULL },
};

static bool
fits(const struct row *row, const struct check_refusal *refusal)
{
	return (row->sqlstate[0] == '\0' ||
		   strcmp(row->sqlstate, refusal->sqlstate) == 0) &&
	    (row->marker == NULL ||
		strstr(refusal->message, row->marker) != NULL);
}

/* psql prompts for the password, so that it appears in no log and in no list of
 * processes. */
void
check_advice_login_password(const struct check_state *state,
    struct check_advice *out)
{
	char name[140], meta[160];
	char *word;

	put_word(name, sizeof name, state->task->connection->username);
	snprintf(meta, sizeof meta, "\\password %s", name);
	word = shell_word(meta);
	snprintf(out->place, sizeof out->place, CHECK_AT_DATABASE);
	snprintf(out->command, sizeof out->command, "psql -c %s", word);
	free(word);
}

/*
 * pg_hba.conf permits no session in the clear, and the database offers TLS: to
 * permit such a session would be the weaker fix.
 */
static bool
wants_tls(const struct check_state *state)
{
	return state->tls_answer == 'S' &&
	    state->task->connection->ssl_mode == SSL_MODE_DISABLE &&
	    state->task->connection->host_kind != CONFIG_HOST_SOCKET &&
	    strcmp(state->refusal.sqlstate, "28000") == 0 &&
	    strstr(state->refusal.message, "pg_hba.conf") != NULL;
}

static void
advise_tls(struct check_advice *out)
{
	snprintf(out->hint, sizeof out->hint,
	    "Set ssl to require, or ssl_config.mode if that is given: the "
	    "database offers TLS, and pg_hba.conf may permit this user only in "
	    "hostssl lines.");
	snprintf(out->file, sizeof out->file,
	    "this connection in the configuration file");
	snprintf(out->lines[out->line_count++], sizeof out->lines[0],
	    "ssl: require");
	snprintf(out->place, sizeof out->place, CHECK_AT_DATABASE);
	snprintf(out->command, sizeof out->command,
	    "psql -c 'SELECT * FROM pg_hba_file_rules'");
}

void
check_advice_login(const struct check_state *state, struct check_advice *out)
{
	const struct row *row = rows;

	if (wants_tls(state)) {
		advise_tls(out);
		return;
	}
	while (!fits(row, &state->refusal))
		row++;
	snprintf(out->hint, sizeof out->hint, "%s", row->hint);
	snprintf(out->place, sizeof out->place, "%s", row->place);
	snprintf(out->command, sizeof out->command, "%s", row->command);
	if (row->add_lines != NULL)
		row->add_lines(state, out);
}
