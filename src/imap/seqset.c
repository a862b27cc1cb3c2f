#include "imap/seqset.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"

#include <stdlib.h>

bool seqset_is_char(char c)
{
	return ascii_is_digit(c) || c == '*' || c == ':' || c == ',' || c == '$';
}

/* nz-number: 1 to 2^32-1, without a leading zero. */
static enum errc read_nz_number(struct cursor *c, uint32_t *num_out, struct err *err)
{
	const char *p = c->p;
	uint32_t num = 0;

	if (p == c->end || *p < '1' || *p > '9')
		return err_set(err, ERR_SYNTAX, "set: number or '*' expected");
	for (; p < c->end && *p >= '0' && *p <= '9'; p++) {
		uint32_t digit = (uint32_t)(*p - '0');

		if (num > (UINT32_MAX - digit) / 10)
			return err_set(err, ERR_SYNTAX, "set: number over 32 bits");
		num = num * 10 + digit;
	}
	c->p = p;
	*num_out = num;
	return OK;
}

/* seq-number: nz-number or '*'. */
static enum errc read_seq_number(struct cursor *c, uint32_t *num_out, struct err *err)
{
	if (cursor_take(c, '*')) {
		*num_out = SEQ_STAR;
		return OK;
	}
	return read_nz_number(c, num_out, err);
}

/* seq-number, or seq-range: two of them around ':'. */
static enum errc read_range(struct cursor *c, struct seq_range *range_out, struct err *err)
{
	enum errc rc = read_seq_number(c, &range_out->first, err);

	if (rc != OK)
		return rc;
	range_out->last = range_out->first;
	if (cursor_take(c, ':'))
		rc = read_seq_number(c, &range_out->last, err);
	return rc;
}

static size_t count_items(struct str in)
{
	size_t items = 1;

	for (size_t i = 0; i < in.n; i++)
		items += in.p[i] == ',';
	return items;
}

enum errc seqset_parse(struct str in, size_t max_ranges, struct arena *arena,
    struct seqset *set_out, struct err *err)
{
	struct cursor c = cursor_of(in);
	size_t count = count_items(in);
	struct seq_range *range;

	if (in.n == 1 && in.p[0] == '$') {
		*set_out = (struct seqset){ .saved = true };
		return OK;
	}
	if (count > max_ranges)
		return err_set(err, ERR_LIMIT, "set: %zu ranges, limit %zu", count, max_ranges);

	range = ARENA_NEW(arena, struct seq_range, count);
	for (size_t i = 0; i < count; i++) {
		enum errc rc;

		if (i > 0 && !cursor_take(&c, ','))
			return err_set(err, ERR_SYNTAX, "set: ',' expected");
		rc = read_range(&c, &range[i], err);
		if (rc != OK)
			return rc;
	}
	if (!cursor_at_end(&c))
		return err_set(err, ERR_SYNTAX, "set: bytes after the end");

	*set_out = (struct seqset){ .range = range, .count = count };
	return OK;
}

bool seqset_has(const struct seqset *set, uint32_t num, uint32_t largest)
{
	for (size_t i = 0; i < set->count; i++) {
		uint32_t a = set->range[i].first == SEQ_STAR ? largest : set->range[i].first;
		uint32_t b = set->range[i].last == SEQ_STAR ? largest : set->range[i].last;

		if ((a <= num && num <= b) || (b <= num && num <= a))
			return true;
	}
	return false;
}

bool seqset_is_beyond(const struct seqset *set, uint32_t largest)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct seq_range *r = &set->range[i];

		if (r->first > largest || r->last > largest)
			return true;
		if (largest == 0)
			return true;
	}
	return false;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct seq_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Joins ranges that touch or overlap; the array is in the order of first numbers. */
static size_t merge_ranges(struct seq_range *range, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct seq_range *last = n > 0 ? &range[n - 1] : NULL;

		if (last != NULL &&
		    (last->last == UINT32_MAX || range[i].first <= last->last + 1)) {
			if (range[i].last > last->last)
				last->last = range[i].last;
			continue;
		}
		range[n++] = range[i];
	}
	return n;
}

struct seqset seqset_sorted(const struct seqset *set, uint32_t largest, struct arena *arena)
{
	struct seq_range *range = ARENA_NEW(arena, struct seq_range, set->count);
	size_t n = 0;

	for (size_t i = 0; i < set->count; i++) {
		uint32_t a = set->range[i].first == SEQ_STAR ? largest : set->range[i].first;
		uint32_t b = set->range[i].last == SEQ_STAR ? largest : set->range[i].last;

		if (a == 0 || b == 0)
			continue;
		range[n].first = a < b ? a : b;
		range[n].last = a < b ? b : a;
		n++;
	}
	if (n > 1)
		qsort(range, n, sizeof(*range), compare_ranges);
	return (struct seqset){ .range = range, .count = merge_ranges(range, n) };
}

bool seqset_sorted_has(const struct seqset *sorted, uint32_t num)
{
	size_t low = 0, high = sorted->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (num < sorted->range[mid].first)
			high = mid;
		else if (num > sorted->range[mid].last)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

void seqset_print(struct buf *out, const uint32_t *numbers, size_t count)
{
	for (size_t i = 0; i < count;) {
		size_t end = i + 1;

		while (end < count && numbers[end] == numbers[end - 1] + 1)
			end++;
		if (i > 0)
			buf_add_char(out, ',');
		buf_add_u64(out, numbers[i]);
		if (end - i > 1) {
			buf_add_char(out, ':');
			buf_add_u64(out, numbers[end - 1]);
		}
		i = end;
	}
}
