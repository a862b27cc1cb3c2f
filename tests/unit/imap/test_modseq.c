#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"
#include "imap/limits.h"
#include "imap/modseq.h"

static const struct {
	struct str in;
	enum errc value, zero; /* mod-sequence-value, mod-sequence-valzer */
	int64_t got;
} numbers[] = {
	{ STR_INIT("1"), OK, OK, 1 },
	{ STR_INIT("0"), ERR_SYNTAX, OK, 0 },
	{ STR_INIT("9223372036854775806"), OK, OK, INT64_MAX - 1 },
	{ STR_INIT("9223372036854775807"), OK, OK, INT64_MAX },
	{ STR_INIT("9223372036854775808"), ERR_SYNTAX, ERR_SYNTAX, 0 },
	{ STR_INIT("18446744073709551617"), ERR_SYNTAX, ERR_SYNTAX, 0 },
	{ STR_INIT("-1"), ERR_SYNTAX, ERR_SYNTAX, 0 },
	{ STR_INIT(""), ERR_SYNTAX, ERR_SYNTAX, 0 },
};

static void reads_63_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct cursor a = cursor_of(numbers[i].in), b = a;
		int64_t value = -1, zero = -1;

		assert_int_equal(imap_modseq(&a, &value, NULL), numbers[i].value);
		assert_int_equal(imap_modseq_or_zero(&b, &zero, NULL), numbers[i].zero);
		if (numbers[i].value == OK)
			assert_int_equal(value, numbers[i].got);
		if (numbers[i].zero == OK)
			assert_int_equal(zero, numbers[i].got);
	}
}

static void print_set(struct buf *out, char mark, const struct seqset *set)
{
	if (set->count == 0)
		return;
	buf_printf(out, " %c", mark);
	for (size_t i = 0; i < set->count; i++)
		buf_printf(
		    out, "%s%u:%u", i > 0 ? "," : "", set->range[i].first, set->range[i].last);
}

/* Behind the mailbox's name. */
static const struct {
	struct str in, want;
} selects[] = {
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT(" (CONDSTORE)"), STR_INIT("condstore") },
	{ STR_INIT(" (condstore)"), STR_INIT("condstore") },
	{ STR_INIT(" (QRESYNC (67890007 20050715194045000 41,43:211,214:541))"),
	    STR_INIT("67890007 20050715194045000 k41:41,43:211,214:541") },
	{ STR_INIT(" (QRESYNC (67890007 90060115194045000 41:211,214:541))"),
	    STR_INIT("67890007 90060115194045000 k41:211,214:541") },
	{ STR_INIT(" (QRESYNC (67890007 90060115194045000 1:29997 (5000,7500,9000 "
		   "15000,22500,27000)))"),
	    STR_INIT("67890007 90060115194045000 k1:29997 s5000:5000,7500:7500,9000:9000"
		     " u15000:15000,22500:22500,27000:27000") },
	{ STR_INIT(" (QRESYNC (1 1))"), STR_INIT("1 1") },
	{ STR_INIT(" (QRESYNC (1 1 (1:3 5,7:8)))"), STR_INIT("1 1 s1:3 u5:5,7:8") },
	{ STR_INIT(" (QRESYNC (4294967295 9223372036854775807 9:3))"),
	    STR_INIT("4294967295 9223372036854775807 k9:3") },
	{ STR_INIT(" (CONDSTORE QRESYNC (1 1))"), STR_INIT("condstore1 1") },
	{ STR_INIT(" (QRESYNC (1 1) CONDSTORE)"), STR_INIT("condstore1 1") },
	{ STR_INIT(" (QRESYNC (1 1 (1:4294967295 1:4294967295)))"),
	    STR_INIT("1 1 s1:4294967295 u1:4294967295") },
	/* refused */
	{ STR_INIT(" "), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" ()"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (CONDSTORE"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (CONDSTORE CONDSTORE)"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (NONSENSE)"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC)"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (0 1))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (4294967296 1))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 0))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 9223372036854775808))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 *))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 1:*))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 0))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 ))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 1 ))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 (1 1) 1))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 (1)))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 (1 *)))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 (1:2 1)))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 (2,1 1,2)))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 (2:1 1:2)))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1 (1,1 1,2)))"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1)"), STR_INIT("ERR_SYNTAX") },
	{ STR_INIT(" (QRESYNC (1 1) QRESYNC (1 1))"), STR_INIT("ERR_SYNTAX") },
};

static void reads_parameters_of_select(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(selects); i++) {
		struct arena *arena = arena_new("test");
		struct cursor c = cursor_of(selects[i].in);
		struct buf got = BUF_INIT(1000);
		struct select_params params;
		enum errc rc = imap_select_params(&c, arena, &params, NULL);

		if (rc == OK && !cursor_at_end(&c))
			rc = ERR_SYNTAX;
		if (rc != OK) {
			buf_add_str(&got, str_from(errc_name(rc)));
		} else {
			if (params.condstore)
				BUF_ADD(&got, "condstore");
			if (params.qresync.asked)
				buf_printf(&got, "%u %lld", params.qresync.uidvalidity,
				    (long long)params.qresync.modseq);
			print_set(&got, 'k', &params.qresync.known);
			print_set(&got, 's', &params.qresync.match_seqs);
			print_set(&got, 'u', &params.qresync.match_uids);
		}
		if (!str_equal(buf_str(&got), selects[i].want))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&got)));
		buf_release(&got);
		arena_free(&arena);
	}
}

