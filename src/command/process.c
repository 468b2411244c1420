/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where the system refuses one of these, pgjump runs without it: none of them
 * is worth a daemon that does not start.  What is changed here is inherited by
 * children, so it is kept for process_restore().
 */
#include "command/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* As this process was started; set once, before there are threads. */
static struct {
	bool has_descriptors, has_core;
	struct rlimit descriptors, core;
	char dump_filter[16]; /* as its file has it; "" : it is as it was */
	sighandler_t on_sigpipe;
	sigset_t signal_mask;
} at_start;

/* A client costs one or two descriptors, and the usual soft limit is 1024. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	at_start.descriptors = limit;
	at_start.has_descriptors = true;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Replace the filter by `text`, and keep the one before in `before`. */
static bool
filter_dumps(const char *text, char *before, size_t size)
{
	int fd = open("/proc/self/coredump_filter", O_RDWR | O_CLOEXEC);
	bool is_filtered;
	ssize_t len = 0;

	if (fd < 0)
		return false;
	if (before != NULL)
		len = read(fd, before, size - 1);
	is_filtered = pwrite(fd, text, strlen(text), 0) ==
	    (ssize_t)strlen(text);
	if (before != NULL)
		before[is_filtered && len > 0 ? len : 0] = '\0';
	close(fd);
	return is_filtered;
}

/*
 * Write no core dump to a file, and none of our memory to a pipe, for which the
 * size limit does not count (core(5)).  PR_SET_DUMPABLE would do both, but
 * takes /proc/self from a user who is not root, and with it a configuration
 * file given as /dev/fd/63.  Debugging stays possible: a debugger may attach,
 * and for a core file raise the soft limit with prlimit(1) and write 0x33 to
 * coredump_filter.
 */
static void
keep_secrets_out_of_dumps(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		at_start.core = limit;
		at_start.has_core = true;
		limit.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &limit);
	}
	if (!filter_dumps("0", at_start.dump_filter,
		sizeof at_start.dump_filter))
		prctl(PR_SET_DUMPABLE, 0);
}

/*
 * Where one of the first three descriptors is closed, a socket would take its
 * place and receive what is logged and printed.  /dev/null takes it instead,
 * opened for reading only, so that printing still fails.
 */
static void
occupy_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void
process_prepare(void)
{
	occupy_standard_descriptors();
	sigprocmask(SIG_BLOCK, NULL, &at_start.signal_mask);
	at_start.on_sigpipe = signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	keep_secrets_out_of_dumps();
}

/* The filter is written as it was read, in hexadecimal without "0x". */
static void
restore_dump_filter(void)
{
	char text[2 + sizeof at_start.dump_filter] = "0x";

	if (at_start.dump_filter[0] == '\0')
		return;
	memcpy(text + 2, at_start.dump_filter, sizeof at_start.dump_filter);
	filter_dumps(text, NULL, 0);
}

void
process_restore(void)
{
	restore_dump_filter();
	if (at_start.has_core)
		setrlimit(RLIMIT_CORE, &at_start.core);
	if (at_start.has_descriptors)
		setrlimit(RLIMIT_NOFILE, &at_start.descriptors);
	signal(SIGPIPE, at_start.on_sigpipe);
	sigprocmask(SIG_SETMASK, &at_start.signal_mask, NULL);
}
