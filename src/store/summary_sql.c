/* store/summary_sql.c - the statements of store/summary.h. */
#include "store/summary.h"

static const struct db_sql SCHEMA = {
	.name = "summary.schema",
	.text = "SELECT coalesce(max(to_version), 0) FROM dbmail_upgrade_steps",
};

static const struct db_sql COUNTS = {
	.name = "summary.counts",
	.text = "SELECT (SELECT count(*) FROM dbmail_users WHERE user_idnr > 3), "
		"(SELECT count(*) FROM dbmail_users WHERE user_idnr > 3 AND active = 0), "
		"(SELECT count(*) FROM domains), "
		"(SELECT count(*) FROM dbmail_aliases), "
		"(SELECT count(*) FROM dbmail_mailboxes), "
		"(SELECT coalesce(sum(a.messages), 0) FROM mail_accounts a "
		"JOIN dbmail_users u ON u.user_idnr = a.owner), "
		"(SELECT coalesce(sum(a.bytes), 0) FROM mail_accounts a "
		"JOIN dbmail_users u ON u.user_idnr = a.owner)",
};

static enum errc read_numbers(
    struct db *db, const struct db_sql *sql, int64_t *const *out, size_t count, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);

	if (rc != OK)
		return rc;
	rc = db_step(q, err);
	for (size_t i = 0; rc == OK && i < count; i++)
		*out[i] = db_i64(q, (int)i);
	db_done(&q);
	return rc == ERR_END ? err_set(err, ERR_INTERNAL, "%s gave no row", sql->name) : rc;
}

enum errc summary_read(struct db *db, struct summary *summary_out, struct err *err)
{
	struct summary *s = summary_out;
	int64_t *const schema[] = { &s->schema };
	int64_t *const counts[] = { &s->accounts, &s->accounts_off, &s->domains, &s->aliases,
		&s->mailboxes, &s->messages, &s->bytes };
	enum errc rc = read_numbers(db, &SCHEMA, schema, COUNT(schema), err);

	return rc == OK ? read_numbers(db, &COUNTS, counts, COUNT(counts), err) : rc;
}
