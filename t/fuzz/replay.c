/* SPDX-License-Identifier: PostgreSQL */
/*
 * Feeds a fuzz target every file of its corpus, one TAP line each, where
 * libFuzzer is not linked: fuzz_<parser> reads $PGJUMP_CORPUS/<parser>.  It
 * promises only that the target returned; what is right is for unit tests.
 */
#include "fuzz.h"

#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	INPUT_MAX = 1 << 20
};

/* The target sees a block of exactly the file's size, so that a sanitizer
 * notices a read past its end. */
static void
feed(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_MAX);
	size_t len;

	if (file == NULL || data == NULL)
		err(1, "%s", path);
	len = fread(data, 1, INPUT_MAX, file);
	if (ferror(file) || !feof(file))
		errx(1, "%s: cannot be read, or too long", path);
	fclose(file);
	data = realloc(data, len > 0 ? len : 1);
	if (data == NULL)
		err(1, "%s", path);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
}

static int
visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static const char *
parser_of(const char *program)
{
	const char *base = strrchr(program, '/');

	base = base == NULL ? program : base + 1;
	if (strncmp(base, "fuzz_", 5) != 0)
		errx(1, "%s is not named fuzz_<parser>", program);
	return base + 5;
}

int
main(int argc, char **argv)
{
	const char *corpora = getenv("PGJUMP_CORPUS");
	char dir[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	struct dirent **entries;
	int count;

	if (corpora == NULL || argc != 1)
		errx(1, "say where the corpora are in $PGJUMP_CORPUS");
	snprintf(dir, sizeof(dir), "%s/%s", corpora, parser_of(argv[0]));
	count = scandir(dir, &entries, visible, alphasort);
	if (count <= 0)
		err(1, "%s holds no corpus", dir);

	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		feed(path);
		printf("ok %d - %s\n", i + 1, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
