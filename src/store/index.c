/*
 * store/index.c - looking things up in a version.
 */
#include "store/index.h"

#include "base/arena.h"
#include "base/heap.h"
#include "store/index_int.h"
#include "store/message.h"

#include <assert.h>

struct index_version *index_retain(struct index_version *v)
{
	if (v)
		atomic_fetch_add(&v->refs, 1);
	return v;
}

struct index_names *index_names_retain(struct index_names *names)
{
	if (names)
		atomic_fetch_add(&names->refs, 1);
	return names;
}

void index_names_release(struct index_names **namesp)
{
	struct index_names *names = *namesp;

	*namesp = NULL;
	if (!names || atomic_fetch_sub(&names->refs, 1) != 1)
		return;
	arena_free(&names->arena);
	xfree(names);
}

struct index_extras *index_extras_retain(struct index_extras *extras)
{
	if (extras)
		atomic_fetch_add(&extras->refs, 1);
	return extras;
}

void index_extras_release(struct index_extras **extrasp)
{
	struct index_extras *extras = *extrasp;

	*extrasp = NULL;
	if (!extras || atomic_fetch_sub(&extras->refs, 1) != 1)
		return;
	xfree(extras->extras);
	xfree(extras->numbers);
	xfree(extras);
}

static void release_chunk(struct index_chunk *chunk)
{
	if (atomic_fetch_sub(&chunk->refs, 1) != 1)
		return;
	counter_sub(chunk->living, sizeof(*chunk) + chunk->count * sizeof(struct index_entry));
	xfree(chunk);
}

void index_release(struct index_version **versionp)
{
	struct index_version *v = *versionp;

	*versionp = NULL;
	if (!v || atomic_fetch_sub(&v->refs, 1) != 1)
		return;
	for (uint32_t i = 0; i < v->span_count; i++)
		release_chunk(v->spans[i].chunk);
	index_names_release(&v->names);
	index_extras_release(&v->extras);
	counter_sub(v->living, sizeof(*v) + v->span_count * sizeof(struct index_span));
	xfree(v);
}

uint32_t index_count(const struct index_version *v)
{
	return v->count;
}

int64_t index_modseq(const struct index_version *v)
{
	return v->modseq;
}

uint32_t index_uidnext(const struct index_version *v)
{
	return v->uidnext;
}

uint32_t index_uidvalidity(const struct index_version *v)
{
	return v->uidvalidity;
}

