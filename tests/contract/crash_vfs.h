/*
 * tests/contract/crash_vfs.h - an SQLite file layer that remembers everything that was done to its files, and can
 * show the disk as a power cut at any moment would have left it.
 *
 * The model: bytes are safe when their file was synced after they were written; until then each sector of 512
 * bytes may or may not have reached the disk. A file's entry in its folder is safe when the file was synced. A
 * removed file may come back until its folder is synced, which SQLite does with the first sync of a new log.
 */
#pragma once

#include "base/base.h"

struct crash_vfs;

/* Registers it with SQLite under `name` (a constant). The files are real ones: locks and all else work. */
struct crash_vfs *crash_vfs_new(const char *name);
/* After all connections were closed. */
void crash_vfs_free(struct crash_vfs **vfsp);

/* Writes, truncations, syncs, creations and removals so far. Any thread. */
size_t crash_vfs_events(struct crash_vfs *vfs);

/* Is event `at` a sync? */
bool crash_vfs_is_sync(struct crash_vfs *vfs, size_t at);

enum crash_variant {
	CRASH_NOTHING, /* nothing of what was not synced */
	CRASH_ALL,     /* all of it */
	CRASH_SOME,    /* some of its sectors */
	CRASH_COUNT
};

/*
 * The files after events 0 to at - 1 and a power cut, into `folder` (which must be empty) under their own names.
 * Nothing may be written meanwhile. `at` must not be smaller than in an earlier call.
 */
void crash_vfs_image(struct crash_vfs *vfs, size_t at, enum crash_variant variant,
    unsigned seed, const char *folder);

/* Failures. */
void crash_vfs_fail_syncs(struct crash_vfs *vfs, int count); /* of logs: the next ones */
void crash_vfs_fill_disk(
    struct crash_vfs *vfs, int64_t bytes_left); /* that files may grow; -1: no limit */
