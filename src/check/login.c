/* SPDX-License-Identifier: PostgreSQL */

/*
 * libpq in its asynchronous form, on the event base of the route, connected to
 * our door: `host` is the name that the certificate must match, `hostaddr` is
 * the door. Where ssl_config names no file, libpq gets one that cannot exist;
 * otherwise it would look into the home directory.
 */
#include "check/login.h"

#include <errno.h>
#include <event2/event.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/memory_file.h"
#include "base/xmalloc.h"
#include "check/board.h"
#include "check/door.h"
#include "check/refusal.h"
#include "check/route.h"
#include "check/state.h"
#include "config/config.h"
#include "config/options.h"
#include "key/tls_pem.h"
#include "pg/pgwire.h"

#define NO_FILE "/dev/null/none"

/* Bounds the wait for our goodbye to leave: the check is over by then, and a
 * user waits for its end. */
#define GOODBYE_MAX_MS 300

struct check_login {
	struct check_state *state;
	struct check_door *door;
	PGconn *conn;
	struct event *socket; /* of libpq, made anew for each wait */
	bool is_ready;        /* it fired */
	int64_t asked_ms, by_ms;
	struct memory_files {
		int fds[3]; /* -1: not used */
		char paths[3][MEMORY_FILE_PATH_MAX];
	} files;
};

void
check_login_prepare(void)
{
	char name[64];
	char **at = environ;

	while (*at != NULL) {
		size_t len = strcspn(*at, "=");

		if (strncmp(*at, "PG", 2) == 0 && len < sizeof name) {
			memcpy(name, *at, len);
			name[len] = '\0';
			unsetenv(name); /* the next one moves here */
		} else {
			at++;
		}
	}
}

/* --- What libpq is given -------------------------------------------------- */

static bool
is_socket(const struct check_login *login)
{
	return login->state->task->connection->host_kind == CONFIG_HOST_SOCKET;
}

/* The path under which libpq finds a PEM text, or NO_FILE. */
static const char *
offer_file(struct check_login *login, size_t index, const struct secret *secret)
{
	char error[FAULT_WORDS_MAX];
	char *path = login->files.paths[index];
	char *text = secret_load(secret, error, sizeof error);
	char *restored;

	if (text == NULL)
		return NO_FILE;
	restored = tls_pem_restore(text);
	login->files.fds[index] = memory_file_open(restored, path);
	secret_free(restored);
	secret_free(text);
	return login->files.fds[index] >= 0 ? path : NO_FILE;
}

/* The file with this system's authorities: libpq before release 16 does not
 * know sslrootcert=system. */
static const char *
system_authorities(void)
{
	static const char *const files[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/ssl/cert.pem",
		"/etc/pki/tls/certs/ca-bundle.crt",
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NO_FILE;
}

static const char *
authorities(struct check_login *login)
{
	const struct config_connection *connection = login->state->task
							 ->connection;

	if (secret_is_set(&connection->ca_cert) ||
	    connection->ssl_mode < SSL_MODE_VERIFY_CA)
		return offer_file(login, 0, &connection->ca_cert);
	return system_authorities();
}

static PGconn *
start(struct check_login *login, const char *password)
{
	const struct config_connection *connection = login->state->task
							 ->connection;
	char port[12];
	const struct {
		const char *key, *value;
	} given[] = {
		{ "host", is_socket(login) ? "localhost" : connection->host },
		{ "hostaddr", CHECK_DOOR_ADDRESS },
		{ "port", port },
		{ "dbname", connection->database },
		{ "user", connection->username },
		{ "password", password },
		{ "application_name", "pgjump check" },
		{ "gssencmode", "disable" },
		{ "sslmode",
		    is_socket(login) || login->state->is_in_clear
			? "disable"
			: config_options_ssl_mode(connection->ssl_mode) },
		{ "sslrootcert", authorities(login) },
		{ "sslcert", offer_file(login, 1, &connection->client_cert) },
		{ "sslkey", offer_file(login, 2, &connection->client_key) },
		{ "sslcrl", NO_FILE },
		{ "passfile", NO_FILE },
	};
	enum {
		COUNT = sizeof given / sizeof *given
	};
	const char *keys[COUNT + 1] = { NULL }, *values[COUNT + 1] = { NULL };

	snprintf(port, sizeof port, "%u", check_door_port(login->door));
	for (size_t i = 0; i < COUNT; i++) {
		keys[i] = given[i].key;
		values[i] = given[i].value;
	}
	return PQconnectStartParams(keys, values, 0);
}

/* --- Waiting -------------------------------------------------------------- */

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct check_login *login = arg;

	(void)fd, (void)what;
	login->is_ready = true;
}

