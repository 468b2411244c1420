/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever a server shows as a host certificate, or a user as a user's: its
 * pieces lie within it, in order and without a gap; and it vouches for a host
 * only if it is a host's, valid now, and signed by the authority of the line.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "key/ssh_certificate.h"
#include "key/ssh_verify.h"
#include "ssh/host_certificate.h"
#include "ssh/known_hosts.h"

/* Within the validity of the corpus. */
#define NOW UINT64_C(1800000000)

static void
check_within(struct ssh_wire whole, struct ssh_wire part)
{
	assert(part.at >= whole.at);
	assert(part.at + part.left <= whole.at + whole.left);
}

static void
check_pieces(struct ssh_wire bytes, const struct ssh_certificate *says)
{
	const struct ssh_wire parts[] = { says->id, says->principals,
		says->options, says->extensions, says->authority,
		says->signature };

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		check_within(bytes, parts[i]);
		assert(i == 0 || parts[i].at >= parts[i - 1].at);
	}
	assert(says->signed_part.at == bytes.at);
	assert(says->signed_part.left + 4 + says->signature.left == bytes.left);
}

static void
check_words(const struct ssh_certificate *says)
{
	char names[40];

	ssh_certificate_list(says, names, sizeof names);
	assert(strlen(names) > 0);
	assert(strlen(ssh_certificate_date(says->valid_before).text) > 0);
}

static void
check_trust(const struct ssh_certificate *says)
{
	assert(says->kind == SSH_CERTIFICATE_HOST);
	assert(says->valid_after <= NOW && NOW < says->valid_before);
	assert(says->options.left == 0);
	assert(ssh_verify(says->authority, says->signature,
		   says->signed_part) == SSH_VERDICT_GOOD);
}

/* Judged beside a line that names its authority, whoever that is. */
static void
judge(struct ssh_wire bytes, const struct ssh_certificate *says)
{
	struct known_host line = { .mark = KNOWN_HOST_AUTHORITY,
		.file = "known_hosts",
		.line = 1,
		.blob = (unsigned char *)says->authority.at,
		.blob_len = says->authority.left };
	const struct known_hosts known = { &line, 1, 0 };
	const struct ssh_host_certificate_case of = { &known, "Host.example",
		NOW };
	struct ssh_host_certificate_verdict verdict =
	    ssh_host_certificate_judge(bytes, &of);

	assert(verdict.words[0] != '\0');
	if (verdict.code == FAIL_NONE)
		check_trust(says);
	line.mark = KNOWN_HOST_REVOKED;
	assert(ssh_host_certificate_revoked(bytes, &known) == &line);
	line.mark = KNOWN_HOST_KEY;
	verdict = ssh_host_certificate_judge(bytes, &of);
	assert(verdict.code != FAIL_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct ssh_wire bytes = { data, len };
	struct ssh_certificate says;
	struct ssh_blob key;
	bool is_read = ssh_certificate_read(bytes, &says);

	if (ssh_certificate_key(bytes, &key))
		assert(ssh_certificate_is(bytes) && key.len < len);
	else
		assert(!is_read);
	free(key.bytes);
	if (!is_read)
		return 0;
	check_pieces(bytes, &says);
	check_words(&says);
	judge(bytes, &says);
	return 0;
}
