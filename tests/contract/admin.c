#include "tests/cm.h"

#include "tests/contract/admin.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <semaphore.h>

void admin_open(struct admin *admin)
{
	struct db_settings settings;
	struct store_settings store = { .index_cache_bytes = 1 << 20,
		.zstd_level = 1,
		.write_deadline_ms = 30000,
		.blob_keep_s = 86400 };
	struct err err;

	scratch_init(&admin->scratch);
	settings = scratch_settings(&admin->scratch);
	admin->arena = arena_new("admin");
	admin->pool = scratch_open(&settings);
	store.pool = admin->pool;
	store.lock_directory = admin->scratch.folder;
	if (store_open(&store, &admin->store, &err) != OK)
		fail_msg("store_open: %s", err.text);
}

void admin_close(struct admin *admin)
{
	store_close(&admin->store);
	db_close(&admin->pool);
	arena_free(&admin->arena);
	scratch_release(&admin->scratch);
}

int64_t admin_user(struct admin *admin, struct str name)
{
	struct account_new account = {
		.name = name, .passwd = STR("x"), .encryption = STR("md5sum")
	};
	int64_t id = 0;
	struct err err;

	if (account_create(admin->store, &account, &id, &err) != OK)
		fail_msg("account_create: %s", err.text);
	return id;
}

struct statement {
	const struct db_sql *sql;
	const int64_t *ids;
	int count;
};

static enum errc run_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct statement *statement = arg;
	struct db_q *q = NULL;
	enum errc rc = db_query(db, statement->sql, &q, err);

	(void)arena;
	if (rc != OK)
		return rc;
	for (int i = 0; i < statement->count; i++)
		db_bind_i64(q, i + 1, statement->ids[i]);
	return db_run(&q, NULL, err);
}

void admin_sql_ids(struct admin *admin, const struct db_sql *sql, const int64_t *ids, int count)
{
	struct statement statement = { sql, ids, count };
	struct err err;

	if (db_transact(admin->pool, deadline_in_ms(10000), run_body, &statement, &err) != OK)
		fail_msg("%s: %s", sql->text, err.text);
}

void admin_sql(struct admin *admin, const struct db_sql *sql)
{
	admin_sql_ids(admin, sql, NULL, 0);
}

int64_t admin_number(
    struct admin *admin, const struct db_sql *sql, const int64_t *ids, int count)
{
	struct db *db = NULL;
	struct db_q *q = NULL;
	int64_t number = INT64_MIN;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(db_query(db, sql, &q, NULL), OK);
	for (int i = 0; i < count; i++)
		db_bind_i64(q, i + 1, ids[i]);
	if (db_step(q, NULL) == OK)
		number = db_i64(q, 0);
	db_done(&q);
	db_return(&db);
	return number;
}

static enum errc nothing_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	(void)db;
	(void)arena;
	(void)arg;
	(void)err;
	return OK;
}

static void ring(void *arg, enum errc rc)
{
	(void)rc;
	(void)sem_post(arg);
}

void admin_flush(struct admin *admin)
{
	sem_t done;

	(void)sem_init(&done, 0, 0);
	/* what waits goes with it */
	db_transact_later(admin->pool, 0, nothing_body, ring, &done);
	while (sem_wait(&done) != 0)
		;
	(void)sem_destroy(&done);
}

struct str admin_list(struct admin *admin, int64_t user, bool subscribed)
{
	struct buf text = BUF_INIT(65536);
	struct mailbox *list = NULL;
	struct str copy;
	size_t count = 0;
	struct db *db = NULL;
	struct err err;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	if (mailbox_list(db, (struct actor){ .user = user }, subscribed, admin->arena, &list,
		&count, &err) != OK)
		fail_msg("mailbox_list: %s", err.text);
	db_return(&db);
	for (size_t i = 0; i < count; i++) {
		const struct mailbox *m = &list[i];

		if (subscribed && !m->subscribed)
			continue;
		buf_printf(&text, "%s%.*s", text.n > 0 ? " " : "", STR_ARG(m->name));
		if (m->has_children || m->no_select || m->subscribed || m->id == 0)
			buf_printf(&text, "(%s%s%s%s)", m->has_children ? "+" : "",
			    m->no_select ? "-" : "", m->subscribed ? "*" : "",
			    m->id == 0 ? "0" : "");
	}
	copy = str_dup(admin->arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

enum errc admin_find(
    struct admin *admin, int64_t user, struct str name, struct mailbox *mailbox_out)
{
	struct db *db = NULL;
	enum errc rc;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	rc = mailbox_find(
	    db, (struct actor){ .user = user }, name, admin->arena, mailbox_out, NULL);
	db_return(&db);
	return rc;
}
