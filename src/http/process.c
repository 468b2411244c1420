/* SPDX-License-Identifier: PostgreSQL */

#include "http/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http/exposition.h"

void
http_process_open(struct http_process *process)
{
	process->descriptors = opendir("/proc/self/fd");
	process->memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

void
http_process_close(struct http_process *process)
{
	if (process->descriptors != NULL)
		closedir(process->descriptors);
	if (process->memory >= 0)
		close(process->memory);
}

static void
write_one(struct exposition *out, const char *name, const char *help,
    double value)
{
	exposition_begin(out, name, EXPOSITION_GAUGE, help);
	exposition_value(out, EXPOSITION_NONE, value);
}

static double
seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void
write_cpu(struct exposition *out)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	exposition_begin(out, "process_cpu_seconds", EXPOSITION_COUNTER,
	    "Processor time, user and system.");
	exposition_value(out, EXPOSITION_NONE,
	    seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

/* "." and ".." are no descriptors. */
static unsigned
count_entries(DIR *directory)
{
	unsigned count = 0;

	rewinddir(directory);
	while (readdir(directory) != NULL)
		count++;
	return count > 2 ? count - 2 : 0;
}

static void
write_descriptors(const struct http_process *process, struct exposition *out)
{
	struct rlimit limit;

	if (process->descriptors != NULL)
		write_one(out, "process_open_fds", "Open file descriptors.",
		    count_entries(process->descriptors));
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		write_one(out, "process_max_fds",
		    "The largest number of open file descriptors.",
		    (double)limit.rlim_cur);
}

static void
write_memory(const struct http_process *process, struct exposition *out)
{
	double page = (double)sysconf(_SC_PAGESIZE);
	unsigned long all, resident;
	char text[100] = "";

	if (process->memory < 0 ||
	    pread(process->memory, text, sizeof text - 1, 0) <= 0 ||
	    sscanf(text, "%lu %lu", &all, &resident) != 2)
		return;
	write_one(out, "process_virtual_memory_bytes", "Virtual memory.",
	    (double)all * page);
	write_one(out, "process_resident_memory_bytes", "Resident memory.",
	    (double)resident * page);
}

void
http_process_write(struct http_process *process, struct exposition *out,
    double start_time)
{
	write_cpu(out);
	write_descriptors(process, out);
	write_memory(process, out);
	write_one(out, "process_start_time_seconds",
	    "When the process started, in seconds since 1970.", start_time);
}
