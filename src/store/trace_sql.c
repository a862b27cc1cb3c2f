/* store/trace_sql.c - the statements of store/trace.h. */
#include "base/arena.h"
#include "base/str.h"
#include "store/trace.h"

static const struct db_sql FIND = {
	.name = "trace.find",
	.text = "SELECT object FROM mail_objects WHERE object >= ? AND message_id = ?"
		" ORDER BY object DESC LIMIT ?",
};

static const struct db_sql OBJECT = {
	.name = "trace.object",
	.text =
	    "SELECT o.owner, o.size, o.message_id, o.sort_subject, u.userid FROM mail_objects o"
	    " LEFT JOIN dbmail_users u ON u.user_idnr = o.owner WHERE o.object = ?",
};

static const struct db_sql PLACES = {
	.name = "trace.places",
	.text = "SELECT e.owner, e.mailbox, u.userid, b.name, e.uid, e.flags, e.internal_date,"
		" e.save_date, 0 AS removed FROM mail_entries e"
		" LEFT JOIN dbmail_users u ON u.user_idnr = e.owner"
		" LEFT JOIN dbmail_mailboxes b ON b.mailbox_idnr = e.mailbox WHERE e.object = ?"
		" UNION ALL SELECT r.owner, r.mailbox, u.userid, b.name, r.uid, r.flags,"
		" r.internal_date, r.save_date, r.removed FROM mail_removed r"
		" LEFT JOIN dbmail_users u ON u.user_idnr = r.owner"
		" LEFT JOIN dbmail_mailboxes b ON b.mailbox_idnr = r.mailbox WHERE r.object = ?"
		" ORDER BY 9, 1, 2, 5",
};

enum errc trace_find(struct db *db, const struct trace_search *search, struct arena *arena,
    int64_t **objects_out, size_t *count_out, struct err *err)
{
	int64_t *objects = ARENA_NEW(arena, int64_t, TRACE_OBJECTS_MAX);
	struct db_q *q = NULL;
	size_t count = 0;
	enum errc rc = db_query(db, &FIND, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, store_id_at(search->since_unix_s));
	db_bind_str(q, 2, search->msgid);
	db_bind_i64(q, 3, TRACE_OBJECTS_MAX);
	for (rc = db_step(q, err); rc == OK && count < TRACE_OBJECTS_MAX; rc = db_step(q, err))
		objects[count++] = db_i64(q, 0);
	db_done(&q);
	*objects_out = objects;
	*count_out = count;
	return rc == ERR_END && count > 0 ? OK : rc;
}

enum errc trace_object(struct db *db, int64_t object, struct arena *arena,
    struct trace_object *object_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &OBJECT, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, object);
	rc = db_step(q, err);
	if (rc == OK)
		*object_out = (struct trace_object){
			.object = object,
			.owner = db_i64(q, 0),
			.made_s = store_id_time(object),
			.size = db_i64(q, 1),
			.msgid = str_dup(arena, db_str(q, 2)),
			.subject = str_dup(arena, db_str(q, 3)),
			.user = str_dup(arena, db_str(q, 4)),
		};
	db_done(&q);
	return rc == ERR_END ? err_set(err, ERR_NOTFOUND, "no message %lld", (long long)object)
			     : rc;
}

enum errc trace_places(struct db *db, int64_t object,
    void (*told)(void *arg, const struct trace_place *place), void *arg, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &PLACES, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, object);
	db_bind_i64(q, 2, object);
	while ((rc = db_step(q, err)) == OK) {
		struct trace_place place = {
			.owner = db_i64(q, 0),
			.mailbox = db_i64(q, 1),
			.user = db_str(q, 2),
			.folder = db_str(q, 3),
			.uid = (uint32_t)db_i64(q, 4),
			.flags = (uint64_t)db_i64(q, 5),
			.internal_date = db_i64(q, 6),
			.save_date = db_i64(q, 7),
			.removed = db_i64(q, 8),
		};

		told(arg, &place);
	}
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}
