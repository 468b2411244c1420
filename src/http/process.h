/* SPDX-License-Identifier: PostgreSQL */

/*
 * The metrics of the process itself, named as all client libraries of
 * Prometheus name them.  What they are read from is opened in advance, so that
 * a scrape needs no descriptor.
 */
#ifndef PGJUMP_HTTP_PROCESS_H
#define PGJUMP_HTTP_PROCESS_H

#include <dirent.h>

struct exposition;

struct http_process {
	DIR *descriptors; /* NULL: /proc is not there */
	int memory;       /* -1: the same */
};

void http_process_open(struct http_process *);
void http_process_close(struct http_process *);

void http_process_write(struct http_process *, struct exposition *,
    double start_time);

#endif
