/* SPDX-License-Identifier: PostgreSQL */

/*
 * The agent protocol against agents that are correct, slow, wrong or gone: a
 * thread on a Unix socket reads one request at a time and answers with the
 * bytes of the test.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "ssh/agent.h"

#define BYTES(text) text, sizeof(text) - 1

/* The fake agent's answers, one for each request. */
struct answer {
	const char *bytes; /* NULL ends the list */
	size_t len;
	bool one_by_one; /* send it byte by byte */
	bool hang_up;    /* close behind it */
};

static char dir[] = "/tmp/pgjump-agent-XXXXXX";
static char path[64];
static int listener = -1;
static pthread_t thread;
static const struct answer *script;
static unsigned char requests[4096]; /* the requests, one behind the other */
static size_t requests_len;

static struct ssh_agent *agent;
static char words[256];

static bool
read_exactly(int fd, unsigned char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t got = read(fd, bytes, len);

		if (got <= 0)
			return false;
		bytes += got;
		len -= (size_t)got;
	}
	return true;
}

static bool
read_request(int fd)
{
	unsigned char *at = requests + requests_len;
	size_t len;

	if (!read_exactly(fd, at, 4))
		return false;
	len = (size_t)at[2] << 8 | at[3];
	if (requests_len + 4 + len > sizeof requests ||
	    !read_exactly(fd, at + 4, len))
		return false;
	requests_len += 4 + len;
	return true;
}

static bool
send_answer(int fd, const struct answer *answer)
{
	size_t step = answer->one_by_one ? 1 : answer->len;

	for (size_t i = 0; i < answer->len; i += step)
		if (send(fd, answer->bytes + i, step, MSG_NOSIGNAL) < 0)
			return false;
	return !answer->hang_up;
}

/* At the end of its script it is silent until the other side closes. */
static void *
serve(void *arg)
{
	int fd = accept(listener, NULL, NULL);
	const struct answer *answer = script;
	bool is_up = true;

	(void)arg;
	for (; is_up && answer->bytes != NULL; answer++)
		is_up = read_request(fd) && send_answer(fd, answer);
	while (is_up && read_request(fd))
		;
	close(fd);
	return NULL;
}

static void
start(const struct answer *answers, int allowed_ms)
{
	script = answers;
	requests_len = 0;
	pthread_create(&thread, NULL, serve, NULL);
	agent = ssh_agent_open(NULL, clock_ms() + allowed_ms, -1, words,
	    sizeof words);
	assert_non_null(agent);
}

static void
stop_agent(void)
{
	ssh_agent_close(agent);
	pthread_join(thread, NULL);
}

static bool
list(size_t *count)
{
	const struct ssh_agent_key *keys;

	*count = 0;
	return ssh_agent_list(agent, &keys, count, words, sizeof words);
}

