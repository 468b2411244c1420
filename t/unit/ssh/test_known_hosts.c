/* SPDX-License-Identifier: PostgreSQL */

/*
 * What known_hosts says about a host: names in every form, marks, bad lines,
 * and lines that we append.
 */
#include "ssh/known_hosts.h"
#include "ssh/known_hosts_write.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/xmalloc.h"
#include "key/base64.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define KEY                                                                  \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGlvIpNSEYnOIDCybT7BxAknNz6s9l" \
	"FJYQdCUNCXR6u6"

/* "host.example.com" and "[host.example.com]:2222", hashed by ssh-keygen. */
#define HASHED "|1|XLr7s23pvn1rEB7Ve0XnvaB4R4s=|YhZgDMnz65lGMWyjofgO58mTSvY="
#define HASHED_2222 \
	"|1|nKE1iwgil+LEVpTmBvXpHXrOiF8=|AHKNGdVOXkHWbv3m8jF3J6mK4h0="

static struct known_hosts
parse(const char *text, const char *host, unsigned port)
{
	struct known_hosts hosts = { 0 };

	known_hosts_parse(&hosts, "file", text, strlen(text), host, port);
	return hosts;
}

/* --- Names ------------------------------------------------------------- */

enum answer {
	NOT_NAMED,
	NAMED,
	NAMED_BARE,
};

static enum answer
ask(const char *names, const char *host, unsigned port)
{
	char *text = xasprintf("%s " KEY "\n", names);
	struct known_hosts hosts = parse(text, host, port);
	enum answer answer = NOT_NAMED;

	assert_int_equal(hosts.bad_lines, 0);
	if (hosts.count == 1)
		answer = hosts.lines[0].is_bare ? NAMED_BARE : NAMED;
	known_hosts_clear(&hosts);
	free(text);
	return answer;
}

