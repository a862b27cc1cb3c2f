/*
 * store/objects.c - the rows of a new message.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "store/blob.h"
#include "store/book.h"
#include "store/codec.h"
#include "store/content_int.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

static void bind_text(struct db_q *q, int param, struct str text)
{
	if (text.p)
		db_bind_str(q, param, text);
	else
		db_bind_null(q, param);
}

static enum errc insert_row(struct db *db, const struct new_object *new, struct err *err)
{
	const struct parsed *parsed = &new->message->parsed;
	struct db_q *q;
	enum errc rc = db_query(db, &sql_object_insert, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, new->object);
	db_bind_i64(q, 2, new->owner);
	db_bind_i64(q, 3, (int64_t)(new->message->bytes.n + new->trace.n));
	db_bind_i64(q, 4, (int64_t)(parsed->header_size + new->trace.n));
	db_bind_i64(q, 5, (int64_t) new->trace.n);
	db_bind_i64(q, 6, parse_version());
	db_bind_i64(q, 7, new->thread);
	db_bind_i64(q, 8, parsed->encoded);
	if (parsed->sent_date == INT64_MIN)
		db_bind_null(q, 9);
	else
		db_bind_i64(q, 9, parsed->sent_date);
	db_bind_blob(q, 10, (struct str){ (const char *)new->message->sha256, SHA256_SIZE });
	bind_text(q, 11, parsed->message_id);
	bind_text(q, 12, parsed->sort_subject);
	bind_text(q, 13, parsed->sort_from);
	bind_text(q, 14, parsed->sort_to);
	bind_text(q, 15, parsed->sort_cc);
	db_bind_blob(q, 16, parsed->parts);
	db_bind_str(q, 17, parsed->envelope);
	db_bind_str(q, 18, parsed->structure);
	return db_post(&q, err);
}

/* The header's column: what is in the row besides, the trace headers as they are, the coded skeleton. */
static struct str header_column(struct arena *arena, const struct new_object *new)
{
	const struct prepared *p = new->message;
	struct buf out = BUF_INIT(SIZE_MAX);
	struct str column;

	buf_add_char(&out,
	    (char)((p->extent_count > 0 ? CONTENT_HAS_EXTENTS : 0) |
		(p->is_whole ? CONTENT_IS_WHOLE : 0)));
	codec_add_number(&out, new->trace.n);
	buf_add_str(&out, new->trace);
	buf_add_str(&out, p->header);
	column = str_dup(arena, buf_str(&out));
	buf_release(&out);
	return column;
}

static enum errc insert_content(
    struct db *db, struct arena *arena, const struct new_object *new, struct err *err)
{
	const struct prepared *p = new->message;
	struct db_q *q;
	enum errc rc = db_query(db, &sql_content_insert, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, new->object);
	db_bind_i64(q, 2, new->owner);
	db_bind_blob(q, 3, header_column(arena, new));
	db_bind_blob(q, 4, p->body);
	if (p->extent_count > 0)
		db_bind_blob(q, 5, p->extents_row);
	else
		db_bind_null(q, 5);
	return db_post(&q, err);
}

enum errc object_insert(
    struct db *db, struct arena *arena, const struct new_object *new, struct err *err)
{
	enum errc rc = insert_row(db, new, err);

	if (rc == OK)
		rc = insert_content(db, arena, new, err);
	return rc == OK ? blobs_refer(db, new->message, new->owner, new->object, err) : rc;
}
