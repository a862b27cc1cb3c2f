/*
 * store/index_int.h - inside src/store: what a version is made of.
 *
 * Chunks, names and extras are immutable and counted; versions share what did not change between them.
 */
#pragma once

#include "base/counter.h"
#include "store/changes.h"

#include <stdatomic.h>

#define INDEX_CHUNK_ENTRIES 1024

struct index_chunk {
	_Atomic unsigned refs;
	uint32_t count, unseen, deleted;
	int64_t modseq_max;
	struct counter *living; /* bytes of everything that is alive */
	struct index_entry entries[];
};

struct index_names {
	_Atomic unsigned refs;
	struct arena *arena;
	size_t count;
	struct str *names;
};

/* Keyword numbers beyond the mask, of all entries that have some. */
struct index_extras {
	_Atomic unsigned refs;
	size_t count;
	struct index_extra {
		uint32_t uid, first, numbers;
	} * extras; /* ascending by uid */
	uint16_t *numbers;
};

struct index_span {
	struct index_chunk *chunk;
	uint32_t before; /* entries in front of it */
	uint32_t first_uid;
};

struct index_version {
	_Atomic unsigned refs;
	int64_t modseq;
	uint32_t uidvalidity, uidnext, count;
	size_t bytes; /* chunks included, shared or not */
	struct counter *living;
	struct index_names *names;   /* NULL: none */
	struct index_extras *extras; /* NULL: none */
	uint32_t span_count;
	struct index_span spans[];
};

struct index_cache;

/* All versions are given back before the cache is freed. */
struct index_cache *index_cache_new(size_t bytes_max);
void index_cache_free(struct index_cache **cachep);

struct index_version *index_retain(struct index_version *v);
struct index_names *index_names_retain(struct index_names *names);
void index_names_release(struct index_names **namesp);
void index_extras_release(struct index_extras **extrasp);
struct index_extras *index_extras_retain(struct index_extras *extras);

/* index_build.c */
struct index_head {
	int64_t modseq;
	uint32_t uidvalidity, uidnext;
	struct index_names *names;   /* taken over */
	struct index_extras *extras; /* taken over */
	struct counter *living;
};

struct index_builder {
	struct counter *living;
	struct index_chunk **chunks;
	size_t count, room;
	struct index_entry *pending; /* up to INDEX_CHUNK_ENTRIES */
	uint32_t pending_count;
};

void index_builder_init(struct index_builder *b, struct counter *living);
/* In ascending order of uids. */
void index_builder_add(struct index_builder *b, const struct index_entry *entry);
/* Frees the builder's memory. */
struct index_version *index_builder_finish(
    struct index_builder *b, const struct index_head *head);
void index_builder_release(struct index_builder *b);

struct index_changes {
	struct index_entry *entries; /* ascending by uid */
	size_t count;
	struct uid_range *gone; /* in any order; overlapping is allowed */
	size_t gone_count;
};

/* The base with the changes; chunks that they do not touch are shared. Sorts `gone`. */
struct index_version *index_merge(const struct index_version *base,
    struct index_changes *changes, const struct index_head *head);

/* index_load.c: the newest version. `base` (may be NULL) is what is cached. */
NODISCARD enum errc index_read_row(
    struct db *db, struct index_key key, struct index_row *row_out, struct err *err);
NODISCARD enum errc index_bring_up(struct db *db, struct index_key key, struct counter *living,
    struct index_version *base, struct index_version **version_out, struct err *err);

/*
 * A version of the entries alone that came or changed after `since`, with the keywords' names. ERR_LIMIT: more than
 * STORE_CHANGES_MAX. Inside a snapshot. Counted.
 */
NODISCARD enum errc index_load_changed(struct db *db, struct index_key key, int64_t since,
    struct counter *living, struct index_version **version_out, struct err *err);

/* index_cache.c: the same, counted among what is alive. */
NODISCARD enum errc index_read_changed(struct store *store, struct db *db, struct index_key key,
    int64_t since, struct index_version **version_out, struct err *err);
