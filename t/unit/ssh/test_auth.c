/* SPDX-License-Identifier: PostgreSQL */

/*
 * Logins to a real sshd on loopback, with keys made for the run, through
 * dial_jump() as a whole.  That sshd knows only the user who runs the test, so
 * passwords can only be wrong here; t/1xx tests right ones with a throwaway
 * user. Skipped where there is no sshd.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <libssh2.h>
#include <cmocka.h>

#include "../skip_unless.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "ssh/dial.h"
#include "ssh/resolver.h"
#include "ssh/transport.h"

#define SSHD "/usr/sbin/sshd"

static char dir[] = "/tmp/pgjump-login-XXXXXX";
static char user[64];
static pid_t sshd, agent;
static struct config cfg;
static struct config_jump jump;
static struct secret keys[CONFIG_KEYS_MAX];
static struct dial dial;
static struct fault fault;
static char label[64];

/* Run a shell command in the directory of the test. */
static int
shell(const char *format, ...)
{
	char *inner, *command;
	va_list args;
	int status;

	va_start(args, format);
	inner = xvasprintf(format, args);
	va_end(args);
	command = xasprintf("cd %s && %s", dir, inner);
	status = system(command);
	free(inner);
	free(command);
	return status;
}

static char *
path_of(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

/* Start a program that stays in the foreground, in the same directory. */
static pid_t
spawn(const char *command)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (chdir(dir) != 0)
		_exit(127);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void
stop_process(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGTERM);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

static bool
accepts(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool up = connect(fd, (const struct sockaddr *)address,
		      sizeof *address) == 0;

	close(fd);
	return up;
}

/* Start sshd with these settings on top of the standard ones. */
static void
start_sshd(const char *settings)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int64_t until_ms = clock_ms() + 20000;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	getsockname(fd, (struct sockaddr *)&address, &len);
	close(fd);
	jump.port = ntohs(address.sin_port);
	snprintf(label, sizeof label, "127.0.0.1:%u", jump.port);
	assert_int_equal(shell("{ printf '%%s\\n' '%s'; cat standard; "
			       "echo ListenAddress 127.0.0.1:%u; } >config",
			     settings, jump.port),
	    0);
	sshd = spawn("exec " SSHD " -D -e -f \"$PWD/config\" 2>>log");
	while (!accepts(&address)) {
		assert_true(clock_ms() < until_ms);
		assert_int_equal(waitpid(sshd, NULL, WNOHANG), 0);
	}
}

static void
use_methods(enum auth_method first, enum auth_method second)
{
	jump.auth_methods = (struct config_words){ { first, second },
		first == second ? 1 : 2 };
}

static void
use_method(enum auth_method method)
{
	use_methods(method, method);
}

static void
forget_keys(void)
{
	for (size_t i = 0; i < CONFIG_KEYS_MAX; i++) {
		free(keys[i].path);
		keys[i].path = NULL;
	}
	jump.private_keys = (struct secrets){ keys, 0 };
}

/* Configure a further key by its file. */
static void
add_key(const char *name)
{
	assert_true(jump.private_keys.count < CONFIG_KEYS_MAX);
	keys[jump.private_keys.count++].path = path_of(name);
}

static void
use_key(const char *name)
{
	forget_keys();
	add_key(name);
	use_method(AUTH_METHOD_KEY);
}

static enum failure
log_in(void)
{
	struct ssh_transport *transport;
	enum failure code;

	fault = (struct fault){ 0 };
	code = dial_jump(&dial, &jump, &transport, &fault);
	assert_int_equal(fault.code, code);
	if (code == FAIL_NONE) {
		assert_non_null(transport);
		assert_int_equal(ssh_transport_pending(transport), 0);
		assert_true(libssh2_userauth_authenticated(
		    ssh_transport_session(transport)));
	} else
		assert_null(transport);
	ssh_transport_free(transport);
	return code;
}

static bool
noted(const char *clause)
{
	return strstr(fault.detail, clause) != NULL;
}

/* Start an agent that holds these keys. */
static void
start_agent(const char *names)
{
	char *socket_path = path_of("agent");
	int64_t until_ms = clock_ms() + 20000;

	unlink(socket_path);
	agent = spawn("exec ssh-agent -D -a \"$PWD/agent\" >/dev/null 2>&1");
	setenv("SSH_AUTH_SOCK", socket_path, 1);
	while (shell("ssh-add -l >/dev/null 2>&1; test $? -le 1") != 0)
		assert_true(clock_ms() < until_ms);
	if (names[0] != '\0')
		assert_int_equal(shell("ssh-add -q %s", names), 0);
	use_method(AUTH_METHOD_AGENT);
	free(socket_path);
}