static int
set_up(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/agent", dir);
	memcpy(address.sun_path, path, sizeof path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	setenv("SSH_AUTH_SOCK", path, 1);
	return bind(listener, (struct sockaddr *)&address, sizeof address) ||
	    listen(listener, 1);
}

static int
tear_down(void **state)
{
	(void)state;
	close(listener);
	unlink(path);
	return rmdir(dir);
}

static void
no_agent_is_said_to_be_none(void **state)
{
	(void)state;
	unsetenv("SSH_AUTH_SOCK");
	assert_null(
	    ssh_agent_open(NULL, clock_ms() + 1000, -1, words, sizeof words));
	assert_string_equal(words, "SSH_AUTH_SOCK is not set");
	setenv("SSH_AUTH_SOCK", "/nowhere/agent", 1);
	assert_null(
	    ssh_agent_open(NULL, clock_ms() + 1000, -1, words, sizeof words));
	assert_string_equal(words, "/nowhere/agent: No such file or directory");
	setenv("SSH_AUTH_SOCK", path, 1);
}

static void
a_socket_that_is_named_is_asked_instead(void **state)
{
	struct ssh_agent *named;

	(void)state;
	setenv("SSH_AUTH_SOCK", "/nowhere/agent", 1);
	named = ssh_agent_open(path, clock_ms() + 1000, -1, words,
	    sizeof words);
	assert_non_null(named);
	ssh_agent_close(named);
	close(accept(listener, NULL, NULL));
	setenv("SSH_AUTH_SOCK", path, 1);
	assert_null(ssh_agent_open("/elsewhere/agent", clock_ms() + 1000, -1,
	    words, sizeof words));
	assert_string_equal(words,
	    "/elsewhere/agent: No such file or directory");
}

static void
path_too_long_for_a_socket_is_an_error(void **state)
{
	char longer[200] = "/";

	(void)state;
	memset(longer + 1, 'x', sizeof longer - 2);
	setenv("SSH_AUTH_SOCK", longer, 1);
	assert_null(
	    ssh_agent_open(NULL, clock_ms() + 1000, -1, words, sizeof words));
	assert_non_null(strstr(words, strerror(ENAMETOOLONG)));
	setenv("SSH_AUTH_SOCK", path, 1);
}

/* A queue of length 0 takes one connection: the second connect() must wait. */
static void
crowded_agent_is_waited_for_until_the_deadline(void **state)
{
	struct ssh_agent *first, *second;

	(void)state;
	listen(listener, 0);
	first = ssh_agent_open(NULL, clock_ms() + 1000, -1, words,
	    sizeof words);
	assert_non_null(first);
	second = ssh_agent_open(NULL, clock_ms() + 100, -1, words,
	    sizeof words);
	assert_null(second);
	assert_non_null(strstr(words, strerror(ETIMEDOUT)));
	close(accept(listener, NULL, NULL));
	ssh_agent_close(first);
	listen(listener, 1);
}

#define TWO_KEYS                   \
	"\0\0\0\x25\x0c\0\0\0\x02" \
	"\0\0\0\x04"               \
	"blob\0\0\0\x07"           \
	"comment"                  \
	"\0\0\0\x05"               \
	"other\0\0\0\0"

static void
check_two_keys(void)
{
	const struct ssh_agent_key *keys;
	size_t count;

	assert_true(ssh_agent_list(agent, &keys, &count, words, sizeof words));
	assert_int_equal(count, 2);
	assert_int_equal(keys[0].blob_len, 4);
	assert_memory_equal(keys[0].blob, "blob", 4);
	assert_string_equal(keys[0].comment, "comment");
	assert_int_equal(keys[1].blob_len, 5);
	assert_memory_equal(keys[1].blob, "other", 5);
	assert_string_equal(keys[1].comment, "");
}

static void
keys_are_listed(void **state)
{
	const struct answer answers[] = { { BYTES(TWO_KEYS), false, false },
		{ 0 } };

	(void)state;
	start(answers, 10000);
	check_two_keys();
	assert_memory_equal(requests, "\0\0\0\x01\x0b", 5);
	stop_agent();
}

static void
answer_may_come_in_pieces(void **state)
{
	const struct answer answers[] = { { BYTES(TWO_KEYS), true, false },
		{ 0 } };

	(void)state;
	start(answers, 10000);
	check_two_keys();
	stop_agent();
}

static void
empty_agent_has_no_keys(void **state)
{
	const struct answer answers[] = {
		{ BYTES("\0\0\0\x05\x0c\0\0\0\0"), false, false },
		{ 0 },
	};
	size_t count;

	(void)state;
	start(answers, 10000);
	assert_true(list(&count));
	assert_int_equal(count, 0);
	stop_agent();
}

/* Answers that make no sense, and what is said of them. */
static const struct {
	const char *bytes;
	size_t len;
	const char *words;
	bool is_usable;
} damage[] = {
	{ BYTES("\0\0\0\x01\x05"), "it refused", true },
	{ BYTES("\0\0\0\x01\x1c"), "it refused", true },
	{ BYTES("\0\0\0\x01\x63"), "it does not speak the agent protocol",
	    true },
	{ BYTES("\0\0\0\0"), "it does not speak the agent protocol", false },
	{ BYTES("\xff\xff\xff\xff\x0c"), "it does not speak the agent protocol",
	    false },
	{ BYTES("HTTP/1.1 400 Bad Request\r\n"),
	    "it does not speak the agent protocol", false },
	{ BYTES("\0\0\0\x01\x0c"), "its list of keys is damaged", true },
	/* More keys than its bytes can hold. */
	{ BYTES("\0\0\0\x05\x0c\xff\xff\xff\xff"),
	    "its list of keys is damaged", true },
	{ BYTES("\0\0\0\x0d\x0c\0\0\0\x02\0\0\0\0\0\0\0\0"),
	    "its list of keys is damaged", true },
	/* A blob longer than the answer. */
	{ BYTES("\0\0\0\x0d\x0c\0\0\0\x01\0\0\0\x09"
		"12345678"),
	    "its list of keys is damaged", true },
	{ BYTES("\0\0\0\x0d\x0c\0\0\0\x01\xff\xff\xff\xff"
		"1234"),
	    "its list of keys is damaged", true },
};

static void
damaged_answers_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
		const struct answer answers[] = {
			{ damage[i].bytes, damage[i].len, false, false },
			{ 0 },
		};
		size_t count;

		start(answers, 10000);
		assert_false(list(&count));
		assert_string_equal(words, damage[i].words);
		assert_int_equal(ssh_agent_is_usable(agent),
		    damage[i].is_usable);
		stop_agent();
	}
}

