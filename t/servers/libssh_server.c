/* SPDX-License-Identifier: PostgreSQL */

/*
 * A jump box on libssh, a process for each session, which connects in the
 * callback that its messages come to.  Arguments: port on 127.0.0.1, directory
 * of the host keys, file of authorized keys, password of every user, "permit"
 * or "deny".  Keys are exchanged anew after each megabyte.
 *
 * What a session sends is taken at once, so that no window of ours stays shut;
 * what a target sends is read as far as the session's own window goes.
 */
#include <sys/socket.h>

#include <errno.h>
#include <glob.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

#define FORWARDS_MAX 100
#define CHUNK        16384

static const uint64_t rekey_bytes = 1 << 20;

/* A channel and the socket that it is forwarded to. */
struct forward {
	ssh_channel channel;
	int target;
	char *to_target; /* of the session, not yet written */
	size_t len;
	bool session_ended;
	bool target_ended;
	struct ssh_channel_callbacks_struct callbacks;
};

static struct forward *forwards[FORWARDS_MAX];
static const char *authorized;
static const char *password;
static bool permits;
static ssh_event event;

static int
on_data(ssh_session session, ssh_channel channel, void *data, uint32_t len,
    int is_stderr, void *arg)
{
	struct forward *forward = arg;

	(void)session;
	(void)channel;
	(void)is_stderr;
	forward->to_target = realloc(forward->to_target, forward->len + len);
	if (forward->to_target == NULL)
		abort();
	memcpy(forward->to_target + forward->len, data, len);
	forward->len += len;
	return (int)len;
}

static void
on_end(ssh_session session, ssh_channel channel, void *arg)
{
	struct forward *forward = arg;

	(void)session;
	(void)channel;
	forward->session_ended = true;
}

