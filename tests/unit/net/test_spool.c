#include "tests/cm.h"

#include "net/spool.h"

#include "base/heap.h"
#include "base/str.h"

#include <string.h>

#define MEMORY ((size_t)1000)
#define MAX ((size_t)300000)

/* Bytes that say where they stand. */
static char *pattern(size_t n)
{
	char *p = xmalloc(n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 31 + i / 251);
	return p;
}

static void expect_view(struct spool *spool, const char *want, size_t n)
{
	struct str view;
	struct err err;

	if (spool_view(spool, &view, &err) != OK)
		fail_msg("%s", err.text);
	assert_int_equal(view.n, n);
	assert_int_equal(spool_size(spool), n);
	if (n > 0)
		assert_memory_equal(view.p, want, n);
}

static void keeps_what_comes_in_pieces(void **state)
{
	static const size_t pieces[] = { 1, 7, 999, 1000, 1001, 4096, 65536 };
	static const size_t totals[] = { 0, 1, 999, 1000, 1001, 2000, 2001, 65537, MAX };
	char *bytes = pattern(MAX);
	struct spool *spool = spool_new("/tmp", MEMORY, MAX);

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		for (size_t j = 0; j < COUNT(totals); j++) {
			for (size_t at = 0; at < totals[j]; at += pieces[i]) {
				struct str rest = { bytes + at, totals[j] - at };

				assert_int_equal(
				    spool_add(spool, str_first(rest, pieces[i]), NULL), OK);
			}
			expect_view(spool, bytes, totals[j]);
			expect_view(spool, bytes, totals[j]);
			spool_clear(spool);
			expect_view(spool, bytes, 0);
		}
	}
	spool_free(&spool);
	spool_free(&spool);
	xfree(bytes);
}

static void goes_on_after_a_view(void **state)
{
	char *bytes = pattern(5000);
	struct spool *spool = spool_new("/tmp", MEMORY, MAX);

	(void)state;
	for (size_t at = 0; at < 5000; at += 500) {
		assert_int_equal(spool_add(spool, (struct str){ bytes + at, 500 }, NULL), OK);
		expect_view(spool, bytes, at + 500);
	}
	spool_free(&spool);
	xfree(bytes);
}

static void refuses_the_byte_over_its_maximum(void **state)
{
	static const size_t maxima[] = { 1, 999, 1000, 1001, 5000 };
	char *bytes = pattern(6000);

	(void)state;
	for (size_t i = 0; i < COUNT(maxima); i++) {
		struct spool *spool = spool_new("/tmp", MEMORY, maxima[i]);
		size_t most = maxima[i];

		assert_int_equal(
		    spool_add(spool, (struct str){ bytes, most + 1 }, NULL), ERR_LIMIT);
		expect_view(spool, bytes, 0);
		assert_int_equal(spool_add(spool, (struct str){ bytes, most - 1 }, NULL), OK);
		assert_int_equal(
		    spool_add(spool, (struct str){ bytes + most - 1, 2 }, NULL), ERR_LIMIT);
		assert_int_equal(
		    spool_add(spool, (struct str){ bytes + most - 1, 1 }, NULL), OK);
		expect_view(spool, bytes, most);
		assert_int_equal(spool_add(spool, STR("x"), NULL), ERR_LIMIT);
		assert_int_equal(spool_add(spool, STR_EMPTY, NULL), OK);
		spool_free(&spool);
	}
	xfree(bytes);
}

static void says_when_the_directory_is_of_no_use(void **state)
{
	struct spool *spool = spool_new("/nonexistent/spool", 4, 100);
	struct err err;

	(void)state;
	assert_int_equal(spool_add(spool, STR("1234"), &err), OK);
	assert_int_equal(spool_add(spool, STR("5"), &err), ERR_UNAVAIL);
	assert_non_null(strstr(err.text, "/nonexistent/spool"));
	expect_view(spool, "1234", 4); /* nothing of the refused piece */
	spool_free(&spool);
}

/* /proc has neither unnamed files nor, for the second attempt, new ones. */
static void fails_where_no_file_can_be_made(void **state)
{
	struct spool *spool = spool_new("/proc", 4, 100);

	(void)state;
	assert_int_equal(spool_add(spool, STR("12345"), NULL), ERR_UNAVAIL);
	spool_free(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_comes_in_pieces),
		cmocka_unit_test(goes_on_after_a_view),
		cmocka_unit_test(refuses_the_byte_over_its_maximum),
		cmocka_unit_test(says_when_the_directory_is_of_no_use),
		cmocka_unit_test(fails_where_no_file_can_be_made),
	};

	return cmocka_run_group_tests_name("net/spool", tests, NULL, NULL);
}
