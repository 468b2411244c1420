/* SPDX-License-Identifier: PostgreSQL */

/*
 * A row for each failure that deserves more advice than its hint in
 * failure.def: a command, and lines made of the connection's own names.
 */
#include "check/advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shell_word.h"
#include "base/xmalloc.h"
#include "check/advice_hostkey.h"
#include "check/advice_login.h"
#include "check/advice_proxy.h"
#include "check/blamed.h"
#include "check/report.h"
#include "check/state.h"
#include "config/config.h"
#include "config/hops.h"

#define SSHD_CONFIG "sshd_config on the jump box, at its end, then reload sshd"

static const struct config_jump *
jump_of(const struct check_state *state)
{
	return check_blamed_jump(state);
}

/* The machine that connects to the jump box. */
static const char *
before_jump(const struct check_state *state)
{
	return jump_of(state)->via == NULL ? CHECK_HERE : CHECK_BEFORE_JUMP;
}

/* The machine that connects to the database. */
static const char *
near_database(const struct check_state *state)
{
	return jump_of(state) != NULL ? CHECK_AT_JUMP : CHECK_HERE;
}

static bool
is_socket(const struct check_state *state)
{
	return !check_blamed_is_outer(state) &&
	    state->task->connection->host_kind == CONFIG_HOST_SOCKET;
}

/* Whether commands and settings of sshd may be named. */
static bool
is_sshd(const struct check_state *state)
{
	return fault_is_of_sshd(&state->fault);
}

static bool
is_dropbear(const struct check_state *state)
{
	return state->fault.software == SOFTWARE_DROPBEAR;
}

/* --- The way to the jump box ---------------------------------------------- */

static void
resolve_jump(const struct check_state *state, struct check_advice *out)
{
	check_report_advice_run(out, before_jump(state), "getent hosts %s",
	    jump_of(state)->host);
}

static void
reach_jump(const struct check_state *state, struct check_advice *out)
{
	check_report_advice_run(out, before_jump(state), "nc -vz -w 5 %s %u",
	    jump_of(state)->host, jump_of(state)->port);
}

static void
listen_jump(const struct check_state *state, struct check_advice *out)
{
	check_report_advice_run(out, CHECK_AT_JUMP, "ss -ltn 'sport = :%u'",
	    jump_of(state)->port);
}

/* The port seems to be a database's: ask it as one. */
static void
ask_instead(const struct check_state *state, struct check_advice *out)
{
	check_report_advice_run(out, before_jump(state),
	    "pg_isready -h %s -p %u", jump_of(state)->host,
	    jump_of(state)->port);
}

static void
read_sshd_log(const struct check_state *state, struct check_advice *out)
{
	if (is_sshd(state))
		check_report_advice_run(out, CHECK_AT_JUMP,
		    "journalctl -u ssh -n 50");
	else if (is_dropbear(state))
		check_report_advice_run(out, CHECK_AT_JUMP,
		    "journalctl -u dropbear -n 50");
}

static void
count_errors(const struct check_state *state, struct check_advice *out)
{
	(void)state;
	check_report_advice_run(out, CHECK_HERE, "ip -s -s link");
}

static void
list_algorithms(const struct check_state *state, struct check_advice *out)
{
	if (!is_sshd(state))
		return;
	check_report_advice_run(out, CHECK_AT_JUMP,
	    "sshd -T | grep -E '^(kexalgorithms|ciphers|macs|"
	    "hostkeyalgorithms) '");
}

static void
list_signatures(const struct check_state *state, struct check_advice *out)
{
	if (is_sshd(state))
		check_report_advice_run(out, CHECK_AT_JUMP,
		    "sshd -T | grep -i '^pubkeyaccepted'");
}

/* --- The login ------------------------------------------------------------ */

/*
 * sshd answers an unknown key and a user whom it does not admit in the same
 * way. Look at the user, at the rules, at the files of the key, and at the log.
 */
static void
inspect_account(const struct check_state *state, struct check_advice *out)
{
	const char *user = jump_of(state)->username;
	char *word = shell_word(user);

	/* The shell does not expand a tilde before a quoted name. */
	if (is_sshd(state) && strcmp(word, user) == 0)
		check_report_advice_run(out, CHECK_AT_JUMP,
		    "passwd -S %s; sshd -T | grep -E '^(allow|deny)'; "
		    "ls -ld ~%s ~%s/.ssh ~%s/.ssh/authorized_keys; "
		    "journalctl -u ssh -n 50",
		    user, user, user, user);
	else
		read_sshd_log(state, out);
	free(word);
}

/*
 * The narrowest line that lets this connection in: no shell, no agent, no other
 * target.  It cannot name a Unix socket (sshd(8), "AUTHORIZED_KEYS FILE
 * FORMAT"). dropbear(8) has the same option names, but none that switches one
 * on again. We do not know where other servers keep their keys.
 */