/* A socket that is connected, or -1. */
static int
connected(const char *host, int port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found, *a;
	char service[16];
	int fd = -1;

	snprintf(service, sizeof service, "%d", port);
	if (getaddrinfo(host, service, &hints, &found) != 0)
		return -1;
	for (a = found; a != NULL && fd == -1; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

static struct forward **
free_place(void)
{
	for (int i = 0; i < FORWARDS_MAX; i++)
		if (forwards[i] == NULL)
			return &forwards[i];
	return NULL;
}

/* As libssh wants it: 0, or 1 where its own refusal is the answer. */
static int
on_message(ssh_session session, ssh_message message, void *arg)
{
	struct forward **place = free_place();
	struct forward *forward;
	int target;

	(void)session;
	(void)arg;
	if (ssh_message_type(message) != SSH_REQUEST_CHANNEL_OPEN ||
	    ssh_message_subtype(message) != SSH_CHANNEL_DIRECT_TCPIP ||
	    !permits || place == NULL)
		return 1;
	target = connected(ssh_message_channel_request_open_destination(
			       message),
	    ssh_message_channel_request_open_destination_port(message));
	if (target == -1)
		return 1;
	forward = calloc(1, sizeof *forward);
	if (forward == NULL)
		abort();
	forward->target = target;
	forward->callbacks.userdata = forward;
	forward->callbacks.channel_data_function = on_data;
	forward->callbacks.channel_eof_function = on_end;
	forward->callbacks.channel_close_function = on_end;
	ssh_callbacks_init(&forward->callbacks);
	forward->channel = ssh_message_channel_request_open_reply_accept(
	    message);
	ssh_set_channel_callbacks(forward->channel, &forward->callbacks);
	*place = forward;
	return 0;
}

/* Closes the channel as well; what the target has not read is lost. */
static void
end(struct forward **place)
{
	struct forward *forward = *place;

	*place = NULL;
	ssh_remove_channel_callbacks(forward->channel, &forward->callbacks);
	ssh_channel_close(forward->channel);
	ssh_channel_free(forward->channel);
	close(forward->target);
	free(forward->to_target);
	free(forward);
}

/* From the session to the target.  False: it is of no use any more. */
static bool
write_on(struct forward *forward)
{
	ssize_t put = send(forward->target, forward->to_target, forward->len,
	    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (put < 0)
		return errno == EAGAIN;
	forward->len -= (size_t)put;
	memmove(forward->to_target, forward->to_target + put, forward->len);
	if (forward->len == 0 && forward->session_ended)
		shutdown(forward->target, SHUT_WR);
	return true;
}

/* Its messages come to the callbacks. */
static void
look_at_session(int ms)
{
	if (ssh_event_dopoll(event, ms) == SSH_ERROR)
		exit(0);
}

/* How much the session would take now. */
static size_t
room(const struct forward *forward)
{
	uint32_t window = ssh_channel_window_size(forward->channel);

	if (forward->target_ended)
		return 0;
	return window < CHUNK ? window : CHUNK;
}

/* From the target to the session: false: it is of no use any more. */
static bool
read_on(struct forward *forward)
{
	char bytes[CHUNK];
	ssize_t got = recv(forward->target, bytes, room(forward), MSG_DONTWAIT);
	int put;

	if (got < 0)
		return errno == EAGAIN;
	if (got == 0) {
		forward->target_ended = true;
		ssh_channel_send_eof(forward->channel);
		return !forward->session_ended;
	}
	for (ssize_t done = 0; done < got; done += put) {
		put = ssh_channel_write(forward->channel, bytes + done,
		    (uint32_t)(got - done));
		if (put < 0)
			return false;
		if (put == 0) /* keys are being exchanged */
			look_at_session(1000);
	}
	return true;
}

static short
awaited(const struct forward *forward)
{
	return (short)((room(forward) > 0 ? POLLIN : 0) |
	    (forward->len > 0 ? POLLOUT : 0));
}

/* One look at all sockets, at most a second long. */
static void
turn(ssh_session session)
{
	struct pollfd fds[FORWARDS_MAX + 1];
	struct forward **of[FORWARDS_MAX + 1];
	nfds_t count = 1;

	fds[0] = (struct pollfd){ .fd = ssh_get_fd(session), .events = POLLIN };
	if (ssh_get_poll_flags(session) & SSH_WRITE_PENDING)
		fds[0].events |= POLLOUT;
	for (int i = 0; i < FORWARDS_MAX; i++) {
		struct forward *forward = forwards[i];
		if (forward == NULL)
			continue;
		of[count] = &forwards[i];
		fds[count++] = (struct pollfd){ .fd = awaited(forward) == 0
			    ? -1
			    : forward->target,
			.events = awaited(forward) };
	}
	poll(fds, count, 1000);
	for (nfds_t i = 1; i < count; i++) {
		struct forward *forward = *of[i];
		bool lives = true;

		if (fds[i].revents & POLLOUT)
			lives = write_on(forward);
		if (lives && fds[i].revents & (POLLIN | POLLHUP | POLLERR))
			lives = read_on(forward);
		if (!lives || (forward->session_ended && forward->len == 0))
			end(of[i]);
	}
	look_at_session(0);
}

static bool
is_authorized(ssh_key key)
{
	FILE *lines = fopen(authorized, "r");
	char type[100], base64[2000];
	bool found = false;

	while (!found && lines != NULL &&
	    fscanf(lines, "%99s %1999s%*[^\n]", type, base64) == 2) {
		ssh_key known;
		if (ssh_pki_import_pubkey_base64(base64,
			ssh_key_type_from_name(type), &known) != SSH_OK)
			continue;
		found = ssh_key_cmp(known, key, SSH_KEY_CMP_PUBLIC) == 0;
		ssh_key_free(known);
	}
	if (lines != NULL)
		fclose(lines);
	return found;
}

static int
on_key(ssh_session session, const char *user, ssh_key key, char state,
    void *arg)
{
	(void)session;
	(void)user;
	(void)arg;
	return (state == SSH_PUBLICKEY_STATE_NONE ||
		   state == SSH_PUBLICKEY_STATE_VALID) &&
		is_authorized(key)
	    ? SSH_AUTH_SUCCESS
	    : SSH_AUTH_DENIED;
}

static int
on_password(ssh_session session, const char *user, const char *said, void *arg)
{
	(void)session;
	(void)user;
	(void)arg;
	return strcmp(said, password) == 0 ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
}

/* Tells of each exchange of keys. */
static void
on_log(int level, const char *function, const char *words, void *arg)
{
	(void)level;
	(void)function;
	(void)arg;
	if (strstr(words, "SSH_MSG_KEXINIT sent") != NULL) {
		puts("keys exchanged");
		fflush(stdout);
	}
}

static void
serve(ssh_session session)
{
	struct ssh_server_callbacks_struct callbacks = {
		.auth_pubkey_function = on_key,
		.auth_password_function = on_password,
	};

	event = ssh_event_new();
	ssh_callbacks_init(&callbacks);
	ssh_set_server_callbacks(session, &callbacks);
	ssh_set_message_callback(session, on_message, NULL);
	ssh_set_auth_methods(session,
	    SSH_AUTH_METHOD_PUBLICKEY | SSH_AUTH_METHOD_PASSWORD);
	ssh_options_set(session, SSH_OPTIONS_REKEY_DATA, &rekey_bytes);
	ssh_set_log_callback(on_log);
	ssh_set_log_level(SSH_LOG_PACKET);
	if (ssh_handle_key_exchange(session) != SSH_OK)
		exit(0);
	ssh_event_add_session(event, session);
	ssh_set_blocking(session, 0);
	for (;;)
		turn(session);
}

static ssh_bind
listener(const char *port, const char *host_keys)
{
	ssh_bind bind = ssh_bind_new();
	bool process_config = false;
	char pattern[1000];
	glob_t files;

	snprintf(pattern, sizeof pattern, "%s/*_key", host_keys);
	ssh_bind_options_set(bind, SSH_BIND_OPTIONS_PROCESS_CONFIG,
	    &process_config);
	ssh_bind_options_set(bind, SSH_BIND_OPTIONS_BINDADDR, "127.0.0.1");
	ssh_bind_options_set(bind, SSH_BIND_OPTIONS_BINDPORT_STR, port);
	if (glob(pattern, 0, NULL, &files) != 0)
		return NULL;
	for (size_t i = 0; i < files.gl_pathc; i++)
		ssh_bind_options_set(bind, SSH_BIND_OPTIONS_HOSTKEY,
		    files.gl_pathv[i]);
	globfree(&files);
	return ssh_bind_listen(bind) == SSH_OK ? bind : NULL;
}

int
main(int argc, char **argv)
{
	ssh_bind bind = argc == 6 ? listener(argv[1], argv[2]) : NULL;

	if (bind == NULL)
		return 1;
	authorized = argv[3];
	password = argv[4];
	permits = strcmp(argv[5], "permit") == 0;
	signal(SIGCHLD, SIG_IGN);
	puts("listening");
	fflush(stdout);
	for (;;) {
		ssh_session session = ssh_new();
		if (ssh_bind_accept(bind, session) == SSH_OK && fork() == 0)
			serve(session);
		ssh_free(session);
	}
}
