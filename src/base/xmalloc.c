/* SPDX-License-Identifier: PostgreSQL */

#include "base/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void
xmalloc_fail(size_t bytes)
{
	if (bytes > 0)
		log_error("out of memory", log_num("bytes", (int64_t)bytes));
	else
		log_error("out of memory", LOG_END);
	abort();
}

static void *
checked(void *ptr, size_t bytes)
{
	if (ptr == NULL)
		xmalloc_fail(bytes);
	return ptr;
}

/* 0 if the product is larger than any memory. */
static size_t
product(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? 0 : bytes;
}

void *
xmalloc(size_t size)
{
	return checked(malloc(size > 0 ? size : 1), size);
}

void *
xcalloc(size_t count, size_t size)
{
	return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1),
	    product(count, size));
}

void *
xrealloc(void *ptr, size_t size)
{
	return xreallocarray(ptr, 1, size);
}

void *
xreallocarray(void *ptr, size_t count, size_t size)
{
	return checked(reallocarray(ptr, count > 0 ? count : 1,
			   size > 0 ? size : 1),
	    product(count, size));
}

char *
xstrdup(const char *text)
{
	return text != NULL ? checked(strdup(text), strlen(text) + 1) : NULL;
}

char *
xstrndup(const char *text, size_t len)
{
	return checked(strndup(text, len), strnlen(text, len) + 1);
}

char *
xvasprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	return checked(text, 0);
}

char *
xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	return text;
}
