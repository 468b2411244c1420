/* SPDX-License-Identifier: PostgreSQL */

/*
 * The output is a valid known_hosts file: keys are lines, everything else is a
 * comment.  A key that a known_hosts line contradicts or revokes is a comment
 * as well, so that nobody trusts it by appending the whole output to a file.
 * For the same reason --add adds no key of such a jump box.
 */
#include "command/hostkey.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/command_line.h"
#include "base/fault.h"
#include "config/config.h"
#include "config/jump.h"
#include "config/load.h"
#include "config/named_connections.h"
#include "ssh/dial.h"
#include "ssh/hostkey_fetch.h"
#include "ssh/hostkey_trust.h"
#include "ssh/known_hosts.h"
#include "ssh/known_name.h"
#include "ssh/resolver.h"

/* One key of a jump box, and what is known about it. */
struct judged {
	const struct ssh_hostkey_shown *key;
	enum ssh_hostkey_trust_standing standing;
	const struct known_host *line; /* the line that says so, or NULL */
	bool was_added;
};

/* A jump box and its keys, while they are shown. */
struct showing {
	const struct config_jump *jump;
	struct ssh_hostkey_fetched keys;
	enum software software; /* that serves them */
	struct ssh_hostkey_trust *known;
	struct judged judged[SSH_ALGORITHMS_HOSTKEYS];
};

/* --- In words ------------------------------------------------------------ */

static bool
is_contradicted(const struct judged *judged)
{
	return judged->standing == SSH_HOSTKEY_CHANGED ||
	    judged->standing == SSH_HOSTKEY_REVOKED;
}

/* What is known about a key, and by which line. */
static void
print_standing(const struct showing *showing, const struct judged *judged)
{
	static const char *const words[] = {
		[SSH_HOSTKEY_NEW] = "not trusted yet",
		[SSH_HOSTKEY_KNOWN] = "trusted by ",
		[SSH_HOSTKEY_PINNED] = "trusted by its pin in host_key",
		[SSH_HOSTKEY_CHANGED] = "CHANGED: another key is in ",
		[SSH_HOSTKEY_REVOKED] = "REVOKED by ",
	};

	printf("# %s %s: ", judged->key->type, judged->key->fingerprint);
	if (judged->was_added)
		printf("added to %s\n", showing->jump->known_hosts[0]);
	else if (judged->line != NULL)
		printf("%s%s:%u\n", words[judged->standing], judged->line->file,
		    judged->line->line);
	else
		printf("%s\n", words[judged->standing]);
}

static void
print_key(const struct showing *showing, const struct judged *judged)
{
	const struct ssh_hostkey_shown *key = judged->key;
	char *line = ssh_known_name_line(showing->jump, key->type, key->blob,
	    key->len);

	print_standing(showing, judged);
	printf("%s%s\n", is_contradicted(judged) ? "# " : "", line);
	free(line);
}

/* In the order in which a dial asks for their types. */
static void
print_pins(const struct showing *showing)
{
	puts(
	    "#\n# As pins of the jump box (the first is enough: pgjump asks for "
	    "it first):\n#   host_key:");
	for (size_t i = 0; i < showing->keys.count; i++)
		if (!is_contradicted(&showing->judged[i]))
			printf("#     - %s # %s\n",
			    showing->keys.keys[i].fingerprint,
			    showing->keys.keys[i].type);
}

/* The command that prints the fingerprint on the jump box.  Files of host keys
 * are named "ecdsa" for "ecdsa-sha2-nistp256" and "rsa" for "ssh-rsa". */
static void
print_command(enum software software, const char *type)
{
	const char *name = strncmp(type, "ssh-", 4) == 0 ? type + 4 : type;
	int len = (int)strcspn(name, "-");

	if (software == SOFTWARE_DROPBEAR)
		printf("#   dropbearkey -y -f "
		       "/etc/dropbear/dropbear_%.*s_host_key\n",
		    len, name);
	else
		printf("#   ssh-keygen -lf /etc/ssh/ssh_host_%.*s_key.pub\n",
		    len, name);
}

