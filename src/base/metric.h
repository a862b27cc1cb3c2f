/*
 * base/metric.h - numbers for whoever watches the program, in families with bounded labels, and their text for
 * Prometheus (exposition format 0.0.4).
 *
 * A folder has a constant table of its families; a set of them lives on the heap and is handed to those who count.
 * Counting is a relaxed addition, from any thread. Labels come from lists of words that are known beforehand: never a
 * user, an address, or anything else that a peer chooses. Several sets may have families of the same name (a set for
 * each service); metrics_write brings them together. What is only read when somebody asks is written with metric_head
 * and metric_sample.
 */
#pragma once

#include "base/base.h"

struct buf;
struct metrics;

#define METRIC_LABELS_MAX 2

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* A label and its words, by number. */
struct metric_label {
	const char *name;
	struct str (*word)(size_t i); /* NULL: the words that metrics_new is given */
	size_t count;
};

/* Upper bounds of a histogram's buckets, ascending, in whole units; shown and summed up as units / scale. */
struct metric_bounds {
	const uint64_t *le;
	size_t count;
	uint64_t scale; /* 1,000,000: units are microseconds, shown are seconds */
};

struct metric {
	const char *name; /* "tabella_commands_total" */
	const char *help; /* a line of ASCII without a backslash */
	enum metric_kind kind;
	struct metric_label label[METRIC_LABELS_MAX]; /* name NULL: no more */
	const struct metric_bounds *bounds;	      /* of a histogram */
	bool sparse;				      /* series that are 0 are left out */
};

struct metric_table {
	const struct metric *row;
	size_t count;
};

/* What a set has of its own; each part may be empty. */
struct metric_own {
	const char *label, *value;    /* stands in all its series: service="imap" */
	struct str (*word)(size_t i); /* of labels whose words the table leaves open */
	size_t words;
};

struct metrics *metrics_new(struct metric_table table, struct metric_own own);
void metrics_free(struct metrics **metricsp);

/*
 * Row `row` of the table, words `a` and `b` of its labels (0 where there is none). A word that is not in the list, or a
 * set that is NULL, is counted nowhere.
 */
void metric_add(struct metrics *metrics, size_t row, size_t a, size_t b, uint64_t n);
void metric_sub(
    struct metrics *metrics, size_t row, size_t a, size_t b, uint64_t n); /* gauges */

/* Histograms: one of `units`. */
void metric_observe(struct metrics *metrics, size_t row, size_t a, size_t b, uint64_t units);

/* The number of a word in a list; count if it is not there. */
size_t metric_word(struct str (*word)(size_t i), size_t count, struct str wanted);

/* What was counted: of a histogram how many. For tests. */
uint64_t metric_read(const struct metrics *metrics, size_t row, size_t a, size_t b);

/* All families of all sets; NULL among them is empty. */
void metrics_write(struct buf *out, const struct metrics *const *sets, size_t count);

/* HELP and TYPE of a family, once, before its samples. */
void metric_head(struct buf *out, const char *name, const char *help, enum metric_kind kind);

/* name{label="value"} number; label may be NULL. The value is escaped. */
void metric_sample(
    struct buf *out, const char *name, const char *label, struct str value, uint64_t number);

/* Both, for a family of one series. */
void metric_one(struct buf *out, const char *name, const char *help, enum metric_kind kind,
    uint64_t number);
