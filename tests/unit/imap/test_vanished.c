#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/random.h"
#include "base/str.h"
#include "imap/modseq.h"
#include "imap/vanished.h"
#include "store/index_int.h"

#define UIDS_MAX 200

/* A version that holds the uids for which `there` is true. */
static struct index_version *version_of(const bool *there)
{
	static struct counter living;
	const struct index_head head = { .modseq = 1, .uidvalidity = 1, .living = &living };
	struct index_builder b;

	index_builder_init(&b, &living);
	for (uint32_t uid = 1; uid < UIDS_MAX; uid++) {
		struct index_entry entry = { .uid = uid };

		if (there[uid])
			index_builder_add(&b, &entry);
	}
	return index_builder_finish(&b, &head);
}

/* Sorted ranges of what is true. */
static struct seqset set_of(const bool *in, struct arena *arena)
{
	struct seq_range *range = ARENA_NEW(arena, struct seq_range, UIDS_MAX);
	size_t n = 0;

	for (uint32_t uid = 1; uid < UIDS_MAX; uid++) {
		if (!in[uid])
			continue;
		if (n > 0 && range[n - 1].last + 1 == uid)
			range[n - 1].last = uid;
		else
			range[n++] = (struct seq_range){ uid, uid };
	}
	return (struct seqset){ .range = range, .count = n };
}

static void random_uids(bool *in, unsigned percent)
{
	uint8_t bytes[UIDS_MAX];

	random_bytes(bytes, sizeof(bytes));
	for (uint32_t uid = 0; uid < UIDS_MAX; uid++)
		in[uid] = uid > 0 && bytes[uid] % 100 < percent;
}

static void takes_sets_apart(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 500; run++) {
		struct arena *arena = arena_new("test");
		bool a[UIDS_MAX], b[UIDS_MAX];
		struct index_version *version;
		struct seqset x, y, common, missing;

		random_uids(a, run % 101);
		random_uids(b, 50);
		x = set_of(a, arena);
		y = set_of(b, arena);
		version = version_of(b);
		common = vanished_common(&x, &y, arena);
		missing = vanished_missing(version, &x, arena);
		for (uint32_t uid = 1; uid < UIDS_MAX; uid++) {
			assert_int_equal(seqset_sorted_has(&common, uid), a[uid] && b[uid]);
			assert_int_equal(seqset_sorted_has(&missing, uid), a[uid] && !b[uid]);
		}
		index_release(&version);
		arena_free(&arena);
	}
}

static void misses_all_but_what_is_there(void **state)
{
	struct arena *arena = arena_new("test");
	const struct seq_range all = { 1, UINT32_MAX };
	const struct seqset set = { .range = &all, .count = 1 };
	bool there[UIDS_MAX] = { [3] = true, [4] = true, [7] = true };
	struct index_version *version = version_of(there);
	struct seqset gone = vanished_missing(version, &set, arena);

	(void)state;
	assert_int_equal(gone.count, 3);
	assert_int_equal(gone.range[0].last, 2);
	assert_int_equal(gone.range[1].first, 5);
	assert_int_equal(gone.range[2].first, 8);
	assert_int_equal(gone.range[2].last, UINT32_MAX);
	index_release(&version);
	arena_free(&arena);
}

/* The client knew `before`, and says of the numbers in `said` which uids they had. */
static void finds_where_mailboxes_part(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 500; run++) {
		struct arena *arena = arena_new("test");
		bool before[UIDS_MAX], now[UIDS_MAX], said[UIDS_MAX];
		bool seqs[UIDS_MAX] = { false }, uids[UIDS_MAX] = { false };
		struct qresync known = { .asked = true };
		uint32_t seq = 0, parted = UIDS_MAX, want = 0;
		struct index_version *version;

		random_uids(before, 60);
		random_uids(now, run % 101);
		random_uids(said, 1 + run % 100);
		for (uint32_t uid = 1; uid < UIDS_MAX; uid++) {
			now[uid] = before[uid] && now[uid];
			if (before[uid] && !now[uid] && parted == UIDS_MAX)
				parted = uid;
			seq += before[uid];
			if (!before[uid] || !said[uid])
				continue;
			seqs[seq] = uids[uid] = true;
			if (uid < parted)
				want = uid;
		}
		known.match_seqs = set_of(seqs, arena);
		known.match_uids = set_of(uids, arena);
		version = version_of(now);
		assert_int_equal(vanished_matched(version, &known), want);
		index_release(&version);
		arena_free(&arena);
	}
}

static void keeps_lines_short(void **state)
{
	struct arena *arena = arena_new("test");
	struct seq_range *range = ARENA_NEW(arena, struct seq_range, 1000);
	struct seqset gone = { .range = range, .count = 1000 };
	size_t next = 0, lines = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		range[i] = (struct seq_range){ 4000000000U + i * 10, 4000000005U + i * 10 };
	for (; next < gone.count; lines++) {
		struct buf out = BUF_INIT(SIZE_MAX);

		vanished_add(&out, &gone, &next, true);
		assert_true(out.n <= 8192);
		assert_memory_equal(out.p, "* VANISHED (EARLIER) 4", 22);
		assert_memory_equal(out.p + out.n - 2, "\r\n", 2);
		buf_release(&out);
	}
	assert_int_equal(lines, 3);
	arena_free(&arena);
}

static void gathers_runs(void **state)
{
	struct seq_range ranges[VANISHED_RANGES_MAX];
	struct seqset gone = { .range = ranges };
	struct buf out = BUF_INIT(SIZE_MAX);
	size_t next = 0, count = 0;

	(void)state;
	assert_true(vanished_gather(ranges, &gone.count, 2));
	assert_true(vanished_gather(ranges, &gone.count, 4));
	assert_true(vanished_gather(ranges, &gone.count, 5));
	vanished_add(&out, &gone, &next, false);
	assert_true(str_equal(buf_str(&out), STR("* VANISHED 2,4:5\r\n")));
	buf_clear(&out);
	vanished_add(&out, &gone, &next, false);
	assert_int_equal(out.n, 0);
	buf_release(&out);
	for (uint32_t i = 0; i < VANISHED_RANGES_MAX; i++)
		assert_true(vanished_gather(ranges, &count, 2 * i + 1));
	assert_false(vanished_gather(ranges, &count, 2 * VANISHED_RANGES_MAX + 1));
	assert_true(vanished_gather(ranges, &count, 2 * VANISHED_RANGES_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_sets_apart),
		cmocka_unit_test(misses_all_but_what_is_there),
		cmocka_unit_test(finds_where_mailboxes_part),
		cmocka_unit_test(keeps_lines_short),
		cmocka_unit_test(gathers_runs),
	};

	return cmocka_run_group_tests_name("imap/vanished", tests, NULL, NULL);
}
