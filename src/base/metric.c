#include "base/metric.h"

#include "base/buf.h"
#include "base/counter.h"
#include "base/heap.h"
#include "base/str.h"

#include <assert.h>
#include <string.h>

struct family {
	const struct metric *metric;
	struct metric_label label[METRIC_LABELS_MAX]; /* with their words */
	struct counter *value; /* series after series; a histogram's: buckets, +Inf, sum */
	size_t series, width;  /* counters a series */
};

struct metrics {
	struct metric_own own;
	size_t count;
	struct family family[];
};

static size_t label_size(const struct metric_label *label)
{
	return label->name ? label->count : 1;
}

static void init_family(
    struct family *family, const struct metric *metric, const struct metric_own *own)
{
	family->metric = metric;
	family->series = 1;
	for (size_t i = 0; i < METRIC_LABELS_MAX; i++) {
		struct metric_label *label = &family->label[i];

		*label = metric->label[i];
		if (label->name && !label->word) {
			label->word = own->word;
			label->count = own->words;
		}
		family->series *= label_size(label);
	}
	family->width = metric->kind == METRIC_HISTOGRAM ? metric->bounds->count + 2 : 1;
	family->value = xcalloc(family->series * family->width, sizeof(family->value[0]));
}

struct metrics *metrics_new(struct metric_table table, struct metric_own own)
{
	struct metrics *metrics =
	    xcalloc(1, sizeof(*metrics) + table.count * sizeof(metrics->family[0]));

	metrics->own = own;
	metrics->count = table.count;
	for (size_t i = 0; i < table.count; i++)
		init_family(&metrics->family[i], &table.row[i], &own);
	return metrics;
}

void metrics_free(struct metrics **metricsp)
{
	if (!*metricsp)
		return;
	for (size_t i = 0; i < (*metricsp)->count; i++)
		xfree((*metricsp)->family[i].value);
	xfree(*metricsp);
	*metricsp = NULL;
}

/* The counters of one series; NULL: there is none. */
static struct counter *series_of(const struct metrics *metrics, size_t row, size_t a, size_t b)
{
	const struct family *family;

	if (!metrics)
		return NULL;
	assert(row < metrics->count);
	family = &metrics->family[row];
	if (a >= label_size(&family->label[0]) || b >= label_size(&family->label[1]))
		return NULL;
	return family->value + (a * label_size(&family->label[1]) + b) * family->width;
}

void metric_add(struct metrics *metrics, size_t row, size_t a, size_t b, uint64_t n)
{
	struct counter *series = series_of(metrics, row, a, b);

	if (series)
		counter_add(series, n);
}

void metric_sub(struct metrics *metrics, size_t row, size_t a, size_t b, uint64_t n)
{
	struct counter *series = series_of(metrics, row, a, b);

	if (series)
		counter_sub(series, n);
}

void metric_observe(struct metrics *metrics, size_t row, size_t a, size_t b, uint64_t units)
{
	struct counter *series = series_of(metrics, row, a, b);
	const struct metric_bounds *bounds;
	size_t i = 0;

	if (!series)
		return;
	bounds = metrics->family[row].metric->bounds;
	while (i < bounds->count && units > bounds->le[i])
		i++;
	counter_add(&series[i], 1);
	counter_add(&series[bounds->count + 1], units);
}

size_t metric_word(struct str (*word)(size_t i), size_t count, struct str wanted)
{
	size_t i = 0;

	while (i < count && !str_equal(word(i), wanted))
		i++;
	return i;
}

/* Of the buckets, or the one value. */
static uint64_t total_of(const struct family *family, const struct counter *series)
{
	size_t buckets = family->width == 1 ? 1 : family->width - 1;
	uint64_t total = 0;

	for (size_t i = 0; i < buckets; i++)
		total += counter_read(&series[i]);
	return total;
}

uint64_t metric_read(const struct metrics *metrics, size_t row, size_t a, size_t b)
{
	const struct counter *series = series_of(metrics, row, a, b);

	return series ? total_of(&metrics->family[row], series) : 0;
}

static const char *const kind_words[] = { "counter", "gauge", "histogram" };

void metric_head(struct buf *out, const char *name, const char *help, enum metric_kind kind)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind_words[kind]);
}

/* label_value: backslash, quote and line feed are escaped. */
static void add_label(struct buf *out, bool *any, const char *name, struct str value)
{
	buf_printf(out, "%s%s=\"", *any ? "," : "{", name);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n')
			BUF_ADD(out, "\\n");
		else if (value.p[i] == '\\' || value.p[i] == '"')
			buf_printf(out, "\\%c", value.p[i]);
		else
			buf_add_char(out, value.p[i]);
	}
	buf_add_char(out, '"');
	*any = true;
}