static enum failure
fail_late(struct check_login *login)
{
	return fault_set(&login->state->fault, FAIL_DB_SILENT, "%s",
	    clock_text(login->by_ms - login->asked_ms).text);
}

static void
watch_socket(struct check_login *login, short what)
{
	if (login->socket != NULL)
		event_free(login->socket);
	login->is_ready = false;
	login->socket = loop_event(check_route_base(login->state->route),
	    PQsocket(login->conn), what, on_socket, login);
	event_add(login->socket, NULL);
}

/*
 * Wait until libpq's socket is ready, and run the door meanwhile.  When the
 * database cannot be reached libpq only sees its connection end; the door's
 * fault says why.
 */
static enum failure
await_socket(struct check_login *login, short what)
{
	struct fault *fault = &login->state->fault;

	watch_socket(login, what);
	while (!login->is_ready) {
		check_door_step(login->door, PQsocket(login->conn), fault);
		if (fault->code != FAIL_NONE)
			return fault->code;
		switch (check_route_turn(login->state->route, login->by_ms)) {
		case CHECK_TURN_GO:
			break;
		case CHECK_TURN_TIMEOUT:
			return fail_late(login);
		case CHECK_TURN_CANCELLED:
			return fault_set_code(fault, FAIL_SHUTDOWN);
		}
	}
	return FAIL_NONE;
}

void
check_login_grant_time(struct check_login *login)
{
	login->asked_ms = clock_ms();
	login->by_ms = check_route_task_by_ms(login->state->task,
	    login->state->task->connection->connection_timeout_ms);
}

/* --- The session ---------------------------------------------------------- */

static void
on_notice(void *arg, const PGresult *notice)
{
	(void)arg, (void)notice; /* not printed: it may hold escape sequences */
}

/* libpq computes as many SCRAM iterations as the server asks for, which may
 * take for ever. */
static PostgresPollingStatusType
go_on(struct check_login *login)
{
	PostgresPollingStatusType next;

	check_board_due(login->state->board, login->by_ms);
	next = PQconnectPoll(login->conn);
	check_board_due(login->state->board, 0);
	return next;
}

static enum failure
fail_login(struct check_login *login)
{
	return check_refusal_read(PQerrorMessage(login->conn),
	    PQconnectionUsedPassword(login->conn) == 1, &login->state->refusal,
	    &login->state->fault);
}

static enum failure
make_session(struct check_login *login)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	if (PQstatus(login->conn) == CONNECTION_BAD)
		return fail_login(login);
	PQsetErrorVerbosity(login->conn, PQERRORS_VERBOSE);
	PQsetNoticeReceiver(login->conn, on_notice, NULL);
	while (next != PGRES_POLLING_OK) {
		if (next == PGRES_POLLING_FAILED)
			return fail_login(login);
		if (await_socket(login,
			next == PGRES_POLLING_READING ? EV_READ : EV_WRITE) !=
		    FAIL_NONE)
			return login->state->fault.code;
		next = go_on(login);
	}
	PQsetnonblocking(login->conn, 1);
	return FAIL_NONE;
}

struct check_login *
check_login_open(struct check_state *state, const char *password)
{
	struct check_login *login = xcalloc(1, sizeof *login);

	memset(login->files.fds, -1, sizeof login->files.fds);
	login->state = state;
	login->door = check_door_open(state->route, &state->silent);
	if (login->door == NULL) {
		fault_set(&state->fault, FAIL_DB_UNREACHABLE,
		    "no port on loopback: %s", strerror(errno));
		check_login_close(login);
		return NULL;
	}
	check_login_grant_time(login);
	login->conn = start(login, password);
	if (login->conn == NULL)
		xmalloc_fail(0);
	if (make_session(login) == FAIL_NONE)
		return login;
	check_login_close(login);
	return NULL;
}

