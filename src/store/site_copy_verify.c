/*
 * store/site_copy_verify.c - are the two the same? Each row's SHA-256, summed up without regard to their order: engines sort
 * texts differently.
 */
#include "base/arena.h"
#include "base/sha256.h"
#include "base/str.h"
#include "store/site_copy_int.h"

#include <string.h>

#define WAIT_MS 60000
#define LANES 4 /* of 64 bits */

struct digest {
	uint64_t rows;
	uint64_t sum[LANES];
};

static void add_row(struct digest *digest, struct str row)
{
	uint8_t hash[SHA256_SIZE];
	uint64_t lane;

	sha256(row, hash);
	for (size_t i = 0; i < LANES; i++) {
		memcpy(&lane, hash + i * sizeof(lane), sizeof(lane));
		digest->sum[i] += lane;
	}
	digest->rows++;
}

/* One table of one side. */
static enum errc digest_table(struct site_copy_run *run, struct db *db, size_t number,
    struct digest *digest, struct err *err)
{
	const struct site_table *table = &run->tables[number];
	const struct site_sql *sql =
	    db == run->reader ? run->from_sql[number] : run->to_sql[number];
	struct site_key key = site_key_of(table, db_engine_of(db));
	struct arena *arenas[2] = { arena_new("verify"), arena_new("verify") };
	struct site_batch *batch = &run->batch;
	struct str behind = STR_EMPTY;
	enum errc rc = OK;

	*digest = (struct digest){ .rows = 0 };
	for (size_t turn = 0; rc == OK; turn++) {
		rc = site_copy_read(db, table, sql, behind, batch, err);
		if (rc != OK || batch->count == 0)
			break;
		for (size_t i = 0; i < batch->count; i++)
			add_row(digest, site_batch_row(batch, i));
		arena_clear(arenas[turn % 2]);
		behind = site_row_key(
		    arenas[turn % 2], table, &key, site_batch_row(batch, batch->count - 1));
		/* both sides together are the work; a row of it is done when both are */
		if (db != run->reader)
			site_copy_count(run, batch);
		site_copy_tell(run);
	}
	arena_free(&arenas[0]);
	arena_free(&arenas[1]);
	return rc;
}

static enum errc compare(const struct site_table *table, const struct digest *from,
    const struct digest *to, struct err *err)
{
	if (from->rows != to->rows)
		return err_set(err, ERR_CORRUPT,
		    "%s: %llu rows in the source and %llu in the target. Was the source "
		    "written "
		    "to? Begin anew with --restart",
		    table->name, (unsigned long long)from->rows, (unsigned long long)to->rows);
	if (memcmp(from->sum, to->sum, sizeof(from->sum)) != 0)
		return err_set(err, ERR_CORRUPT,
		    "%s: rows of the target are not those of the source. Was the source "
		    "written "
		    "to? Begin anew with --restart",
		    table->name);
	return OK;
}

static enum errc verify_table(
    struct site_copy_run *run, struct db *to, size_t number, struct err *err)
{
	const struct site_table *table = &run->tables[number];
	struct digest ours, theirs;
	enum errc rc;

	run->progress.table = table->name;
	run->progress.table_rows = 0;
	run->progress.table_done = false;
	rc = digest_table(run, run->reader, number, &theirs, err);
	if (rc == OK)
		rc = digest_table(run, to, number, &ours, err);
	if (rc == OK)
		rc = compare(table, &theirs, &ours, err);
	run->progress.table_done = rc == OK;
	if (rc == OK)
		site_copy_tell(run);
	return rc;
}

enum errc site_copy_verify(
    struct site_copy_run *run, struct site_copy_report *report_out, struct err *err)
{
	struct db *db;
	enum errc rc = db_lease(run->to, WAIT_MS, &db, err);

	*report_out = (struct site_copy_report){ .tables = 0 };
	if (rc != OK)
		return rc;
	run->progress.phase = SITE_VERIFYING;
	run->progress.rows_about = run->progress.rows;
	run->progress.rows = run->progress.bytes = 0;
	for (size_t i = 0; rc == OK && i < run->count; i++) {
		if (!run->tables[i].columns)
			continue;
		rc = verify_table(run, db, i, err);
		report_out->tables++;
	}
	db_return(&db);
	report_out->rows = run->progress.rows;
	report_out->bytes = run->progress.bytes;
	return rc;
}