static void
authorize_key(const struct check_state *state, struct check_advice *out)
{
	const char *target = check_blamed_target(state);

	inspect_account(state, out);
	if (state->keys.list[0].type[0] == '\0' ||
	    !(is_sshd(state) || is_dropbear(state)))
		return;
	snprintf(out->file, sizeof out->file,
	    "~%s/.ssh/authorized_keys on the jump box",
	    jump_of(state)->username);
	if (is_dropbear(state))
		check_report_advice_line(out,
		    "no-pty,no-agent-forwarding,no-X11-forwarding,"
		    "permitopen=\"%s\" %s",
		    target, state->keys.list[0].line);
	else if (is_socket(state))
		check_report_advice_line(out, "restrict,port-forwarding %s",
		    state->keys.list[0].line);
	else
		check_report_advice_line(out,
		    "restrict,port-forwarding,permitopen=\"%s\" %s", target,
		    state->keys.list[0].line);
}

/* ssh-add with this option, for the agent that is asked at a login. */
static void
ask_agent(const struct check_state *state, const char *option,
    struct check_advice *out)
{
	const char *path = jump_of(state)->agent_socket;
	char *word;

	if (path == NULL) {
		check_report_advice_run(out, CHECK_HERE, "ssh-add %s", option);
		return;
	}
	word = shell_word(path);
	check_report_advice_run(out, CHECK_HERE, "SSH_AUTH_SOCK=%s ssh-add %s",
	    word, option);
	free(word);
}

/* One of these public keys can be configured, to select its private key. */
static void
print_agent(const struct check_state *state, struct check_advice *out)
{
	ask_agent(state, "-L", out);
}

static void
show_expiry(const struct check_state *state, struct check_advice *out)
{
	char *word = shell_word(jump_of(state)->username);

	check_report_advice_run(out, CHECK_AT_JUMP, "chage -l %s", word);
	free(word);
}

static void
list_agent(const struct check_state *state, struct check_advice *out)
{
	ask_agent(state, "-l", out);
}

/* --- The forward ---------------------------------------------------------- */

/*
 * A name as a quoted pattern of sshd_config(5).  A '?' stands for each
 * character that has a meaning in patterns, or in the quotes of some releases.
 */
static void
put_pattern(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s", name);
	for (; *out != '\0'; out++)
		if (strchr(",*!\"\\", *out) != NULL)
			*out = '?';
}

static void
print_settings(const char *user, struct check_advice *out)
{
	char *spec = xasprintf("user=%s,host=localhost,addr=127.0.0.1", user);
	char *word = shell_word(spec);

	check_report_advice_run(out, CHECK_AT_JUMP,
	    "sshd -T -C %s | grep -iE 'forwarding|permitopen'", word);
	free(word);
	free(spec);
}

static void
permit_forward_in_sshd(const struct check_state *state,
    struct check_advice *out)
{
	const char *user = jump_of(state)->username;
	char pattern[1100];

	put_pattern(pattern, sizeof pattern, user);
	snprintf(out->file, sizeof out->file, SSHD_CONFIG);
	check_report_advice_line(out, "Match User \"%s\"", pattern);
	check_report_advice_line(out, "    DisableForwarding no");
	if (is_socket(state)) {
		check_report_advice_line(out,
		    "    AllowStreamLocalForwarding local");
	} else {
		check_report_advice_line(out, "    AllowTcpForwarding local");
		check_report_advice_line(out, "    PermitOpen %s",
		    check_blamed_target(state));
	}
	print_settings(user, out);
}

static void
permit_forward(const struct check_state *state, struct check_advice *out)
{
	if (is_sshd(state))
		permit_forward_in_sshd(state, out);
	else if (is_dropbear(state))
		check_report_advice_run(out, CHECK_AT_JUMP,
		    "ps -o args= -C dropbear");
}

static void
list_sessions(const struct check_state *state, struct check_advice *out)
{
	check_report_advice_run(out, CHECK_AT_JUMP,
	    "ss -tnp state established 'sport = :%u'", jump_of(state)->port);
}

/* --- The way to the database ---------------------------------------------- */

static void
resolve_database(const struct check_state *state, struct check_advice *out)
{
	check_report_advice_run(out, near_database(state), "getent hosts %s",
	    state->task->connection->host);
}

static void
reach_database(const struct check_state *state, struct check_advice *out)
{
	char *word = shell_word(state->task->connection->label);

	if (is_socket(state))
		check_report_advice_run(out, near_database(state), "ls -l %s",
		    word);
	else
		check_report_advice_run(out, near_database(state),
		    "nc -vz -w 5 %s %u", state->task->connection->host,
		    state->task->connection->port);
	free(word);
}