/* PerSourcePenalties, in an sshd that has it, would ban the tests. */
static int
write_standard(void)
{
	return shell("printf '%%s\\n' \"HostKey $PWD/host\" 'UsePAM no'"
		     " 'StrictModes no' 'PidFile none' 'UseDNS no'"
		     " 'PermitRootLogin yes' 'PasswordAuthentication no'"
		     " 'KbdInteractiveAuthentication no'"
		     " \"AuthorizedKeysFile $PWD/authorized\""
		     " 'AuthorizedKeysCommandUser %s' >standard",
		   user) ||
	    shell("{ cat standard; echo PerSourcePenalties no; } >try; "
		  "if " SSHD " -t -f \"$PWD/try\" 2>/dev/null;"
		  " then mv try standard; fi");
}

static int
make_files(void **state)
{
	const struct passwd *self = getpwuid(getuid());

	(void)state;
	if (access(SSHD, X_OK) != 0 || self == NULL)
		return 0;
	if (geteuid() == 0)
		mkdir("/run/sshd", 0755);
	snprintf(user, sizeof user, "%s", self->pw_name);
	if (mkdtemp(dir) == NULL)
		return -1;
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return shell(
		   "for name in host good other third fourth plain"
		   " last; do"
		   " ssh-keygen -q -t ed25519 -N '' -C $name -f $name; done") ||
	    shell("ssh-keygen -q -t rsa -b 2048 -N '' -C rsa -f rsa") ||
	    shell("ssh-keygen -q -t rsa -b 2048 -N '' -C short -f short") ||
	    shell("ssh-keygen -q -t ecdsa -N secret -C ecdsa -f ecdsa") ||
	    shell("cat good.pub rsa.pub ecdsa.pub >authorized") ||
	    shell("echo 'not a key' >junk") || write_standard();
}

static int
remove_files(void **state)
{
	(void)state;
	return user[0] != '\0' ? shell("rm -r \"$PWD\"") : 0;
}

static int
set_up(void **state)
{
	(void)state;
	cfg = (struct config){
		.resolve_timeout_ms = 20000,
		.connect_timeout_ms = 20000,
		.handshake_timeout_ms = 20000,
		.auth_timeout_ms = 20000,
		.keepalive_interval_ms = 15000,
		.keepalive_count = 3,
	};
	jump = (struct config_jump){
		.label = label,
		.host = "127.0.0.1",
		.username = user,
		.trust = TRUST_ANY,
	};
	use_method(AUTH_METHOD_PASSWORD);
	forget_keys();
	dial = (struct dial){
		.cfg = &cfg,
		.resolver = resolver_new(),
		.cancel_fd = -1,
	};
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	stop_process(&sshd);
	stop_process(&agent);
	if (user[0] !=
	    '\0') /* ssh-add also adds a certificate beside the key */
		shell("rm -f *-cert.pub");
	unsetenv("SSH_AUTH_SOCK");
	forget_keys();
	resolver_free(dial.resolver);
	return 0;
}

static bool
has_sshd(void)
{
	return user[0] != '\0';
}

static void
keys_of_each_type_log_in(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_key("good");
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("connected to 127.0.0.1 in "));
	assert_true(noted("SSH handshake with OpenSSH_"));
	assert_true(noted("logged in by key SHA256:"));
	use_key("rsa");
	assert_int_equal(log_in(), FAIL_NONE);
	use_key("ecdsa");
	jump.passphrase.text = "secret";
	assert_int_equal(log_in(), FAIL_NONE);
}

static void
keys_that_cannot_be_used(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_key("junk");
	assert_int_equal(log_in(), FAIL_AUTH_KEY_UNUSABLE);
	use_key("ecdsa");
	assert_int_equal(log_in(), FAIL_AUTH_KEY_UNUSABLE);
	use_key("missing");
	assert_int_equal(log_in(), FAIL_AUTH_SECRET_UNREADABLE);
	assert_non_null(strstr(fault.words, "missing"));
	use_key("good");
	jump.passphrase.path = "/nowhere/passphrase";
	assert_int_equal(log_in(), FAIL_AUTH_SECRET_UNREADABLE);
	assert_non_null(strstr(fault.words, "/nowhere/passphrase"));
}

