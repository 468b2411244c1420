/* SPDX-License-Identifier: PostgreSQL */

/*
 * The steps of a walk, a function each, in the order of their table.  The steps
 * judge nothing: every failure comes from the code that serves clients.
 */
#include "check/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "check/advice.h"
#include "check/approach.h"
#include "check/blamed.h"
#include "check/board.h"
#include "check/dial.h"
#include "check/key.h"
#include "check/login.h"
#include "check/postgres.h"
#include "check/route.h"
#include "check/server.h"
#include "check/state.h"
#include "check/verdict.h"
#include "config/config.h"
#include "config/hops.h"
#include "jump/fault.h"
#include "tls/client.h"

/* --- The steps ------------------------------------------------------------ */

static void
name_fault(struct check_state *state)
{
	const struct config_jump *jump = check_blamed_jump(state);

	if (jump != NULL)
		config_hops_name(jump, &state->fault);
	jump_fault_name(&state->fault, state->task->connection);
}

static void
tell_key(struct check_state *state)
{
	const struct check_key *key = &state->keys.list[0];

	check_board_fact(state->board, CHECK_CONFIG, "key_type", key->type);
	check_board_fact(state->board, CHECK_CONFIG, "key_fingerprint",
	    key->fingerprint);
	check_board_fact(state->board, CHECK_CONFIG, "key_comment",
	    key->comment);
}

/* Several methods or keys, in the order in which they are tried. */
static void
tell_list(struct check_state *state, const struct config_jump *jump)
{
	for (size_t i = 0; i < jump->auth_methods.count; i++)
		check_board_item(state->board, CHECK_CONFIG, "auth_method",
		    check_key_method_name(jump->auth_methods.list[i]));
	for (size_t i = 0; i < state->keys.count; i++)
		check_board_item(state->board, CHECK_CONFIG, "keys",
		    state->keys.list[i].fingerprint);
}

/* The facts are those of the last jump box, the words those of all. */
static void
tell_config(struct check_state *state, const char *logins)
{
	const struct config_jump *jump = state->task->connection->jump;

	if (jump != NULL &&
	    (jump->auth_methods.count > 1 || state->keys.count > 1))
		tell_list(state, jump);
	else if (jump != NULL && state->keys.count > 0)
		tell_key(state);
	check_board_pass(state->board, "%s", logins);
}

static enum failure
read_config(struct check_state *state)
{
	char logins[FAULT_WORDS_MAX] = "no jump box";

	check_board_enter(state->board, CHECK_CONFIG);
	if (check_approach_read_keys(state, logins, sizeof logins) != FAIL_NONE)
		return state->fault.code;
	tell_config(state, logins);
	return FAIL_NONE;
}

static void
tell_forward(struct check_state *state, const struct check_opened *opened)
{
	double rtt_ms = (double)opened->rtt_us / 1000;

	check_board_number(state->board, CHECK_FORWARD, "rtt_ms", rtt_ms);
	check_board_pass(state->board,
	    "%s accepted; round trip to the jump box %.1f ms",
	    state->task->connection->label, rtt_ms);
}

static enum failure
reach_database(struct check_state *state)
{
	const struct config_connection *connection = state->task->connection;
	struct check_opened opened;

	if (connection->jump != NULL)
		check_board_enter(state->board, CHECK_FORWARD);
	else if (connection->host_kind == CONFIG_HOST_SOCKET)
		check_board_skip(state->board, CHECK_RESOLVE, "a Unix socket");
	check_route_database(state->route, &state->reported, &opened,
	    &state->fault);
	state->forward_ms = opened.elapsed_ms;
	if (state->fault.code != FAIL_NONE)
		return state->fault.code;
	state->database = opened.stream;
	state->opened_ms = clock_ms();
	if (connection->jump != NULL)
		tell_forward(state, &opened);
	else
		check_dial_end(state);
	state->fault = (struct fault){ 0 };
	return FAIL_NONE;
}

static enum failure
ask_postgres(struct check_state *state)
{
	check_board_enter(state->board, CHECK_POSTGRES);
	if (check_postgres_ask(state) != FAIL_NONE)
		return state->fault.code;
	check_board_fact(state->board, CHECK_POSTGRES, "tls_offered",
	    state->tls_answer == 'S' ? "yes" : "no");
	check_board_pass(state->board, "it is PostgreSQL, %s TLS",
	    state->tls_answer == 'S' ? "and offers" : "without");
	return FAIL_NONE;
}

