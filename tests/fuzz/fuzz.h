/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each fuzzer defines: libFuzzer's interface, or mutate.c's. */
#ifndef LIFELINE_FUZZ_H
#define LIFELINE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#endif
