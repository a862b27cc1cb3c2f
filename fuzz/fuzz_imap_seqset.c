#include "base/arena.h"
#include "imap/seqset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is sorted has the same numbers, in ranges that ascend and leave gaps. */
static void check_sorted(const struct seqset *set, uint32_t largest, struct arena *arena)
{
	struct seqset sorted = seqset_sorted(set, largest, arena);

	for (size_t i = 0; i < sorted.count; i++) {
		const struct seq_range *r = &sorted.range[i];

		if (r->first > r->last || (i > 0 && r->first <= r[-1].last + 1))
			__builtin_trap();
		if (!seqset_has(set, r->first, largest) || !seqset_has(set, r->last, largest))
			__builtin_trap();
	}
	for (uint32_t num = 1; num < 20; num++)
		if (seqset_sorted_has(&sorted, num) != seqset_has(set, num, largest))
			__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct seqset set;

	if (seqset_parse(in, 1000, arena, &set, NULL) == OK && !set.saved) {
		/* a set that parsed always contains its own first number */
		uint32_t first = set.range[0].first;

		if (!seqset_has(&set, first == SEQ_STAR ? 7 : first, 7))
			__builtin_trap();
		check_sorted(&set, 7, arena);
	}
	arena_free(&arena);
	return 0;
}