/* The span that holds entry number `at` (from 0); v->span_count if there is none. */
static uint32_t span_at(const struct index_version *v, uint32_t at)
{
	uint32_t low = 0, high = v->span_count;

	if (at >= v->count)
		return v->span_count;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (v->spans[middle].before <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const struct index_entry *index_at(const struct index_version *v, uint32_t seq)
{
	const struct index_span *span;

	assert(seq >= 1 && seq <= v->count);
	span = &v->spans[span_at(v, seq - 1)];
	return &span->chunk->entries[seq - 1 - span->before];
}

/* The last span that begins at or below `uid`; there is at least one span. */
static uint32_t span_of_uid(const struct index_version *v, uint32_t uid)
{
	uint32_t low = 0, high = v->span_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (v->spans[middle].first_uid <= uid)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Index of the first entry with at least that uid; chunk->count if there is none. */
static uint32_t entry_lower_bound(const struct index_chunk *chunk, uint32_t uid)
{
	uint32_t low = 0, high = chunk->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (chunk->entries[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t index_lower_bound(const struct index_version *v, uint32_t uid)
{
	const struct index_span *span;

	if (v->count == 0)
		return 1;
	span = &v->spans[span_of_uid(v, uid)];
	return span->before + entry_lower_bound(span->chunk, uid) + 1;
}

uint32_t index_seq_of(const struct index_version *v, uint32_t uid)
{
	uint32_t seq = index_lower_bound(v, uid);

	return seq <= v->count && index_at(v, seq)->uid == uid ? seq : 0;
}

/* What is looked for, in chunks that may hold it. */
struct wanted {
	bool (*chunk)(const struct index_chunk *chunk, int64_t arg);
	bool (*entry)(const struct index_entry *entry, int64_t arg);
	int64_t arg;
};

static uint32_t next_wanted(
    const struct index_version *v, const struct wanted *wanted, uint32_t seq)
{
	uint32_t at = seq > 0 ? seq - 1 : 0;

	for (uint32_t i = span_at(v, at); i < v->span_count; i++) {
		const struct index_span *span = &v->spans[i];
		const struct index_chunk *chunk = span->chunk;

		if (!wanted->chunk(chunk, wanted->arg))
			continue;
		for (uint32_t k = at > span->before ? at - span->before : 0; k < chunk->count;
		     k++) {
			if (wanted->entry(&chunk->entries[k], wanted->arg))
				return span->before + k + 1;
		}
	}
	return 0;
}

static bool has_unseen(const struct index_chunk *chunk, int64_t arg)
{
	(void)arg;
	return chunk->unseen > 0;
}

static bool is_unseen(const struct index_entry *entry, int64_t arg)
{
	(void)arg;
	return !(entry->flags & FLAG_SEEN);
}

uint32_t index_first_unseen(const struct index_version *v, uint32_t seq)
{
	return next_wanted(v, &(const struct wanted){ has_unseen, is_unseen, 0 }, seq);
}

static bool has_deleted(const struct index_chunk *chunk, int64_t arg)
{
	(void)arg;
	return chunk->deleted > 0;
}

static bool is_deleted(const struct index_entry *entry, int64_t arg)
{
	(void)arg;
	return (entry->flags & FLAG_DELETED) != 0;
}

uint32_t index_next_deleted(const struct index_version *v, uint32_t seq)
{
	return next_wanted(v, &(const struct wanted){ has_deleted, is_deleted, 0 }, seq);
}

static bool has_changed(const struct index_chunk *chunk, int64_t modseq)
{
	return chunk->modseq_max > modseq;
}

static bool is_changed(const struct index_entry *entry, int64_t modseq)
{
	return entry->modseq > modseq;
}

uint32_t index_next_changed(const struct index_version *v, int64_t modseq, uint32_t seq)
{
	return next_wanted(v, &(const struct wanted){ has_changed, is_changed, modseq }, seq);
}

/* Does `newer` have this very chunk? */
static bool has_chunk(const struct index_version *newer, const struct index_span *span)
{
	return newer->count > 0 &&
	    newer->spans[span_of_uid(newer, span->first_uid)].chunk == span->chunk;
}

uint32_t index_next_missing(
    const struct index_version *old, const struct index_version *newer, uint32_t seq)
{
	uint32_t at = seq > 0 ? seq - 1 : 0;

	for (uint32_t i = span_at(old, at); i < old->span_count; i++) {
		const struct index_span *span = &old->spans[i];
		uint32_t k = at > span->before ? at - span->before : 0, other;

		if (has_chunk(newer, span))
			continue;
		other = index_lower_bound(newer, span->chunk->entries[k].uid);
		for (; k < span->chunk->count; k++) {
			uint32_t uid = span->chunk->entries[k].uid;

			while (other <= newer->count && index_at(newer, other)->uid < uid)
				other++;
			if (other > newer->count || index_at(newer, other)->uid != uid)
				return span->before + k + 1;
		}
	}
	return 0;
}

const struct str *index_keywords(const struct index_version *v, size_t *count_out)
{
	*count_out = v->names ? v->names->count : 0;
	return v->names ? v->names->names : NULL;
}

const uint16_t *index_extra_keywords(
    const struct index_version *v, uint32_t uid, size_t *count_out)
{
	const struct index_extras *x = v->extras;
	size_t low = 0, high = x ? x->count : 0;

	*count_out = 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (x->extras[middle].uid == uid) {
			*count_out = x->extras[middle].numbers;
			return x->numbers + x->extras[middle].first;
		}
		if (x->extras[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
