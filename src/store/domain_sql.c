/* store/domain_sql.c - the statements of domains. */
#include "store/admin_int.h"

#include "base/str.h"
#include "base/utf8.h"

static const struct db_sql GET = {
	.name = "domain.get",
	.text = "SELECT name, kind, active, description FROM domains WHERE name = ?",
};

static const struct db_sql EACH = {
	.name = "domain.each",
	.text = "SELECT name, kind, active, description FROM domains ORDER BY name",
};

static const struct db_sql INSERT = {
	.name = "domain.insert",
	.text = "INSERT INTO domains (name, kind, active, description, created) "
		"VALUES (?, ?, ?, ?, ?)",
};

static const struct db_sql SET_ACTIVE = {
	.name = "domain.set_active",
	.text = "UPDATE domains SET active = ? WHERE name = ?",
};

static const struct db_sql DELETE = {
	.name = "domain.delete",
	.text = "DELETE FROM domains WHERE name = ?",
};

/* The recipes know no table of domains: what an alias or a login stands behind is a domain (DBMail's Postfix map). */
static const struct db_sql IN_USE = {
	.name = "domain.in_use",
	.text = "SELECT 1 WHERE EXISTS (SELECT 1 FROM dbmail_aliases WHERE "
		"lower(substr(alias, instr(alias, '@') + 1)) = ? AND instr(alias, '@') > 0) "
		"OR EXISTS (SELECT 1 FROM dbmail_users WHERE "
		"lower(substr(userid, instr(userid, '@') + 1)) = ? AND instr(userid, '@') > 0)",
	.pgsql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM dbmail_aliases WHERE "
		 "lower(substr(alias, strpos(alias, '@') + 1)) = ? AND strpos(alias, '@') > 0) "
		 "OR EXISTS (SELECT 1 FROM dbmail_users WHERE "
		 "lower(substr(userid, strpos(userid, '@') + 1)) = ? AND strpos(userid, '@') > "
		 "0)",
	.mariadb = "SELECT 1 WHERE EXISTS (SELECT 1 FROM dbmail_aliases WHERE "
		   "lower_domain = ? AND instr(alias, '@') > 0) "
		   "OR EXISTS (SELECT 1 FROM dbmail_users WHERE "
		   "lower_domain = ? AND instr(userid, '@') > 0)",
};

static const struct {
	enum domain_kind kind;
	struct str name;
} kinds[] = {
	{ DOMAIN_LOCAL, STR_INIT("local") },
	{ DOMAIN_RELAY, STR_INIT("relay") },
	{ DOMAIN_BACKUP, STR_INIT("backup") },
};

struct str domain_kind_name(enum domain_kind kind)
{
	return kinds[kind].name;
}

bool domain_kind_of(struct str name, enum domain_kind *kind_out)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (str_equal(kinds[i].name, name)) {
			*kind_out = kinds[i].kind;
			return true;
		}
	}
	return false;
}

/* The row's texts are borrowed until the next step. */
static enum errc read_domain(const struct db_q *q, struct domain *domain_out, struct err *err)
{
	*domain_out = (struct domain){
		.name = db_str(q, 0),
		.active = db_i64(q, 2) != 0,
		.description = db_str(q, 3),
	};
	if (!domain_kind_of(db_str(q, 1), &domain_out->kind))
		return err_set(err, ERR_CORRUPT, "domains.kind of %.*s is '%.*s'",
		    STR_ARG(domain_out->name), STR_ARG(db_str(q, 1)));
	return OK;
}

enum errc domain_get(struct db *db, struct str name, struct arena *arena,
    struct domain *domain_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &GET, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, ascii_fold(arena, name));
	rc = db_step(q, err);
	if (rc == ERR_END)
		rc = err_set(err, ERR_NOTFOUND, "no domain %.*s", STR_ARG(name));
	if (rc == OK)
		rc = read_domain(q, domain_out, err);
	if (rc == OK) {
		domain_out->name = str_dup(arena, domain_out->name);
		domain_out->description = str_dup(arena, domain_out->description);
	}
	db_done(&q);
	return rc;
}

enum errc domain_each(struct db *db, enum errc (*each)(const struct domain *domain, void *arg),
    void *arg, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &EACH, &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK) {
		struct domain domain;

		rc = read_domain(q, &domain, err);
		if (rc == OK)
			rc = each(&domain, arg);
	}
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}

static enum errc is_in_use(struct db *db, struct str folded, bool *used_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &IN_USE, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, folded);
	db_bind_str(q, 2, folded);
	rc = db_step(q, err);
	db_done(&q);
	*used_out = rc == OK;
	return rc == ERR_END ? OK : rc;
}

enum errc domain_is_local(struct db *db, struct str name, bool *local_out, struct err *err)
{
	struct arena *arena = arena_new("domain");
	struct domain domain;
	enum errc rc = domain_get(db, name, arena, &domain, err);

	if (rc == OK)
		*local_out = domain.active && domain.kind == DOMAIN_LOCAL;
	else if (rc == ERR_NOTFOUND)
		rc = is_in_use(db, ascii_fold(arena, name), local_out, err);
	arena_free(&arena);
	return rc;
}

enum errc domain_row_insert(
    struct db *db, const struct domain *domain, int64_t created, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &INSERT, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, domain->name);
	db_bind_str(q, 2, domain_kind_name(domain->kind));
	db_bind_i64(q, 3, domain->active);
	db_bind_str(q, 4, domain->description);
	db_bind_i64(q, 5, created);
	return db_run(&q, NULL, err);
}

static enum errc run_for_domain(struct db_q *q, int param, struct str name, struct err *err)
{
	int64_t changes = 0;
	enum errc rc;

	db_bind_str(q, param, name);
	rc = db_run(&q, &changes, err);
	if (rc == OK && changes == 0)
		return err_set(err, ERR_NOTFOUND, "no domain %.*s", STR_ARG(name));
	return rc;
}

enum errc domain_row_active(struct db *db, struct str name, bool active, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &SET_ACTIVE, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, active);
	return run_for_domain(q, 2, name, err);
}

enum errc domain_row_delete(struct db *db, struct str name, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &DELETE, &q, err);

	return rc == OK ? run_for_domain(q, 1, name, err) : rc;
}
