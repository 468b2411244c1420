/* SPDX-License-Identifier: PostgreSQL */

/*
 * Documents given as text and read as if they were files; the result is a
 * snapshot, or errors.
 */
#ifndef DOCUMENTS_H
#define DOCUMENTS_H

#include "config/config.h"

/* Test vector, as JSON and YAML write it: opens nothing. */
#define KEY                                                                    \
	"-----BEGIN OPENSSH PRIVATE KEY-----\\n"                               \
	"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gt" \
	"ZWQyNTUxOQAAACCFjdwIbWHPTFMe2Ts1+DipT8Jk+hgT2WRvDJcpVE83ZQAAAJDRKRsA" \
	"0SkbAAAAAAtzc2gtZWQyNTUxOQAAACCFjdwIbWHPTFMe2Ts1+DipT8Jk+hgT2WRvDJcp" \
	"VE83ZQAAAEBNqw/yuKcpi32dVjQwTUwzjjiONLAzE/taZOrhMpWUpIWN3AhtYc9MUx7Z" \
	"OzX4OKlPwmT6GBPZZG8MlylUTzdlAAAAC3Rlc3QgdmVjdG9yAQI=\\n"              \
	"-----END OPENSSH PRIVATE KEY-----\\n"
#define PUBLIC_KEY                                                             \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIWN3AhtYc9MUx7ZOzX4OKlPwmT6GBPZ" \
	"ZG8MlylUTzdl"
#define PIN       "SHA256:eRdAloqpuUX+dRilU+GN0gfMNFfmxOoEy0xftJ6qjvc"
#define OTHER_PIN "SHA256:AAAAloqpuUX+dRilU+GN0gfMNFfmxOoEy0xftJ6qjvc"

/* A connection with a jump box; more keys of ssh_tunnel may follow. */
#define TUNNEL(name, port)                                                 \
	"- name: " name "\n  host: h\n  listen: " port "\n  ssh_tunnel:\n" \
	"    enabled: true\n    host: j\n    username: u\n"

/* The directory of the file. */
#define DOCUMENTS_DIR_SIZE 32
extern char documents_dir[DOCUMENTS_DIR_SIZE];

/*
 * The messages of the last document that was read, with the name of its file.
 */
extern char said[65536];

/* For cmocka: of a group, and of each test in it. */
int make_dir(void **state);
int remove_dir(void **state);
int clear_environment(void **state); /* but for HOME, /home/me */

/* NULL where it is wrong. */
struct config *parse(const char *document);

/* Read a document; the test fails if there is an error. */
struct config *accepted(const char *document);

/* The same; the test also fails if there is a warning. */
struct config *good(const char *document);

/* Read a document that causes exactly one warning, which has these words. */
struct config *unwise(const char *document, const char *words);

/* The messages of a wrong document, without the name of its file. */
const char *errors(const char *document);

#endif
