/* SPDX-License-Identifier: PostgreSQL */

/*
 * Allocation that cannot fail.  Without memory the program logs that and
 * aborts, so that no caller has a branch which no test can reach.
 */
#ifndef PGJUMP_BASE_XMALLOC_H
#define PGJUMP_BASE_XMALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* Each returns memory that the caller owns and releases with free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size); /* zeroed */
void *xrealloc(void *ptr, size_t size);
void *xreallocarray(void *ptr, size_t count, size_t size);
char *xstrdup(const char *text); /* NULL gives NULL */
char *xstrndup(const char *text, size_t len);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list)
    __attribute__((format(printf, 1, 0)));

/*
 * Log that there is no memory left and abort, for callers of libraries that
 * report it in ways of their own.  `bytes` is what was asked for; 0: unknown.
 */
_Noreturn void xmalloc_fail(size_t bytes);

#endif