static void
names_match_as_openssh_has_it(void **state)
{
	static const struct {
		const char *names, *host;
		unsigned port;
		enum answer answer;
	} cases[] = {
		{ "host.example.com", "host.example.com", 22, NAMED },
		{ "host.example.com", "HOST.example.COM", 22, NAMED },
		{ "Host.Example.Com", "host.example.com", 22, NAMED },
		{ "host.example.com", "host.example.co", 22, NOT_NAMED },
		{ "host.example.com", "xhost.example.com", 22, NOT_NAMED },
		{ "a,host.example.com,b", "host.example.com", 22, NAMED },
		{ "a,b", "host.example.com", 22, NOT_NAMED },
		{ ",,", "host.example.com", 22, NOT_NAMED },
		{ "*", "host.example.com", 22, NAMED },
		{ "*.example.com", "host.example.com", 22, NAMED },
		{ "*.example.com", "example.com", 22, NOT_NAMED },
		{ "h?st.*", "host.example.com", 22, NAMED },
		{ "h?st.*", "hst.example.com", 22, NOT_NAMED },
		{ "*a*b*c", "xaxbxbxc", 22, NAMED },
		{ "*a*b*c", "xaxbxbxcx", 22, NOT_NAMED },
		{ "host**", "host", 22, NAMED },
		{ "*,!host.example.com", "host.example.com", 22, NOT_NAMED },
		{ "!host.example.com,*", "host.example.com", 22, NOT_NAMED },
		{ "*.example.com,!bad.*", "host.example.com", 22, NAMED },
		{ "!other", "host", 22, NOT_NAMED },
		{ "!", "host", 22, NOT_NAMED },
		{ "192.0.2.7", "192.0.2.7", 22, NAMED },
		{ "2001:db8::7", "2001:DB8::7", 22, NAMED },
		{ "[2001:db8::7]:2222", "2001:db8::7", 2222, NAMED },
		{ "[host]:2222", "host", 2222, NAMED },
		{ "[host]:2222", "host", 22, NOT_NAMED },
		{ "[host]:2222", "host", 2223, NOT_NAMED },
		{ "[host]:22", "host", 22, NOT_NAMED },
		{ "host", "host", 2222, NAMED_BARE },
		{ "host,[host]:2222", "host", 2222, NAMED },
		{ "[*.example.com]:2222", "a.example.com", 2222, NAMED },
		{ "*.example.com", "a.example.com", 2222, NAMED_BARE },
		{ "*", "host", 2222, NAMED },
		{ HASHED, "host.example.com", 22, NAMED },
		{ HASHED, "Host.Example.Com", 22, NAMED },
		{ HASHED, "host.example.org", 22, NOT_NAMED },
		{ HASHED, "host.example.com", 2222, NAMED_BARE },
		{ HASHED_2222, "host.example.com", 2222, NAMED },
		{ HASHED_2222, "host.example.com", 22, NOT_NAMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum answer answer = ask(cases[i].names, cases[i].host,
		    cases[i].port);

		if (answer != cases[i].answer)
			fail_msg("%s, %s port %u: %d", cases[i].names,
			    cases[i].host, cases[i].port, answer);
	}
}

/* A pattern that backtracks must not take exponential time. */
static void
patterns_are_matched_in_bounded_time(void **state)
{
	char names[2001], host[1001];

	(void)state;
	for (size_t i = 0; i < 2000; i += 2)
		memcpy(names + i, "*a", 2);
	names[2000] = '\0';
	memset(host, 'a', 1000);
	host[1000] = '\0';
	assert_int_equal(ask(names, host, 22), NAMED);
	host[999] = 'b';
	assert_int_equal(ask(names, host, 22), NOT_NAMED);
}

/* --- Lines ------------------------------------------------------------- */

static void
a_line_is_read_in_all_its_forms(void **state)
{
	static const char *const lines[] = {
		"host " KEY,
		"host " KEY "\n",
		"host " KEY "\r\n",
		"  host\t" KEY " \n",
		"host " KEY " a comment with ssh-rsa AAAA\n",
		"# host " KEY "\n\n \t\r\nhost " KEY "\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct known_hosts hosts = parse(lines[i], "host", 22);

		assert_int_equal(hosts.bad_lines, 0);
		assert_int_equal(hosts.count, 1);
		assert_int_equal(hosts.lines[0].mark, KNOWN_HOST_KEY);
		assert_string_equal(hosts.lines[0].type, "ssh-ed25519");
		assert_int_equal(hosts.lines[0].blob_len, 51);
		known_hosts_clear(&hosts);
	}
}

static void
marks_and_places_are_kept(void **state)
{
	struct known_hosts hosts = parse("# first\n"
					 "@revoked host " KEY "\n"
					 "other " KEY "\n"
					 "@cert-authority *\t" KEY "\n"
					 "host " KEY,
	    "host", 22);

	(void)state;
	assert_int_equal(hosts.count, 3);
	assert_int_equal(hosts.lines[0].mark, KNOWN_HOST_REVOKED);
	assert_int_equal(hosts.lines[0].line, 2);
	assert_int_equal(hosts.lines[1].mark, KNOWN_HOST_AUTHORITY);
	assert_int_equal(hosts.lines[1].line, 4);
	assert_int_equal(hosts.lines[2].mark, KNOWN_HOST_KEY);
	assert_int_equal(hosts.lines[2].line, 5);
	assert_string_equal(hosts.lines[2].file, "file");
	known_hosts_clear(&hosts);
}

static void
bad_lines_are_counted_and_skipped(void **state)
{
	static const char *const bad[] = {
		"host",
		"host ssh-ed25519",
		"host ssh-ed25519 ",
		"host ssh-ed25519 AAAA!",
		"host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAA",
		"host ssh-rsa AAAAC3NzaC1lZDI1NTE5",
		"host ssh-ed25519 //////NzaC1lZDI1NTE5",
		"host 1024 65537 123456789",
		"@revoked",
		"@revoked host",
		"@Revoked host " KEY,
		"@ host " KEY,
		"|1|XLr7s23pvn1rEB7Ve0XnvaB4R4s=| " KEY,
		"|1|XLr7s23pvn1rEB7Ve0XnvaB4R4s=|YhZgDMnz65lG " KEY,
		"|2|XLr7s23pvn1rEB7Ve0XnvaB4R4s=|YhZgDMnz65lGMWyjofgO58mTSvY= " KEY,
		"| " KEY,
		"|1| " KEY,
		"host a-type-name-that-is-longer-than-any-in-use-today AAAA",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		char *text = xasprintf("%s\nhost " KEY "\n", bad[i]);
		struct known_hosts hosts = parse(text, "host", 22);

		if (hosts.bad_lines != 1 || hosts.count != 1)
			fail_msg("%s: %u bad, %zu good", bad[i],
			    hosts.bad_lines, hosts.count);
		assert_int_equal(hosts.lines[0].line, 2);
		known_hosts_clear(&hosts);
		free(text);
	}
}

static void
a_very_long_line_is_a_line(void **state)
{
	enum {
		LEN = 300000
	};
	char *names = xmalloc(LEN + 1), *text;
	struct known_hosts hosts;

	(void)state;
	memset(names, ',', LEN);
	names[LEN] = '\0';
	memcpy(names + LEN - 5, ",host", 5);
	text = xasprintf("%s " KEY " %s", names, names);
	hosts = parse(text, "host", 22);
	assert_int_equal(hosts.count, 1);
	known_hosts_clear(&hosts);
	free(names);
	free(text);
}

static void
a_nul_byte_is_no_end(void **state)
{
	static const char text[] = "ho\0st " KEY "\nhost " KEY "\n";
	struct known_hosts hosts = { 0 };

	(void)state;
	known_hosts_parse(&hosts, "file", text, sizeof text - 1, "host", 22);
	assert_int_equal(hosts.count, 1);
	assert_int_equal(hosts.lines[0].line, 2);
	known_hosts_clear(&hosts);
}

/* --- Files ------------------------------------------------------------- */

/* Each test of files works in a directory of its own. */
static int
enter(void **state)
{
	char template[] = "/tmp/test_known_hosts.XXXXXX";

	if (mkdtemp(template) == NULL || chdir(template) != 0)
		return -1;
	*state = xstrdup(template);
	return 0;
}

static int
leave(void **state)
{
	char *command = xasprintf("rm -rf '%s'", (char *)*state);
	int rc = chdir("/") != 0 || system(command) != 0;

	free(command);
	free(*state);
	return rc;
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static char *
read_file(const char *path)
{
	char *text = xcalloc(1, 65536);
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static void
files_are_read_in_order(void **state)
{
	struct known_hosts hosts = { 0 };

	(void)state;
	write_file("one", "host " KEY "\nbad\n");
	write_file("two", "bad\nhost " KEY "\n");
	assert_true(known_hosts_read(&hosts, "one", "host", 22));
	assert_true(known_hosts_read(&hosts, "two", "host", 22));
	assert_int_equal(hosts.count, 2);
	assert_int_equal(hosts.bad_lines, 2);
	assert_string_equal(hosts.lines[0].file, "one");
	assert_string_equal(hosts.lines[1].file, "two");
	known_hosts_clear(&hosts);
}

static void
absent_and_empty_files_say_nothing(void **state)
{
	struct known_hosts hosts = { 0 };

	(void)state;
	write_file("empty", "");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_true(known_hosts_read(&hosts, "empty", "host", 22));
	assert_true(known_hosts_read(&hosts, "absent", "host", 22));
	assert_true(known_hosts_read(&hosts, "empty/absent", "host", 22));
	assert_true(known_hosts_read(&hosts, "/dev/null", "host", 22));
	assert_true(known_hosts_read(&hosts, "pipe", "host", 22));
	assert_int_equal(hosts.count, 0);
}

static void
what_cannot_be_read_is_told(void **state)
{
	struct known_hosts hosts = { 0 };

	(void)state;
	errno = 0;
	assert_false(known_hosts_read(&hosts, ".", "host", 22));
	assert_int_equal(errno, EISDIR);
	assert_false(known_hosts_read(&hosts, "/dev/zero", "host", 22));
	assert_int_equal(errno, EFBIG);
}

static unsigned char *
key_blob(size_t *len)
{
	const char *text = strchr(KEY, ' ') + 1;
	unsigned char *blob = xmalloc(BASE64_BYTES_MAX(strlen(text)));

	assert_true(base64_decode(text, strlen(text), blob, len));
	return blob;
}

static bool
append(const char *file, const char *host, unsigned port)
{
	size_t len;
	unsigned char *blob = key_blob(&len);
	bool ok = known_hosts_write(file, host, port, "ssh-ed25519", blob, len);
	int error = errno;

	free(blob);
	errno = error;
	return ok;
}

static void
a_key_is_remembered(void **state)
{
	struct known_hosts hosts = { 0 };
	struct stat stat_buf;
	char *text;

	(void)state;
	assert_true(append("a/b/known_hosts", "Host", 22));
	assert_true(append("a/b/known_hosts", "host", 2222));
	assert_true(append("a/b/known_hosts", "2001:db8::7", 22));
	text = read_file("a/b/known_hosts");
	assert_string_equal(text,
	    "host " KEY "\n[host]:2222 " KEY "\n"
	    "2001:db8::7 " KEY "\n");
	free(text);
	assert_int_equal(stat("a/b/known_hosts", &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 0777, 0600);
	assert_int_equal(stat("a/b", &stat_buf), 0);
	assert_int_equal(stat_buf.st_mode & 0777, 0700);
	assert_true(known_hosts_read(&hosts, "a/b/known_hosts", "host", 2222));
	assert_int_equal(hosts.count, 2);
	assert_true(hosts.lines[0].is_bare);
	assert_false(hosts.lines[1].is_bare);
	known_hosts_clear(&hosts);
}

static void
a_line_without_end_is_not_continued(void **state)
{
	char *text;

	(void)state;
	write_file("known_hosts", "other " KEY);
	assert_true(append("known_hosts", "host", 22));
	text = read_file("known_hosts");
	assert_string_equal(text, "other " KEY "\nhost " KEY "\n");
	free(text);
}

static void
what_cannot_be_remembered_is_told(void **state)
{
	static const char *const names[] = { "", "a b", "a,b", "*", "?", "!a",
		"#a", "@a", "|1|", "a\nb", "[a]" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		errno = 0;
		assert_false(append("known_hosts", names[i], 22));
		assert_int_equal(errno, EINVAL);
	}
	assert_int_equal(access("known_hosts", F_OK), -1);
	write_file("file", "");
	assert_false(append("file/known_hosts", "host", 22));
	assert_int_equal(errno, ENOTDIR);
	assert_false(append("/dev/full", "host", 22)); /* it has no line end */
	assert_int_equal(errno, EFBIG);
}

static void
a_full_disk_is_told(void **state)
{
	struct rlimit limit, small;
	char *text;

	(void)state;
	write_file("known_hosts", "other " KEY "\n");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = strlen("other " KEY "\nhost");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_false(append("known_hosts", "host", 22));
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, SIG_DFL);
	text = read_file("known_hosts");
	assert_string_equal(text, "other " KEY "\n");
	free(text);
}

static void
what_another_writer_added_stays_one(void **state)
{
	static const unsigned char other[] = "\0\0\0\013ssh-ed25519other";
	char *text;

	(void)state;
	assert_true(append("known_hosts", "host", 22));
	assert_true(append("known_hosts", "Host", 22));
	assert_false(known_hosts_write("known_hosts", "host", 22, "ssh-ed25519",
	    other, sizeof other - 1));
	assert_int_equal(errno, EEXIST);
	text = read_file("known_hosts");
	assert_string_equal(text, "host " KEY "\n");
	free(text);
	assert_true(append("known_hosts", "host", 2222));
}

static void
writers_neither_mix_nor_repeat_their_lines(void **state)
{
	enum {
		WRITERS = 4,
		LINES = 50
	};
	struct known_hosts hosts = { 0 };

	(void)state;
	for (int w = 0; w < WRITERS; w++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid != 0)
			continue;
		for (unsigned port = 1; port <= LINES; port++)
			if (!append("known_hosts", "host", port))
				_exit(1);
		_exit(0);
	}
	for (int w = 0; w < WRITERS; w++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (unsigned port = 1; port <= LINES; port++) {
		unsigned own = 0;

		assert_true(
		    known_hosts_read(&hosts, "known_hosts", "host", port));
		for (size_t i = 0; i < hosts.count; i++)
			own += !hosts.lines[i].is_bare;
		assert_int_equal(own, 1);
		assert_int_equal(hosts.bad_lines, 0);
		known_hosts_clear(&hosts);
	}
}

/* Our own line must still be found after ssh-keygen -H. */
static void
hashing_by_the_tool_is_understood(void **state)
{
	struct known_hosts hosts = { 0 };
	char *text;

	(void)state;
	assert_true(append("known_hosts", "jump.example.com", 2222));
	assert_int_equal(system("ssh-keygen -q -H -f known_hosts >log 2>&1"),
	    0);
	text = read_file("known_hosts");
	assert_int_equal(strncmp(text, "|1|", 3), 0);
	free(text);
	assert_true(
	    known_hosts_read(&hosts, "known_hosts", "jump.example.com", 2222));
	assert_int_equal(hosts.count, 1);
	assert_false(hosts.lines[0].is_bare);
	known_hosts_clear(&hosts);
}

int
main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_match_as_openssh_has_it),
		cmocka_unit_test(patterns_are_matched_in_bounded_time),
		cmocka_unit_test(a_line_is_read_in_all_its_forms),
		cmocka_unit_test(marks_and_places_are_kept),
		cmocka_unit_test(bad_lines_are_counted_and_skipped),
		cmocka_unit_test(a_very_long_line_is_a_line),
		cmocka_unit_test(a_nul_byte_is_no_end),
		FILE_TEST(files_are_read_in_order),
		FILE_TEST(absent_and_empty_files_say_nothing),
		FILE_TEST(what_cannot_be_read_is_told),
		FILE_TEST(a_key_is_remembered),
		FILE_TEST(a_line_without_end_is_not_continued),
		FILE_TEST(what_cannot_be_remembered_is_told),
		FILE_TEST(a_full_disk_is_told),
		FILE_TEST(what_another_writer_added_stays_one),
		FILE_TEST(writers_neither_mix_nor_repeat_their_lines),
		FILE_TEST(hashing_by_the_tool_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
