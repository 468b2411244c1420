/* SPDX-License-Identifier: PostgreSQL */

/*
 * The command stays in our process group, so the terminal and the shell treat
 * both as one job: Ctrl-C and Ctrl-Z reach it without us.  We block all of
 * these signals, and stop only when the command has stopped: a program that
 * handles Ctrl-Z itself goes on, and its tunnel with it.
 */
#include "command/child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/process.h"

const int child_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
	SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU,
	SIGCHLD };
const size_t child_signal_count = sizeof child_signals / sizeof *child_signals;

/* --- Starting ------------------------------------------------------------- */

static bool
can_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/*
 * In the child, which may call little: its parent had threads.  Dies with the
 * parent, also if that has died already.
 */
static void
become(const struct child_setup *setup, pid_t parent, int report_fd)
{
	char *const *env = setup->env;
	int error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(128 + SIGKILL);
	if (setup->readable_path != NULL && !can_read(setup->readable_path))
		env = setup->other_env;
	process_restore();
	execvpe(setup->argv[0], setup->argv, env);
	error = errno;
	if (write(report_fd, &error, sizeof error) != sizeof error)
		_exit(1);
	_exit(127);
}

/* The errno of the child's exec; 0: it went well, and closed the pipe. */
static int
read_error(int fd)
{
	int error = 0;
	ssize_t len;

	do
		len = read(fd, &error, sizeof error);
	while (len < 0 && errno == EINTR);
	return len == sizeof error ? error : 0;
}

static int
fail_start(int error)
{
	errno = error;
	return error == ENOENT ? 127 : 126;
}

int
child_start(struct child *child, const struct child_setup *setup)
{
	pid_t parent = getpid();
	int report[2], error;

	*child = (struct child){ .pid = -1 };
	if (pipe2(report, O_CLOEXEC) < 0)
		return fail_start(errno);
	child->pid = fork();
	error = errno;
	if (child->pid == 0)
		become(setup, parent, report[1]);
	close(report[1]);
	if (child->pid > 0)
		error = read_error(report[0]);
	close(report[0]);
	if (child->pid > 0 && error == 0)
		return 0;
	if (child->pid > 0)
		waitpid(child->pid, NULL, 0);
	return fail_start(error);
}

/* --- Stopping with it ----------------------------------------------------- */

/* Let one blocked signal have its default effect on this process. */
static void
suffer(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void
child_stop_self(int number)
{
	suffer(number);
}

void
child_die_by(int number)
{
	signal(number, SIG_DFL);
	suffer(number);
}

/* The terminal that we have in common with the command; -1: none. */
static int
open_terminal(void)
{
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

/* Whether the shell should hear of the command's stop.  SIGSTOP may come from
 * somebody who continues it alone, without us: unless it has the terminal. */
static bool
is_job_control(int terminal, pid_t group, int number)
{
	pid_t front = terminal >= 0 ? tcgetpgrp(terminal) : -1;

	if (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)
		return group == getpgrp() || group == front;
	return number == SIGSTOP && front > 0 &&
	    (front == getpgrp() || front == group);
}

/*
 * The shell gives the terminal back to our process group.  A command that is a
 * shell itself has a group of its own, to which it goes on.
 */
static void
stop_alike(int terminal, pid_t group, int number)
{
	bool has_terminal = terminal >= 0 && group != getpgrp() &&
	    tcgetpgrp(terminal) == group;

	if (number == SIGSTOP)
		raise(SIGSTOP);
	else
		suffer(number);
	if (has_terminal && tcgetpgrp(terminal) == getpgrp())
		tcsetpgrp(terminal, group);
}

static void
look_on(struct child *child, int status)
{
	if (WIFSTOPPED(status)) {
		child->is_stopped = true;
	} else if (WIFCONTINUED(status)) {
		child->is_stopped = false;
	} else {
		child->has_ended = true;
		child->is_stopped = false;
		child->status = status;
	}
}

/* All that is known now; returns the signal that stopped the command. */
static int
reap(struct child *child)
{
	int status, stopped_by = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) >
	    0) {
		if (pid != child->pid)
			continue;
		look_on(child, status);
		stopped_by = child->is_stopped ? WSTOPSIG(status) : 0;
	}
	return stopped_by;
}

/* The shell continues the whole job; whoever continues us alone means the
 * command. */
static void
go_on(struct child *child)
{
	reap(child);
	if (child->is_stopped)
		kill(child->pid, SIGCONT);
}

void
child_look(struct child *child)
{
	int stopped_by = reap(child);
	int terminal = stopped_by != 0 ? open_terminal() : -1;
	pid_t group = stopped_by != 0 ? getpgid(child->pid) : -1;

	if (stopped_by != 0 && is_job_control(terminal, group, stopped_by)) {
		stop_alike(terminal, group, stopped_by);
		go_on(child);
	}
	if (terminal >= 0)
		close(terminal);
}

void
child_pass_on(struct child *child, int number, bool by_process)
{
	if (!by_process || child->has_ended)
		return;
	if (number == SIGCONT)
		go_on(child);
	else
		kill(child->pid, number);
}

int
child_code(const struct child *child)
{
	return WIFSIGNALED(child->status) ? 128 + WTERMSIG(child->status)
					  : WEXITSTATUS(child->status);
}
