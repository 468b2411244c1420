/* SPDX-License-Identifier: PostgreSQL */

/*
 * A row for each failure about which more can be said than its hint in
 * failure.def: where to run what, and lines made of the connection's own
 * names.
 */
#include "check/advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shell_word.h"
#include "base/xmalloc.h"
#include "check/advice_login.h"
#include "check/key.h"
#include "config/config.h"
#include "ssh/dial.h"
#include "ssh/known_hosts.h"

#define HERE        "on this machine"
#define AT_JUMP     "on the jump box"
#define AT_DATABASE "on the database server"

#define SSHD_CONFIG "sshd_config on the jump box, at its end, then reload sshd"

/* Who connects to the database. */
static const char *
near_database(const struct check_case *is)
{
	return is->connection->jump != NULL ? AT_JUMP : HERE;
}

static bool
is_socket(const struct check_case *is)
{
	return is->connection->host_kind == CONFIG_HOST_SOCKET;
}

/* Commands and settings are those of a server that is known. */
static bool
is_sshd(const struct check_case *is)
{
	return fault_is_of_sshd(is->fault);
}

static bool
is_dropbear(const struct check_case *is)
{
	return is->fault->software == SOFTWARE_DROPBEAR;
}

/* --- The way to the jump box ---------------------------------------------- */

static void
resolve_jump(const struct check_case *is, struct check_advice *out)
{
	check_report_advice_run(out, HERE, "getent hosts %s",
	    is->connection->jump->host);
}

static void
reach_jump(const struct check_case *is, struct check_advice *out)
{
	check_report_advice_run(out, HERE, "nc -vz -w 5 %s %u",
	    is->connection->jump->host, is->connection->jump->port);
}

static void
listen_jump(const struct check_case *is, struct check_advice *out)
{
	check_report_advice_run(out, AT_JUMP, "ss -ltn 'sport = :%u'",
	    is->connection->jump->port);
}

/* As if it were the database that it seems to be. */
static void
ask_instead(const struct check_case *is, struct check_advice *out)
{
	check_report_advice_run(out, HERE, "pg_isready -h %s -p %u",
	    is->connection->jump->host, is->connection->jump->port);
}

static void
read_sshd_log(const struct check_case *is, struct check_advice *out)
{
	if (is_sshd(is))
		check_report_advice_run(out, AT_JUMP,
		    "journalctl -u ssh -n 50");
	else if (is_dropbear(is))
		check_report_advice_run(out, AT_JUMP,
		    "journalctl -u dropbear -n 50");
}

static void
count_errors(const struct check_case *is, struct check_advice *out)
{
	(void)is;
	check_report_advice_run(out, HERE, "ip -s -s link");
}

static void
list_algorithms(const struct check_case *is, struct check_advice *out)
{
	if (!is_sshd(is))
		return;
	check_report_advice_run(out, AT_JUMP,
	    "sshd -T | grep -E '^(kexalgorithms|ciphers|macs|"
	    "hostkeyalgorithms) '");
}

static void
list_signatures(const struct check_case *is, struct check_advice *out)
{
	if (is_sshd(is))
		check_report_advice_run(out, AT_JUMP,
		    "sshd -T | grep -i '^pubkeyaccepted'");
}

/* --- Host keys ------------------------------------------------------------ */

/* By the console, or another way that leads to the jump box for sure. */
static void
compare_key(const struct check_case *is, struct check_advice *out)
{
	const char *place = "on the jump box, by another way than this";

	if (is_sshd(is))
		check_report_advice_run(out, place,
		    "for key in /etc/ssh/ssh_host_*_key.pub; do "
		    "ssh-keygen -lf $key; done");
	else if (is_dropbear(is))
		check_report_advice_run(out, place,
		    "for key in /etc/dropbear/dropbear_*_host_key; do "
		    "dropbearkey -y -f $key; done");
}

static void
know_key(const struct check_case *is, struct check_advice *out)
{
	const struct config_jump *jump = is->connection->jump;
	const struct ssh_facts *ssh = &is->facts->ssh;
	char *line = NULL;

	compare_key(is, out);
	if (ssh->hostkey_len > 0)
		line = known_hosts_line(jump->host, jump->port,
		    ssh->hostkey_type, ssh->hostkey, ssh->hostkey_len);
	if (line != NULL && jump->known_hosts_count > 0) {
		snprintf(out->file, sizeof out->file, "%.120s, once compared",
		    jump->known_hosts[0]);
		check_report_advice_line(out, "%s", line);
	}
	free(line);
}

