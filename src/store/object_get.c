/*
 * store/object_get.c - what is known about a message without its bytes.
 */
#include "base/arena.h"
#include "base/str.h"
#include "store/content_int.h"
#include "store/mail_sql.h"
#include "store/parse.h"
#include "store/prepare.h"
#include "store/store_int.h"

static void take_row(struct db_q *q, struct arena *arena, struct object_info *info)
{
	info->size = (uint64_t)db_i64(q, 0);
	info->header_size = (uint64_t)db_i64(q, 1);
	info->trace_size = (uint64_t)db_i64(q, 2);
	info->thread = db_i64(q, 4);
	info->encoded = db_i64(q, 5) != 0;
	info->sent_date = db_is_null(q, 6) ? INT64_MIN : db_i64(q, 6);
	info->sha256 = str_dup(arena, db_blob(q, 7));
	info->parts = str_dup(arena, db_blob(q, 8));
	info->envelope = str_dup(arena, db_str(q, 9));
	info->structure = str_dup(arena, db_str(q, 10));
}

/* An older parser made the row: the texts are computed again from the bytes. */
static enum errc compute(
    struct db *db, struct arena *arena, struct object_info *info, struct err *err)
{
	struct content *content;
	struct parsed parsed;
	struct str bytes;
	enum errc rc = content_open(db, info->owner, info->object, &content, err);

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

/* NOLINTNEXTLINE(readability-function-size): an object has two numbers */
enum errc object_get(struct store *store, struct db *db, int64_t owner, int64_t object,
    struct arena *arena, struct object_info *info_out, struct err *err)
{
	struct db_q *q;
	int64_t parser = 0;
	enum errc rc = rows_open(db, &sql_object_get, INTS(object, owner), &q, err);

	(void)store;
	if (rc != OK)
		return rc;
	rc = db_step(q, err);
	if (rc == OK) {
		*info_out = (struct object_info){ .owner = owner, .object = object };
		take_row(q, arena, info_out);
		parser = db_i64(q, 3);
	}
	db_done(&q);
	if (rc == ERR_END)
		return err_set(err, ERR_NOTFOUND, "the message is gone");
	if (rc == OK && parser < parse_version())
		rc = compute(db, arena, info_out, err);
	return rc;
}
