/* SPDX-License-Identifier: PostgreSQL */

/*
 * The steps of a walk, a function each, in the order of their table.  Nothing
 * is judged here: every failure comes from the code that serves.
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
#include "check/board.h"
#include "check/dial.h"
#include "check/key.h"
#include "check/login.h"
#include "check/postgres.h"
#include "check/refusal.h"
#include "check/route.h"
#include "check/verdict.h"
#include "config/config.h"
#include "ssh/slot.h"
#include "tls/client.h"

struct walk {
	const struct check_task *task;
	struct check_board *board;
	bool logs_in;
	struct check_route *route;
	struct check_dial dial;
	struct fault fault;
	struct check_key key;
	struct check_talk talk; /* its stream is ours; NULL: none is open */
	char answer;            /* of the database to an SSLRequest */
	bool is_in_clear;       /* TLS has failed, and prefer does without */
	struct check_refusal refusal; /* of a login */
	int64_t forward_ms;           /* what opening, or refusing, it took */
};

/* --- The steps ------------------------------------------------------------ */

static void
name_fault(struct fault *fault, const struct config_connection *connection)
{
	const struct config_jump *jump = connection->jump;

	fault_name(fault, jump != NULL ? jump->label : NULL,
	    jump != NULL ? jump->username : NULL, connection->label);
}

static void
tell_config(struct walk *walk)
{
	const struct config_jump *jump = walk->task->connection->jump;
	char text[FAULT_WORDS_MAX];

	if (jump == NULL) {
		check_board_pass(walk->board, "no jump box");
	} else if (walk->key.type[0] != '\0') {
		check_key_describe(&walk->key, text, sizeof text);
		check_board_fact(walk->board, CHECK_CONFIG, "key_type",
		    walk->key.type);
		check_board_fact(walk->board, CHECK_CONFIG, "key_fingerprint",
		    walk->key.fingerprint);
		check_board_fact(walk->board, CHECK_CONFIG, "key_comment",
		    walk->key.comment);
		check_board_pass(walk->board, "key %s", text);
	} else {
		check_board_pass(walk->board, "%s",
		    jump->auth_method == AUTH_METHOD_AGENT
			? "a key of the SSH agent"
			: "a password");
	}
}

static enum failure
read_config(struct walk *walk)
{
	const struct config_jump *jump = walk->task->connection->jump;

	check_board_enter(walk->board, CHECK_CONFIG);
	if (jump != NULL &&
	    check_key_read(jump, &walk->key, &walk->fault) != FAIL_NONE)
		return walk->fault.code;
	tell_config(walk);
	return FAIL_NONE;
}

static enum failure
reach_jump(struct walk *walk)
{
	if (walk->task->connection->jump == NULL)
		return FAIL_NONE;
	if (check_route_dial(walk->route, &walk->dial.telling, &walk->fault) !=
	    FAIL_NONE)
		return walk->fault.code;
	check_dial_end(&walk->dial);
	walk->fault = (struct fault){ 0 };
	return FAIL_NONE;
}

static void
tell_forward(struct walk *walk, const struct check_opened *opened)
{
	double rtt_ms = (double)opened->rtt_us / 1000;

	check_board_number(walk->board, CHECK_FORWARD, "rtt_ms", rtt_ms);
	check_board_pass(walk->board,
	    "%s accepted; round trip to the jump box %.1f ms",
	    walk->task->connection->label, rtt_ms);
}

static enum failure
reach_database(struct walk *walk)
{
	const struct config_connection *connection = walk->task->connection;
	struct check_opened opened;

	if (connection->jump != NULL)
		check_board_enter(walk->board, CHECK_FORWARD);
	else if (connection->host_kind == CONFIG_HOST_SOCKET)
		check_board_skip(walk->board, CHECK_RESOLVE, "a Unix socket");
	check_route_database(walk->route, &walk->dial.telling, &opened,
	    &walk->fault);
	walk->forward_ms = opened.elapsed_ms;
	if (walk->fault.code != FAIL_NONE)
		return walk->fault.code;
	walk->talk.stream = opened.stream;
	walk->talk.opened_ms = clock_ms();
	if (connection->jump != NULL)
		tell_forward(walk, &opened);
	else
		check_dial_end(&walk->dial);
	walk->fault = (struct fault){ 0 };
	return FAIL_NONE;
}

static enum failure
ask_postgres(struct walk *walk)
{
	check_board_enter(walk->board, CHECK_POSTGRES);
	if (check_postgres_ask(&walk->talk, &walk->answer, &walk->fault) !=
	    FAIL_NONE)
		return walk->fault.code;
	check_board_fact(walk->board, CHECK_POSTGRES, "tls_offered",
	    walk->answer == 'S' ? "yes" : "no");
	check_board_pass(walk->board, "it is PostgreSQL, %s TLS",
	    walk->answer == 'S' ? "and offers" : "without");
	return FAIL_NONE;
}

static void
tell_tls_facts(struct walk *walk, const struct tls_facts *tls)
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
		check_board_fact(walk->board, CHECK_TLS, facts[i].key,
		    facts[i].text);
}

