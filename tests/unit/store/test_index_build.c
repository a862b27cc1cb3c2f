#include "tests/cm.h"

#include "base/arena.h"
#include "base/heap.h"
#include "store/index_int.h"
#include "store/message.h"

/* A reference: whether each uid is there, and its modseq. */
#define UIDS 6000

struct model {
	int64_t modseq[UIDS + 1]; /* 0: not there */
};

static struct index_version *build(const struct model *m, struct counter *living)
{
	struct index_head head = { .living = living, .modseq = 1, .uidnext = UIDS };
	struct index_builder b;

	index_builder_init(&b, living);
	for (uint32_t uid = 1; uid <= UIDS; uid++) {
		struct index_entry e = {
			.uid = uid, .modseq = m->modseq[uid], .flags = uid % 3 ? FLAG_SEEN : 0
		};

		if (m->modseq[uid])
			index_builder_add(&b, &e);
	}
	return index_builder_finish(&b, &head);
}

static void assert_is(const struct index_version *v, const struct model *m)
{
	uint32_t seq = 0, unseen = index_first_unseen(v, 1);

	for (uint32_t uid = 1; uid <= UIDS; uid++) {
		assert_int_equal(index_lower_bound(v, uid), seq + 1);
		if (!m->modseq[uid]) {
			assert_int_equal(index_seq_of(v, uid), 0);
			continue;
		}
		seq++;
		assert_int_equal(index_seq_of(v, uid), seq);
		assert_int_equal(index_at(v, seq)->uid, uid);
		assert_int_equal(index_at(v, seq)->modseq, m->modseq[uid]);
		if (uid % 3 == 0) {
			assert_int_equal(unseen, seq);
			unseen = index_first_unseen(v, seq + 1);
		}
	}
	assert_int_equal(index_count(v), seq);
	assert_int_equal(unseen, 0);
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/* Random changes; the model is changed in the obvious way. */
static struct index_version *change(const struct index_version *v, struct model *m, uint32_t *x,
    uint32_t *top, int64_t modseq, struct counter *living)
{
	struct index_head head = { .living = living, .modseq = modseq, .uidnext = UIDS };
	struct index_changes c = { 0 };
	uint32_t arrivals = next_random(x) % 200, first = next_random(x) % UIDS + 1;

	c.entries = xcalloc(UIDS, sizeof(*c.entries));
	c.gone = xcalloc(8, sizeof(*c.gone));
	for (size_t i = 0; i < next_random(x) % 8; i++) {
		uint32_t from = next_random(x) % UIDS + 1, to = from + next_random(x) % 500;

		if (from > *top)
			continue;
		to = to > *top ? *top : to;
		c.gone[c.gone_count++] = (struct uid_range){ from, to };
		for (uint32_t uid = from; uid <= to; uid++)
			m->modseq[uid] = 0;
	}
	for (uint32_t uid = first; uid < first + 50 && uid <= *top; uid++) {
		if (m->modseq[uid])
			m->modseq[uid] = modseq;
	}
	for (; arrivals > 0 && *top < UIDS; arrivals--)
		m->modseq[++*top] = modseq;
	for (uint32_t uid = 1; uid <= *top; uid++) {
		if (m->modseq[uid] == modseq)
			c.entries[c.count++] = (struct index_entry){
				.uid = uid, .modseq = modseq, .flags = uid % 3 ? FLAG_SEEN : 0
			};
	}
	struct index_version *newer = index_merge(v, &c, &head);
	xfree(c.entries);
	xfree(c.gone);
	return newer;
}

static void merges_as_a_plain_list_would(void **state)
{
	static struct model m;
	struct counter living = { 0 };
	uint32_t x = 42, top = 0;
	struct index_version *v = build(&m, &living);

	(void)state;
	for (int64_t modseq = 2; modseq < 80; modseq++) {
		struct index_version *newer = change(v, &m, &x, &top, modseq, &living);

		assert_is(newer, &m);
		index_release(&v);
		v = newer;
	}
	index_release(&v);
	assert_int_equal(counter_read(&living), 0);
}

static void finds_changes_and_holes(void **state)
{
	static struct model m;
	struct counter living = { 0 };
	struct index_version *old, *newer;
	struct index_entry changed = { .uid = 3000, .modseq = 9, .flags = FLAG_SEEN };
	struct uid_range gone[] = { { 100, 100 }, { 2000, 2001 } };
	struct index_changes c = { &changed, 1, gone, 2 };
	struct index_head head = { .living = &living, .modseq = 9, .uidnext = UIDS };

	(void)state;
	for (uint32_t uid = 1; uid <= UIDS; uid++)
		m.modseq[uid] = 1;
	old = build(&m, &living);
	newer = index_merge(old, &c, &head);
	assert_int_equal(index_count(newer), UIDS - 3);
	assert_int_equal(index_next_changed(newer, 1, 1), index_seq_of(newer, 3000));
	assert_int_equal(index_next_changed(newer, 1, index_seq_of(newer, 3001)), 0);
	assert_int_equal(index_next_missing(old, newer, 1), 100);
	assert_int_equal(index_next_missing(old, newer, 101), 2000);
	assert_int_equal(index_next_missing(old, newer, 2001), 2001);
	assert_int_equal(index_next_missing(old, newer, 2002), 0);
	index_release(&old);
	index_release(&newer);
	assert_int_equal(counter_read(&living), 0);
}

static struct index_version *merged(const struct index_version *v, struct counter *living,
    struct index_entry changed, struct uid_range gone)
{
	struct index_changes c = { &changed, 1, &gone, 1 };
	struct index_head head = {
		.living = living, .modseq = changed.modseq, .uidnext = UIDS
	};

	return index_merge(v, &c, &head);
}

/* Message 5 goes, 7 changes; then 7 and 8 go, and 9 changes. */
static void what_went_stands_as_it_was_last(void **state)
{
	static struct model m;
	struct counter living = { 0 };
	struct index_version *known, *last, *newest, *with;

	(void)state;
	for (uint32_t uid = 1; uid <= UIDS; uid++)
		m.modseq[uid] = 1;
	known = build(&m, &living);
	last = merged(known, &living,
	    (struct index_entry){ .uid = 7, .modseq = 2, .flags = FLAG_DELETED },
	    (struct uid_range){ 5, 5 });
	newest = merged(last, &living, (struct index_entry){ .uid = 9, .modseq = 3 },
	    (struct uid_range){ 7, 8 });
	with = index_with_last(known, last, newest);
	assert_non_null(with);
	assert_int_equal(index_count(with), UIDS);
	assert_int_equal(index_modseq(with), index_modseq(known));
	for (uint32_t uid = 1; uid <= UIDS; uid++)
		assert_int_equal(index_at(with, uid)->modseq, uid == 7 ? 2 : 1);
	assert_true(index_at(with, 7)->flags & FLAG_DELETED);
	assert_null(index_with_last(known, newest, newest));
	index_release(&known);
	index_release(&last);
	index_release(&newest);
	index_release(&with);
	assert_int_equal(counter_read(&living), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merges_as_a_plain_list_would),
		cmocka_unit_test(finds_changes_and_holes),
		cmocka_unit_test(what_went_stands_as_it_was_last),
	};

	return cmocka_run_group_tests_name("store/index_build", tests, NULL, NULL);
}
