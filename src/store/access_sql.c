/* store/access_sql.c - services, TLS and login of an account as rows of account_settings. */
#include "store/access.h"

#include "base/arena.h"
#include "base/str.h"

static const struct db_sql READ = {
	.name = "account_access.read",
	.text = "SELECT name, value FROM account_settings "
		"WHERE user_idnr = ? AND name IN ('services', 'tls', 'login')",
};

static const struct db_sql UPDATE = {
	.name = "account_access.update",
	.text = "UPDATE account_settings SET value = ? WHERE user_idnr = ? AND name = ?",
};

static const struct db_sql INSERT = {
	.name = "account_access.insert",
	.text = "INSERT INTO account_settings (value, user_idnr, name) VALUES (?, ?, ?)",
};

static const struct db_sql DELETE = {
	.name = "account_access.delete",
	.text = "DELETE FROM account_settings WHERE user_idnr = ? AND name = ?",
};

/* In the order of the bits. */
static const struct str services[] = {
	STR_INIT("imap"),
	STR_INIT("pop3"),
	STR_INIT("smtp"),
	STR_INIT("sieve"),
	STR_INIT("http"),
};

static bool service_of(struct str word, unsigned *service_out)
{
	for (size_t i = 0; i < COUNT(services); i++) {
		if (str_equal_nocase(services[i], word)) {
			*service_out = 1u << i;
			return true;
		}
	}
	return false;
}

/* The next word between commas and spaces; empty at the end. */
static struct str next_word(struct str *rest)
{
	size_t start = 0, end;

	while (start < rest->n && (rest->p[start] == ',' || ascii_is_space(rest->p[start])))
		start++;
	for (end = start; end < rest->n && rest->p[end] != ',' && !ascii_is_space(rest->p[end]);
	     end++)
		;
	*rest = str_from_at(*rest, start);
	{
		struct str word = str_first(*rest, end - start);

		*rest = str_from_at(*rest, end - start);
		return word;
	}
}

enum errc account_services_parse(struct str text, unsigned *services_out, struct err *err)
{
	unsigned all = 0;

	for (struct str word = next_word(&text); word.n > 0; word = next_word(&text)) {
		unsigned service = 0;

		if (str_equal_nocase(word, STR("all")))
			service = ACCOUNT_SERVICES_ALL;
		else if (!str_equal_nocase(word, STR("none")) && !service_of(word, &service))
			return err_set(err, ERR_ARG,
			    "\"%.*s\" is no service: imap, pop3, smtp, sieve, http, all, none",
			    STR_ARG(word));
		all |= service;
	}
	*services_out = all;
	return OK;
}

struct str account_services_text(struct arena *arena, unsigned set)
{
	struct str text = STR_EMPTY;

	for (size_t i = 0; i < COUNT(services); i++) {
		if ((set >> i & 1) == 0)
			continue;
		text = str_printf(arena, "%.*s%s%.*s", STR_ARG(text), text.n > 0 ? " " : "",
		    STR_ARG(services[i]));
	}
	return text.n > 0 ? text : STR("none");
}

/* Words by hand that nobody knows are no service; the others of the row count. */
static unsigned services_of_row(struct str text)
{
	unsigned all = 0;

	for (struct str word = next_word(&text); word.n > 0; word = next_word(&text)) {
		unsigned service = 0;

		if (str_equal_nocase(word, STR("all")))
			service = ACCOUNT_SERVICES_ALL;
		else
			(void)service_of(word, &service);
		all |= service;
	}
	return all;
}

static bool is_one_of(struct str value, struct str a, struct str b, struct str c)
{
	return str_equal_nocase(value, a) || str_equal_nocase(value, b) ||
	    str_equal_nocase(value, c);
}

enum errc account_access_read(
    struct db *db, int64_t account, struct account_access *access_out, struct err *err)
{
	struct account_access access = ACCOUNT_ACCESS_DEFAULT;
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &READ, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, account);
	while ((rc = db_step(q, err)) == OK) {
		struct str name = db_str(q, 0), value = str_trim(db_str(q, 1));

		if (str_equal(name, STR("services")))
			access.services = services_of_row(value);
		else if (str_equal(name, STR("tls")))
			access.needs_tls =
			    !is_one_of(value, STR("optional"), STR("no"), STR("0"));
		else
			access.login = is_one_of(value, STR("on"), STR("yes"), STR("1"));
	}
	db_done(&q);
	if (rc != ERR_END)
		return rc;
	*access_out = access;
	return OK;
}

/* NOLINTNEXTLINE(readability-function-size): a row of three columns, and two outcomes */
static enum errc run_row(struct db *db, const struct db_sql *sql, struct str value,
    int64_t account, struct str name, int64_t *changes_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);
	int param = 1;

	if (rc != OK)
		return rc;
	if (value.p)
		db_bind_str(q, param++, value);
	db_bind_i64(q, param++, account);
	db_bind_str(q, param, name);
	return db_run(&q, changes_out, err);
}

/* `value` NULL: the default, which needs no row. */
static enum errc set_row(
    struct db *db, int64_t account, struct str name, struct str value, struct err *err)
{
	int64_t changes = 0;
	enum errc rc;

	if (!value.p)
		return run_row(db, &DELETE, STR_EMPTY, account, name, NULL, err);
	rc = run_row(db, &UPDATE, value, account, name, &changes, err);
	if (rc == OK && changes == 0)
		rc = run_row(db, &INSERT, value, account, name, NULL, err);
	if (rc == ERR_EXISTS)
		return err_set(err, ERR_CONFLICT, "account_settings row made meanwhile");
	return rc;
}

enum errc account_access_write(
    struct db *db, int64_t account, const struct account_access *access, struct err *err)
{
	struct arena *arena = arena_new("access");
	enum errc rc = set_row(db, account, STR("services"),
	    access->services == ACCOUNT_SERVICES_ALL
		? STR_EMPTY
		: account_services_text(arena, access->services),
	    err);

	if (rc == OK)
		rc = set_row(db, account, STR("tls"),
		    access->needs_tls ? STR("required") : STR_EMPTY, err);
	if (rc == OK)
		rc = set_row(
		    db, account, STR("login"), access->login ? STR_EMPTY : STR("off"), err);
	arena_free(&arena);
	return rc;
}