/* A known-uids of so many single uids. */
static enum errc known_of(size_t count)
{
	struct arena *arena = arena_new("test");
	struct buf in = BUF_INIT(SIZE_MAX);
	struct select_params params;
	struct cursor c;
	enum errc rc;

	BUF_ADD(&in, " (QRESYNC (1 1 ");
	for (size_t i = 0; i < count; i++)
		buf_printf(&in, "%s%zu", i > 0 ? "," : "", 2 * i + 1);
	BUF_ADD(&in, "))");
	c = cursor_of(buf_str(&in));
	rc = imap_select_params(&c, arena, &params, NULL);
	buf_release(&in);
	arena_free(&arena);
	return rc;
}

static void limits_what_a_client_knows(void **state)
{
	(void)state;
	assert_int_equal(known_of(IMAP_SET_RANGES_MAX - 1), OK);
	assert_int_equal(known_of(IMAP_SET_RANGES_MAX), OK);
	assert_int_equal(known_of(IMAP_SET_RANGES_MAX + 1), ERR_LIMIT);
}

/* Behind the items of a FETCH. */
static const struct {
	struct str in;
	enum errc want;
	int64_t since;
	bool vanished;
} fetches[] = {
	{ STR_INIT(""), OK, 0, false },
	{ STR_INIT(" (CHANGEDSINCE 12345)"), OK, 12345, false },
	{ STR_INIT(" (changedsince 9223372036854775807)"), OK, INT64_MAX, false },
	{ STR_INIT(" (CHANGEDSINCE 12345 VANISHED)"), OK, 12345, true },
	{ STR_INIT(" (VANISHED CHANGEDSINCE 12345)"), OK, 12345, true },
	{ STR_INIT(" (VANISHED)"), ERR_SYNTAX, 0, false },
	{ STR_INIT(" (CHANGEDSINCE 0)"), ERR_SYNTAX, 0, false },
	{ STR_INIT(" (CHANGEDSINCE)"), ERR_SYNTAX, 0, false },
	{ STR_INIT(" (CHANGEDSINCE 1 CHANGEDSINCE 2)"), ERR_SYNTAX, 0, false },
	{ STR_INIT(" (CHANGEDSINCE 1 VANISHED VANISHED)"), ERR_SYNTAX, 0, false },
	{ STR_INIT(" (CHANGEDSINCE 1"), ERR_SYNTAX, 0, false },
	{ STR_INIT(" ()"), ERR_SYNTAX, 0, false },
	{ STR_INIT(" CHANGEDSINCE 1"), ERR_SYNTAX, 0, false },
};

static void reads_modifiers_of_fetch(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(fetches); i++) {
		struct cursor c = cursor_of(fetches[i].in);
		struct fetch_modifiers got;
		enum errc rc = imap_fetch_modifiers(&c, &got, NULL);

		if (rc != fetches[i].want)
			fail_msg("case %zu: %s", i, errc_name(rc));
		if (rc != OK)
			continue;
		assert_int_equal(got.changed_since, fetches[i].since);
		assert_int_equal(got.vanished, fetches[i].vanished);
		assert_true(cursor_at_end(&c));
	}
}

/* In front of what a STORE does. */
static const struct {
	struct str in;
	enum errc want;
	int64_t since;
} stores[] = {
	{ STR_INIT("FLAGS"), OK, INT64_MAX },
	{ STR_INIT("(UNCHANGEDSINCE 0) FLAGS"), OK, 0 },
	{ STR_INIT("(unchangedsince 320162338) FLAGS"), OK, 320162338 },
	{ STR_INIT("(UNCHANGEDSINCE 9223372036854775808) FLAGS"), ERR_SYNTAX, 0 },
	{ STR_INIT("(UNCHANGEDSINCE) FLAGS"), ERR_SYNTAX, 0 },
	{ STR_INIT("(UNCHANGEDSINCE 1)FLAGS"), ERR_SYNTAX, 0 },
	{ STR_INIT("(UNCHANGEDSINCE 1 FLAGS"), ERR_SYNTAX, 0 },
	{ STR_INIT("() FLAGS"), ERR_SYNTAX, 0 },
	{ STR_INIT("(CHANGEDSINCE 1) FLAGS"), ERR_SYNTAX, 0 },
};

static void reads_modifiers_of_store(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(stores); i++) {
		struct cursor c = cursor_of(stores[i].in);
		int64_t got;
		enum errc rc = imap_store_modifiers(&c, &got, NULL);

		if (rc != stores[i].want)
			fail_msg("case %zu: %s", i, errc_name(rc));
		if (rc != OK)
			continue;
		assert_int_equal(got, stores[i].since);
		assert_true(str_equal(cursor_rest(&c), STR("FLAGS")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_63_bits),
		cmocka_unit_test(reads_parameters_of_select),
		cmocka_unit_test(limits_what_a_client_knows),
		cmocka_unit_test(reads_modifiers_of_fetch),
		cmocka_unit_test(reads_modifiers_of_store),
	};

	return cmocka_run_group_tests_name("imap/modseq", tests, NULL, NULL);
}
