/*
 * store/site_copy.c - a site table by table, in batches by key; each batch is one transaction in the target, with the row
 * that says how far it is.
 */
#include "store/site_copy.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"
#include "db/sequence.h"
#include "store/site_copy_int.h"

#define WAIT_MS 60000
#define UNCERTAIN_MAX 5 /* in a row: then the connection is no good */

struct deadline site_copy_deadline(void)
{
	return deadline_in_ms(WAIT_MS);
}

/* ---- how far a table is ---- */

struct state {
	bool begun, done;
	int64_t copied;
	struct str last_key; /* in the table's arena */
};

static enum errc read_state(struct site_copy_run *run, const struct site_table *table,
    struct arena *arena, struct state *state, struct err *err)
{
	struct db *db;
	struct db_q *q = NULL;
	enum errc rc = db_lease(run->to, WAIT_MS, &db, err);

	*state = (struct state){ .begun = false };
	if (rc != OK)
		return rc;
	rc = db_query(db, &sql_copy_get, &q, err);
	if (rc == OK) {
		db_bind_str(q, 1, str_from(table->name));
		rc = db_step(q, err);
	}
	if (rc == OK)
		*state = (struct state){ true, db_i64(q, 1) != 0, db_i64(q, 0),
			str_dup(arena, db_blob(q, 2)) };
	db_done(&q);
	db_return(&db);
	return rows_end(rc);
}

struct begin {
	const struct site_table *table;
	const struct site_sql *sql;
};

/* Two copies into one target trip over each other's rows, which harms neither. */
static enum errc refuse_another(struct err *err)
{
	return err_set(err, ERR_STATE,
	    "another `tabella db copy` writes into this target: let it finish, or end it and "
	    "give the command again");
}

/* What a database is born with is in the source too. */
static enum errc begin_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct begin *begin = arg;
	struct db_q *q;
	enum errc rc = rows_run(db, &begin->sql->clear, (struct ints){ NULL, 0 }, NULL, err);

	(void)arena;
	if (rc == OK)
		rc = db_query(db, &sql_copy_begin, &q, err);
	if (rc != OK)
		return rc;
	db_bind_str(q, 1, str_from(begin->table->name));
	return db_run(&q, NULL, err);
}

static enum errc begin_table(
    struct site_copy_run *run, size_t number, const struct state *state, struct err *err)
{
	struct begin begin = { &run->tables[number], run->to_sql[number] };
	int64_t there = 0;
	struct db *db;
	enum errc rc;

	if (!state->begun) {
		rc = db_transact(run->to, site_copy_deadline(), begin_body, &begin, err);
		return rc == ERR_EXISTS ? refuse_another(err) : rc;
	}
	rc = db_lease(run->to, WAIT_MS, &db, err);
	if (rc != OK)
		return rc;
	rc = rows_one(db, &begin.sql->count, (struct ints){ NULL, 0 }, &there, 1, err);
	db_return(&db);
	if (rc == OK && there != state->copied)
		rc = err_set(err, ERR_CORRUPT,
		    "%s: %lld rows were copied and %lld are there: somebody wrote into the "
		    "target. Begin anew with --restart",
		    begin.table->name, (long long)state->copied, (long long)there);
	return rc;
}

/* ---- a batch ---- */

enum errc site_copy_read(struct db *db, const struct site_table *table,
    const struct site_sql *sql, struct str behind, struct site_batch *batch, struct err *err)
{
	enum db_engine engine = db_engine_of(db);
	struct site_key key = site_key_of(table, engine);
	size_t rows = table->rows_max > 0 ? table->rows_max : COPY_ROWS;
	struct db_q *q;
	int param = 1;
	enum errc rc = db_query(db, behind.n > 0 ? &sql->next : &sql->first, &q, err);

	batch->count = 0;
	buf_clear(&batch->bytes);
	if (rc != OK)
		return rc;
	if (behind.n > 0)
		site_key_bind(table, &key, behind, engine, q, &param);
	db_bind_i64(q, param, (int64_t)rows);
	while (batch->count < rows && batch->bytes.n < COPY_BYTES &&
	    (rc = db_step(q, err)) == OK) {
		rc = site_batch_take(batch, table, q, err);
		if (rc != OK)
			break;
	}
	db_done(&q);
	return rows_end(rc);
}

