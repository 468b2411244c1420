/* SPDX-License-Identifier: PostgreSQL */

/*
 * The kernel is asked for the socket at the other end, by its four addresses
 * and ports: through sock_diag(7), and where that is missing through
 * /proc/net/tcp (proc(5)).
 *
 * A socket whose process has closed it lives on until its last bytes are
 * acknowledged.  It has no inode then, and the kernel says user 0, which would
 * make everybody root.  So only a socket with an inode counts.
 */
#include "client/owner.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One end of a TCP connection.  An IPv4 address is kept as ::ffff:a.b.c.d,
 * since a client may use it through an IPv6 socket. */
struct end {
	struct in6_addr address;
	uint16_t port; /* in network byte order */
};

/* The socket at the other end: `local` is the client's. */
struct far {
	struct end local, remote;
	int family; /* of our socket */
};

/* What the kernel says of a socket. */
struct found {
	unsigned state;
	uint64_t inode;
	uid_t uid;
};

static struct in6_addr
mapped(const void *v4)
{
	struct in6_addr address = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	memcpy(address.s6_addr + 12, v4, 4);
	return address;
}

static bool
read_end(const struct sockaddr_storage *from, struct end *out)
{
	const struct sockaddr_in *in = (const void *)from;
	const struct sockaddr_in6 *in6 = (const void *)from;

	if (from->ss_family == AF_INET) {
		out->address = mapped(&in->sin_addr);
		out->port = in->sin_port;
	} else if (from->ss_family == AF_INET6) {
		out->address = in6->sin6_addr;
		out->port = in6->sin6_port;
	} else {
		return false;
	}
	return true;
}

static bool
far_of(int fd, struct far *far)
{
	struct sockaddr_storage name = { 0 }, peer = { 0 };
	socklen_t name_len = sizeof name, peer_len = sizeof peer;

	if (getsockname(fd, (struct sockaddr *)&name, &name_len) < 0 ||
	    getpeername(fd, (struct sockaddr *)&peer, &peer_len) < 0)
		return false;
	far->family = name.ss_family;
	return read_end(&peer, &far->local) && read_end(&name, &far->remote);
}

static bool
is_same(const struct end *one, const struct end *other)
{
	return one->port == other->port &&
	    memcmp(&one->address, &other->address, sizeof one->address) == 0;
}

/* --- sock_diag ------------------------------------------------------------ */

/* An address as the kernel has it in a socket of this family. */
static void
put_address(int family, const struct end *end, uint32_t *out)
{
	if (family == AF_INET)
		memcpy(out, end->address.s6_addr + 12, 4);
	else
		memcpy(out, &end->address, sizeof end->address);
}

static struct end
end_of(int family, const uint32_t *address, uint16_t port)
{
	struct end end = { .port = port };

	if (family == AF_INET)
		end.address = mapped(address);
	else
		memcpy(&end.address, address, sizeof end.address);
	return end;
}

/* An IPv4 address is looked up as such, whatever socket uses it. */
static int
family_of(const struct end *end)
{
	return IN6_IS_ADDR_V4MAPPED(&end->address) ? AF_INET : AF_INET6;
}

static bool
ask_kernel(int fd, const struct far *far)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 body;
	} ask = {
		.head = { .nlmsg_len = sizeof ask,
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST },
		.body = { .sdiag_family = (uint8_t)family_of(&far->local),
		    .sdiag_protocol = IPPROTO_TCP,
		    .idiag_states = ~0U,
		    .id = { .idiag_sport = far->local.port,
			.idiag_dport = far->remote.port,
			.idiag_cookie = { INET_DIAG_NOCOOKIE,
			    INET_DIAG_NOCOOKIE } } },
	};
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	put_address(ask.body.sdiag_family, &far->local, ask.body.id.idiag_src);
	put_address(ask.body.sdiag_family, &far->remote, ask.body.id.idiag_dst);
	return sendto(fd, &ask, sizeof ask, 0, (const struct sockaddr *)&kernel,
		   sizeof kernel) == sizeof ask;
}

/*
 * The kernel also answers with a listener on the client's port, if there is no
 * such connection any more: compare all four.
 */
