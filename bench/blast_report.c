#include "bench/blast_report.h"

#include "base/buf.h"
#include "base/heap.h"
#include "base/str.h"

#include <inttypes.h>

void blast_record_init(struct blast_record *record, size_t messages, size_t rcpts)
{
	*record = (struct blast_record){ .room = messages };
	record->latency_us = xcalloc(messages, sizeof(record->latency_us[0]));
	record->ended_us = xcalloc(messages, sizeof(record->ended_us[0]));
	record->stored = xcalloc(messages, rcpts);
}

void blast_record_release(struct blast_record *record)
{
	xfree(record->latency_us);
	xfree(record->ended_us);
	xfree(record->stored);
	*record = (struct blast_record){ .room = 0 };
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

struct latency {
	double p50, p95, p99, max; /* milliseconds */
};

static double at_share(const uint32_t *sorted, size_t count, unsigned per_mille)
{
	size_t at = count * per_mille / 1000;

	return count == 0 ? 0 : sorted[at < count ? at : count - 1] / 1000.0;
}

static struct latency latency_of(const struct blast_record *record)
{
	size_t n = record->ended;
	uint32_t *sorted = xcalloc(n + 1, sizeof(sorted[0]));
	struct latency latency;

	memcpy(sorted, record->latency_us, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), compare_u32);
	latency = (struct latency){
		.p50 = at_share(sorted, n, 500),
		.p95 = at_share(sorted, n, 950),
		.p99 = at_share(sorted, n, 990),
		.max = at_share(sorted, n, 1000),
	};
	xfree(sorted);
	return latency;
}

static double per_second(const struct blast_record *record)
{
	return record->seconds > 0 ? (double)record->deliveries / record->seconds : 0;
}

void blast_report_line(const struct blast_record *record)
{
	struct latency ms = latency_of(record);

	fprintf(stdout,
	    "%" PRIu64
	    " deliveries in %.2f s: %.0f a second, p50 %.2f ms, p95 %.2f ms, p99 %.2f ms, "
	    "max %.2f ms; own CPU %.2f s; %" PRIu64 " failures%s%s\n",
	    record->deliveries, record->seconds, per_second(record), ms.p50, ms.p95, ms.p99,
	    ms.max, record->cpu_seconds, record->failures,
	    record->first_failure[0] != '\0' ? ", the first: " : "", record->first_failure);
}

static void add_blocks(struct buf *out, const struct blast_record *record, size_t block)
{
	uint64_t from_us = 0;

	BUF_ADD(out, ",\"blocks\":[");
	for (size_t end = block; end <= record->ended; end += block) {
		uint64_t to_us = record->ended_us[end - 1];

		buf_printf(out, "%s{\"messages\":%zu,\"per_second\":%.1f}",
		    end == block ? "" : ",", end,
		    (double)block * 1e6 / (double)(to_us > from_us ? to_us - from_us : 1));
		from_us = to_us;
	}
	BUF_ADD(out, "]");
}

/* The server's own words, so everything that JSON could trip over is left out. */
static void add_failure(struct buf *out, struct str text)
{
	BUF_ADD(out, ",\"first_failure\":\"");
	for (size_t i = 0; i < text.n; i++) {
		if (ascii_is_print(text.p[i]) && text.p[i] != '"' && text.p[i] != '\\')
			buf_add_char(out, text.p[i]);
	}
	BUF_ADD(out, "\"");
}

void blast_report_json(const struct blast_record *record, size_t block)
{
	struct latency ms = latency_of(record);
	struct buf out = BUF_INIT(16U << 20);

	buf_printf(&out,
	    "{\"deliveries\":%" PRIu64 ",\"failures\":%" PRIu64
	    ",\"messages\":%zu,\"bytes\":%" PRIu64 ",\"seconds\":%.6f,\"per_second\":%.1f,",
	    record->deliveries, record->failures, record->ended, record->bytes, record->seconds,
	    per_second(record));
	buf_printf(&out,
	    "\"latency_ms\":{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f},"
	    "\"own_cpu_seconds\":%.6f,\"prepare_seconds\":%.6f",
	    ms.p50, ms.p95, ms.p99, ms.max, record->cpu_seconds, record->prepare_seconds);
	if (block > 0)
		add_blocks(&out, record, block);
	if (record->first_failure[0] != '\0')
		add_failure(&out, str_from(record->first_failure));
	BUF_ADD(&out, "}\n");
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
}