static void
key_that_is_rejected(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_key("other");
	assert_int_equal(log_in(), FAIL_AUTH_KEY_REJECTED);
	assert_true(noted("offered the ssh-ed25519 key SHA256:"));
}

/* With one try allowed, sshd hangs up instead of refusing. */
static void
key_that_is_rejected_by_hanging_up(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("MaxAuthTries 1");
	use_key("other");
	assert_int_equal(log_in(), FAIL_AUTH_KEY_REJECTED);
}

static void
password_that_is_rejected(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	jump.password.text = "wrong";
	start_sshd("PasswordAuthentication yes");
	assert_int_equal(log_in(), FAIL_AUTH_PASSWORD_REJECTED);
}

/* PAM prompts, and takes its time to refuse; only root's sshd can ask it. */
static void
prompt_answered_with_a_wrong_password(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	SKIP_UNLESS(geteuid() == 0, "PAM asks for passwords of root's sshd");
	jump.password.text = "wrong";
	start_sshd("UsePAM yes\nKbdInteractiveAuthentication yes");
	assert_int_equal(log_in(), FAIL_AUTH_PASSWORD_REJECTED);
	assert_true(noted("answered the prompt \""));
}

static void
method_that_is_not_offered(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	jump.password.text = "wrong";
	start_sshd("");
	assert_int_equal(log_in(), FAIL_AUTH_METHOD);
	assert_string_equal(fault.words, "it offers only publickey");
}

static void
other_method_is_used_where_only_that_is_offered(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_key("good");
	use_method(AUTH_METHOD_PASSWORD);
	jump.password.text = "wrong";
	assert_int_equal(log_in(), FAIL_NONE);
}

static void
second_step_that_is_not_configured(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("AuthenticationMethods publickey,password\n"
		   "PasswordAuthentication yes");
	use_key("good");
	assert_int_equal(log_in(), FAIL_AUTH_INCOMPLETE);
	assert_non_null(strstr(fault.words, "it accepted key SHA256:"));
	assert_non_null(strstr(fault.words, "and now asks for password"));
	jump.password.text = "wrong";
	assert_int_equal(log_in(), FAIL_AUTH_PASSWORD_REJECTED);
}

static void
two_steps_in_the_order_of_the_server(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("AuthenticationMethods password,publickey\n"
		   "PasswordAuthentication yes");
	use_key("good");
	jump.password.text = "wrong";
	assert_int_equal(log_in(), FAIL_AUTH_PASSWORD_REJECTED);
}

static void
agent_logs_in(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	start_agent("other rsa");
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("logged in by agent key SHA256:"));
}

static void
select_in_agent(const char *file)
{
	forget_keys();
	add_key(file);
}

static void
agent_key_can_be_selected(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("MaxAuthTries 1");
	start_agent("other third good");
	add_key("good.pub");
	assert_int_equal(log_in(), FAIL_NONE);
	select_in_agent("fourth.pub");
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_KEY);
	assert_memory_equal(fault.words, "SHA256:", 7);
	select_in_agent("other.pub");
	assert_int_equal(log_in(), FAIL_AUTH_KEY_REJECTED);
}

/* sshd knows the authority, but not the key that it certifies. */
static void
certify(const char *key, const char *options)
{
	assert_int_equal(shell("{ test -e authority || ssh-keygen -q -t ed25519"
			       " -N '' -f authority; } && ssh-keygen -q"
			       " -s authority -I test -n %s %s %s.pub",
			     user, options, key),
	    0);
}

static void
certificate_of_an_agent_logs_in(void **state)
{
	char *trusted = path_of("authority.pub");
	char *setting = xasprintf("MaxAuthTries 2\nTrustedUserCAKeys %s",
	    trusted);

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	certify("third", "");
	certify("plain", "-O no-port-forwarding");
	start_sshd(setting);
	start_agent("other third plain");
	select_in_agent("third-cert.pub");
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("logged in by agent certificate of SHA256:"));
	assert_false(noted("permit-port-forwarding"));
	select_in_agent("third.pub");
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("logged in by agent certificate of SHA256:"));
	select_in_agent("plain-cert.pub");
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted(" without permit-port-forwarding"));
	free(setting);
	free(trusted);
}