static void
pin_key(const struct check_case *is, struct check_advice *out)
{
	compare_key(is, out);
	snprintf(out->file, sizeof out->file,
	    "ssh_tunnel of this connection, once compared");
	check_report_advice_line(out, "host_key: %s",
	    is->facts->ssh.fingerprint);
}

static void
pin_keys(const struct check_case *is, struct check_advice *out)
{
	const struct config_jump *jump = is->connection->jump;
	char *list = xstrdup(is->facts->ssh.fingerprint), *longer;

	for (size_t i = 0; i < jump->pin_count; i++) {
		longer = xasprintf("%s, %s", jump->pins[i], list);
		free(list);
		list = longer;
	}
	pin_key(is, out);
	snprintf(out->lines[0], sizeof out->lines[0], "host_key: [%s]", list);
	free(list);
}

/* --- The login ------------------------------------------------------------ */

/*
 * sshd says the same of a key that it does not know and of a user whom it does
 * not let in: what else that may come from, and what its log says.
 */
static void
inspect_account(const struct check_case *is, struct check_advice *out)
{
	const char *user = is->connection->jump->username;
	char *word = shell_word(user);

	/* The home of a name in quotes is not found by a tilde. */
	if (is_sshd(is) && strcmp(word, user) == 0)
		check_report_advice_run(out, AT_JUMP,
		    "passwd -S %s; sshd -T | grep -E '^(allow|deny)'; "
		    "ls -ld ~%s ~%s/.ssh ~%s/.ssh/authorized_keys; "
		    "journalctl -u ssh -n 50",
		    user, user, user, user);
	else
		read_sshd_log(is, out);
	free(word);
}

/*
 * The least that lets this connection in: no shell, no agent, no other target.
 * A Unix socket cannot be named there (sshd(8), "AUTHORIZED_KEYS FILE
 * FORMAT"; dropbear(8) has the same names, but nothing that switches one on
 * again).  Where another server keeps its keys is not known.
 */
static void
authorize_key(const struct check_case *is, struct check_advice *out)
{
	const struct config_connection *connection = is->connection;

	inspect_account(is, out);
	if (is->key->type[0] == '\0' || !(is_sshd(is) || is_dropbear(is)))
		return;
	snprintf(out->file, sizeof out->file,
	    "~%s/.ssh/authorized_keys on the jump box",
	    connection->jump->username);
	if (is_dropbear(is))
		check_report_advice_line(out,
		    "no-pty,no-agent-forwarding,no-X11-forwarding,"
		    "permitopen=\"%s\" %s",
		    connection->label, is->key->line);
	else if (is_socket(is))
		check_report_advice_line(out, "restrict,port-forwarding %s",
		    is->key->line);
	else
		check_report_advice_line(out,
		    "restrict,port-forwarding,permitopen=\"%s\" %s",
		    connection->label, is->key->line);
}

/* The public keys, one of which can select itself. */
static void
print_agent(const struct check_case *is, struct check_advice *out)
{
	(void)is;
	check_report_advice_run(out, HERE, "ssh-add -L");
}

static void
show_expiry(const struct check_case *is, struct check_advice *out)
{
	char *word = shell_word(is->connection->jump->username);

	check_report_advice_run(out, AT_JUMP, "chage -l %s", word);
	free(word);
}

static void
list_agent(const struct check_case *is, struct check_advice *out)
{
	(void)is;
	check_report_advice_run(out, HERE, "ssh-add -l");
}

/* --- The forward ---------------------------------------------------------- */

