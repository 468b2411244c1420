/* SPDX-License-Identifier: PostgreSQL */

/*
 * ssh is started without a shell, each option a word of its own, the host
 * behind "--".
 */
#include "import/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "import/settings.h"
#include "import/texts.h"

/* Far more than any configuration prints; thousands of forwards are read. */
#define PRINTED_MAX ((size_t)16 << 20)

/* The environment without what may hold secrets of pgjump's own. */
static char **
environment(void)
{
	static const char own[] = "PGJUMP_CONFIG_TEXT=";
	size_t count = 0, kept = 0;
	char **copy;

	while (environ[count] != NULL)
		count++;
	copy = xcalloc(count + 1, sizeof *copy);
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], own, sizeof own - 1) != 0)
			copy[kept++] = environ[i];
	return copy;
}

static char **
arguments(const struct import_texts *options, const char *host)
{
	char **argv = xcalloc(options->count + 6, sizeof *argv);
	size_t count = 0;

	argv[count++] = (char *)"ssh";
	argv[count++] = (char *)"-G";
	argv[count++] = (char *)"-T"; /* else it remarks on the terminal */
	for (size_t i = 0; i < options->count; i++)
		argv[count++] = options->items[i];
	argv[count++] = (char *)"--";
	argv[count] = (char *)host;
	return argv;
}

/* Returns 0 or an errno; the signals are as a program expects them. */
static int
spawn(char **argv, int out_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char **env = environment();
	sigset_t all, none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
	    O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	error = posix_spawnp(pid, "ssh", &actions, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	return error;
}

/* All that is printed, which the caller frees; NULL: it is too much. */
static char *
read_all(int fd)
{
	char *text = NULL;
	size_t len = 0, room = 0;
	ssize_t count;

	do {
		if (len == room) {
			room += 65536;
			text = xrealloc(text, room + 1);
		}
		count = read(fd, text + len, room - len);
		len += count > 0 ? (size_t)count : 0;
	} while (
	    (count > 0 && len <= PRINTED_MAX) || (count < 0 && errno == EINTR));
	text[len] = '\0';
	if (len <= PRINTED_MAX)
		return text;
	free(text);
	return NULL;
}

/* Whether the process ended well. */
static bool
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What `ssh -G` prints, which the caller frees; NULL: *error says why not. */
static char *
run(char **argv, int *error)
{
	int ends[2];
	char *text = NULL;
	pid_t pid;

	*error = 0;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		*error = errno;
		return NULL;
	}
	*error = spawn(argv, ends[1], &pid);
	close(ends[1]);
	if (*error == 0) {
		text = read_all(ends[0]);
		*error = text == NULL ? EFBIG : 0;
		close(ends[0]); /* ssh may still be writing */
		if (!wait_for(pid)) {
			free(text);
			text = NULL;
		}
	} else {
		close(ends[0]);
	}
	return text;
}

bool
import_ssh_ask(const struct import_texts *options, const char *host,
    struct import_settings *out)
{
	char **argv = arguments(options, host);
	int error;
	char *printed = run(argv, &error);

	free(argv);
	if (printed == NULL) {
		if (error == ENOENT)
			fputs("pgjump: import asks ssh, which is not "
			      "installed: install an OpenSSH client\n",
			    stderr);
		else
			fprintf(stderr, "pgjump: \"ssh -G %s\" failed%s%s\n",
			    host, error != 0 ? ": " : "",
			    error != 0 ? strerror(error) : "");
		return false;
	}
	import_settings_read(out, printed);
	free(printed);
	return true;
}