/* The agent has the key, but not its certificate, which is configured. */
static void
certificate_beside_the_agent_logs_in(void **state)
{
	char *trusted = path_of("authority.pub");
	char *setting = xasprintf("TrustedUserCAKeys %s", trusted);

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	certify("short", "");
	assert_int_equal(shell("mv short-cert.pub beside.pub"), 0);
	start_sshd(setting);
	start_agent("short");
	select_in_agent("short.pub");
	assert_int_equal(log_in(), FAIL_AUTH_KEY_REJECTED);
	select_in_agent("beside.pub");
	assert_int_equal(log_in(), FAIL_NONE);
	stop_process(&agent);
	start_agent("other");
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_KEY);
	free(setting);
	free(trusted);
}

static void
certificate_that_is_rejected(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	certify("third", "");
	start_sshd("");
	start_agent("third");
	select_in_agent("third-cert.pub");
	assert_int_equal(log_in(), FAIL_AUTH_CERTIFICATE);
	assert_true(noted("offered the key certificate of SHA256:"));
}

static void
agent_with_more_keys_than_are_offered(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("MaxAuthTries 10");
	start_agent("other third fourth plain short last good");
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_MANY);
	assert_memory_equal(fault.words, "offered only 5 of ", 18);
}

/* OpenSSH up to 9.9 makes keys of a type that libssh2 cannot use. */
static void
agent_with_a_key_that_cannot_be_used(void **state)
{
	const char *make = "ssh-keygen -q -t dsa -N '' -f dsa 2>/dev/null";

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	SKIP_UNLESS(shell(make) == 0, "this ssh-keygen makes no DSA key");
	start_sshd("");
	start_agent("dsa");
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_EMPTY);
	assert_true(noted("skipped keys of the agent that pgjump cannot use: "
			  "ssh-dss"));
	assert_int_equal(shell("ssh-add -q other"), 0);
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_REFUSED);
	assert_true(noted("cannot use: ssh-dss"));
}

static void
agent_that_is_no_help(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_method(AUTH_METHOD_AGENT);
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_ABSENT);
	assert_string_equal(fault.words, "SSH_AUTH_SOCK is not set");
	start_agent("");
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_EMPTY);
	shell("ssh-add -q other third");
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_REFUSED);
	assert_memory_equal(fault.words, "offered 2 of 2 keys: SHA256:", 28);
}

static void
agent_with_too_many_keys(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("MaxAuthTries 2");
	start_agent("other third fourth");
	assert_int_equal(log_in(), FAIL_AUTH_TOO_MANY);
	assert_non_null(strstr(fault.words, "after 2 of 3 keys"));
}

/* The agent holds the key, but its owner said no. */
static void
agent_that_does_not_sign(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	setenv("SSH_ASKPASS", "/bin/false", 1);
	start_agent("-c good");
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_FAILED);
	assert_string_equal(fault.words, "it refused");
	unsetenv("SSH_ASKPASS");
}

/* The fingerprint of a key as ssh-keygen prints it; the caller frees it. */
static char *
fingerprint(const char *name)
{
	char text[100] = "";
	char *path = path_of("fingerprint");
	FILE *file;

	assert_int_equal(
	    shell("ssh-keygen -lf %s.pub | cut -d' ' -f2 >fingerprint", name),
	    0);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof text, file));
	fclose(file);
	free(path);
	text[strcspn(text, "\n")] = '\0';
	return xstrdup(text);
}

static void
keys_are_offered_in_their_order(void **state)
{
	char *other = fingerprint("other"), *good = fingerprint("good");
	char *tried = xasprintf("tried before: key %s (rejected)", other);

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("MaxAuthTries 2");
	use_key("other");
	add_key("good");
	add_key("rsa");
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("logged in by key "));
	assert_true(noted(good));
	assert_true(noted(tried));
	free(tried);
	free(other);
	free(good);
}

static void
keys_that_are_all_rejected(void **state)
{
	char *other = fingerprint("other"), *third = fingerprint("third");
	char *words = xasprintf("key %s (rejected), key %s (rejected)", other,
	    third);

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_key("other");
	add_key("third");
	assert_int_equal(log_in(), FAIL_AUTH_NOTHING);
	assert_string_equal(fault.words, words);
	stop_process(&sshd);
	start_sshd("MaxAuthTries 2");
	add_key("good");
	assert_int_equal(log_in(), FAIL_AUTH_TOO_MANY);
	assert_memory_equal(fault.words,
	    "too many authentication failures after key SHA256:", 50);
	free(words);
	free(other);
	free(third);
}

