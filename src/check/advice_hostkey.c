/* SPDX-License-Identifier: PostgreSQL */

/*
 * There is always the command that prints the true key.  If the key may simply
 * be unknown, there is a line that makes it known, for use after the
 * comparison.
 */
#include "check/advice_hostkey.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "check/blamed.h"
#include "check/report.h"
#include "check/state.h"
#include "config/config.h"
#include "ssh/known_name.h"

#define TRUSTED_PATH "on the jump box, over a path that you trust"

#define ADD_KEY "pgjump hostkey --add"

/* The same for this configuration and connection, to be pasted. */
static char *
add_key_command(const struct check_task *task)
{
	char *command = xstrdup("pgjump"), *longer, *word;

	for (char **path = task->cfg->paths; path != NULL && *path != NULL;
	     path++) {
		word = shell_word(*path);
		longer = xasprintf("%s -c %s", command, word);
		free(word);
		free(command);
		command = longer;
	}
	longer = xasprintf("%s hostkey --add %s", command,
	    task->connection->name);
	free(command);
	return longer;
}

/* Without a file, as in `pgjump tunnel`, there is no such command. */
static void
drop_command(char *hint)
{
	static const char command[] = " (" ADD_KEY ")";
	char *at = strstr(hint, command);

	if (at != NULL)
		memmove(at, at + strlen(command),
		    strlen(at + strlen(command)) + 1);
}

/* Complete the command in the hint, if there is room for all of it. */
static void
complete_hint(const struct check_state *state, struct check_advice *out)
{
	const char *rest = strstr(out->hint, ADD_KEY);
	const struct config *cfg = state->task->cfg;
	char *command, *hint;

	if (rest == NULL)
		return;
	if (cfg->paths == NULL) {
		drop_command(out->hint);
		return;
	}
	command = add_key_command(state->task);
	hint = xasprintf("%.*s%s%s", (int)(rest - out->hint), out->hint,
	    command, rest + strlen(ADD_KEY));
	if (strlen(hint) < sizeof out->hint)
		text_printable(out->hint, sizeof out->hint, hint, strlen(hint));
	free(hint);
	free(command);
}

/*
 * The connection in question may lead to an impostor: the user must take the
 * console, or another way that surely leads to the jump box.
 */
static void
compare_key(const struct check_state *state, struct check_advice *out)
{
	if (fault_is_of_sshd(&state->fault))
		check_report_advice_run(out, TRUSTED_PATH,
		    "for key in /etc/ssh/ssh_host_*_key.pub; do "
		    "ssh-keygen -lf $key; done");
	else if (state->fault.software == SOFTWARE_DROPBEAR)
		check_report_advice_run(out, TRUSTED_PATH,
		    "for key in /etc/dropbear/dropbear_*_host_key; do "
		    "dropbearkey -y -f $key; done");
}

static void
know_key(const struct check_state *state, struct check_advice *out)
{
	const struct config_jump *jump = check_blamed_jump(state);
	const struct ssh_facts *ssh = &state->facts.ssh;
	char *line = NULL;

	if (ssh->hostkey_len > 0)
		line = ssh_known_name_line(jump, ssh->hostkey_type,
		    ssh->hostkey, ssh->hostkey_len);
	if (line != NULL && jump->known_hosts_count > 0) {
		snprintf(out->file, sizeof out->file,
		    "%.120s, after you compared the key", jump->known_hosts[0]);
		check_report_advice_line(out, "%s", line);
	}
	free(line);
}

/*
 * Whether the pins of a named jump box are those of this connection alone: it
 * leads to another machine, or has pins of its own.
 */
static bool
has_own_pins(const struct config_connection *connection)
{
	static const char *const names[] = { "host", "port", "host_key" };

	for (size_t i = 0; i < connection->override_count; i++)
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			if (strcmp(connection->overrides[i], names[k]) == 0)
				return true;
	return false;
}

/* The place in the file of an outer jump box, where it has a name. */
static const struct config_hop *
hop_of(const struct check_state *state)
{
	const struct config_jump *blamed = check_blamed_jump(state);

	for (const struct config_jump *jump = state->task->connection->jump;
	     jump != NULL; jump = jump->via)
		for (size_t i = 0; i < jump->hop_count; i++)
			if (jump->hops[i].jump == blamed)
				return &jump->hops[i];
	return NULL;
}

static void
name_pin_file_of_outer(const struct check_state *state,
    struct check_advice *out)
{
	const struct config_hop *hop = hop_of(state);

	if (hop != NULL && hop->jump_box != NULL && hop->override_count == 0)
		snprintf(out->file, sizeof out->file,
		    "jump_boxes.%s, after you compared the key", hop->jump_box);
	else
		snprintf(out->file, sizeof out->file,
		    "its mapping in via, after you compared the key");
}

static void
name_pin_file(const struct check_state *state, struct check_advice *out)
{
	const struct config_connection *connection = state->task->connection;

	if (check_blamed_is_outer(state)) {
		name_pin_file_of_outer(state, out);
		return;
	}
	if (connection->jump_box != NULL && !has_own_pins(connection))
		snprintf(out->file, sizeof out->file,
		    "jump_boxes.%s, after you compared the key",
		    connection->jump_box);
	else
		snprintf(out->file, sizeof out->file,
		    "ssh_tunnel of this connection, after you compared the key");
}

static void
pin_key(const struct check_state *state, struct check_advice *out)
{
	name_pin_file(state, out);
	check_report_advice_line(out, "host_key: %s",
	    state->facts.ssh.fingerprint);
}

/* The pins there are stay: they belong to the other machines of the name. */
static void
pin_keys(const struct check_state *state, struct check_advice *out)
{
	const struct config_jump *jump = check_blamed_jump(state);
	char *list = xstrdup(state->facts.ssh.fingerprint), *longer;

	for (size_t i = 0; i < jump->pin_count; i++) {
		longer = xasprintf("%s, %s", jump->pins[i], list);
		free(list);
		list = longer;
	}
	name_pin_file(state, out);
	check_report_advice_line(out, "host_key: [%s]", list);
	free(list);
}

void
check_advice_hostkey(const struct check_state *state, struct check_advice *out)
{
	complete_hint(state, out);
	compare_key(state, out);
	switch (state->fault.code) {
	case FAIL_HOSTKEY_UNKNOWN:
	case FAIL_HOSTKEY_ONE_OF_MANY:
	case FAIL_HOSTKEY_AUTHORITY:
	case FAIL_HOSTKEY_UNCERTIFIED:
		know_key(state, out);
		break;
	case FAIL_HOSTKEY_PIN:
		pin_key(state, out);
		break;
	case FAIL_HOSTKEY_PIN_OF_MANY:
		pin_keys(state, out);
		break;
	default: /* changed, revoked or not proved: no line makes that good */
		break;
	}
}

/* The file that HostCertificate names has its usual name. */
void
check_advice_hostkey_certificate(const struct check_state *state,
    struct check_advice *out)
{
	complete_hint(state, out);
	if (fault_is_of_sshd(&state->fault))
		check_report_advice_run(out, TRUSTED_PATH,
		    "for cert in /etc/ssh/ssh_host_*_key-cert.pub; do "
		    "ssh-keygen -Lf $cert; done");
}
