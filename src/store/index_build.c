/*
 * store/index_build.c - new versions: from entries in order, or from an older version and what changed.
 */
#include "base/heap.h"
#include "store/index_int.h"
#include "store/message.h"

#include <stdlib.h>
#include <string.h>

void index_builder_init(struct index_builder *b, struct counter *living)
{
	*b = (struct index_builder){ .living = living };
	b->pending = xmalloc(INDEX_CHUNK_ENTRIES * sizeof(struct index_entry));
}

static void push_chunk(struct index_builder *b, struct index_chunk *chunk)
{
	if (b->count == b->room) {
		b->room = b->room > 0 ? b->room * 2 : 8;
		b->chunks = xrealloc(b->chunks, b->room * sizeof(struct index_chunk *));
	}
	b->chunks[b->count++] = chunk;
}

static void flush(struct index_builder *b)
{
	struct index_chunk *chunk;
	size_t bytes;

	if (b->pending_count == 0)
		return;
	bytes = sizeof(*chunk) + b->pending_count * sizeof(struct index_entry);
	chunk = xmalloc(bytes);
	counter_add(b->living, bytes);
	atomic_init(&chunk->refs, 1);
	chunk->living = b->living;
	chunk->count = b->pending_count;
	chunk->unseen = chunk->deleted = 0;
	chunk->modseq_max = 0;
	memcpy(chunk->entries, b->pending, b->pending_count * sizeof(struct index_entry));
	for (uint32_t i = 0; i < chunk->count; i++) {
		chunk->unseen += !(chunk->entries[i].flags & FLAG_SEEN);
		chunk->deleted += (chunk->entries[i].flags & FLAG_DELETED) != 0;
		if (chunk->entries[i].modseq > chunk->modseq_max)
			chunk->modseq_max = chunk->entries[i].modseq;
	}
	push_chunk(b, chunk);
	b->pending_count = 0;
}

void index_builder_add(struct index_builder *b, const struct index_entry *entry)
{
	b->pending[b->pending_count++] = *entry;
	if (b->pending_count == INDEX_CHUNK_ENTRIES)
		flush(b);
}

static void add_shared(struct index_builder *b, struct index_chunk *chunk)
{
	flush(b);
	atomic_fetch_add(&chunk->refs, 1);
	push_chunk(b, chunk);
}

void index_builder_release(struct index_builder *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct index_chunk *chunk = b->chunks[i];

		/* made here and never shown to anybody */
		counter_sub(
		    b->living, sizeof(*chunk) + chunk->count * sizeof(struct index_entry));
		xfree(chunk);
	}
	xfree(b->chunks);
	xfree(b->pending);
	*b = (struct index_builder){ .living = b->living };
}

struct index_version *index_builder_finish(
    struct index_builder *b, const struct index_head *head)
{
	struct index_version *v;
	size_t bytes;

	flush(b);
	bytes = sizeof(*v) + b->count * sizeof(struct index_span);
	v = xmalloc(bytes);
	counter_add(head->living, bytes);
	*v = (struct index_version){
		.refs = 1,
		.modseq = head->modseq,
		.uidvalidity = head->uidvalidity,
		.uidnext = head->uidnext,
		.living = head->living,
		.names = head->names,
		.extras = head->extras,
		.span_count = (uint32_t)b->count,
	};
	for (size_t i = 0; i < b->count; i++) {
		struct index_chunk *chunk = b->chunks[i];

		v->spans[i] = (struct index_span){ chunk, v->count, chunk->entries[0].uid };
		v->count += chunk->count;
		bytes += sizeof(*chunk) + chunk->count * sizeof(struct index_entry);
	}
	v->bytes = bytes;
	xfree(b->chunks);
	xfree(b->pending);
	return v;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct uid_range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Ascending and apart. */
static void normalise(struct index_changes *changes)
{
	struct uid_range *gone = changes->gone;
	size_t to = 0;

	if (changes->gone_count < 2)
		return;
	qsort(gone, changes->gone_count, sizeof(*gone), compare_ranges);
	for (size_t i = 1; i < changes->gone_count; i++) {
		if (gone[i].first <= gone[to].last) {
			if (gone[i].last > gone[to].last)
				gone[to].last = gone[i].last;
		} else {
			gone[++to] = gone[i];
		}
	}
	changes->gone_count = to + 1;
}

/* A walk over base and changes side by side. */
struct merge {
	const struct index_version *base;
	const struct index_changes *changes;
	size_t change, gone; /* what is next */
	bool compact;	     /* share nothing: the chunks have become small */
	struct index_builder builder;
};

/* Is anything changed among the uids up to `last`? Advances over ranges that lie in front of `first`. */
static bool is_touched(struct merge *m, uint32_t first, uint32_t last)
{
	const struct index_changes *c = m->changes;

	while (m->gone < c->gone_count && c->gone[m->gone].last < first)
		m->gone++;
	return m->compact || (m->change < c->count && c->entries[m->change].uid <= last) ||
	    (m->gone < c->gone_count && c->gone[m->gone].first <= last);
}

static void add_unless_gone(struct merge *m, const struct index_entry *entry)
{
	const struct index_changes *c = m->changes;

	while (m->gone < c->gone_count && c->gone[m->gone].last < entry->uid)
		m->gone++;
	if (m->gone < c->gone_count && c->gone[m->gone].first <= entry->uid)
		return;
	index_builder_add(&m->builder, entry);
}

static void merge_chunk(struct merge *m, const struct index_chunk *chunk, uint32_t last)
{
	const struct index_changes *c = m->changes;
	uint32_t k = 0;

	while (
	    k < chunk->count || (m->change < c->count && c->entries[m->change].uid <= last)) {
		bool has_change = m->change < c->count && c->entries[m->change].uid <= last;

		if (!has_change ||
		    (k < chunk->count && chunk->entries[k].uid < c->entries[m->change].uid)) {
			add_unless_gone(m, &chunk->entries[k++]);
			continue;
		}
		if (k < chunk->count && chunk->entries[k].uid == c->entries[m->change].uid)
			k++;
		add_unless_gone(m, &c->entries[m->change++]);
	}
}

static bool is_scattered(const struct index_version *v)
{
	return v->span_count > 8 + 2 * (v->count / INDEX_CHUNK_ENTRIES);
}

struct index_version *index_merge(const struct index_version *base,
    struct index_changes *changes, const struct index_head *head)
{
	struct merge m = { .base = base, .changes = changes, .compact = is_scattered(base) };