struct write {
	const struct site_table *table;
	const struct site_sql *sql;
	const struct site_batch *batch;
	int64_t copied;
	bool done;
	struct str last_key;
};

/* How many of the rows from `at` on go into one statement. */
static size_t rows_together(const struct site_batch *batch, size_t at)
{
	if (batch->count - at < COPY_MANY)
		return 1;
	if (batch->start[at + COPY_MANY] - (at > 0 ? batch->start[at] : 0) > COPY_MANY_BYTES)
		return 1;
	return COPY_MANY;
}

static enum errc insert_rows(struct db *db, const struct write *w, struct err *err)
{
	enum errc rc = OK;
	size_t together;

	for (size_t at = 0; rc == OK && at < w->batch->count; at += together) {
		struct db_q *q;

		together = rows_together(w->batch, at);
		rc = db_query(
		    db, together > 1 ? &w->sql->insert_many : &w->sql->insert, &q, err);
		if (rc != OK)
			break;
		for (size_t i = 0; i < together; i++)
			site_row_bind(w->table, site_batch_row(w->batch, at + i), q,
			    1 + (int)(i * w->table->column_count));
		rc = db_post(&q, err);
	}
	return rc;
}

static enum errc write_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct write *w = arg;
	struct db_q *q;
	enum errc rc = insert_rows(db, w, err);

	(void)arena;
	if (rc == OK)
		rc = db_query(db, &sql_copy_put, &q, err);
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, w->copied);
	db_bind_i64(q, 2, w->done);
	db_bind_blob(q, 3, w->last_key);
	db_bind_str(q, 4, str_from(w->table->name));
	return db_run(&q, NULL, err);
}

/* The words of the engine, and which rows they are about. */
static enum errc name_rows(const struct site_copy_run *run, const struct site_table *table,
    struct arena *arena, enum errc rc, struct err *err)
{
	struct site_key key = site_key_of(table, run->from_engine);
	const struct site_batch *batch = &run->batch;
	struct err engine = *err;
	struct str from, to;

	if (batch->count == 0)
		return rc;
	from = site_key_text(
	    arena, table, &key, site_row_key(arena, table, &key, site_batch_row(batch, 0)));
	to = site_key_text(arena, table, &key,
	    site_row_key(arena, table, &key, site_batch_row(batch, batch->count - 1)));
	return err_set(err, rc, "%s, rows from %.*s to %.*s: %s", table->name, STR_ARG(from),
	    STR_ARG(to), engine.text);
}

void site_copy_tell(struct site_copy_run *run)
{
	if (run->settings->progress)
		run->settings->progress(run->settings->arg, &run->progress);
}

void site_copy_count(struct site_copy_run *run, const struct site_batch *batch)
{
	run->progress.table_rows += batch->count;
	run->progress.rows += batch->count;
	run->progress.bytes += batch->bytes.n;
}

/* Has somebody else gone on with the table? */
static bool is_elsewhere(struct site_copy_run *run, const struct site_table *table,
    const struct state *state, struct arena *arena)
{
	struct state now;

	return read_state(run, table, arena, &now, NULL) == OK && now.copied != state->copied;
}

/* One batch from the source into the target; *state says afterwards how far the table is. */
static enum errc copy_batch(struct site_copy_run *run, size_t number, struct arena *arena,
    struct state *state, struct err *err)
{
	const struct site_table *table = &run->tables[number];
	struct site_key key = site_key_of(table, run->from_engine);
	struct site_batch *batch = &run->batch;
	struct write w = { table, run->to_sql[number], batch, state->copied, false,
		state->last_key };
	enum errc rc = site_copy_read(
	    run->reader, table, run->from_sql[number], state->last_key, batch, err);

	if (rc != OK)
		return rc;
	w.copied += (int64_t)batch->count;
	w.done = batch->count == 0;
	if (batch->count > 0)
		w.last_key =
		    site_row_key(arena, table, &key, site_batch_row(batch, batch->count - 1));
	rc = db_transact(run->to, site_copy_deadline(), write_body, &w, err);
	if (rc == ERR_EXISTS && is_elsewhere(run, table, state, arena))
		return refuse_another(err);
	if (rc != OK)
		return rc == ERR_UNCERTAIN ? rc : name_rows(run, table, arena, rc, err);
	*state = (struct state){ true, w.done, w.copied, w.last_key };
	site_copy_count(run, batch);
	return OK;
}

