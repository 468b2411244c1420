/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whether a host certificate vouches for a host, as ssh(1) judges it: who
 * signed it, for which hosts, from when until when.  That the server holds the
 * certified key is proved by the key exchange, before.  Pure.
 */
#ifndef PGJUMP_SSH_HOST_CERTIFICATE_H
#define PGJUMP_SSH_HOST_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "key/ssh_wire.h"

struct known_host;
struct known_hosts;

/* Whom and what a certificate is judged for. */
struct ssh_host_certificate_case {
	const struct known_hosts *known; /* the lines that name the host */
	const char *name;                /* the host, without a port */
	uint64_t now;                    /* seconds since 1970 */
};

struct ssh_host_certificate_verdict {
	enum failure code; /* FAIL_NONE: it vouches for the host */
	/*
	 * Nothing that the server showed is to be trusted.  Otherwise the key
	 * may still be known without its certificate.
	 */
	bool is_final;
	/* Of FAIL_NONE "is certified by CA SHA256:... of FILE:LINE", or the
	 * words of the row. */
	char words[FAULT_WORDS_MAX];
};

struct ssh_host_certificate_verdict
ssh_host_certificate_judge(struct ssh_wire certificate,
    const struct ssh_host_certificate_case *);

/*
 * The line by which the key of a certificate, or the authority that signed it,
 * is revoked; NULL: there is none.
 */
const struct known_host *
ssh_host_certificate_revoked(struct ssh_wire certificate,
    const struct known_hosts *);

#endif