	normalise(changes);
	index_builder_init(&m.builder, head->living);
	for (uint32_t i = 0; i < base->span_count; i++) {
		const struct index_span *span = &base->spans[i];
		bool is_last = i + 1 == base->span_count;
		/* a full last chunk is left alone: what comes behind it begins a new one */
		uint32_t last = !is_last ? base->spans[i + 1].first_uid - 1
		    : span->chunk->count == INDEX_CHUNK_ENTRIES
		    ? span->chunk->entries[INDEX_CHUNK_ENTRIES - 1].uid
		    : UINT32_MAX;

		if (is_touched(&m, i == 0 ? 0 : span->first_uid, last))
			merge_chunk(&m, span->chunk, last);
		else
			add_shared(&m.builder, span->chunk);
	}
	while (m.change < changes->count)
		add_unless_gone(&m, &changes->entries[m.change++]);
	return index_builder_finish(&m.builder, head);
}

static struct index_entry *entries_of(
    const struct uid_range *ranges, size_t count, size_t *entries_out)
{
	struct index_entry *entries;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		n += ranges[i].last - ranges[i].first + 1;
	entries = xcalloc(n > 0 ? n : 1, sizeof(*entries));
	for (size_t i = 0; i < count; i++)
		for (uint32_t uid = ranges[i].first; at < n && uid <= ranges[i].last; uid++)
			entries[at++].uid = uid;
	*entries_out = at;
	return entries;
}

struct index_version *index_with_gone(
    const struct index_version *v, const struct uid_range *gone, size_t count)
{
	struct index_head head = { .modseq = v->modseq,
		.uidvalidity = v->uidvalidity,
		.uidnext = v->uidnext,
		.names = index_names_retain(v->names),
		.extras = index_extras_retain(v->extras),
		.living = v->living };
	struct index_changes changes = { .gone_count = 0 };
	struct index_version *with;

	changes.entries = entries_of(gone, count, &changes.count);
	with = index_merge(v, &changes, &head);
	xfree(changes.entries);
	return with;
}

/* Entries of `last` that `newest` does not have, and `v` does. */
static struct index_entry *entries_gone(const struct index_version *v,
    const struct index_version *last, const struct index_version *newest, size_t *count_out)
{
	struct index_entry *entries = NULL;
	size_t n = 0, room = 0;
	uint32_t seq = index_next_missing(last, newest, 1);

	while (seq != 0) {
		const struct index_entry *entry = index_at(last, seq);

		if (n == room) {
			room = room > 0 ? room * 2 : 16;
			entries = xrealloc(entries, room * sizeof(*entries));
		}
		if (index_seq_of(v, entry->uid) != 0)
			entries[n++] = *entry;
		seq = seq == last->count ? 0 : index_next_missing(last, newest, seq + 1);
	}
	*count_out = n;
	return entries;
}

struct index_version *index_with_last(const struct index_version *v,
    const struct index_version *last, const struct index_version *newest)
{
	struct index_head head = { .modseq = v->modseq,
		.uidvalidity = v->uidvalidity,
		.uidnext = v->uidnext,
		.living = v->living };
	struct index_changes changes = { .gone_count = 0 };
	struct index_version *with = NULL;

	changes.entries = entries_gone(v, last, newest, &changes.count);
	if (changes.count > 0) {
		/* keywords get numbers and keep them, so the later names do for both */
		head.names = index_names_retain(last->names);
		head.extras = index_extras_retain(v->extras);
		with = index_merge(v, &changes, &head);
	}
	xfree(changes.entries);
	return with;
}
