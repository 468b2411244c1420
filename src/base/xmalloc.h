/* SPDX-License-Identifier: PostgreSQL */

/*
 * Allocation that cannot fail: out of memory aborts the program, so that no
 * caller carries a branch which no test can reach.  The log says so first.
 */
#ifndef PGJUMP_BASE_XMALLOC_H
#define PGJUMP_BASE_XMALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* Each returns memory which the caller owns and releases with free(). */
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
 * For what tells of a lack of memory in its own way: an error in the log, and
 * the end of the program.  `bytes` is what was asked for, 0 where unknown.
 */
_Noreturn void xmalloc_fail(size_t bytes);

#endif