static void
listen_database(const struct check_state *state, struct check_advice *out)
{
	check_report_advice_run(out, CHECK_AT_DATABASE, "ss -ltn 'sport = :%u'",
	    state->task->connection->port);
}

static void
ask_database(const struct check_state *state, struct check_advice *out)
{
	char *word = shell_word(state->task->connection->host);

	check_report_advice_run(out, near_database(state),
	    "pg_isready -h %s -p %u", word, state->task->connection->port);
	free(word);
}

static void
set_password(const struct check_state *state, struct check_advice *out)
{
	check_advice_login_password(state, out);
}

static void
show_certificate(const struct check_state *state, struct check_advice *out)
{
	char *word = shell_word(state->task->connection->label);

	check_report_advice_run(out, near_database(state),
	    "openssl s_client -starttls postgres -showcerts "
	    "-connect %s </dev/null",
	    word);
	free(word);
}

static void
ask_tls_settings(const struct check_state *state, struct check_advice *out)
{
	(void)state;
	check_report_advice_run(out, CHECK_AT_DATABASE,
	    "psql -c \"SELECT name, setting FROM pg_settings "
	    "WHERE name LIKE 'ssl%%'\"");
}

static void
advise_login(const struct check_state *state, struct check_advice *out)
{
	check_advice_login(state, out);
}

/* --- The table ------------------------------------------------------------ */

