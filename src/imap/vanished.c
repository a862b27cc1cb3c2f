#include "imap/vanished.h"

#include "base/arena.h"
#include "base/buf.h"
#include "imap/modseq.h"

void vanished_add(struct buf *out, const struct seqset *gone, size_t *next, bool earlier)
{
	size_t end = gone->count - *next > VANISHED_RANGES_MAX ? *next + VANISHED_RANGES_MAX
							       : gone->count;

	if (*next == gone->count)
		return;
	BUF_ADD(out, "* VANISHED ");
	if (earlier)
		BUF_ADD(out, "(EARLIER) ");
	for (size_t i = *next; i < end; i++) {
		const struct seq_range *r = &gone->range[i];

		if (i > *next)
			buf_add_char(out, ',');
		buf_add_u64(out, r->first);
		if (r->last == r->first)
			continue;
		buf_add_char(out, ':');
		buf_add_u64(out, r->last);
	}
	BUF_ADD(out, "\r\n");
	*next = end;
}

bool vanished_gather(struct seq_range *ranges, size_t *count, uint32_t uid)
{
	if (*count > 0 && ranges[*count - 1].last + 1 == uid) {
		ranges[*count - 1].last = uid;
		return true;
	}
	if (*count == VANISHED_RANGES_MAX)
		return false;
	ranges[(*count)++] = (struct seq_range){ uid, uid };
	return true;
}

struct seqset vanished_common(
    const struct seqset *a, const struct seqset *b, struct arena *arena)
{
	struct seq_range *range = ARENA_NEW(arena, struct seq_range, a->count + b->count);
	size_t n = 0, i = 0, k = 0;

	while (i < a->count && k < b->count) {
		const struct seq_range *x = &a->range[i], *y = &b->range[k];
		uint32_t first = x->first > y->first ? x->first : y->first;
		uint32_t last = x->last < y->last ? x->last : y->last;

		if (first <= last)
			range[n++] = (struct seq_range){ first, last };
		if (x->last < y->last)
			i++;
		else
			k++;
	}
	return (struct seqset){ .range = range, .count = n };
}

/* Messages of `version` that are in the range: [*first, *end) as numbers. */
static void numbers_in(const struct index_version *version, const struct seq_range *range,
    uint32_t *first, uint32_t *end)
{
	*first = index_lower_bound(version, range->first);
	*end = range->last == UINT32_MAX ? index_count(version) + 1
					 : index_lower_bound(version, range->last + 1);
}

/* What each message leaves on its left, and the last one on its right. */
static size_t add_gaps(
    const struct index_version *version, const struct seq_range *range, struct seq_range *out)
{
	uint64_t from = range->first;
	uint32_t seq, end;
	size_t n = 0;

	for (numbers_in(version, range, &seq, &end); seq < end; seq++) {
		uint32_t uid = index_at(version, seq)->uid;

		if (from < uid)
			out[n++] = (struct seq_range){ (uint32_t)from, uid - 1 };
		from = (uint64_t)uid + 1;
	}
	if (from <= range->last)
		out[n++] = (struct seq_range){ (uint32_t)from, range->last };
	return n;
}

struct seqset vanished_missing(
    const struct index_version *version, const struct seqset *set, struct arena *arena)
{
	size_t room = 0, n = 0;
	struct seq_range *range;
	uint32_t first, end;

	for (size_t i = 0; i < set->count; i++) {
		numbers_in(version, &set->range[i], &first, &end);
		room += (size_t)end - first + 1;
	}
	range = ARENA_NEW(arena, struct seq_range, room);
	for (size_t i = 0; i < set->count; i++)
		n += add_gaps(version, &set->range[i], range + n);
	return (struct seqset){ .range = range, .count = n };
}

/* A run of match data: `length` numbers from `seq` on have the uids from `uid` on. */
struct run {
	uint32_t seq, uid, length;
};

static bool matches(const struct index_version *version, const struct run *run, uint32_t at)
{
	return index_seq_of(version, run->uid + at) == run->seq + at;
}

/* What matches is followed by nothing that does once something does not: messages only go. */
static uint32_t last_match(const struct index_version *version, const struct run *run)
{
	uint32_t low = 0, high = run->length;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (matches(version, run, middle))
			low = middle;
		else
			high = middle;
	}
	return run->uid + low;
}

uint32_t vanished_matched(const struct index_version *version, const struct qresync *known)
{
	const struct seq_range *seqs = known->match_seqs.range;
	const struct seq_range *uids = known->match_uids.range;
	uint32_t found = 0, seqs_done = 0, uids_done = 0;

	for (size_t i = 0, k = 0; i < known->match_seqs.count;) {
		uint32_t seqs_left = seqs[i].last - seqs[i].first - seqs_done;
		uint32_t uids_left = uids[k].last - uids[k].first - uids_done;
		uint32_t left = seqs_left < uids_left ? seqs_left : uids_left;
		struct run run = { seqs[i].first + seqs_done, uids[k].first + uids_done,
			left + 1 };

		if (left == UINT32_MAX || !matches(version, &run, 0))
			break;
		found = last_match(version, &run);
		seqs_done = seqs_left == left ? 0 : seqs_done + left + 1;
		uids_done = uids_left == left ? 0 : uids_done + left + 1;
		i += seqs_left == left;
		k += uids_left == left;
	}
	return found;
}