static bool
read_answer(int fd, const struct far *far, struct found *found)
{
	union {
		struct nlmsghdr head;
		char bytes[4096];
	} answer;
	ssize_t len = recv(fd, &answer, sizeof answer, 0);
	const struct inet_diag_msg *body = NLMSG_DATA(&answer.head);
	struct end local, remote;

	if (len < (ssize_t)NLMSG_LENGTH(sizeof *body) ||
	    answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	local = end_of(body->idiag_family, body->id.idiag_src,
	    body->id.idiag_sport);
	remote = end_of(body->idiag_family, body->id.idiag_dst,
	    body->id.idiag_dport);
	if (!is_same(&local, &far->local) || !is_same(&remote, &far->remote))
		return false;
	*found = (struct found){ .state = body->idiag_state,
		.inode = body->idiag_inode,
		.uid = body->idiag_uid };
	return true;
}

static bool
find_by_diag(const struct far *far, struct found *found)
{
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
	    NETLINK_SOCK_DIAG);
	bool is_found;

	if (fd < 0)
		return false;
	is_found = ask_kernel(fd, far) && read_answer(fd, far, found);
	close(fd);
	return is_found;
}

/* --- /proc/net/tcp -------------------------------------------------------- */

/* Words of 32 bits in the machine's byte order, each as 8 hexadecimal digits,
 * then a port. */
static bool
parse_end(const char *text, struct end *out)
{
	const char *colon = strchr(text, ':');
	size_t words = colon != NULL ? (size_t)(colon - text) / 8 : 0;
	uint32_t word[4];
	unsigned port;

	if ((words != 1 && words != 4) || sscanf(colon, ":%4x", &port) != 1)
		return false;
	for (size_t i = 0; i < words; i++)
		if (sscanf(text + 8 * i, "%8" SCNx32, &word[i]) != 1)
			return false;
	*out = end_of(words == 1 ? AF_INET : AF_INET6, word,
	    htons((uint16_t)port));
	return true;
}

static bool
parse_line(const char *line, const struct far *far, struct found *found)
{
	char local_text[48], remote_text[48];
	struct end local, remote;
	unsigned uid;

	if (sscanf(line,
		"%*d: %47s %47s %2x %*x:%*x %*x:%*x %*x %u %*u %" SCNu64,
		local_text, remote_text, &found->state, &uid,
		&found->inode) != 5)
		return false;
	found->uid = uid;
	return parse_end(local_text, &local) &&
	    parse_end(remote_text, &remote) && is_same(&local, &far->local) &&
	    is_same(&remote, &far->remote);
}

static bool
find_in_file(const char *path, const struct far *far, struct found *found)
{
	FILE *file = fopen(path, "re");
	bool is_found = false;
	char line[512];

	if (file == NULL)
		return false;
	while (!is_found && fgets(line, sizeof line, file) != NULL)
		is_found = parse_line(line, far, found);
	fclose(file);
	return is_found;
}

static bool
find(const struct far *far, struct found *found)
{
	return find_by_diag(far, found) ||
	    find_in_file("/proc/net/tcp", far, found) ||
	    find_in_file("/proc/net/tcp6", far, found);
}

/* --- Judging -------------------------------------------------------------- */

/* A process holds it, and its connection with us was made: a socket that is
 * still connecting may use the port of one that is gone. */
static bool
is_held(const struct found *found)
{
	switch (found->state) {
	case TCP_ESTABLISHED:
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_CLOSE_WAIT:
		return found->inode != 0;
	default:
		return false;
	}
}

/* Whether a file holds this line, read as far as `size` goes. */
static bool
is_in_file(const char *path, unsigned first, unsigned second, unsigned third)
{
	unsigned seen[3] = { 0, 0, 0 };
	FILE *file = fopen(path, "re");
	int count;

	if (file == NULL)
		return false;
	count = fscanf(file, "%u %u %u", &seen[0], &seen[1], &seen[2]);
	fclose(file);
	return count == 3 && seen[0] == first && seen[1] == second &&
	    seen[2] == third;
}

/*
 * In a user namespace every user from outside looks like this one
 * (user_namespaces(7), "Unmapped user and group IDs").
 */
static bool
is_nobody_in_particular(uid_t uid)
{
	unsigned overflow = 65534;
	FILE *file = fopen("/proc/sys/kernel/overflowuid", "re");

	if (file != NULL) {
		if (fscanf(file, "%u", &overflow) != 1)
			overflow = 65534;
		fclose(file);
	}
	return uid == overflow &&
	    !is_in_file("/proc/self/uid_map", 0, 0, UINT32_MAX);
}

bool
owner_is_admitted(const struct client_owners *owners, int fd, char *words,
    size_t size)
{
	struct found found;
	struct far far;

	if (!far_of(fd, &far) || !find(&far, &found) || !is_held(&found)) {
		snprintf(words, size, "a user who cannot be told");
		return false;
	}
	snprintf(words, size, "user %u", (unsigned)found.uid);
	if (is_nobody_in_particular(found.uid))
		return false;
	for (size_t i = 0; i < owners->count; i++)
		if (owners->uids[i] == found.uid)
			return true;
	return false;
}