static const struct {
	enum failure code;
	void (*advise)(const struct check_state *, struct check_advice *);
} table[] = {
	{ FAIL_JUMP_NAME_UNKNOWN, resolve_jump },
	{ FAIL_JUMP_NAME_TIMEOUT, resolve_jump },
	{ FAIL_JUMP_REFUSED, listen_jump },
	{ FAIL_JUMP_UNREACHABLE, reach_jump },
	{ FAIL_JUMP_TIMEOUT, reach_jump },
	{ FAIL_JUMP_NOT_SSH, listen_jump },
	{ FAIL_JUMP_SPEAKS_TLS, listen_jump },
	{ FAIL_JUMP_POSTGRES, ask_instead },
	{ FAIL_JUMP_POSTGRES_PORT, ask_instead },
	{ FAIL_JUMP_SILENT, listen_jump },
	{ FAIL_JUMP_HANGUP, read_sshd_log },
	{ FAIL_JUMP_TURNED_AWAY, read_sshd_log },
	{ FAIL_JUMP_NO_ALGORITHM, list_algorithms },
	{ FAIL_JUMP_UNPROVED, check_advice_hostkey },
	{ FAIL_JUMP_DAMAGED, count_errors },
	{ FAIL_JUMP_HANDSHAKE_FAILED, read_sshd_log },
	{ FAIL_JUMP_HANDSHAKE_TIMEOUT, read_sshd_log },
	{ FAIL_HOSTKEY_UNKNOWN, check_advice_hostkey },
	{ FAIL_HOSTKEY_CHANGED, check_advice_hostkey },
	{ FAIL_HOSTKEY_ONE_OF_MANY, check_advice_hostkey },
	{ FAIL_HOSTKEY_PIN, check_advice_hostkey },
	{ FAIL_HOSTKEY_PIN_OF_MANY, check_advice_hostkey },
	{ FAIL_HOSTKEY_REVOKED, check_advice_hostkey },
	{ FAIL_HOSTKEY_AUTHORITY, check_advice_hostkey },
	{ FAIL_HOSTKEY_UNCERTIFIED, check_advice_hostkey },
	{ FAIL_HOSTKEY_CA_UNKNOWN, check_advice_hostkey_certificate },
	{ FAIL_HOSTKEY_CERTIFICATE_EXPIRED, check_advice_hostkey_certificate },
	{ FAIL_HOSTKEY_CERTIFICATE_EARLY, check_advice_hostkey_certificate },
	{ FAIL_HOSTKEY_CERTIFICATE_NAME, check_advice_hostkey_certificate },
	{ FAIL_HOSTKEY_CERTIFICATE, check_advice_hostkey_certificate },
	{ FAIL_AUTH_KEY_REJECTED, authorize_key },
	{ FAIL_AUTH_PASSWORD_REJECTED, read_sshd_log },
	{ FAIL_AUTH_NOTHING, authorize_key },
	{ FAIL_AUTH_METHOD, read_sshd_log },
	{ FAIL_AUTH_INCOMPLETE, read_sshd_log },
	{ FAIL_AUTH_ALGORITHM, list_signatures },
	{ FAIL_AUTH_QUESTION, read_sshd_log },
	{ FAIL_AUTH_EXPIRED, show_expiry },
	{ FAIL_AUTH_AGENT_ABSENT, list_agent },
	{ FAIL_AUTH_AGENT_EMPTY, list_agent },
	{ FAIL_AUTH_AGENT_KEY, list_agent },
	{ FAIL_AUTH_AGENT_REFUSED, authorize_key },
	{ FAIL_AUTH_AGENT_MANY, print_agent },
	{ FAIL_AUTH_CERTIFICATE, read_sshd_log },
	{ FAIL_AUTH_CERTIFICATE_EXPIRED, read_sshd_log },
	{ FAIL_AUTH_CERTIFICATE_EARLY, read_sshd_log },
	{ FAIL_AUTH_CERTIFICATE_NAME, read_sshd_log },
	{ FAIL_AUTH_CERTIFICATE_OPTION, read_sshd_log },
	{ FAIL_AUTH_AGENT_FAILED, list_agent },
	{ FAIL_AUTH_AGENT_WAITS, list_agent },
	{ FAIL_AUTH_TOO_MANY, print_agent },
	{ FAIL_AUTH_HANGUP, read_sshd_log },
	{ FAIL_AUTH_CUT, read_sshd_log },
	{ FAIL_AUTH_DAMAGED, count_errors },
	{ FAIL_AUTH_TIMEOUT, read_sshd_log },
	{ FAIL_FORWARD_DENIED, permit_forward },
	{ FAIL_FORWARD_LIMIT_PEER, list_sessions },
	{ FAIL_TUNNEL_LOST, read_sshd_log },
	{ FAIL_TUNNEL_CUT, read_sshd_log },
	{ FAIL_TUNNEL_DAMAGED, count_errors },
	{ FAIL_TUNNEL_SILENT, reach_jump },
	{ FAIL_DB_NAME_UNKNOWN, resolve_database },
	{ FAIL_DB_NAME_TIMEOUT, resolve_database },
	{ FAIL_DB_REFUSED, listen_database },
	{ FAIL_DB_UNREACHABLE, reach_database },
	{ FAIL_DB_TIMEOUT, reach_database },
	{ FAIL_DB_UNREACHED, reach_database },
	{ FAIL_DB_UNREACHED_SAID, reach_database },
	{ FAIL_DB_UNREACHED_SOCKET, reach_database },
	{ FAIL_DB_CLOSED, ask_database },
	{ FAIL_DB_CLOSED_DIRECT, ask_database },
	{ FAIL_DB_CLOSED_NEWER, ask_database },
	{ FAIL_DB_HANGUP, ask_database },
	{ FAIL_DB_HANGUP_SAID, ask_database },
	{ FAIL_DB_HANGUP_PASSWORD, ask_database },
	{ FAIL_DB_SILENT, ask_database },
	{ FAIL_DB_SILENT_TLS, ask_database },
	{ FAIL_DB_SILENT_GSS, ask_database },
	{ FAIL_DB_SILENT_NEWER, ask_database },
	{ FAIL_DB_LOGIN_ENDLESS, set_password },
	{ FAIL_DB_NOT_POSTGRES, ask_database },
	{ FAIL_DB_TLS_ABSENT, ask_tls_settings },
	{ FAIL_DB_TLS_UNTRUSTED, show_certificate },
	{ FAIL_DB_TLS_OUTDATED, show_certificate },
	{ FAIL_DB_TLS_NAME, show_certificate },
	{ FAIL_DB_TLS_REJECTED, ask_tls_settings },
	{ FAIL_DB_TLS_FAILED, ask_tls_settings },
	{ FAIL_DB_TLS_NAMELESS, ask_tls_settings },
	{ FAIL_DB_TLS_NAME_UNKNOWN, ask_tls_settings },
	{ FAIL_DB_REJECTED, advise_login },
};

/* In a chain, "the jump box" may be any: say which. */
static void
name_place(const struct check_state *state, struct check_advice *out)
{
	const struct config_jump *jump = jump_of(state);

	if (jump == NULL ||
	    config_hops_count(state->task->connection->jump) < 2)
		return;
	if (strcmp(out->place, CHECK_AT_JUMP) == 0)
		snprintf(out->place, sizeof out->place, "on jump box %s",
		    jump->label);
	else if (strcmp(out->place, CHECK_BEFORE_JUMP) == 0)
		snprintf(out->place, sizeof out->place, "on jump box %s",
		    jump->via->label);
}

void
check_advice_give(const struct check_state *state, struct check_advice *out)
{
	memset(out, 0, sizeof *out);
	fault_hint(&state->fault, out->hint, sizeof out->hint);
	if (failure_info(state->fault.code)->stage == STAGE_JUMP_PROXY)
		check_advice_proxy(state, out);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].code == state->fault.code)
			table[i].advise(state, out);
	name_place(state, out);
}