static void
print_advice(const struct showing *showing)
{
	puts("#\n# They came over the network, and nothing proves that they "
	     "are those of the\n# jump box.  Before you trust one, compare "
	     "its fingerprint with what the jump\n# box prints, on its console "
	     "or by another path that you trust already:");
	for (size_t i = 0; i < showing->keys.count; i++)
		print_command(showing->software, showing->keys.keys[i].type);
}

/* Keys alone are printed, and added: a certificate is no line of known_hosts.
 */
static void
print_authority(const struct showing *showing)
{
	const struct known_host *line = ssh_hostkey_trust_authority(
	    showing->known);
	bool is_certified = showing->keys.is_certified;

	if (is_certified && line != NULL)
		printf("#\n# It has certificates of its keys, too, judged by "
		       "@cert-authority of\n# %s:%u.\n",
		    line->file, line->line);
	else if (is_certified)
		puts("#\n# It has certificates of its keys, too, but no "
		     "@cert-authority is known for it.");
	else if (line != NULL)
		printf("#\n# It has no certificate, though @cert-authority is "
		       "known for it by\n# %s:%u.\n",
		    line->file, line->line);
}

static void
print_names(const struct config_connection *const *connections,
    const struct config_jump *jump)
{
	const char *separator = "";

	for (; *connections != NULL; connections++)
		if (config_jump_has_same_host_key((*connections)->jump, jump)) {
			printf("%s%s", separator, (*connections)->name);
			separator = ", ";
		}
}

static void
print(const struct showing *showing,
    const struct config_connection *const *connections)
{
	printf("# The host keys of jump box %s (", showing->jump->label);
	print_names(connections, showing->jump);
	printf("), which runs %s:\n", showing->keys.software);
	for (size_t i = 0; i < showing->keys.count; i++)
		print_key(showing, &showing->judged[i]);
	print_pins(showing);
	print_authority(showing);
	print_advice(showing);
	fflush(stdout);
}

static int
print_fault(const struct fault *fault)
{
	char text[FAULT_DETAIL_MAX];

	fault_message(fault, text, sizeof text);
	fprintf(stderr, "%s\n", text);
	if (fault->detail[0] != '\0')
		fprintf(stderr, "DETAIL: %s\n", fault->detail);
	fault_hint(fault, text, sizeof text);
	fprintf(stderr, "HINT: %s\n", text);
	return failure_stage(fault->code)->exit_code;
}

/* --- Adding -------------------------------------------------------------- */

static enum failure
refuse_contradicted(const struct judged *judged, struct fault *fault)
{
	const struct ssh_hostkey_shown *key = judged->key;

	if (judged->standing == SSH_HOSTKEY_REVOKED)
		return fault_set(fault, FAIL_HOSTKEY_REVOKED,
		    "it shows %s %s, revoked by %s:%u", key->type,
		    key->fingerprint, judged->line->file, judged->line->line);
	return fault_set(fault, FAIL_HOSTKEY_CHANGED,
	    "it shows %s %s but %s:%u has another %s key; nothing was added",
	    key->type, key->fingerprint, judged->line->file, judged->line->line,
	    judged->line->type);
}

static enum failure
add_key(const struct config_jump *jump, struct judged *judged,
    struct fault *fault)
{
	const char *file = jump->known_hosts[0];
	const struct ssh_hostkey_shown *key = judged->key;

	if (judged->standing != SSH_HOSTKEY_NEW)
		return FAIL_NONE;
	judged->was_added = ssh_known_name_write(file, jump, key->type,
	    key->blob, key->len);
	if (judged->was_added)
		return FAIL_NONE;
	return fault_set(fault, FAIL_HOSTKEY_UNREADABLE, "cannot add to %s: %s",
	    file,
	    errno == EEXIST ? "another key of this type was added meanwhile"
			    : strerror(errno));
}

