/* SPDX-License-Identifier: PostgreSQL */

/*
 * Where the system refuses one of these, pgjump runs without it: none of them
 * is worth a daemon that does not start.
 */
#include "command/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* A client costs one or two descriptors, and the usual soft limit is 1024. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
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
	bool is_filtered = false;
	int fd;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &limit);
	}
	fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		is_filtered = write(fd, "0", 1) == 1;
		close(fd);
	}
	if (!is_filtered)
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
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	keep_secrets_out_of_dumps();
}