/*
 * A name as a pattern in quotes of sshd_config(5).  What has a meaning in
 * patterns, or in the quotes of some releases, is matched by '?'.
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

	check_report_advice_run(out, AT_JUMP,
	    "sshd -T -C %s | grep -iE 'forwarding|permitopen'", word);
	free(word);
	free(spec);
}

static void
permit_forward_in_sshd(const struct check_case *is, struct check_advice *out)
{
	const struct config_connection *connection = is->connection;
	const char *user = connection->jump->username;
	char pattern[1100];

	put_pattern(pattern, sizeof pattern, user);
	snprintf(out->file, sizeof out->file, SSHD_CONFIG);
	check_report_advice_line(out, "Match User \"%s\"", pattern);
	check_report_advice_line(out, "    DisableForwarding no");
	if (is_socket(is)) {
		check_report_advice_line(out,
		    "    AllowStreamLocalForwarding local");
	} else {
		check_report_advice_line(out, "    AllowTcpForwarding local");
		check_report_advice_line(out, "    PermitOpen %s",
		    connection->label);
	}
	print_settings(user, out);
}

static void
permit_forward(const struct check_case *is, struct check_advice *out)
{
	if (is_sshd(is))
		permit_forward_in_sshd(is, out);
	else if (is_dropbear(is))
		check_report_advice_run(out, AT_JUMP,
		    "ps -o args= -C dropbear");
}

static void
list_sessions(const struct check_case *is, struct check_advice *out)
{
	check_report_advice_run(out, AT_JUMP,
	    "ss -tnp state established 'sport = :%u'",
	    is->connection->jump->port);
}

/* --- The way to the database ---------------------------------------------- */

static void
resolve_database(const struct check_case *is, struct check_advice *out)
{
	check_report_advice_run(out, near_database(is), "getent hosts %s",
	    is->connection->host);
}

static void
reach_database(const struct check_case *is, struct check_advice *out)
{
	char *word = shell_word(is->connection->label);

	if (is_socket(is))
		check_report_advice_run(out, near_database(is), "ls -l %s",
		    word);
	else
		check_report_advice_run(out, near_database(is),
		    "nc -vz -w 5 %s %u", is->connection->host,
		    is->connection->port);
	free(word);
}

static void
listen_database(const struct check_case *is, struct check_advice *out)
{
	check_report_advice_run(out, AT_DATABASE, "ss -ltn 'sport = :%u'",
	    is->connection->port);
}

static void
ask_database(const struct check_case *is, struct check_advice *out)
{
	char *word = shell_word(is->connection->host);

	check_report_advice_run(out, near_database(is),
	    "pg_isready -h %s -p %u", word, is->connection->port);
	free(word);
}

static void
set_password(const struct check_case *is, struct check_advice *out)
{
	check_advice_login_password(is->connection, out);
}

static void
show_certificate(const struct check_case *is, struct check_advice *out)
{
	char *word = shell_word(is->connection->label);

	check_report_advice_run(out, near_database(is),
	    "openssl s_client -starttls postgres -showcerts "
	    "-connect %s </dev/null",
	    word);
	free(word);
}

static void
ask_tls_settings(const struct check_case *is, struct check_advice *out)
{
	(void)is;
	check_report_advice_run(out, AT_DATABASE,
	    "psql -c \"SELECT name, setting FROM pg_settings "
	    "WHERE name LIKE 'ssl%%'\"");
}

static void
advise_login(const struct check_case *is, struct check_advice *out)
{
	check_advice_login(is->connection, is->refusal, is->is_tls_offered,
	    out);
}

/* --- The table ------------------------------------------------------------ */

static const struct {
	enum failure code;
	void (*advise)(const struct check_case *, struct check_advice *);
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
	{ FAIL_JUMP_UNPROVED, compare_key },
	{ FAIL_JUMP_DAMAGED, count_errors },
	{ FAIL_JUMP_HANDSHAKE_FAILED, read_sshd_log },
	{ FAIL_JUMP_HANDSHAKE_TIMEOUT, read_sshd_log },
	{ FAIL_HOSTKEY_UNKNOWN, know_key },
	{ FAIL_HOSTKEY_CHANGED, compare_key },
	{ FAIL_HOSTKEY_ONE_OF_MANY, know_key },
	{ FAIL_HOSTKEY_PIN, pin_key },
	{ FAIL_HOSTKEY_PIN_OF_MANY, pin_keys },
	{ FAIL_HOSTKEY_REVOKED, compare_key },
	{ FAIL_HOSTKEY_AUTHORITY, know_key },
	{ FAIL_AUTH_KEY_REJECTED, authorize_key },
	{ FAIL_AUTH_PASSWORD_REJECTED, read_sshd_log },
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

void
check_advice_give(const struct check_case *is, struct check_advice *out)
{
	memset(out, 0, sizeof *out);
	fault_hint(is->fault, out->hint, sizeof out->hint);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].code == is->fault->code)
			table[i].advise(is, out);
}