/* The last key is proved, although others cannot even be read. */
static void
keys_that_cannot_be_used_do_not_stop_others(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("MaxAuthTries 1");
	use_key("missing");
	add_key("junk");
	add_key("ecdsa");
	add_key("good");
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("missing ("));
	assert_true(noted("junk ("));
	assert_true(noted("ecdsa (it is encrypted"));
}

static void
absent_agent_makes_way_for_a_key(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_key("good");
	use_methods(AUTH_METHOD_AGENT, AUTH_METHOD_KEY);
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("tried before: agent (SSH_AUTH_SOCK is not set)"));
	use_key("junk");
	use_methods(AUTH_METHOD_AGENT, AUTH_METHOD_KEY);
	assert_int_equal(log_in(), FAIL_AUTH_AGENT_ABSENT);
	assert_true(noted("tried agent (SSH_AUTH_SOCK is not set), key "));
}

/* Five keys in all, and room is kept for those of the configuration. */
static void
agent_leaves_room_for_keys(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("MaxAuthTries 5");
	start_agent("other third fourth plain short last");
	use_key("good");
	use_methods(AUTH_METHOD_AGENT, AUTH_METHOD_KEY);
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("logged in by key SHA256:"));
}

/* No key is offered twice, and one of both places first. */
static void
agent_key_that_is_configured_comes_first(void **state)
{
	char *last = fingerprint("last");
	char *words = xasprintf("tried before: agent key %s (rejected)", last);

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("MaxAuthTries 2");
	start_agent("good other third fourth plain short last");
	use_key("last");
	use_methods(AUTH_METHOD_AGENT, AUTH_METHOD_KEY);
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("logged in by agent key SHA256:"));
	assert_true(noted(words));
	free(words);
	free(last);
}

/* An encrypted key without its passphrase still says which one it is. */
static void
agent_has_the_key_that_is_locked(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	assert_int_equal(shell(
			     "rm -f locked* && ssh-keygen -q -t ed25519 -N '' "
			     "-f locked && ssh-keygen -q -p -N secret -f "
			     "locked && cat locked.pub >>authorized"),
	    0);
	start_sshd("MaxAuthTries 1");
	start_agent("other third fourth plain short last");
	assert_int_equal(shell(
			     "printf '#!/bin/sh\necho secret\n' >ask && chmod "
			     "+x ask && SSH_ASKPASS=\"$PWD/ask\" "
			     "SSH_ASKPASS_REQUIRE=force ssh-add -q locked"),
	    0);
	use_key("locked");
	use_methods(AUTH_METHOD_AGENT, AUTH_METHOD_KEY);
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted("logged in by agent key SHA256:"));
}

/* sshd asks for two keys, and each is proved once. */
static void
two_keys_for_two_steps(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("AuthenticationMethods publickey,publickey");
	use_key("good");
	assert_int_equal(log_in(), FAIL_AUTH_INCOMPLETE);
	add_key("other");
	add_key("rsa");
	assert_int_equal(log_in(), FAIL_NONE);
	assert_true(noted(" and key SHA256:"));
}

static void
none_is_a_method(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_method(AUTH_METHOD_NONE);
	assert_int_equal(log_in(), FAIL_AUTH_METHOD);
	assert_string_equal(fault.words, "it offers only publickey");
	use_key("other");
	use_methods(AUTH_METHOD_NONE, AUTH_METHOD_KEY);
	assert_int_equal(log_in(), FAIL_AUTH_KEY_REJECTED);
	assert_true(noted("tried none (rejected), key SHA256:"));
}

static void
nothing_in_common_is_said_with_the_offer(void **state)
{
	static const struct {
		const char *setting, *words;
	} cases[] = {
		{ "KexAlgorithms diffie-hellman-group16-sha512",
		    "for the key exchange it offers only "
		    "diffie-hellman-group16-sha512" },
		{ "Ciphers aes192-ctr,aes256-cbc",
		    "for the cipher it offers only aes192-ctr,aes256-cbc" },
		{ "Ciphers aes128-ctr\nMACs umac-64@openssh.com",
		    "for the MAC it offers only umac-64@openssh.com" },
	};

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	use_key("good");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start_sshd(cases[i].setting);
		assert_int_equal(log_in(), FAIL_JUMP_NO_ALGORITHM);
		assert_memory_equal(fault.words, cases[i].words,
		    strlen(cases[i].words));
		stop_process(&sshd);
	}
}

