/*
 * main/lockin_int.h - the two halves of the lock-in, and what a build needs besides.
 */
#pragma once

#include "main/lockin.h"

/* landlock.c: files, TCP, signals. *version_out 0: the kernel has no Landlock, or it is switched off. */
NODISCARD enum errc landlock_apply(
    const struct lockin *lockin, int *version_out, struct err *err);

/* seccomp.c: system calls. *is_on_out false: the kernel has no filters. */
NODISCARD enum errc seccomp_apply(
    const struct lockin *lockin, enum lockin_mode mode, bool *is_on_out, struct err *err);

/* What the runtime of a sanitizer needs on top; empty in other builds (lockin_plain.c, lockin_sanitizer.c). */
struct lockin_extra {
	const char *const *call; /* system calls, with any arguments; NULL ends the list */
	const char *const *read; /* files and folders; NULL ends the list */
	int threads;		 /* of its own */
};

extern const struct lockin_extra lockin_extra;
