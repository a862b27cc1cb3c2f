/*
 * base/secret.h - passwords and keys: wiped when let go, compared in constant time, never logged.
 */
#pragma once

#include "base/base.h"

struct secret {
	char *p;
	size_t n;
};

#define SECRET_INIT ((struct secret){ NULL, 0 })

/* Keeps a copy of `text`; the caller wipes where it came from. */
void secret_init(struct secret *secret, struct str text);

/* Wipes and frees; may be called again. */
void secret_release(struct secret *secret);

/* Borrowed until secret_release. To be handed to what checks it, not to be copied or printed. */
struct str secret_view(const struct secret *secret);

/* Takes a time that depends on the lengths alone. */
bool secret_equal(struct str a, struct str b);

/* Overwrites memory in a way that the compiler keeps. */
void secret_wipe(void *p, size_t n);