/*
 * The second connection is one too many for MaxStartups.  OpenSSH 10 answers it
 * with the words of a ban.
 */
static void
crowd_at_the_door(void **state)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int64_t until_ms = clock_ms() + 20000;
	char banner;
	int fd = -1;

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("MaxStartups 1:100:1");
	use_key("good");
	address.sin_port = htons((uint16_t)jump.port);
	do { /* the connection of start_sshd() itself may still be counted */
		assert_true(clock_ms() < until_ms);
		close(fd);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		connect(fd, (struct sockaddr *)&address, sizeof address);
	} while (read(fd, &banner, 1) != 1 || banner != 'S');
	assert_int_equal(log_in(), FAIL_JUMP_TURNED_AWAY);
	if (strcmp(fault.words, "\"Not allowed at this time\"") != 0)
		assert_string_equal(fault.words, "\"Exceeded MaxStartups\"");
	close(fd);
}

/* sshd asks a slow command for keys. */
static void
login_that_is_never_answered(void **state)
{
	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("AuthorizedKeysFile none\n"
		   "AuthorizedKeysCommand /bin/sleep 3");
	use_key("good");
	cfg.auth_timeout_ms = 500;
	assert_int_equal(log_in(), FAIL_AUTH_TIMEOUT);
	assert_string_equal(fault.words, "500 ms");
}

static void
host_key_is_judged_before_the_login(void **state)
{
	char *known = NULL;

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_key("good");
	jump.trust = TRUST_KNOWN_HOSTS;
	jump.known_hosts = &known;
	known = path_of("no-known-hosts");
	jump.known_hosts_count = 1;
	assert_int_equal(log_in(), FAIL_HOSTKEY_UNKNOWN);
	assert_false(noted("logged in"));
	free(known);
}

static void
stages_are_told_to_the_end(void *arg, enum dial_stage stage)
{
	unsigned *seen = arg;

	*seen = *seen * 10 + stage + 1;
}

static void
every_stage_is_told(void **state)
{
	unsigned seen = 0;

	(void)state;
	SKIP_UNLESS(has_sshd(), "needs sshd");
	start_sshd("");
	use_key("good");
	dial.on_stage = stages_are_told_to_the_end;
	dial.arg = &seen;
	assert_int_equal(log_in(), FAIL_NONE);
	assert_int_equal(seen, 12345);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_of_each_type_log_in),
		TEST(keys_that_cannot_be_used),
		TEST(key_that_is_rejected),
		TEST(key_that_is_rejected_by_hanging_up),
		TEST(password_that_is_rejected),
		TEST(prompt_answered_with_a_wrong_password),
		TEST(method_that_is_not_offered),
		TEST(other_method_is_used_where_only_that_is_offered),
		TEST(second_step_that_is_not_configured),
		TEST(two_steps_in_the_order_of_the_server),
		TEST(agent_logs_in),
		TEST(agent_key_can_be_selected),
		TEST(certificate_of_an_agent_logs_in),
		TEST(certificate_beside_the_agent_logs_in),
		TEST(certificate_that_is_rejected),
		TEST(agent_with_a_key_that_cannot_be_used),
		TEST(agent_with_more_keys_than_are_offered),
		TEST(agent_that_is_no_help),
		TEST(agent_with_too_many_keys),
		TEST(agent_that_does_not_sign),
		TEST(keys_are_offered_in_their_order),
		TEST(keys_that_are_all_rejected),
		TEST(keys_that_cannot_be_used_do_not_stop_others),
		TEST(absent_agent_makes_way_for_a_key),
		TEST(agent_leaves_room_for_keys),
		TEST(agent_key_that_is_configured_comes_first),
		TEST(agent_has_the_key_that_is_locked),
		TEST(two_keys_for_two_steps),
		TEST(none_is_a_method),
		TEST(nothing_in_common_is_said_with_the_offer),
		TEST(crowd_at_the_door),
		TEST(login_that_is_never_answered),
		TEST(host_key_is_judged_before_the_login),
		TEST(every_stage_is_told),
	};
	int failed;

	libssh2_init(0);
	failed = cmocka_run_group_tests(tests, make_files, remove_files);
	libssh2_exit();
	return failed;
}