static void
tell_tls_facts(struct check_state *state, const struct tls_facts *tls)
{
	const struct {
		const char *key, *text;
	} facts[] = {
		{ "version", tls->version },
		{ "cipher", tls->cipher },
		{ "subject", tls->subject },
		{ "issuer", tls->issuer },
		{ "names", tls->names },
		{ "expires", tls->expires },
		{ "verified", tls->verified },
	};

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		check_board_fact(state->board, CHECK_TLS, facts[i].key,
		    facts[i].text);
}

/*
 * libpq with sslmode=prefer connects again without TLS, whatever went wrong
 * with TLS.  Unusable settings of ours are no fault of the database, and where
 * pgjump itself encrypts, it never goes on without TLS.
 */
static bool
may_do_without_tls(const struct check_state *state)
{
	const struct config_connection *connection = state->task->connection;
	enum failure code = state->fault.code;

	return connection->ssl_mode == SSL_MODE_PREFER &&
	    connection->client_tls == TLS_ENDS_AT_DATABASE &&
	    code != FAIL_DB_TLS_SETTINGS &&
	    failure_info(code)->stage == STAGE_DB_TLS;
}

static void
do_without_tls(struct check_state *state)
{
	char cause[FAULT_DETAIL_MAX], hint[FAULT_DETAIL_MAX];

	name_fault(state);
	fault_cause(&state->fault, cause, sizeof cause);
	fault_hint(&state->fault, hint, sizeof hint);
	check_board_pass(state->board,
	    "in the clear, as ssl_config.mode permits, because TLS failed");
	check_board_remark(state->board,
	    "Clients with sslmode=prefer continue in the clear, because "
	    "%s.",
	    cause);
	check_board_remark(state->board, "To get TLS: %s", hint);
	state->fault = (struct fault){ 0 };
	state->is_in_clear = true;
}

static enum failure
encrypt(struct check_state *state)
{
	const struct config_connection *connection = state->task->connection;
	struct tls_facts tls;
	bool is_encrypted;

	if (connection->ssl_mode == SSL_MODE_DISABLE ||
	    connection->host_kind == CONFIG_HOST_SOCKET) {
		check_board_skip(state->board, CHECK_TLS, "%s",
		    connection->host_kind == CONFIG_HOST_SOCKET
			? "a Unix socket"
			: "ssl_config.mode is disable");
		return FAIL_NONE;
	}
	check_board_enter(state->board, CHECK_TLS);
	is_encrypted = check_postgres_tls(state, &tls);
	tell_tls_facts(state, &tls);
	if (state->fault.code != FAIL_NONE) {
		if (!may_do_without_tls(state))
			return state->fault.code;
		do_without_tls(state);
	} else if (is_encrypted)
		check_board_pass(state->board,
		    "%s, %s, issued by %s, until %s, %s", tls.version,
		    tls.subject, tls.issuer, tls.expires, tls.verified);
	else
		check_board_pass(state->board,
		    "in the clear, as ssl_config.mode permits");
	return FAIL_NONE;
}

/* Why the walk ends without a login; NULL: it logs in, with *password. */
static const char *
load_password(const struct check_state *state, char **password, char *error,
    size_t size)
{
	const struct config_connection *connection = state->task->connection;

	error[0] = '\0';
	*password = NULL;
	if (!state->may_log_in)
		return "--no-login is given";
	if (connection->username == NULL)
		return "no username is configured";
	if (!secret_is_set(&connection->password))
		return "no password is configured";
	*password = secret_load(&connection->password, error, size);
	return *password == NULL ? error : NULL;
}

static void
tell_refusal(struct check_state *state)
{
	check_board_fact(state->board, CHECK_LOGIN, "sqlstate",
	    state->refusal.sqlstate);
	check_board_fact(state->board, CHECK_LOGIN, "words",
	    state->refusal.message);
}

static void
tell_server(struct check_state *state, const struct check_server *server)
{
	check_board_fact(state->board, CHECK_SERVER, "version",
	    server->version);
	check_board_fact(state->board, CHECK_SERVER, "in_recovery",
	    server->is_in_recovery ? "yes" : "no");
	check_board_number(state->board, CHECK_SERVER, "connections",
	    server->connections);
	check_board_number(state->board, CHECK_SERVER, "max_connections",
	    server->connections_max);
	check_board_number(state->board, CHECK_SERVER, "rtt_ms",
	    server->rtt_ms);
	check_board_pass(state->board,
	    "PostgreSQL %s, %s, %d of %d connections used; round trip to the "
	    "database %.1f ms",
	    server->version,
	    server->is_in_recovery ? "in recovery (a standby)" : "a primary",
	    server->connections, server->connections_max, server->rtt_ms);
}

