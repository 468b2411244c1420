/* SPDX-License-Identifier: PostgreSQL */

/*
 * The certificate of a user in the configuration of a jump box, judged.
 */
#ifndef PGJUMP_CONFIG_CERTIFICATE_H
#define PGJUMP_CONFIG_CERTIFICATE_H

struct config;
struct config_jump;
struct section;

/*
 * Report a certificate that is none for users or certifies no key that is
 * given; warn of one that is not valid now, or not for long.  `cfg` has the
 * jump boxes that were judged before.
 */
void config_certificate_judge(const struct section *, const struct config *cfg,
    const struct config_jump *);

#endif