static enum errc copy_table(struct site_copy_run *run, size_t number, struct err *err)
{
	const struct site_table *table = &run->tables[number];
	struct arena *arenas[2] = { arena_new("copy"), arena_new("copy") };
	struct state state;
	int uncertain = 0;
	enum errc rc = read_state(run, table, arenas[0], &state, err);

	if (rc == OK)
		rc = begin_table(run, number, &state, err);
	run->progress.table = table->name;
	run->progress.table_rows = (uint64_t)state.copied;
	run->progress.rows += (uint64_t)state.copied;
	run->progress.table_done = false;
	for (size_t turn = 1; rc == OK && !state.done; turn++) {
		/* the key lives in the arena of the turn before */
		struct arena *arena = arenas[turn % 2];

		arena_clear(arena);
		rc = copy_batch(run, number, arena, &state, err);
		if (rc == ERR_UNCERTAIN && ++uncertain < UNCERTAIN_MAX)
			rc = read_state(run, table, arena, &state, err);
		else if (rc == OK)
			uncertain = 0;
		if (rc == OK)
			site_copy_tell(run);
	}
	run->progress.table_done = rc == OK;
	if (rc == OK)
		site_copy_tell(run);
	arena_free(&arenas[0]);
	arena_free(&arenas[1]);
	return rc;
}

static enum errc copy_tables(struct site_copy_run *run, struct err *err)
{
	enum errc rc = OK;

	run->progress.phase = SITE_COPYING;
	for (size_t i = 0; rc == OK && i < run->count; i++) {
		if (run->tables[i].columns)
			rc = copy_table(run, i, err);
	}
	return rc;
}

/* ---- after ---- */

static enum errc copy_sequences(struct site_copy_run *run, struct err *err)
{
	struct db_settings from = site_copy_database(run, run->settings->from),
			   to = site_copy_database(run, run->settings->to);
	struct db_sequence *list = ARENA_NEW(run->arena, struct db_sequence, run->count);
	size_t count = 0;
	enum errc rc;

	for (size_t i = 0; i < run->count; i++) {
		if (run->tables[i].sequence)
			list[count++] = (struct db_sequence){ .table = run->tables[i].name,
				.column = run->tables[i].key };
	}
	rc = db_sequences_read(&from, list, count, err);
	return rc == OK ? db_sequences_raise(&to, list, count, err) : rc;
}

static enum errc finish_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	(void)arena;
	(void)arg;
	return rows_run(db, &sql_copy_finish, (struct ints){ NULL, 0 }, NULL, err);
}

static void release(struct site_copy_run *run)
{
	site_batch_release(&run->batch);
	db_return(&run->reader);
	db_close(&run->from);
	db_close(&run->to);
	/* the statements of the connections lived in here */
	arena_free(&run->arena);
}

static enum errc refuse_itself(const struct site_copy_settings *settings, struct err *err)
{
	if (str_equal(settings->from, settings->to))
		return err_set(err, ERR_ARG, "source and target are the same database");
	return OK;
}

enum errc site_copy(const struct site_copy_settings *settings,
    struct site_copy_report *report_out, struct err *err)
{
	struct site_copy_run *run = xcalloc(1, sizeof(*run));
	enum errc rc = refuse_itself(settings, err);

	run->settings = settings;
	run->arena = arena_new("copy");
	run->batch.bytes = BUF_INIT(COPY_ROW_MAX);
	run->tables = site_tables(&run->count);
	if (rc == OK)
		rc = site_copy_open(run, err);
	if (rc == OK)
		rc = copy_tables(run, err);
	if (rc == OK)
		rc = copy_sequences(run, err);
	if (rc == OK)
		rc = site_copy_numbers(run, err);
	if (rc == OK)
		rc = site_copy_verify(run, report_out, err);
	if (rc == OK)
		rc = site_copy_refuse_nodes(run, err);
	if (rc == OK)
		rc = db_transact(run->to, site_copy_deadline(), finish_body, NULL, err);
	if (rc == OK)
		report_out->resumed = run->resumed;
	release(run);
	xfree(run);
	return rc;
}