static void
agent_that_hangs_up_is_named(void **state)
{
	static const struct answer cut[] = {
		{ BYTES(""), false, true },
		{ BYTES("\0\0"), false, true },
		{ BYTES("\0\0\0\x25\x0c\0\0"), false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
		const struct answer answers[] = { cut[i], { 0 } };
		size_t count;

		start(answers, 10000);
		assert_false(list(&count));
		assert_string_equal(words, "it closed the connection");
		assert_false(ssh_agent_is_usable(agent));
		assert_false(list(&count));
		stop_agent();
	}
}

static void
silent_agent_is_left_at_the_deadline(void **state)
{
	static const struct answer answers[] = { { 0 } };
	size_t count;

	(void)state;
	start(answers, 50);
	assert_false(list(&count));
	assert_string_equal(words, "it gave no answer in time");
	assert_false(ssh_agent_is_usable(agent));
	stop_agent();
}

static void
half_an_answer_is_left_at_the_deadline(void **state)
{
	static const struct answer answers[] = {
		{ BYTES("\0\0\0\x25\x0c\0\0"), false, false },
		{ 0 },
	};
	size_t count;

	(void)state;
	start(answers, 50);
	assert_false(list(&count));
	assert_string_equal(words, "it gave no answer in time");
	assert_false(list(&count));
	assert_string_equal(words, "it broke off an answer before");
	stop_agent();
}

static void
cancel_ends_the_wait(void **state)
{
	static const struct answer answers[] = { { 0 } };
	int cancel = eventfd(1, 0);
	const struct ssh_agent_key *keys;
	size_t count;

	(void)state;
	script = answers;
	pthread_create(&thread, NULL, serve, NULL);
	agent = ssh_agent_open(NULL, clock_ms() + 60000, cancel, words,
	    sizeof words);
	assert_non_null(agent);
	assert_false(ssh_agent_list(agent, &keys, &count, words, sizeof words));
	assert_string_equal(words, "cancelled");
	close(cancel);
	stop_agent();
}

static bool
sign(uint32_t flags, unsigned char **signature, size_t *len)
{
	const struct ssh_agent_key key = { (unsigned char *)"blob", 4, NULL };

	*signature = NULL;
	return ssh_agent_sign(agent, &key, (const unsigned char *)"data", 4,
	    flags, signature, len, words, sizeof words);
}

static void
signature_is_taken_out_of_its_wrapping(void **state)
{
	static const struct answer answers[] = {
		{ BYTES("\0\0\0\x1f\x0e\0\0\0\x1a\0\0\0\x0b"
			"ssh-ed25519\0\0\0\x07sig\0sig"),
		    false, false },
		{ 0 },
	};
	unsigned char *signature;
	size_t len;

	(void)state;
	start(answers, 10000);
	assert_true(sign(0, &signature, &len));
	assert_int_equal(len, 7);
	assert_memory_equal(signature, "sig\0sig", 7);
	free(signature);
	assert_int_equal(requests_len, 25);
	assert_memory_equal(requests,
	    "\0\0\0\x15\x0d\0\0\0\x04"
	    "blob\0\0\0\x04"
	    "data\0\0\0\0",
	    25);
	stop_agent();
}

static void
rsa_is_signed_with_sha_2_or_not_at_all(void **state)
{
	static const struct answer answers[] = {
		{ BYTES("\0\0\0\x1c\x0e\0\0\0\x17\0\0\0\x0c"
			"rsa-sha2-512\0\0\0\x03sig"),
		    false, false },
		{ BYTES("\0\0\0\x1c\x0e\0\0\0\x17\0\0\0\x0c"
			"rsa-sha2-256\0\0\0\x03sig"),
		    false, false },
		{ BYTES("\0\0\0\x17\x0e\0\0\0\x12\0\0\0\x07"
			"ssh-rsa\0\0\0\x03sig"),
		    false, false },
		{ 0 },
	};
	unsigned char *signature;
	size_t len;

	(void)state;
	start(answers, 10000);
	assert_true(sign(4, &signature, &len));
	free(signature);
	assert_memory_equal(requests + 21, "\0\0\0\x04", 4);
	assert_true(sign(2, &signature, &len));
	free(signature);
	assert_false(sign(4, &signature, &len));
	assert_string_equal(words, "it cannot sign with RSA and SHA-2");
	assert_true(ssh_agent_is_usable(agent));
	stop_agent();
}

static void
damaged_signatures_are_named(void **state)
{
	static const struct answer answers[] = {
		{ BYTES("\0\0\0\x01\x0e"), false, false },
		{ BYTES("\0\0\0\x05\x0e\0\0\0\x09"), false, false },
		{ BYTES("\0\0\0\x09\x0e\0\0\0\x04\0\0\0\x09"), false, false },
		{ BYTES("\0\0\0\x0d\x0e\0\0\0\x08\0\0\0\0\0\0\0\x01"), false,
		    false },
		{ 0 },
	};
	unsigned char *signature;
	size_t len;

	(void)state;
	start(answers, 10000);
	for (size_t i = 0; answers[i].bytes != NULL; i++) {
		assert_false(sign(0, &signature, &len));
		assert_string_equal(words, "its signature is damaged");
		assert_null(signature);
	}
	stop_agent();
}

static void
agent_may_refuse_one_key_and_sign_with_the_next(void **state)
{
	static const struct answer answers[] = {
		{ BYTES("\0\0\0\x01\x05"), false, false },
		{ BYTES("\0\0\0\x1b\x0e\0\0\0\x16\0\0\0\x0b"
			"ssh-ed25519\0\0\0\x03sig"),
		    false, false },
		{ 0 },
	};
	unsigned char *signature;
	size_t len;

	(void)state;
	start(answers, 10000);
	assert_false(sign(0, &signature, &len));
	assert_string_equal(words, "it refused");
	assert_true(sign(0, &signature, &len));
	free(signature);
	stop_agent();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_agent_is_said_to_be_none),
		cmocka_unit_test(a_socket_that_is_named_is_asked_instead),
		cmocka_unit_test(path_too_long_for_a_socket_is_an_error),
		cmocka_unit_test(
		    crowded_agent_is_waited_for_until_the_deadline),
		cmocka_unit_test(keys_are_listed),
		cmocka_unit_test(answer_may_come_in_pieces),
		cmocka_unit_test(empty_agent_has_no_keys),
		cmocka_unit_test(damaged_answers_are_named),
		cmocka_unit_test(agent_that_hangs_up_is_named),
		cmocka_unit_test(silent_agent_is_left_at_the_deadline),
		cmocka_unit_test(half_an_answer_is_left_at_the_deadline),
		cmocka_unit_test(cancel_ends_the_wait),
		cmocka_unit_test(signature_is_taken_out_of_its_wrapping),
		cmocka_unit_test(rsa_is_signed_with_sha_2_or_not_at_all),
		cmocka_unit_test(damaged_signatures_are_named),
		cmocka_unit_test(
		    agent_may_refuse_one_key_and_sign_with_the_next),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
