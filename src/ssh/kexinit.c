/* SPDX-License-Identifier: PostgreSQL */

/*
 * The name-lists of a key exchange, side by side.  Only whole names are
 * compared.
 */
#include "ssh/kexinit.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"

/* The lists stand behind the byte that says KEXINIT and 16 bytes of cookie. */
#define LISTS_AT 17

/* In the order of the packet (RFC 4253, 7.1). */
static const char *const kinds[] = {
	"key exchange",
	"host key",
	"cipher",
	"cipher",
	"MAC",
	"MAC",
	"compression",
	"compression",
};

static bool
have_common_name(struct ssh_wire ours, struct ssh_wire theirs)
{
	struct ssh_wire name;

	while (ssh_wire_name(&ours, &name))
		if (ssh_wire_has_name(theirs, name))
			return true;
	return false;
}

static bool
skip_to_lists(struct ssh_wire *packet)
{
	if (packet->left < LISTS_AT)
		return false;
	packet->at += LISTS_AT;
	packet->left -= LISTS_AT;
	return true;
}

bool
ssh_kexinit_has_gap(struct ssh_wire ours, struct ssh_wire theirs, char *words,
    size_t words_size)
{
	struct ssh_wire our_list, their_list;
	char offered[FAULT_WORDS_MAX / 2];

	if (!skip_to_lists(&ours) || !skip_to_lists(&theirs))
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!ssh_wire_string(&ours, &our_list) ||
		    !ssh_wire_string(&theirs, &their_list))
			return false;
		if (have_common_name(our_list, their_list))
			continue;
		text_printable(offered, sizeof offered, their_list.at,
		    their_list.left);
		snprintf(words, words_size, "for the %s it offers only %s",
		    kinds[i], offered);
		return true;
	}
	return false;
}

bool
ssh_kexinit_has_host_key(struct ssh_wire packet, const char *names)
{
	const struct ssh_wire wanted = ssh_wire_text(names);
	struct ssh_wire list;

	return skip_to_lists(&packet) && ssh_wire_string(&packet, &list) &&
	    ssh_wire_string(&packet, &list) && have_common_name(wanted, list);
}
