/*
 * store/keywords.c - numbers are given in order and stay as long as the mailbox.
 */
#include "store/keywords.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

bool keyword_set_has(const struct keyword_set *set, unsigned number)
{
	return set->bits[number / 64] >> (number % 64) & 1;
}

void keyword_set_add(struct keyword_set *set, unsigned number)
{
	set->bits[number / 64] |= UINT64_C(1) << (number % 64);
}

#define MASK_BITS ((UINT64_C(1) << FLAG_KEYWORDS_IN_MASK) - 1)

uint64_t keyword_set_mask(const struct keyword_set *set)
{
	return (set->bits[0] & MASK_BITS) << FLAG_KEYWORD_SHIFT;
}

void keyword_set_from_mask(struct keyword_set *set, uint64_t flags)
{
	*set = (struct keyword_set){ { 0 } };
	set->bits[0] = flags >> FLAG_KEYWORD_SHIFT & MASK_BITS;
}

bool keyword_set_has_extra(const struct keyword_set *set)
{
	if (set->bits[0] & ~MASK_BITS)
		return true;
	for (size_t i = 1; i < COUNT(set->bits); i++) {
		if (set->bits[i])
			return true;
	}
	return false;
}

enum errc keyword_table_read(struct db *db, int64_t owner, int64_t mailbox, struct arena *arena,
    struct keyword_table *table_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_keywords, INTS(owner, mailbox), &q, err);

	*table_out = (struct keyword_table){ .count = 0 };
	if (rc != OK)
		return rc;
	while ((rc = db_step(q, err)) == OK) {
		int64_t number = db_i64(q, 0);

		if (number < 0 || number >= STORE_KEYWORDS_MAX)
			continue;
		table_out->names[number] = str_dup(arena, db_str(q, 1));
		table_out->count = (size_t)number + 1;
	}
	db_done(&q);
	return rows_end(rc);
}

static size_t find(const struct keyword_table *table, struct str name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->names[i].n > 0 && str_equal_nocase(table->names[i], name))
			return i;
	}
	return table->count;
}

static enum errc make(struct db *db, const struct keyword_scope *scope, struct str name,
    struct keyword_table *table, struct err *err)
{
	struct db_q *q;
	enum errc rc;

	if (name.n == 0)
		return err_set(err, ERR_ARG, "keyword without a name");
	if (name.n > STORE_KEYWORD_NAME_MAX)
		return err_set(err, ERR_LIMIT, "keyword of %zu bytes", name.n);
	if (table->count == STORE_KEYWORDS_MAX)
		return err_set(err, ERR_LIMIT, "mailbox has %d keywords", STORE_KEYWORDS_MAX);
	rc = rows_open(db, &sql_keyword_insert,
	    INTS(scope->owner, scope->mailbox, (int64_t)table->count), &q, err);
	if (rc != OK)
		return rc;
	db_bind_str(q, 4, name);
	rc = db_run(&q, NULL, err);
	table->names[table->count++] = name;
	return rc;
}

enum errc keywords_resolve(struct db *db, const struct keyword_scope *scope,
    const struct str *names, size_t count, struct keyword_set *set_out, struct err *err)
{
	struct keyword_table *table;
	enum errc rc;

	*set_out = (struct keyword_set){ { 0 } };
	if (count == 0)
		return OK;
	table = ARENA_NEW(scope->arena, struct keyword_table, 1);
	rc = keyword_table_read(db, scope->owner, scope->mailbox, scope->arena, table, err);
	for (size_t i = 0; rc == OK && i < count; i++) {
		size_t number = find(table, names[i]);

		if (number == table->count && !scope->make)
			continue;
		if (number == table->count)
			rc = make(db, scope, names[i], table, err);
		if (rc == OK)
			keyword_set_add(set_out, (unsigned)number);
	}
	return rc;
}

enum errc extra_keywords_insert(struct db *db, int64_t owner, int64_t mailbox, uint32_t uid,
    const struct keyword_set *set, struct err *err)
{
	if (!keyword_set_has_extra(set))
		return OK;
	for (unsigned i = FLAG_KEYWORDS_IN_MASK; i < STORE_KEYWORDS_MAX; i++) {
		enum errc rc;

		if (!keyword_set_has(set, i))
			continue;
		rc = rows_post(db, &sql_extra_insert, INTS(owner, mailbox, uid, i), err);
		if (rc != OK)
			return rc;
	}
	return OK;
}
