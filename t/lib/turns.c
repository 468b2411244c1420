/* SPDX-License-Identifier: PostgreSQL */

/*
 * A library that is preloaded into a process whose threads each run an event
 * loop.  It measures the turns of the loops: a turn lasts from the return of
 * one epoll_wait(2) to the next call.  It writes them to the file that
 * $PGJUMP_TEST_TURNS names, where PgJump::Turns reads them, and does not know
 * what is done in a turn.
 *
 * Two times show how long a turn holds up the other users of the thread: the
 * processor time that it took, and the time that passed, without the time in
 * which other work of the machine kept the thread from a processor.  The second
 * also shows a turn that blocks.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64

/* PgJump::Turns knows this layout. */
struct record {
	_Atomic uint64_t count;
	_Atomic uint64_t longest_cpu_ns;
	_Atomic uint64_t longest_held_ns;
	_Atomic uint64_t over_10_ms; /* turns that held the thread for longer */
	_Atomic uint64_t since_ns;   /* CLOCK_MONOTONIC; 0 between turns */
};

/* When the current turn of this thread began, on each of the clocks. */
struct moment {
	uint64_t cpu_ns, time_ns, kept_ns;
};

typedef int epoll_wait_fn(int, struct epoll_event *, int, int);

static epoll_wait_fn *real_epoll_wait;
static struct record *records;
static _Atomic unsigned record_count;

static _Thread_local struct record *record;
static _Thread_local struct moment began;
static _Thread_local int schedstat = -1;

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* proc_pid_schedstat: ns on a processor, ns runnable and kept from one, runs */
static uint64_t
kept_ns(void)
{
	unsigned long long run_ns, wait_ns;
	char text[100] = "";

	if (schedstat < 0 || pread(schedstat, text, sizeof text - 1, 0) <= 0 ||
	    sscanf(text, "%llu %llu", &run_ns, &wait_ns) != 2)
		return 0;
	return wait_ns;
}

static struct moment
now(void)
{
	return (struct moment){ clock_ns(CLOCK_THREAD_CPUTIME_ID),
		clock_ns(CLOCK_MONOTONIC), kept_ns() };
}

__attribute__((constructor)) static void
prepare(void)
{
	const char *path = getenv("PGJUMP_TEST_TURNS");
	size_t len = THREADS_MAX * sizeof *records;
	int fd;

	real_epoll_wait = (epoll_wait_fn *)dlsym(RTLD_NEXT, "epoll_wait");
	if (path == NULL)
		return;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (ftruncate(fd, (off_t)len) == 0) {
		void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
		if (map != MAP_FAILED)
			records = map;
	}
	close(fd);
}

static void
begin_record(void)
{
	unsigned number = atomic_fetch_add(&record_count, 1);

	if (number >= THREADS_MAX)
		return;
	record = &records[number];
	schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

/* A reader may set a longest time to 0 at any moment. */
static void
keep_longest(_Atomic uint64_t *longest, uint64_t value)
{
	if (value > atomic_load(longest))
		atomic_store(longest, value);
}

static void
end_turn(void)
{
	struct moment ended = now();
	uint64_t passed_ns = ended.time_ns - began.time_ns;
	uint64_t kept = ended.kept_ns - began.kept_ns;
	uint64_t held_ns = passed_ns > kept ? passed_ns - kept : 0;

	atomic_store(&record->since_ns, 0);
	atomic_fetch_add(&record->count, 1);
	keep_longest(&record->longest_cpu_ns, ended.cpu_ns - began.cpu_ns);
	keep_longest(&record->longest_held_ns, held_ns);
	if (held_ns > 10000000)
		atomic_fetch_add(&record->over_10_ms, 1);
}

int
epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
	int found;

	if (records != NULL && record != NULL)
		end_turn();
	else if (records != NULL)
		begin_record();
	found = real_epoll_wait(fd, events, count, timeout);
	if (record != NULL) {
		began = now();
		atomic_store(&record->since_ns, began.time_ns);
	}
	return found;
}
