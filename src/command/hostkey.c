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
#include "base/xmalloc.h"
#include "check/carrier.h"
#include "check/hop.h"
#include "check/route.h"
#include "command/wanted.h"
#include "config/config.h"
#include "config/hops.h"
#include "config/jump.h"
#include "config/load.h"
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

static bool
leads_through(const struct config_jump *last, const struct config_jump *jump)
{
	for (; last != NULL; last = last->via)
		if (config_jump_has_same_host_key(last, jump))
			return true;
	return false;
}

static void
print_names(const struct wanted *wanted, const struct config_jump *jump)
{
	const char *separator = "";

	for (; wanted->name != NULL; wanted++)
		if (leads_through(wanted->jump, jump)) {
			printf("%s%s", separator, wanted->name);
			separator = ", ";
		}
}

static void
print(const struct showing *showing, const struct wanted *wanted)
{
	char label[CONFIG_HOPS_LABEL_MAX];

	printf("# The host keys of jump box %s (",
	    config_hops_label(showing->jump, label, sizeof label));
	print_names(wanted, showing->jump);
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

	config_hops_name(showing->jump, fault);
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

/* Pins and any need no line in a file. */
static bool
uses_files(const struct config_jump *jump)
{
	return jump->trust != TRUST_PINS && jump->trust != TRUST_ANY;
}

/* Show the keys of one jump box; returns the exit code. */
static int
show(const struct dial *dial, const struct config_jump *jump,
    const struct wanted *wanted, bool may_add)
{
	struct showing showing = { .jump = jump };
	struct fault fault = { 0 };
	enum failure code = fetch(dial, &showing, &fault);

	if (code == FAIL_NONE) {
		if (may_add && uses_files(jump))
			code = add(&showing, &fault);
		print(&showing, wanted);
	}
	ssh_hostkey_trust_free(showing.known);
	ssh_hostkey_fetch_clear(&showing.keys);
	return code == FAIL_NONE ? 0 : print_fault(&fault);
}

/* --- A chain ------------------------------------------------------------- */

/* What is shown, and what was: the same jump box is shown once. */
struct show {
	const struct check_task *task;
	const struct wanted *wanted;
	bool may_add;
	const struct config_jump **shown;
	size_t shown_count;
};

static bool
is_shown(const struct show *show, const struct config_jump *jump)
{
	for (size_t i = 0; i < show->shown_count; i++)
		if (config_jump_has_same_host_key(show->shown[i], jump))
			return true;
	return false;
}

static int
show_once(struct show *all, const struct dial *dial,
    const struct config_jump *jump)
{
	if (is_shown(all, jump))
		return 0;
	if (all->shown_count > 0)
		putchar('\n');
	all->shown = xreallocarray(all->shown, all->shown_count + 1,
	    sizeof *all->shown);
	all->shown[all->shown_count++] = jump;
	return show(dial, jump, all->wanted, all->may_add);
}

/* Log in to an outer jump box, to get to the inner one. */
static int
pass_through(const struct show *show, const struct dial *dial,
    const struct config_jump *inner, struct check_carrier *outer,
    struct check_hop **out)
{
	struct fault fault = { 0 };

	*out = check_hop_new(show->task, inner, outer);
	if (check_hop_dial(*out, dial, &fault) == FAIL_NONE)
		return 0;
	return print_fault(&fault);
}

/* Each jump box on the way, the first one first; returns the exit code. */
static int
show_chain(struct show *show, const struct config_jump *last)
{
	struct check_hop *hops[CONFIG_HOPS_MAX] = { NULL };
	const unsigned count = config_hops_count(last);
	int code = 0;

	for (unsigned i = 0; i < count && code == 0; i++) {
		struct check_carrier *outer = i > 0
		    ? check_hop_carrier(hops[i - 1])
		    : NULL;
		const struct dial dial = {
			.cfg = show->task->cfg,
			.resolver = show->task->resolver,
			.cancel_fd = -1,
			.reach = outer != NULL ? check_carrier_reach : NULL,
			.reach_arg = outer,
		};

		code = show_once(show, &dial, config_hops_at(last, i + 1));
		if (code == 0 && i + 1 < count)
			code = pass_through(show, &dial,
			    config_hops_at(last, i + 2), outer, &hops[i]);
	}
	for (size_t i = CONFIG_HOPS_MAX; i-- > 0;)
		check_hop_free(hops[i]);
	return code;
}

/* --- All of them --------------------------------------------------------- */

/* Whether the request makes sense for a connection; false: printed why not. */
static bool
is_fit(const struct wanted *wanted, bool may_add)
{
	if (wanted->jump == NULL) {
		fprintf(stderr,
		    "pgjump: connection \"%s\" is direct: it has no jump box "
		    "and no host key\n",
		    wanted->name);
		return false;
	}
	if (may_add && !uses_files(wanted->jump)) {
		fprintf(stderr,
		    "pgjump: connection \"%s\" does not use known_hosts, "
		    "because host_key of its jump box is set; add a pin there, "
		    "or remove host_key and use --add again\n",
		    wanted->name);
		return false;
	}
	return true;
}

static int
show_all(const struct config *cfg, const struct wanted *wanted, bool may_add)
{
	const struct check_task task = {
		.cfg = cfg,
		.resolver = resolver_new(),
		.cancel_fd = -1,
	};
	struct show show = { &task, wanted, may_add, NULL, 0 };
	int code, first = 0;

	for (; wanted->name != NULL; wanted++) {
		code = show_chain(&show, wanted->jump);
		if (first == 0)
			first = code;
	}
	resolver_free(task.resolver);
	free(show.shown);
	return first;
}

static int
run(const struct config *cfg, const struct command_line *line)
{
	struct wanted *wanted = wanted_find(cfg, line->names);
	bool are_fit = wanted != NULL;
	int code = 1;

	for (size_t i = 0; wanted != NULL && wanted[i].name != NULL; i++)
		are_fit &= is_fit(&wanted[i], line->add);
	if (are_fit)
		code = show_all(cfg, wanted, line->add);
	free(wanted);
	return code;
}

int
hostkey_run(const struct command_line *line)
{
	struct config *cfg = config_load(&line->config_paths, line->names,
	    false);
	int code = 1;

	if (cfg != NULL)
		code = run(cfg, line);
	config_unref(cfg);
	return code;
}