/*
 * libpq with sslmode=prefer connects again without TLS, whatever went wrong
 * with it.  Settings of ours that cannot be used are no fault of the database,
 * and where pgjump itself encrypts it never does without.
 */
static bool
may_do_without_tls(const struct walk *walk)
{
	const struct config_connection *connection = walk->task->connection;
	enum failure code = walk->fault.code;

	return connection->ssl_mode == SSL_MODE_PREFER &&
	    connection->client_tls == CLIENT_TLS_PASSTHROUGH &&
	    code != FAIL_DB_TLS_SETTINGS &&
	    (code == FAIL_DB_HANGUP ||
		failure_info(code)->stage == STAGE_DB_TLS);
}

static void
do_without_tls(struct walk *walk)
{
	char cause[FAULT_DETAIL_MAX], hint[FAULT_DETAIL_MAX];

	name_fault(&walk->fault, walk->task->connection);
	fault_cause(&walk->fault, cause, sizeof cause);
	fault_hint(&walk->fault, hint, sizeof hint);
	check_board_pass(walk->board,
	    "in the clear, which ssl_config.mode permits, since TLS failed");
	check_board_remark(walk->board,
	    "Clients with sslmode=prefer go on in the clear, since %s.", cause);
	check_board_remark(walk->board, "For TLS: %s", hint);
	walk->fault = (struct fault){ 0 };
	walk->is_in_clear = true;
}

static enum failure
encrypt(struct walk *walk)
{
	const struct config_connection *connection = walk->task->connection;
	struct tls_facts tls;
	bool is_encrypted;

	if (connection->ssl_mode == SSL_MODE_DISABLE ||
	    connection->host_kind == CONFIG_HOST_SOCKET) {
		check_board_skip(walk->board, CHECK_TLS, "%s",
		    connection->host_kind == CONFIG_HOST_SOCKET
			? "a Unix socket"
			: "ssl_config.mode is disable");
		return FAIL_NONE;
	}
	check_board_enter(walk->board, CHECK_TLS);
	check_postgres_tls(&walk->talk, walk->answer, &is_encrypted, &tls,
	    &walk->fault);
	tell_tls_facts(walk, &tls);
	if (walk->fault.code != FAIL_NONE) {
		if (!may_do_without_tls(walk))
			return walk->fault.code;
		do_without_tls(walk);
	} else if (is_encrypted)
		check_board_pass(walk->board,
		    "%s, %s, issued by %s, until %s, %s", tls.version,
		    tls.subject, tls.issuer, tls.expires, tls.verified);
	else
		check_board_pass(walk->board,
		    "in the clear, which ssl_config.mode permits");
	return FAIL_NONE;
}

/* Why nobody logs in; NULL: somebody does, with *password. */
static const char *
load_password(const struct walk *walk, char **password, char *error,
    size_t size)
{
	const struct config_connection *connection = walk->task->connection;

	error[0] = '\0';
	*password = NULL;
	if (!walk->logs_in)
		return "not wanted (--no-login)";
	if (connection->username == NULL)
		return "no username is configured";
	if (!secret_is_set(&connection->password))
		return "no password is configured";
	*password = secret_load(&connection->password, error, size);
	return *password == NULL ? error : NULL;
}

static void
tell_refusal(struct walk *walk)
{
	check_board_fact(walk->board, CHECK_LOGIN, "sqlstate",
	    walk->refusal.sqlstate);
	check_board_fact(walk->board, CHECK_LOGIN, "words",
	    walk->refusal.message);
}

static void
tell_server(struct walk *walk, const struct check_server *server)
{
	check_board_fact(walk->board, CHECK_SERVER, "version", server->version);
	check_board_fact(walk->board, CHECK_SERVER, "in_recovery",
	    server->is_in_recovery ? "yes" : "no");
	check_board_number(walk->board, CHECK_SERVER, "connections",
	    server->connections);
	check_board_number(walk->board, CHECK_SERVER, "max_connections",
	    server->connections_max);
	check_board_number(walk->board, CHECK_SERVER, "rtt_ms", server->rtt_ms);
	check_board_pass(walk->board,
	    "PostgreSQL %s, %s, %d of %d connections used; round trip to the "
	    "database %.1f ms",
	    server->version,
	    server->is_in_recovery ? "in recovery (a standby)" : "a primary",
	    server->connections, server->connections_max, server->rtt_ms);
}

static void
tell_alike(struct walk *walk, const struct check_server *server)
{
	check_board_number(walk->board, CHECK_SERVER, "rtt_ms", server->rtt_ms);
	check_board_pass(walk->board,
	    "it answers queries; round trip to the database %.1f ms",
	    server->rtt_ms);
	check_board_remark(walk->board,
	    "It does not tell about itself as PostgreSQL does: %s.",
	    server->words);
}

static enum failure
ask_server(struct walk *walk, struct check_login *login)
{
	struct check_server server;

	check_board_enter(walk->board, CHECK_SERVER);
	if (check_login_ask(login, &server, &walk->fault) != FAIL_NONE) {
		snprintf(walk->refusal.message, sizeof walk->refusal.message,
		    "%s", walk->fault.words);
		return walk->fault.code;
	}
	if (server.words[0] == '\0')
		tell_server(walk, &server);
	else
		tell_alike(walk, &server);
	return FAIL_NONE;
}

