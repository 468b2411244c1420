/* SPDX-License-Identifier: PostgreSQL */

/*
 * Base64 (RFC 4648, 4), strict: padded, without white space, one text per
 * value.
 */
#ifndef PGJUMP_KEY_BASE64_H
#define PGJUMP_KEY_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the text of `len` bytes and its NUL. */
#define BASE64_TEXT_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* Room for the bytes of `len` characters. */
#define BASE64_BYTES_MAX(len) ((len) / 4 * 3)

/* Write the text of bytes[0..len) and a NUL; returns the text's length. */
size_t base64_encode(char *out, const unsigned char *bytes, size_t len);

/* Decode text[0..len) into *out_len bytes.  False: it is not base64. */
bool base64_decode(const char *text, size_t len, unsigned char *out,
    size_t *out_len);

#endif
