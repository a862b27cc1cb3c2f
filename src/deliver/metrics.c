#include "deliver/metrics.h"

#include "base/str.h"
#include "deliver/pipeline.h"

enum { DELIVERIES, DELIVERED_SIZE };

enum result { STORED, REPEATED, REFUSED, TEMPORARY };

static const struct str results[] = {
	[STORED] = STR_INIT("stored"),
	[REPEATED] = STR_INIT("repeated"),
	[REFUSED] = STR_INIT("refused"),
	[TEMPORARY] = STR_INIT("temporary"),
};

static struct str result_word(size_t i)
{
	return results[i];
}

static const uint64_t sizes[] = { 1000, 4000, 16000, 64000, 250000, 1000000, 4000000, 16000000,
	64000000 };
static const struct metric_bounds size_bounds = { sizes, COUNT(sizes), 1 };

static const struct metric rows[] = {
	[DELIVERIES] = { "tabella_deliveries_total",
	    "Recipients of messages, by what came of them.", METRIC_COUNTER,
	    { { "result", result_word, COUNT(results) } }, .bounds = NULL },
	[DELIVERED_SIZE] = { "tabella_delivered_message_bytes", "Sizes of what was stored.",
	    METRIC_HISTOGRAM, .bounds = &size_bounds },
};

struct metrics *deliver_metrics_new(void)
{
	return metrics_new(
	    (struct metric_table){ rows, COUNT(rows) }, (struct metric_own){ .label = NULL });
}

void deliver_metrics_count(struct metrics *metrics, const struct plan *plan, uint64_t size)
{
	enum result result = plan->repeated ? REPEATED : STORED;

	if (plan->rc != OK)
		result = errc_is_temporary(plan->rc) ? TEMPORARY : REFUSED;
	metric_add(metrics, DELIVERIES, result, 0, 1);
	if (result == STORED)
		metric_observe(metrics, DELIVERED_SIZE, 0, 0, size);
}
