/* SPDX-License-Identifier: PostgreSQL */
/* What a fuzz target defines, under the name that libFuzzer calls. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Runs the parser once on data[0..len).  Returns 0; what it finds wrong it
 * tells by aborting. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
