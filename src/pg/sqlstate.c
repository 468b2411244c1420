/* SPDX-License-Identifier: PostgreSQL */

#include "pg/sqlstate.h"

#include <assert.h>
#include <string.h>

static const char *const classes[] = { "other", "00", "01", "02", "03", "08",
	"09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "22", "23",
	"24", "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B",
	"3D", "3F", "40", "42", "44", "53", "54", "55", "57", "58", "72", "F0",
	"HV", "P0", "XX" };

_Static_assert(sizeof classes / sizeof *classes == SQLSTATE_CLASSES,
    "each class has a number");

size_t
sqlstate_class(const char *code)
{
	if (strlen(code) != 5)
		return 0;
	for (size_t i = 1; i < SQLSTATE_CLASSES; i++)
		if (strncmp(code, classes[i], 2) == 0)
			return i;
	return 0;
}

const char *
sqlstate_class_name(size_t number)
{
	assert(number < SQLSTATE_CLASSES);
	return classes[number];
}
