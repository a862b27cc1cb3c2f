#include "imap/search_result.h"

#include "base/arena.h"
#include "base/buf.h"

#define WORD_BITS 64

bool search_return_needs_all(unsigned returns)
{
	if ((returns & (unsigned)(SEARCH_RETURN_ALL | SEARCH_RETURN_COUNT)) != 0)
		return true;
	/* RFC 5182 2.4: with MIN or MAX these are saved, else all */
	return (returns & (unsigned)(SEARCH_RETURN_MIN | SEARCH_RETURN_MAX)) == 0;
}

void search_result_init(
    struct search_result *result, uint32_t size, unsigned returns, struct arena *arena)
{
	bool lists = (returns & (unsigned)(SEARCH_RETURN_ALL | SEARCH_RETURN_SAVE)) != 0;

	*result = (struct search_result){ .size = size };
	if (lists)
		result->found = ARENA_NEW(arena, uint64_t, (size_t)size / WORD_BITS + 1);
}

void search_result_add(struct search_result *result, uint32_t seq, int64_t modseq)
{
	if (result->count == 0 || seq < result->min)
		result->min = seq;
	if (seq > result->max)
		result->max = seq;
	if (modseq > result->modseq)
		result->modseq = modseq;
	result->count++;
	if (result->found != NULL)
		result->found[seq / WORD_BITS] |= UINT64_C(1) << (seq % WORD_BITS);
}

/* The first number from `from` on whose bit is `value`; size + 1: there is none. */
static uint32_t find_bit(const struct search_result *result, uint32_t from, bool value)
{
	uint64_t flip = value ? 0 : UINT64_MAX;
	uint64_t end = (uint64_t)result->size + 1;

	for (uint64_t at = from; at < end;) {
		uint64_t word = (result->found[at / WORD_BITS] ^ flip) >> (at % WORD_BITS);

		if (word != 0) {
			at += (uint64_t)__builtin_ctzll(word);
			return (uint32_t)(at < end ? at : end);
		}
		at = (at / WORD_BITS + 1) * WORD_BITS;
	}
	return (uint32_t)end;
}

bool search_result_run(
    const struct search_result *result, uint32_t from, struct seq_range *run_out)
{
	uint32_t first;

	if (result->found == NULL || from > result->size)
		return false;
	first = find_bit(result, from, true);
	if (first > result->size)
		return false;
	*run_out = (struct seq_range){ first, find_bit(result, first, false) - 1 };
	return true;
}

enum errc search_result_runs(
    const struct search_result *result, size_t max, struct buf *out, struct err *err)
{
	struct seq_range run = { .last = 0 };

	for (size_t count = 0; search_result_run(result, run.last + 1, &run); count++) {
		if (count == max)
			return err_set(err, ERR_LIMIT, "more than %zu ranges", max);
		buf_add(out, &run, sizeof(run));
	}
	return OK;
}