static enum failure
use_session(struct walk *walk, struct check_login *login)
{
	const struct config_connection *connection = walk->task->connection;
	bool encrypted = check_login_is_encrypted(login);

	check_board_fact(walk->board, CHECK_LOGIN, "encrypted",
	    encrypted ? "yes" : "no");
	check_board_pass(walk->board, "user \"%s\", database \"%s\", %s",
	    connection->username,
	    connection->database != NULL ? connection->database
					 : connection->username,
	    encrypted ? "encrypted" : "in the clear");
	return ask_server(walk, login);
}

/* One connection at a time is all that some databases have to give. */
static void
end_talk(struct walk *walk)
{
	check_postgres_part(&walk->talk);
	stream_close(walk->talk.stream, false);
	walk->talk.stream = NULL;
}

static enum failure
log_in(struct walk *walk)
{
	struct check_login *login;
	struct check_login_means means;
	char error[FAULT_WORDS_MAX], *password;
	const char *why = load_password(walk, &password, error, sizeof error);

	if (why != NULL) {
		check_board_skip(walk->board, CHECK_LOGIN, "%s", why);
		check_board_skip(walk->board, CHECK_SERVER, "%s", "no session");
		return FAIL_NONE;
	}
	check_board_enter(walk->board, CHECK_LOGIN);
	end_talk(walk);
	means = (struct check_login_means){ password, walk->is_in_clear };
	login = check_login_open(walk->task, walk->route, &walk->dial.quiet,
	    walk->board, &means, &walk->refusal, &walk->fault);
	secret_free(password);
	if (login == NULL) {
		tell_refusal(walk);
		return walk->fault.code;
	}
	use_session(walk, login);
	check_login_close(login);
	return walk->fault.code;
}

static enum failure (*const steps[])(struct walk *) = {
	read_config,
	reach_jump,
	reach_database,
	ask_postgres,
	encrypt,
	log_in,
};

/* --- The walk ------------------------------------------------------------- */

/* known_hosts is read before the handshake: then this one did not begin. */
static void
correct_phase(struct walk *walk)
{
	if (!walk->dial.is_under_way || walk->dial.stage != DIAL_HANDSHAKE ||
	    failure_info(walk->fault.code)->stage != STAGE_JUMP_HOSTKEY)
		return;
	check_board_skip(walk->board, CHECK_HANDSHAKE, "%s", "");
	check_board_enter(walk->board, CHECK_HOSTKEY);
}

static void
conclude(struct walk *walk)
{
	const struct check_case is = {
		.connection = walk->task->connection,
		.fault = &walk->fault,
		.key = &walk->key,
		.facts = &walk->dial.facts,
		.refusal = &walk->refusal,
		.is_tls_offered = walk->answer == 'S',
	};
	const struct check_failed failed = {
		.task = walk->task,
		.route = walk->route,
		.dial = &walk->dial.quiet,
		.board = walk->board,
		.is = &is,
		.note = check_dial_note(&walk->dial),
		.forward_ms = walk->forward_ms,
	};

	check_verdict_conclude(&failed);
}

static void
fail(struct walk *walk)
{
	name_fault(&walk->fault, walk->task->connection);
	correct_phase(walk);
	if (failure_info(walk->fault.code)->stage == STAGE_JUMP_AUTH)
		check_board_fact(walk->board, CHECK_AUTH, "methods",
		    walk->dial.facts.ssh.methods);
	check_board_fail(walk->board, &walk->fault);
	if (walk->fault.code != FAIL_SHUTDOWN)
		conclude(walk);
}

void
check_walk(const struct check_task *task, struct check_board *board,
    bool logs_in)
{
	struct walk walk = {
		.task = task,
		.board = board,
		.logs_in = logs_in,
		.route = check_route_new(task),
	};

	check_dial_init(&walk.dial, task, board, &walk.fault);
	walk.talk = (struct check_talk){ .task = task, .route = walk.route };
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i](&walk) != FAIL_NONE) {
			fail(&walk);
			break;
		}
	stream_close(walk.talk.stream, false);
	check_route_free(walk.route);
	check_board_finish(board);
}

bool
check_walk_give_up(const struct check_report *seen, struct check_board *board)
{
	const struct check_step *login = &seen->steps[CHECK_LOGIN];
	const struct check_key no_key = { 0 };
	const struct dial_facts no_facts = { 0 };
	const struct check_refusal no_refusal = { 0 };
	struct fault fault = { 0 };
	const struct check_case is = { seen->connection, &fault, &no_key,
		&no_facts, &no_refusal, false };
	struct check_advice *advice = xcalloc(1, sizeof *advice);
	bool gave_up;

	fault_set(&fault, FAIL_DB_LOGIN_ENDLESS, "%s",
	    clock_text(clock_ms() - login->started_ms).text);
	name_fault(&fault, seen->connection);
	check_advice_give(&is, advice);
	gave_up = check_board_give_up(board, &fault, advice);
	free(advice);
	return gave_up;
}