/* Without our goodbye the log of the database would show an error. */
static void
say_goodbye(struct check_login *login)
{
	int64_t by_ms = check_route_task_by_ms(login->state->task,
	    GOODBYE_MAX_MS);
	struct fault ignored = { 0 };

	do
		check_door_step(login->door, -1, &ignored);
	while (check_door_is_busy(login->door) &&
	    check_route_turn(login->state->route, by_ms) == CHECK_TURN_GO);
}

void
check_login_close(struct check_login *login)
{
	if (login == NULL)
		return;
	if (login->socket != NULL)
		event_free(login->socket);
	PQfinish(login->conn);
	if (login->door != NULL)
		say_goodbye(login);
	check_door_close(login->door);
	for (size_t i = 0; i < 3; i++)
		if (login->files.fds[i] >= 0)
			close(login->files.fds[i]);
	free(login);
}

bool
check_login_is_encrypted(const struct check_login *login)
{
	return PQsslInUse(login->conn) == 1;
}

/* Whether only the query failed, and the session goes on. */
static bool
is_mere_error(const PGresult *result)
{
	const char *severity = PQresultErrorField(result,
	    PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity == NULL) /* PostgreSQL 9.5, and many that speak like it */
		severity = PQresultErrorField(result, PG_DIAG_SEVERITY);
	return severity != NULL && strcmp(severity, "ERROR") == 0;
}

/* A long message is cut, so that the SQLSTATE behind it is not. */
static void
put_words(const struct check_login *login, const PGresult *result,
    char words[FAULT_WORDS_MAX])
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (state == NULL) /* not from the server: libpq has no memory left */
		said = PQerrorMessage(login->conn);
	snprintf(words, FAULT_WORDS_MAX, "%.300s (SQLSTATE %s)",
	    said != NULL ? said : "no message",
	    state != NULL && pgwire_is_sqlstate(state) && state[5] == '\0'
		? state
		: PGWIRE_SQLSTATE_UNKNOWN);
}

static enum failure
fail_query(struct check_login *login, const PGresult *result)
{
	struct fault *fault = &login->state->fault;
	char words[FAULT_WORDS_MAX];

	if (PQstatus(login->conn) == CONNECTION_BAD &&
	    PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL)
		return fault_set_code(fault, FAIL_DB_HANGUP);
	put_words(login, result, words);
	return fault_set(fault, FAIL_DB_REJECTED, "%s", words);
}

/* Wait until PQgetResult() need not: it would block on bytes that only the
 * door, in this same thread, can bring. */
static enum failure
await_result(struct check_login *login)
{
	while (PQisBusy(login->conn)) {
		if (await_socket(login, EV_READ) != FAIL_NONE)
			return login->state->fault.code;
		if (PQconsumeInput(login->conn) == 0)
			break;
	}
	return FAIL_NONE;
}

/* Read to the end of a query; false: a fault is set. */
static bool
end_query(struct check_login *login)
{
	PGresult *more;

	while (await_result(login) == FAIL_NONE) {
		more = PQgetResult(login->conn);
		if (more == NULL)
			return true;
		PQclear(more);
	}
	return false;
}

PGresult *
check_login_query(struct check_login *login, const char *sql, int columns,
    char *words)
{
	PGresult *result;

	PQsendQuery(login->conn, sql);
	while (PQflush(login->conn) == 1)
		if (await_socket(login, EV_WRITE) != FAIL_NONE)
			return NULL;
	if (await_result(login) != FAIL_NONE)
		return NULL;
	result = PQgetResult(login->conn);
	if (words != NULL && is_mere_error(result)) {
		put_words(login, result, words);
		end_query(login);
	} else if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fail_query(login, result);
	else if (PQntuples(result) != 1 || PQnfields(result) != columns)
		fault_set(&login->state->fault, FAIL_DB_REJECTED,
		    "it does not answer a query as PostgreSQL does");
	else if (end_query(login))
		return result;
	PQclear(result);
	return NULL;
}
