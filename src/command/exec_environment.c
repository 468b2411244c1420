/* SPDX-License-Identifier: PostgreSQL */

/*
 * The file with the password is open as long as pgjump is: it is gone when
 * pgjump is, however that ends, and was never on a disk.
 */
#include "command/exec_environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/command_line.h"
#include "base/memory_file.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "command/child_environment.h"
#include "command/dsn_text.h"
#include "command/dsn_value.h"
#include "config/config.h"

#define LOOPBACK "127.0.0.1"

/* --- The command line ----------------------------------------------------- */

static void
complain_of_set(const char *set, bool has_name, bool has_format)
{
	fprintf(stderr, "pgjump: --set \"%s\": ", set);
	if (!has_name)
		fputs("the name of a variable comes first, then =", stderr);
	else if (has_format)
		fputs("this format has several lines", stderr);
	else {
		fputs("the formats are ", stderr);
		dsn_text_list(stderr);
	}
	fputc('\n', stderr);
}

/* The form that NAME=FORMAT names, and the length of NAME; NULL: neither. */
static const struct dsn_format *
read_set(const char *set, size_t *name_len)
{
	const char *equals = strchr(set, '=');

	*name_len = equals != NULL ? (size_t)(equals - set) : 0;
	return *name_len > 0 ? dsn_text_find(equals + 1) : NULL;
}

bool
exec_environment_check(const struct command_line_list *sets)
{
	const struct dsn_format *format;
	bool is_good = true;
	size_t name_len;

	for (size_t i = 0; i < sets->count; i++) {
		format = read_set(sets->items[i], &name_len);
		if (format != NULL && dsn_text_is_line(format))
			continue;
		complain_of_set(sets->items[i], name_len > 0, format != NULL);
		is_good = false;
	}
	return is_good;
}

/* --- The password --------------------------------------------------------- */

/* No file where the system has none, or where it cannot hold the password. */
static void
keep_password(struct exec_environment *environment, const struct dsn *dsn)
{
	const struct dsn_format *form = dsn_text_find("pgpass");
	char own_path[MEMORY_FILE_PATH_MAX];
	const char *remark;
	char *lines = dsn_text(form, dsn, &remark);

	if (lines == NULL)
		return;
	environment->password_fd = memory_file_open(lines, own_path);
	secret_free(lines);
	if (environment->password_fd >= 0)
		snprintf(environment->password_path,
		    sizeof environment->password_path, "/proc/%ld/fd/%d",
		    (long)getpid(), environment->password_fd);
}

/* Both ways to hand it over; child_start() chooses. */
static void
hand_over_password(struct exec_environment *environment, const char *password)
{
	environment->other_env = child_environment_copy(environment->env);
	child_environment_set(environment->other_env, "PGPASSWORD", password);
	if (environment->password_fd >= 0)
		child_environment_set(environment->env, "PGPASSFILE",
		    environment->password_path);
	else
		child_environment_set(environment->env, "PGPASSWORD", password);
}

/* --- Variables ------------------------------------------------------------ */

static void
remove_others(struct exec_environment *environment,
    const struct exec_wanted *wanted)
{
	static const char *const names[] = { "PGHOSTADDR", "PGSERVICE",
		"PGSSLNEGOTIATION", "PGREQUIREAUTH" };

	if (wanted->keeps_others)
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		child_environment_remove(environment->env, names[i]);
	if (wanted->password != NULL)
		child_environment_remove(environment->env, "PGPASSWORD");
}

static void
set_if_known(struct exec_environment *environment, const char *name,
    const char *value)
{
	if (value != NULL)
		child_environment_set(environment->env, name, value);
}

/* False after a message: that form cannot say it. */
static bool
set_as_asked(struct exec_environment *environment, const struct dsn *dsn,
    const char *set)
{
	size_t name_len;
	const struct dsn_format *format = read_set(set, &name_len);
	char *name = xstrndup(set, name_len), *text;
	const char *remark;
	bool is_set;

	text = dsn_text(format, dsn, &remark);
	if (remark != NULL)
		fprintf(stderr, "pgjump: %s: %s\n", set, remark);
	set_if_known(environment, name, text);
	is_set = text != NULL;
	secret_free(text);
	free(name);
	return is_set;
}

bool
exec_environment_fill(struct exec_environment *environment,
    const struct exec_wanted *wanted)
{
	const struct command_line_list *sets = wanted->sets;
	struct dsn dsn = dsn_value_of(wanted->connection);

	dsn.host = LOOPBACK;
	dsn.password = wanted->password;
	snprintf(dsn.port, sizeof dsn.port, "%u", wanted->port);
	remove_others(environment, wanted);
	set_if_known(environment, "PGHOST", dsn.host);
	set_if_known(environment, "PGPORT", dsn.port);
	set_if_known(environment, "PGDATABASE", dsn.database);
	set_if_known(environment, "PGUSER", dsn.username);
	for (size_t i = 0; i < sets->count; i++)
		if (!set_as_asked(environment, &dsn, sets->items[i]))
			return false;
	if (wanted->password == NULL)
		return true;
	if (!wanted->has_other_user)
		keep_password(environment, &dsn);
	hand_over_password(environment, wanted->password);
	return true;
}

void
exec_environment_begin(struct exec_environment *environment)
{
	*environment = (struct exec_environment){ .password_fd = -1,
		.env = child_environment_new(environ) };
	child_environment_remove(environment->env, "PGJUMP_CONFIG_TEXT");
}

void
exec_environment_clear(struct exec_environment *environment)
{
	if (environment->password_fd >= 0)
		close(environment->password_fd);
	child_environment_free(environment->env);
	child_environment_free(environment->other_env);
}
