/*
 * store/site_copy_rows.c - rows of any table in memory, in a form that is the same for every engine.
 */
#include "base/arena.h"
#include "base/cursor.h"
#include "base/str.h"
#include "store/site_copy_int.h"

#include <assert.h>
#include <string.h>

enum mark { MARK_NULL, MARK_INT, MARK_BYTES };

/* One value, taken off the front of rows that this file has made. */
struct value {
	enum mark mark;
	int64_t number;
	struct str bytes;
};

static uint64_t read_little(const char *p, size_t n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | (unsigned char)p[n];
	return value;
}

static void add_little(struct buf *out, uint64_t value, size_t n)
{
	char bytes[8];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(unsigned char)(value >> (8 * i));
	buf_add(out, bytes, n);
}

/* A key comes back from the database, where anybody may have touched it: what is short reads as NULL. */
static struct value take(struct cursor *c)
{
	struct value value = { .mark = MARK_NULL };
	struct str bytes;

	if (!cursor_take_n(c, 1, &bytes))
		return value;
	if (bytes.p[0] == MARK_INT && cursor_take_n(c, 8, &bytes)) {
		value.mark = MARK_INT;
		value.number = (int64_t)read_little(bytes.p, 8);
	} else if (bytes.p[0] == MARK_BYTES && cursor_take_n(c, 4, &bytes) &&
	    cursor_take_n(c, (size_t)read_little(bytes.p, 4), &value.bytes)) {
		value.mark = MARK_BYTES;
	}
	return value;
}

static void add_number(struct buf *out, int64_t number)
{
	buf_add_char(out, MARK_INT);
	add_little(out, (uint64_t)number, 8);
}

static void add_bytes(struct buf *out, struct str bytes)
{
	buf_add_char(out, MARK_BYTES);
	add_little(out, bytes.n, 4);
	buf_add_str(out, bytes);
}

static bool digits_at(struct str text, size_t at, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (at + i >= text.n || !ascii_is_digit(text.p[at + i]))
			return false;
	}
	return true;
}

struct str site_time(struct str text, char out[19])
{
	bool is_time = digits_at(text, 0, 4) && digits_at(text, 5, 2) &&
	    digits_at(text, 8, 2) && digits_at(text, 11, 2) && digits_at(text, 14, 2) &&
	    digits_at(text, 17, 2) && text.p[4] == '-' && text.p[7] == '-' &&
	    (text.p[10] == ' ' || text.p[10] == 'T') && text.p[13] == ':' && text.p[16] == ':';

	if (!is_time || (text.n > 19 && text.p[19] != '.'))
		return text;
	memcpy(out, text.p, 19);
	out[10] = ' ';
	return (struct str){ out, 19 };
}

static void add_value(struct buf *out, enum site_kind kind, struct db_q *q, int column)
{
	char time[19];

	if (db_is_null(q, column)) {
		buf_add_char(out, MARK_NULL);
		return;
	}
	switch (kind) {
	case SITE_INT:
		add_number(out, db_i64(q, column));
		break;
	case SITE_TEXT:
		add_bytes(out, db_str(q, column));
		break;
	case SITE_BLOB:
		add_bytes(out, db_blob(q, column));
		break;
	case SITE_TIME:
		add_bytes(out, site_time(db_str(q, column), time));
		break;
	}
}

void site_batch_release(struct site_batch *batch)
{
	buf_release(&batch->bytes);
	batch->count = 0;
}

enum errc site_batch_take(
    struct site_batch *batch, const struct site_table *table, struct db_q *q, struct err *err)
{
	assert(batch->count < COPY_ROWS);
	for (size_t i = 0; i < table->column_count; i++)
		add_value(&batch->bytes, table->columns[i].kind, q, (int)i);
	if (batch->bytes.overflow)
		return err_set(err, ERR_LIMIT, "%s: a row of more than %zu bytes", table->name,
		    COPY_ROW_MAX);
	batch->start[++batch->count] = batch->bytes.n;
	return OK;
}

struct str site_batch_row(const struct site_batch *batch, size_t i)
{
	size_t start = i > 0 ? batch->start[i] : 0;

	return (struct str){ batch->bytes.p + start, batch->start[i + 1] - start };
}

static void bind(const struct value *value, enum site_kind kind, struct db_q *q, int param)
{
	if (value->mark == MARK_NULL)
		db_bind_null(q, param);
	else if (value->mark == MARK_INT)
		db_bind_i64(q, param, value->number);
	else if (kind == SITE_BLOB)
		db_bind_blob(q, param, value->bytes);
	else
		db_bind_str(q, param, value->bytes);
}

void site_row_bind(const struct site_table *table, struct str row, struct db_q *q, int param)
{
	struct cursor c = cursor_of(row);

	for (size_t i = 0; i < table->column_count; i++) {
		struct value value = take(&c);

		bind(&value, table->columns[i].kind, q, param + (int)i);
	}
}

static void add_again(struct buf *out, const struct value *value)
{
	if (value->mark == MARK_INT)
		add_number(out, value->number);
	else if (value->mark == MARK_BYTES)
		add_bytes(out, value->bytes);
	else
		buf_add_char(out, MARK_NULL);
}

struct str site_row_key(struct arena *arena, const struct site_table *table,
    const struct site_key *key, struct str row)
{
	struct value values[SITE_COLUMNS_MAX];
	struct buf out = BUF_INIT(COPY_ROW_MAX);
	struct cursor c = cursor_of(row);
	struct str bytes;

	for (size_t i = 0; i < table->column_count; i++)
		values[i] = take(&c);
	for (size_t i = 0; i < key->count; i++)
		add_again(&out, &values[key->column[i]]);
	bytes = str_dup(arena, buf_str(&out));
	buf_release(&out);
	return bytes;
}

void site_key_bind(const struct site_table *table, const struct site_key *key, struct str value,
    enum db_engine engine, struct db_q *q, int *param)
{
	struct value values[SITE_KEYS_MAX];
	struct cursor c = cursor_of(value);

	for (size_t i = 0; i < key->count; i++)
		values[i] = take(&c);
	for (size_t i = 0; i < key->count; i++) {
		/* MariaDB's text names what stands before each column again */
		for (size_t k = engine == DB_MARIADB ? 0 : i; k <= i; k++)
			bind(&values[k], table->columns[key->column[k]].kind, q, (*param)++);
	}
}

struct str site_key_text(struct arena *arena, const struct site_table *table,
    const struct site_key *key, struct str value)
{
	struct buf out = BUF_INIT(200);
	struct cursor c = cursor_of(value);
	struct str text;

	for (size_t i = 0; i < key->count; i++) {
		struct value v = take(&c);

		buf_printf(
		    &out, "%s%s ", i > 0 ? ", " : "", table->columns[key->column[i]].name);
		if (v.mark == MARK_INT)
			buf_printf(&out, "%lld", (long long)v.number);
		for (size_t k = 0; v.mark == MARK_BYTES && k < v.bytes.n && k < 40; k++) {
			char b = v.bytes.p[k];

			if (ascii_is_print(b))
				buf_add_char(&out, b);
			else
				buf_printf(&out, "\\x%02x", (unsigned)(unsigned char)b);
		}
	}
	text = str_dup(arena, buf_str(&out));
	buf_release(&out);
	return text;
}
