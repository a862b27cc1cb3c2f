/*
 * base/random.h - unpredictable bytes from the kernel.
 */
#pragma once

#include "base/base.h"

void random_bytes(void *out, size_t n);

uint64_t random_u64(void);

/* Uniform in 0 to bound - 1; bound is at least 1. */
uint64_t random_below(uint64_t bound);

/*
 * `n` characters of 5 bits each, from digits and lower-case letters without those that look alike (0 o 1 l):
 * passwords for people (n = 20 is 100 bits), tokens, boundaries. No NUL is written.
 */
void random_text(char *out, size_t n);