static void add_number(struct buf *out, bool labels, uint64_t number)
{
	buf_printf(out, "%s %llu\n", labels ? "}" : "", (unsigned long long)number);
}

void metric_sample(
    struct buf *out, const char *name, const char *label, struct str value, uint64_t number)
{
	bool any = false;

	buf_add_str(out, str_from(name));
	if (label)
		add_label(out, &any, label, value);
	add_number(out, any, number);
}

void metric_one(
    struct buf *out, const char *name, const char *help, enum metric_kind kind, uint64_t number)
{
	metric_head(out, name, help, kind);
	metric_sample(out, name, NULL, STR_EMPTY, number);
}

/* 2500 of scale 1,000,000 is 0.0025. */
static void add_scaled(struct buf *out, uint64_t units, uint64_t scale)
{
	uint64_t rest = units % scale;

	buf_printf(out, "%llu", (unsigned long long)(units / scale));
	if (rest > 0)
		buf_add_char(out, '.');
	while (rest > 0) {
		rest *= 10;
		buf_add_char(out, (char)('0' + rest / scale));
		rest %= scale;
	}
}

/* What one line of a family is made of. */
struct line {
	const struct metrics *metrics;
	const struct family *family;
	size_t series;
};

static bool add_name(struct buf *out, const struct line *line, const char *suffix)
{
	const struct metric_label *label = line->family->label;
	size_t inner = label_size(&label[1]);
	const size_t number[METRIC_LABELS_MAX] = { line->series / inner, line->series % inner };
	bool any = false;

	buf_printf(out, "%s%s", line->family->metric->name, suffix);
	if (line->metrics->own.label)
		add_label(
		    out, &any, line->metrics->own.label, str_from(line->metrics->own.value));
	for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
		if (label[i].name)
			add_label(out, &any, label[i].name, label[i].word(number[i]));
	return any;
}

static void add_histogram(
    struct buf *out, const struct line *line, const struct counter *series)
{
	const struct metric_bounds *bounds = line->family->metric->bounds;
	uint64_t count = 0;

	for (size_t i = 0; i <= bounds->count; i++) {
		bool any = add_name(out, line, "_bucket");

		count += counter_read(&series[i]);
		buf_printf(out, "%sle=\"", any ? "," : "{");
		if (i < bounds->count)
			add_scaled(out, bounds->le[i], bounds->scale);
		else
			BUF_ADD(out, "+Inf");
		buf_printf(out, "\"} %llu\n", (unsigned long long)count);
	}
	buf_add_str(out, add_name(out, line, "_sum") ? STR("} ") : STR(" "));
	add_scaled(out, counter_read(&series[bounds->count + 1]), bounds->scale);
	buf_add_char(out, '\n');
	add_number(out, add_name(out, line, "_count"), count);
}

static void add_family(
    struct buf *out, const struct metrics *metrics, const struct family *family)
{
	struct line line = { metrics, family, 0 };

	for (; line.series < family->series; line.series++) {
		const struct counter *series = family->value + line.series * family->width;

		if (family->metric->sparse && total_of(family, series) == 0)
			continue;
		if (family->metric->kind == METRIC_HISTOGRAM)
			add_histogram(out, &line, series);
		else
			add_number(out, add_name(out, &line, ""), counter_read(&series[0]));
	}
}

static const struct family *family_named(const struct metrics *metrics, const char *name)
{
	for (size_t i = 0; metrics && i < metrics->count; i++)
		if (strcmp(metrics->family[i].metric->name, name) == 0)
			return &metrics->family[i];
	return NULL;
}

/* A family stands where the first set has it, with the series of all that follow. */
static void add_everywhere(struct buf *out, const struct metric *metric,
    const struct metrics *const *sets, size_t count)
{
	metric_head(out, metric->name, metric->help, metric->kind);
	for (size_t i = 0; i < count; i++) {
		const struct family *family = family_named(sets[i], metric->name);

		if (family)
			add_family(out, sets[i], family);
	}
}

static bool is_earlier(const struct metrics *const *sets, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (family_named(sets[i], name))
			return true;
	return false;
}

void metrics_write(struct buf *out, const struct metrics *const *sets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; sets[i] && j < sets[i]->count; j++) {
			const struct metric *metric = sets[i]->family[j].metric;

			if (!is_earlier(sets, i, metric->name))
				add_everywhere(out, metric, sets + i, count - i);
		}
	}
}
