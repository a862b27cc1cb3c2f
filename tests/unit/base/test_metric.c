#include "tests/cm.h"

#include "base/buf.h"
#include "base/metric.h"
#include "base/str.h"

static struct str colour(size_t i)
{
	return i == 0 ? STR("red") : STR("dark \"blue\"");
}

static struct str result(size_t i)
{
	return i == 0 ? STR("ok") : STR("no");
}

enum { THINGS, LEVEL, TIME };

static const uint64_t times[] = { 500, 2000000 };
static const struct metric_bounds bounds = { times, 2, 1000000 };

static const struct metric rows[] = {
	[THINGS] = { "things_total", "Things.", METRIC_COUNTER,
	    { { "colour", NULL, 0 }, { "result", result, 2 } }, .sparse = true },
	[LEVEL] = { .name = "level", .help = "A level.", .kind = METRIC_GAUGE },
	[TIME] = { .name = "time_seconds",
	    .help = "Times.",
	    .kind = METRIC_HISTOGRAM,
	    .bounds = &bounds },
};
static const struct metric_table table = { rows, COUNT(rows) };

static void check_page(const struct metrics *const *sets, size_t count, const char *want)
{
	struct buf out = BUF_INIT(100000);

	metrics_write(&out, sets, count);
	if (!str_equal(buf_str(&out), str_from(want)))
		fail_msg("%.*s", STR_ARG(buf_str(&out)));
	buf_release(&out);
}

static void writes_each_series_with_its_labels(void **state)
{
	struct metrics *metrics =
	    metrics_new(table, (struct metric_own){ .word = colour, .words = 2 });

	(void)state;
	metric_add(metrics, THINGS, 1, 0, 3);
	metric_add(metrics, THINGS, 0, 1, 1);
	metric_add(metrics, LEVEL, 0, 0, 9);
	metric_sub(metrics, LEVEL, 0, 0, 2);
	check_page((const struct metrics *const[]){ metrics }, 1,
	    "# HELP things_total Things.\n"
	    "# TYPE things_total counter\n"
	    "things_total{colour=\"red\",result=\"no\"} 1\n"
	    "things_total{colour=\"dark \\\"blue\\\"\",result=\"ok\"} 3\n"
	    "# HELP level A level.\n"
	    "# TYPE level gauge\n"
	    "level 7\n"
	    "# HELP time_seconds Times.\n"
	    "# TYPE time_seconds histogram\n"
	    "time_seconds_bucket{le=\"0.0005\"} 0\n"
	    "time_seconds_bucket{le=\"2\"} 0\n"
	    "time_seconds_bucket{le=\"+Inf\"} 0\n"
	    "time_seconds_sum 0\n"
	    "time_seconds_count 0\n");
	metrics_free(&metrics);
	assert_null(metrics);
}

static void counts_a_bucket_for_all_that_are_not_above_it(void **state)
{
	static const struct metric one[] = {
		{ "t", "T.", METRIC_HISTOGRAM, .bounds = &bounds },
	};
	struct metrics *metrics = metrics_new(
	    (struct metric_table){ one, 1 }, (struct metric_own){ "service", "imap", NULL, 0 });

	(void)state;
	metric_observe(metrics, 0, 0, 0, 499);
	metric_observe(metrics, 0, 0, 0, 500);
	metric_observe(metrics, 0, 0, 0, 501);
	metric_observe(metrics, 0, 0, 0, 2000001);
	assert_int_equal(metric_read(metrics, 0, 0, 0), 4);
	check_page((const struct metrics *const[]){ metrics }, 1,
	    "# HELP t T.\n"
	    "# TYPE t histogram\n"
	    "t_bucket{service=\"imap\",le=\"0.0005\"} 2\n"
	    "t_bucket{service=\"imap\",le=\"2\"} 3\n"
	    "t_bucket{service=\"imap\",le=\"+Inf\"} 4\n"
	    "t_sum{service=\"imap\"} 2.001501\n"
	    "t_count{service=\"imap\"} 4\n");
	metrics_free(&metrics);
}

static void brings_families_of_several_sets_together(void **state)
{
	static const struct metric both[] = { { "a", "A.", METRIC_COUNTER, .bounds = NULL },
		{ "b", "B.", METRIC_COUNTER, .bounds = NULL } };
	static const struct metric more[] = { { "b", "B.", METRIC_COUNTER, .bounds = NULL },
		{ "c", "C.", METRIC_COUNTER, .bounds = NULL } };
	struct metrics *x = metrics_new((struct metric_table){ both, 2 },
	    (struct metric_own){ .label = "s", .value = "x" });
	struct metrics *y = metrics_new((struct metric_table){ more, 2 },
	    (struct metric_own){ .label = "s", .value = "y" });

	(void)state;
	check_page((const struct metrics *const[]){ NULL, x, y }, 3,
	    "# HELP a A.\n# TYPE a counter\na{s=\"x\"} 0\n"
	    "# HELP b B.\n# TYPE b counter\nb{s=\"x\"} 0\nb{s=\"y\"} 0\n"
	    "# HELP c C.\n# TYPE c counter\nc{s=\"y\"} 0\n");
	metrics_free(&x);
	metrics_free(&y);
}

static void counts_unknown_words_and_absent_sets_nowhere(void **state)
{
	struct metrics *metrics =
	    metrics_new(table, (struct metric_own){ .word = colour, .words = 2 });

	(void)state;
	metric_add(metrics, THINGS, 2, 0, 1);
	metric_add(metrics, THINGS, 0, 2, 1);
	metric_add(NULL, THINGS, 0, 0, 1);
	metric_observe(NULL, TIME, 0, 0, 1);
	for (size_t a = 0; a < 2; a++)
		for (size_t b = 0; b < 2; b++)
			assert_int_equal(metric_read(metrics, THINGS, a, b), 0);
	assert_int_equal(metric_word(colour, 2, STR("red")), 0);
	assert_int_equal(metric_word(colour, 2, STR("green")), 2);
	metrics_free(&metrics);
}

static void escapes_what_would_end_a_label(void **state)
{
	struct buf out = BUF_INIT(1000);

	(void)state;
	metric_one(&out, "x", "X.", METRIC_GAUGE, 1);
	metric_sample(&out, "y", "l", STR("a\\b\"c\nd"), UINT64_MAX);
	assert_true(str_equal(buf_str(&out),
	    STR("# HELP x X.\n# TYPE x gauge\nx 1\n"
		"y{l=\"a\\\\b\\\"c\\nd\"} 18446744073709551615\n")));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_each_series_with_its_labels),
		cmocka_unit_test(counts_a_bucket_for_all_that_are_not_above_it),
		cmocka_unit_test(brings_families_of_several_sets_together),
		cmocka_unit_test(counts_unknown_words_and_absent_sets_nowhere),
		cmocka_unit_test(escapes_what_would_end_a_label),
	};

	return cmocka_run_group_tests_name("base/metric", tests, NULL, NULL);
}
