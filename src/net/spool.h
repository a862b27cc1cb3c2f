/*
 * net/spool.h - the scratch place of a message or literal that is being received: memory first, then an
 * unlinked file. Nothing here is durable or needs to be.
 */
#pragma once

#include "base/base.h"

struct spool;

/* `memory_max` bytes are kept in memory; beyond, in an unlinked file in `directory` (borrowed). Never more than
 * `max` bytes. */
struct spool *spool_new(const char *directory, size_t memory_max, uint64_t max);
void spool_free(struct spool **spoolp);

/* Empty again; the file, if one was made, is closed. */
void spool_clear(struct spool *spool);

/* ERR_LIMIT beyond the maximum (nothing is added); ERR_UNAVAIL when the disk is full or fails. */
NODISCARD enum errc spool_add(struct spool *spool, struct str bytes, struct err *err);

uint64_t spool_size(const struct spool *spool);

/*
 * All of it as one view (a file is mapped). Valid until spool_add, spool_clear or spool_free.
 */
NODISCARD enum errc spool_view(struct spool *spool, struct str *bytes_out, struct err *err);
