/*
 * db/mariadb_row.c - the rows that a statement gives: taken from the server at once, handed out one by one.
 */
#include "base/heap.h"
#include "base/str.h"
#include "db/mariadb_int.h"

#include <stdio.h>
#include <string.h>

/* Sums are decimals there; so is no number with a fraction in our statements. */
static bool gives_number(enum enum_field_types type)
{
	switch (type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_YEAR:
	case MYSQL_TYPE_DECIMAL:
	case MYSQL_TYPE_NEWDECIMAL:
		return true;
	default:
		return false;
	}
}

static void make_cells(struct mariadb_stmt *stmt, unsigned count)
{
	if (count > stmt->cell_room) {
		stmt->cells = xrealloc(stmt->cells, count * sizeof(*stmt->cells));
		stmt->columns = xrealloc(stmt->columns, count * sizeof(*stmt->columns));
		memset(stmt->cells + stmt->cell_room, 0,
		    (count - stmt->cell_room) * sizeof(*stmt->cells));
		stmt->cell_room = count;
	}
	stmt->cell_count = count;
}

/* Room for the longest value of the column. */
static void make_room(struct mariadb_cell *cell, unsigned long size)
{
	if (size <= cell->room)
		return;
	xfree(cell->bytes);
	cell->room = size < 64 ? 64 : size;
	cell->bytes = xmalloc(cell->room);
}

static void bind_cell(struct mariadb_cell *cell, const MYSQL_FIELD *field, MYSQL_BIND *binding)
{
	*binding = (MYSQL_BIND){ .is_null = &cell->is_null, .length = &cell->length };
	cell->is_number = gives_number(field->type);
	if (cell->is_number) {
		binding->buffer_type = MYSQL_TYPE_LONGLONG;
		binding->buffer = &cell->number;
		binding->is_unsigned = (field->flags & UNSIGNED_FLAG) != 0;
		return;
	}
	make_room(cell, field->max_length);
	binding->buffer_type = MYSQL_TYPE_STRING;
	binding->buffer = cell->bytes;
	binding->buffer_length = cell->room;
}

static enum errc bind_cells(struct mariadb_stmt *stmt, MYSQL_STMT *handle, struct err *err)
{
	struct mariadb_conn *conn = mariadb_conn_of(stmt->base.conn);
	MYSQL_RES *description = mysql_stmt_result_metadata(handle);

	if (!description)
		return mariadb_stmt_failed(conn, handle, err);
	make_cells(stmt, mysql_num_fields(description));
	for (unsigned i = 0; i < stmt->cell_count; i++)
		bind_cell(&stmt->cells[i], mysql_fetch_field_direct(description, i),
		    &stmt->columns[i]);
	mysql_free_result(description);
	if (mysql_stmt_bind_result(handle, stmt->columns) != 0)
		return mariadb_stmt_failed(conn, handle, err);
	return OK;
}

/*
 * A failure in the middle of the rows is the last that the server says. The library would wait for more of them before it
 * runs the statement again, until its time is over: it is told that there are none.
 */
static enum errc cut_off(struct mariadb_stmt *stmt, MYSQL_STMT *handle, struct err *err)
{
	enum errc rc = mariadb_stmt_failed(mariadb_conn_of(stmt->base.conn), handle, err);

	handle->state = MYSQL_STMT_PREPARED;
	return rc;
}

enum errc mariadb_take_rows(struct mariadb_stmt *stmt, MYSQL_STMT *handle, struct err *err)
{
	if (mysql_stmt_store_result(handle) != 0)
		return cut_off(stmt, handle, err);
	stmt->rows = handle;
	return bind_cells(stmt, handle, err);
}

enum errc mariadb_next_row(struct mariadb_stmt *stmt, struct err *err)
{
	switch (mysql_stmt_fetch(stmt->rows)) {
	case 0:
	case MYSQL_DATA_TRUNCATED: /* reports are off, and buffers large enough */
		return OK;
	case MYSQL_NO_DATA:
		mariadb_drop_rows(stmt);
		stmt->is_done = true;
		return ERR_END;
	default:
		return mariadb_stmt_failed(mariadb_conn_of(stmt->base.conn), stmt->rows, err);
	}
}

void mariadb_drop_rows(struct mariadb_stmt *stmt)
{
	if (!stmt->rows)
		return;
	(void)mysql_stmt_free_result(stmt->rows);
	stmt->rows = NULL;
	for (unsigned i = 0; i < stmt->cell_count; i++) {
		struct mariadb_cell *cell = &stmt->cells[i];

		if (cell->room > MARIADB_COLUMN_KEPT) {
			xfree(cell->bytes);
			cell->bytes = NULL;
			cell->room = 0;
		}
	}
}

void mariadb_free_cells(struct mariadb_stmt *stmt)
{
	for (unsigned i = 0; i < stmt->cell_room; i++)
		xfree(stmt->cells[i].bytes);
	xfree(stmt->cells);
	xfree(stmt->columns);
}

/* NULL: no such column, or no row. */
static struct mariadb_cell *cell_of(const struct db_stmt *base, int column)
{
	const struct mariadb_stmt *stmt = mariadb_stmt_of(base);

	if (!stmt->rows || column < 0 || (unsigned)column >= stmt->cell_count)
		return NULL;
	return &stmt->cells[column];
}

/* As SQLite reads a number from a text: what it begins with. */
static int64_t number_of_text(struct str text)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	struct str digits = str_from_at(text, negative);
	size_t n = 0;
	uint64_t value = 0;

	while (n < digits.n && ascii_is_digit(digits.p[n]))
		n++;
	if (str_to_u64(str_first(digits, n), INT64_MAX, &value) != OK)
		return 0;
	return negative ? -(int64_t)value : (int64_t)value;
}

int64_t mariadb_column_i64(const struct db_stmt *stmt, int column)
{
	const struct mariadb_cell *cell = cell_of(stmt, column);

	if (!cell || cell->is_null)
		return 0;
	return cell->is_number ? cell->number
			       : number_of_text((struct str){ cell->bytes, cell->length });
}

struct str mariadb_column_str(const struct db_stmt *stmt, int column)
{
	struct mariadb_cell *cell = cell_of(stmt, column);
	int n;

	if (!cell || cell->is_null)
		return STR_EMPTY;
	if (!cell->is_number)
		return (struct str){ cell->bytes, cell->length };
	n = snprintf(cell->digits, sizeof(cell->digits), "%lld", (long long)cell->number);
	return (struct str){ cell->digits, (size_t)n };
}

bool mariadb_column_is_null(const struct db_stmt *stmt, int column)
{
	const struct mariadb_cell *cell = cell_of(stmt, column);

	return !cell || cell->is_null;
}
