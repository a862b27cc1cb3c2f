/*
 * store/object_get.c - what is known about a message without its bytes.
 */
#include "base/arena.h"
#include "base/str.h"
#include "store/ahead_int.h"
#include "store/content_int.h"
#include "store/mail_sql.h"
#include "store/parse.h"
#include "store/prepare.h"
#include "store/store_int.h"

bool object_row_take(
    const struct db_q *q, int column, struct arena *arena, struct object_info *info)
{
	info->size = (uint64_t)db_i64(q, column + 1);
	info->header_size = (uint64_t)db_i64(q, column + 2);
	info->trace_size = (uint64_t)db_i64(q, column + 3);
	info->thread = db_i64(q, column + 4);
	info->encoded = db_i64(q, column + 5) != 0;
	info->sent_date = db_is_null(q, column + 6) ? INT64_MIN : db_i64(q, column + 6);
	info->sha256 = str_dup(arena, db_blob(q, column + 7));
	info->parts = str_dup(arena, db_blob(q, column + 8));
	info->envelope = str_dup(arena, db_str(q, column + 9));
	info->structure = str_dup(arena, db_str(q, column + 10));
	return db_i64(q, column) >= parse_version();
}

/* An older parser made the row: the texts are computed again from the bytes. */
static enum errc compute(
    struct db *db, struct arena *arena, struct object_info *info, struct err *err)
{
	struct content *content;
	struct parsed parsed;
	struct str bytes;
	enum errc rc = content_open(db, NULL, info->owner, info->object, &content, err);

	if (rc != OK)
		return rc;
	rc = content_view(content, db, STORED_MESSAGE_MAX, &bytes, err);
	if (rc == OK) {
		bytes = str_dup(arena, str_from_at(bytes, (size_t)info->trace_size));
		parse_message(bytes, UINT64_MAX, arena, &parsed);
		info->parts = parsed.parts;
		info->envelope = parsed.envelope;
		info->structure = parsed.structure;
		info->encoded = parsed.encoded;
		info->sent_date = parsed.sent_date;
	}
	content_close(&content);
	return rc;
}

static enum errc read_row(
    struct db *db, struct arena *arena, struct object_info *info, struct err *err)
{
	struct db_q *q;
	bool newest = true;
	enum errc rc = rows_open(db, &sql_object_get, INTS(info->object, info->owner), &q, err);

	if (rc != OK)
		return rc;
	rc = db_step(q, err);
	if (rc == OK)
		newest = object_row_take(q, 0, arena, info);
	db_done(&q);
	if (rc == ERR_END)
		return err_set(err, ERR_NOTFOUND, "the message is gone");
	return newest ? rc : compute(db, arena, info, err);
}

/* NOLINTNEXTLINE(readability-function-size): an object has two numbers, and two places where it may be */
enum errc object_get(struct db *db, const struct ahead *ahead, int64_t owner, int64_t object,
    struct arena *arena, struct object_info *info_out, struct err *err)
{
	const struct object_info *info = ahead_object(ahead, owner, object);

	if (info) {
		*info_out = *info;
		return OK;
	}
	*info_out = (struct object_info){ .owner = owner, .object = object };
	return read_row(db, arena, info_out, err);
}
