/* SPDX-License-Identifier: PostgreSQL */

#include "starved.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/*
 * Less than any process uses, which may then keep what it has but get no more
 * (setrlimit(2)).
 */
#define SPACE_MAX 4096

static void
starve(int err, void (*act)(void))
{
	const struct rlimit space = { SPACE_MAX, SPACE_MAX }, no_core = { 0 };

	dup2(err, STDERR_FILENO);
	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_AS, &space);
	act();
	_exit(0);
}

const char *
starved_words(void (*act)(void))
{
	static char words[4096];
	int ends[2], status;
	ssize_t len;
	pid_t pid;

	assert_return_code(pipe(ends), 0);
	pid = fork();
	assert_return_code(pid, 0);
	if (pid == 0)
		starve(ends[1], act);
	close(ends[1]);
	len = read(ends[0], words, sizeof words - 1);
	close(ends[0]);
	words[len > 0 ? len : 0] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return strchr(words, ' ') != NULL ? strchr(words, ' ') + 1 : words;
}
