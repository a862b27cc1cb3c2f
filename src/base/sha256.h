/*
 * base/sha256.h - SHA-256 at once and piece by piece.
 */
#pragma once

#include "base/base.h"

#define SHA256_SIZE 32

/* Made with sha256_init, fed, read with sha256_finish, which makes it ready for the next hash. */
struct sha256 {
	void *ctx;
};

void sha256(struct str in, uint8_t out[SHA256_SIZE]);

void sha256_init(struct sha256 *hash);
void sha256_add(struct sha256 *hash, struct str in);
void sha256_finish(struct sha256 *hash, uint8_t out[SHA256_SIZE]);
void sha256_release(struct sha256 *hash);
