/* SPDX-License-Identifier: PostgreSQL */

/*
 * The few packets whose words matter.  They are recognised by their first byte,
 * and only if every field makes sense.
 */
#include "ssh/said.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"

/* Message numbers of RFC 4250, 4.1. */
enum {
	MSG_EXT_INFO = 7,
	MSG_KEXINIT = 20,
	MSG_NEWKEYS = 21,
	MSG_USERAUTH_FAILURE = 51,
	MSG_CHANNEL_OPEN_FAILURE = 92,
};

/* Take a string (RFC 4251, 5) as printable text. */
static bool
take_text(struct ssh_wire *packet, char *out, size_t size)
{
	struct ssh_wire string;

	if (!ssh_wire_string(packet, &string))
		return false;
	text_printable(out, size, string.at, string.left);
	return true;
}

/*
 * byte 92, uint32 channel, uint32 reason, string description, string language.
 */
static void
keep_open_failure(struct ssh_said *said, struct ssh_wire packet)
{
	uint32_t channel, reason;
	char text[sizeof said->open_text];

	if (ssh_wire_u32(&packet, &channel) && ssh_wire_u32(&packet, &reason) &&
	    reason >= 1 && reason <= 4 &&
	    take_text(&packet, text, sizeof text)) {
		said->open_reason = reason;
		memcpy(said->open_text, text, sizeof text);
	}
}

/*
 * Whether a text can be a name-list.  Names of GSSAPI's key exchange end in
 * base64 (RFC 4462, 2).
 */
static bool
is_name_list(const char *text)
{
	return strspn(text,
		   "abcdefghijklmnopqrstuvwxyz"
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		   "0123456789-_.@,+/=") == strlen(text);
}

/* byte 51, name-list of methods that can continue, boolean partial success. */
static void
keep_auth_failure(struct ssh_said *said, struct ssh_wire packet)
{
	char methods[sizeof said->methods];

	if (!take_text(&packet, methods, sizeof methods) ||
	    !is_name_list(methods) || packet.left < 1 || *packet.at > 1)
		return;
	said->auth_failures++;
	said->is_partial = *packet.at == 1;
	memcpy(said->methods, methods, sizeof methods);
}

static void
keep_signatures(struct ssh_said *said, struct ssh_wire list)
{
	struct ssh_blob *kept = &said->signatures;

	free(kept->bytes);
	*kept = (struct ssh_blob){ xmalloc(list.left + 1), list.left };
	memcpy(kept->bytes, list.at, list.left);
	said->has_signatures = true;
	said->takes_rsa_sha2 = ssh_wire_has_name(list,
				   ssh_wire_text("rsa-sha2-512")) ||
	    ssh_wire_has_name(list, ssh_wire_text("rsa-sha2-256"));
	if (list.left > said->signatures_len)
		said->signatures_len = list.left;
}

bool
ssh_said_takes(const struct ssh_said *said, const char *signature)
{
	struct ssh_wire list = { said->signatures.bytes, said->signatures.len };

	return ssh_wire_has_name(list, ssh_wire_text(signature));
}

/* byte 7, uint32 count, then pairs of strings, a name and its value. */
static void
keep_ext_info(struct ssh_said *said, struct ssh_wire packet)
{
	struct ssh_wire name, value;
	uint32_t count;

	if (!ssh_wire_u32(&packet, &count))
		return;
	while (count-- > 0 && ssh_wire_string(&packet, &name) &&
	    ssh_wire_string(&packet, &value))
		if (ssh_wire_is(&name, "server-sig-algs"))
			keep_signatures(said, value);
}

/*
 * byte 20, 16 bytes of cookie, then name-lists.  libssh2 frees our own before
 * the peer's.
 */
static void
keep_kexinit(struct ssh_said *said, struct ssh_wire packet)
{
	struct ssh_blob *ours = &said->kexinits[0];
	struct ssh_blob *theirs = &said->kexinits[1];
	struct ssh_wire lists = packet;
	char names[256];

	if (packet.left < 21)
		return;
	lists.at += 17;
	lists.left -= 17;
	if (!take_text(&lists, names, sizeof names) || !is_name_list(names))
		return;
	free(ours->bytes);
	*ours = *theirs;
	*theirs = (struct ssh_blob){ xmalloc(packet.left), packet.left };
	memcpy(theirs->bytes, packet.at, packet.left);
}

void
ssh_said_look(struct ssh_said *said, enum ssh_said_due due, const void *block,
    size_t len)
{
	const unsigned char *bytes = block;
	struct ssh_wire packet = { bytes + 1, len - 1 };

	if (due == SSH_SAID_NOTHING || len < 6)
		return;
	if (due == SSH_SAID_OPEN) {
		if (bytes[0] == MSG_CHANNEL_OPEN_FAILURE)
			keep_open_failure(said, packet);
	} else if (bytes[0] == MSG_USERAUTH_FAILURE) {
		keep_auth_failure(said, packet);
	} else if (bytes[0] == MSG_EXT_INFO) {
		keep_ext_info(said, packet);
	} else if (bytes[0] == MSG_KEXINIT) {
		keep_kexinit(said, (struct ssh_wire){ bytes, len });
	}
}

void
ssh_said_forget_open(struct ssh_said *said)
{
	said->open_reason = 0;
	said->open_text[0] = '\0';
}

void
ssh_said_first(struct ssh_said *said, const void *bytes, size_t len)
{
	size_t room = sizeof said->first - said->first_len;

	if (len > room)
		len = room;
	memcpy(said->first + said->first_len, bytes, len);
	said->first_len += len;
}

/*
 * uint32 length, byte padding length, byte message (RFC 4253, 6).  Everything
 * up to NEWKEYS goes out in the clear.
 */
void
ssh_said_sent(struct ssh_said *said, const void *packet, size_t len)
{
	const unsigned char *bytes = packet;

	if (len > 5 && bytes[5] == MSG_NEWKEYS)
		said->has_sent_newkeys = true;
}

void
ssh_said_clear(struct ssh_said *said)
{
	free(said->kexinits[0].bytes);
	free(said->kexinits[1].bytes);
	free(said->signatures.bytes);
	memset(said, 0, sizeof *said);
}
