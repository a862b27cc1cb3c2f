/*
 * base/file.h - whole small files: configuration, keys, certificates, what the program writes for people.
 */
#pragma once

#include "base/base.h"

#include <sys/types.h>

struct buf;

/*
 * Appends a file's bytes to `out`, which has room for `max`. ERR_LIMIT: more than `max` bytes. ERR_NOTFOUND,
 * ERR_DENIED, ERR_UNAVAIL with the path and the reason.
 */
NODISCARD enum errc file_read(const char *path, size_t max, struct buf *out, struct err *err);

/* The same of an open file, from where it stands; `path` is for errors. The descriptor stays open. */
NODISCARD enum errc file_read_fd(
    int fd, const char *path, size_t max, struct buf *out, struct err *err);

/*
 * Makes or replaces a file: after OK it has the new bytes and the mode even if the power is cut; on failure
 * it has the old ones. The folder must be there.
 */
NODISCARD enum errc file_write(
    const char *path, struct str bytes, mode_t mode, struct err *err);