static enum failure
add(struct showing *showing, struct fault *fault)
{
	const size_t count = showing->keys.count;
	enum failure code = FAIL_NONE;

	for (size_t i = 0; i < count; i++)
		if (is_contradicted(&showing->judged[i]))
			return refuse_contradicted(&showing->judged[i], fault);
	for (size_t i = 0; i < count && code == FAIL_NONE; i++)
		code = add_key(showing->jump, &showing->judged[i], fault);
	return code;
}

/* --- One jump box -------------------------------------------------------- */

static enum failure
fetch(const struct dial *dial, struct showing *showing, struct fault *fault)
{
	enum failure code;

	fault_name(fault, showing->jump->label, NULL, NULL);
	showing->known = ssh_hostkey_trust_read(showing->jump, fault);
	if (showing->known == NULL)
		return fault->code;
	code = ssh_hostkey_fetch(dial, showing->jump, &showing->keys, fault);
	showing->software = fault->software;
	for (size_t i = 0; i < showing->keys.count; i++) {
		struct judged *judged = &showing->judged[i];

		judged->key = &showing->keys.keys[i];
		judged->standing = ssh_hostkey_trust_standing(showing->known,
		    judged->key->blob, judged->key->len, &judged->line);
	}
	return code;
}

/* Show the keys of one jump box; returns the exit code. */
static int
show(const struct dial *dial, const struct config_jump *jump,
    const struct config_connection *const *connections, bool may_add)
{
	struct showing showing = { .jump = jump };
	struct fault fault = { 0 };
	enum failure code = fetch(dial, &showing, &fault);

	if (code == FAIL_NONE) {
		if (may_add)
			code = add(&showing, &fault);
		print(&showing, connections);
	}
	ssh_hostkey_trust_free(showing.known);
	ssh_hostkey_fetch_clear(&showing.keys);
	return code == FAIL_NONE ? 0 : print_fault(&fault);
}

/* --- All of them --------------------------------------------------------- */

/* Whether the request makes sense for a connection; false: printed why not. */
static bool
is_fit(const struct config_connection *connection, bool may_add)
{
	const struct config_jump *jump = connection->jump;

	if (jump == NULL) {
		fprintf(stderr,
		    "pgjump: connection \"%s\" is direct: it has no jump box "
		    "and no host key\n",
		    connection->name);
		return false;
	}
	if (may_add &&
	    (jump->trust == TRUST_PINS || jump->trust == TRUST_ANY)) {
		fprintf(stderr,
		    "pgjump: connection \"%s\" does not use known_hosts, "
		    "because host_key of its jump box is set; add a pin there, "
		    "or remove host_key and use --add again\n",
		    connection->name);
		return false;
	}
	return true;
}

/* Whether an earlier connection has the same jump box, already shown. */
static bool
is_shown(const struct config_connection *const *connections, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (config_jump_has_same_host_key(connections[i]->jump,
			connections[index]->jump))
			return true;
	return false;
}

static int
show_all(const struct config *cfg,
    const struct config_connection *const *connections, bool may_add)
{
	const struct dial dial = {
		.cfg = cfg,
		.resolver = resolver_new(),
		.cancel_fd = -1,
	};
	int code, first = 0;

	for (size_t i = 0; connections[i] != NULL; i++) {
		if (is_shown(connections, i))
			continue;
		if (i > 0)
			putchar('\n');
		code = show(&dial, connections[i]->jump, connections, may_add);
		if (first == 0)
			first = code;
	}
	resolver_free(dial.resolver);
	return first;
}

static int
run(const struct config *cfg, const struct command_line *line)
{
	const struct config_connection **connections = named_connections(cfg,
	    line->names);
	bool are_fit = connections != NULL;
	int code = 1;

	for (size_t i = 0; connections != NULL && connections[i] != NULL; i++)
		are_fit &= is_fit(connections[i], line->add);
	if (are_fit)
		code = show_all(cfg, connections, line->add);
	free(connections);
	return code;
}

int
hostkey_run(const struct command_line *line)
{
	struct config *cfg = config_load(&line->config_paths, line->names);
	int code = 1;

	if (cfg != NULL)
		code = run(cfg, line);
	config_unref(cfg);
	return code;
}
