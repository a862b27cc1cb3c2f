#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "net/service_metrics.h"
#include "net/session.h"

static struct str verb(size_t i)
{
	return i == 0 ? STR("GET") : STR("PUT");
}

static const struct service service = { .name = "toy", .verbs = { verb, 2, 2 } };

static bool has(const struct metrics *metrics, const char *line)
{
	struct buf out = BUF_INIT(100000);
	bool found;

	metrics_write(&out, (const struct metrics *const[]){ metrics }, 1);
	found = str_find(buf_str(&out), str_from(line)) < out.n;
	buf_release(&out);
	return found;
}

static void names_service_verb_and_result(void **state)
{
	struct metrics *metrics = service_metrics_new(&service);

	(void)state;
	metric_add(metrics, SERVICE_COMMANDS, 1, RESULT_TEMPORARY, 2);
	metric_observe(metrics, SERVICE_COMMAND_TIME, 0, 0, 600);
	assert_true(has(metrics,
	    "\ntabella_commands_total{service=\"toy\",verb=\"PUT\",result=\"temporary\"} 2\n"));
	assert_true(has(metrics,
	    "\ntabella_command_seconds_bucket{service=\"toy\",verb=\"GET\",le=\"0.001\"} 1\n"));
	assert_true(has(metrics, "\ntabella_connections{service=\"toy\"} 0\n"));
	assert_false(has(metrics, "closed"));
	metrics_free(&metrics);
}

static void counts_what_it_does_not_know_as_other(void **state)
{
	struct metrics *metrics = service_metrics_new(&service);

	(void)state;
	metric_add(metrics, SERVICE_LOGINS, service_mechanism("PLAIN"), RESULT_OK, 1);
	metric_add(metrics, SERVICE_LOGINS, service_mechanism("X-MINE"), RESULT_REFUSED, 1);
	assert_true(has(metrics,
	    "\ntabella_logins_total{service=\"toy\",mechanism=\"PLAIN\",result=\"ok\"} 1\n"));
	assert_true(has(metrics,
	    "\ntabella_logins_total{service=\"toy\",mechanism=\"other\",result=\"refused\"} "
	    "1\n"));
	metrics_free(&metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_service_verb_and_result),
		cmocka_unit_test(counts_what_it_does_not_know_as_other),
	};

	return cmocka_run_group_tests_name("net/service_metrics", tests, NULL, NULL);
}
