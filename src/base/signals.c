/* SPDX-License-Identifier: PostgreSQL */

/*
 * A mask and a signalfd(2).
 */
#include "base/signals.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int
signals_catch(const int *numbers, size_t count)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, numbers[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	assert(fd >= 0);
	return fd;
}

int
signals_next_from(int fd, bool *by_process)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof info) != sizeof info)
		return 0;
	*by_process = info.ssi_code <= 0; /* sigaction(2), si_code */
	return (int)info.ssi_signo;
}

int
signals_next(int fd)
{
	bool by_process;

	return signals_next_from(fd, &by_process);
}
