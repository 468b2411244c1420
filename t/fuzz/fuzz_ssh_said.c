/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever a jump box puts into a packet: nothing is read past its end, what is
 * kept is text that can be logged, and nothing is kept that was not due.  The
 * first byte says what is due; the rest is one packet, seen twice, since a key
 * exchange frees two of a kind.
 */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "ssh/kexinit.h"
#include "ssh/said.h"

static void
check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	assert(len < size);
	for (size_t i = 0; i < len; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
}

static void
check_due(const struct ssh_said *said, enum ssh_said_due due)
{
	assert(due == SSH_SAID_HANDSHAKE || !said->has_signatures);
	assert(due == SSH_SAID_OPEN || said->open_reason == 0);
	assert(due == SSH_SAID_HANDSHAKE || said->auth_failures == 0);
	assert(due == SSH_SAID_HANDSHAKE || said->kexinits[1].len == 0);
}

static void
check_kexinits(const struct ssh_said *said)
{
	const struct ssh_blob *blobs = said->kexinits;
	struct ssh_wire ours = { blobs[0].bytes, blobs[0].len };
	struct ssh_wire theirs = { blobs[1].bytes, blobs[1].len };
	char words[64];

	if (ours.left == 0 || theirs.left == 0)
		return;
	if (ssh_kexinit_has_gap(ours, theirs, words, sizeof words))
		check_text(words, sizeof words);
	ssh_kexinit_has_host_key(theirs, "ssh-ed25519");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ssh_said said = { 0 };
	enum ssh_said_due due;

	if (len < 2)
		return 0;
	due = (enum ssh_said_due)(data[0] % 3);
	ssh_said_first(&said, data, len);
	ssh_said_look(&said, due, data + 1, len - 1);
	ssh_said_look(&said, due, data + 1, len - 1);
	check_text(said.open_text, sizeof said.open_text);
	check_text(said.methods, sizeof said.methods);
	check_due(&said, due);
	assert(said.signatures_len < len);
	assert(said.has_signatures || said.signatures_len == 0);
	check_kexinits(&said);
	ssh_said_forget_open(&said);
	assert(said.open_reason == 0);
	ssh_said_clear(&said);
	return 0;
}