static void
tell_alike(struct check_state *state, const struct check_server *server)
{
	check_board_number(state->board, CHECK_SERVER, "rtt_ms",
	    server->rtt_ms);
	check_board_pass(state->board,
	    "it answers queries; round trip to the database %.1f ms",
	    server->rtt_ms);
	check_board_remark(state->board,
	    "The query for its version and its connections failed: %s.",
	    server->words);
}

static enum failure
ask_server(struct check_state *state, struct check_login *login)
{
	struct check_server server;

	check_board_enter(state->board, CHECK_SERVER);
	if (check_server_ask(state, login, &server) != FAIL_NONE) {
		snprintf(state->refusal.message, sizeof state->refusal.message,
		    "%s", state->fault.words);
		return state->fault.code;
	}
	if (server.words[0] == '\0')
		tell_server(state, &server);
	else
		tell_alike(state, &server);
	return FAIL_NONE;
}

static enum failure
use_session(struct check_state *state, struct check_login *login)
{
	const struct config_connection *connection = state->task->connection;
	bool is_encrypted = check_login_is_encrypted(login);

	check_board_fact(state->board, CHECK_LOGIN, "encrypted",
	    is_encrypted ? "yes" : "no");
	check_board_pass(state->board, "user \"%s\", database \"%s\", %s",
	    connection->username,
	    connection->database != NULL ? connection->database
					 : connection->username,
	    is_encrypted ? "encrypted" : "in the clear");
	return ask_server(state, login);
}

/* Some databases accept one connection at a time: end ours before libpq opens
 * its own. */
static void
end_talk(struct check_state *state)
{
	check_postgres_part(state);
	stream_close(state->database, false);
	state->database = NULL;
}

static enum failure
log_in(struct check_state *state)
{
	struct check_login *login;
	char error[FAULT_WORDS_MAX], *password;
	const char *why = load_password(state, &password, error, sizeof error);

	if (why != NULL) {
		check_board_skip(state->board, CHECK_LOGIN, "%s", why);
		check_board_skip(state->board, CHECK_SERVER, "%s",
		    "no session");
		return FAIL_NONE;
	}
	check_board_enter(state->board, CHECK_LOGIN);
	end_talk(state);
	login = check_login_open(state, password);
	secret_free(password);
	if (login == NULL) {
		tell_refusal(state);
		return state->fault.code;
	}
	use_session(state, login);
	check_login_close(login);
	return state->fault.code;
}

static enum failure (*const steps[])(struct check_state *) = {
	read_config,
	check_approach_go,
	reach_database,
	ask_postgres,
	encrypt,
	log_in,
};

/* --- The walk ------------------------------------------------------------- */

/* known_hosts is read before the handshake: where that failed, the handshake
 * has not begun. */
static void
correct_phase(struct check_state *state)
{
	if (!state->is_dialing || state->stage != DIAL_HANDSHAKE ||
	    failure_info(state->fault.code)->stage != STAGE_JUMP_HOSTKEY)
		return;
	check_board_skip(state->board, CHECK_HANDSHAKE, "%s", "");
	check_board_enter(state->board, CHECK_HOSTKEY);
}

static void
fail(struct check_state *state)
{
	name_fault(state);
	correct_phase(state);
	if (failure_info(state->fault.code)->stage == STAGE_JUMP_AUTH)
		check_dial_tell_tried(state);
	check_board_fail(state->board, &state->fault);
	if (state->fault.code != FAIL_SHUTDOWN)
		check_verdict_conclude(state);
}

void
check_walk(const struct check_task *task, struct check_route *route,
    struct check_approach *approach, struct check_board *board, bool may_log_in)
{
	struct check_state state = {
		.task = task,
		.board = board,
		.may_log_in = may_log_in,
		.route = route,
		.approach = approach,
	};

	check_dial_init(&state);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i](&state) != FAIL_NONE) {
			fail(&state);
			break;
		}
	stream_close(state.database, false);
}

bool
check_walk_give_up(const struct check_report *seen, struct check_board *board)
{
	const struct check_step
	    *login = &seen->steps[check_report_step(CHECK_LOGIN, 0)];
	const struct check_task task = { .connection = seen->connection };
	struct check_state state = { .task = &task };
	struct check_advice *advice = xcalloc(1, sizeof *advice);
	bool has_given_up;

	fault_set(&state.fault, FAIL_DB_LOGIN_ENDLESS, "%s",
	    clock_text(clock_ms() - login->started_ms).text);
	name_fault(&state);
	check_advice_give(&state, advice);
	has_given_up = check_board_give_up(board, &state.fault, advice);
	free(advice);
	return has_given_up;
}
