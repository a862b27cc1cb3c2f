/* store/domain.c - adding, switching and removing domains. */
#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"
#include "store/admin_int.h"
#include "store/resolve.h"

#define DOMAIN_NAME_MAX 253 /* RFC 1035 2.3.4, as text */
#define DOMAIN_LABEL_MAX 63
#define DOMAIN_DESCRIPTION_MAX 1000

static bool is_label(struct str label)
{
	if (label.n == 0 || label.n > DOMAIN_LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '-' && c != '_')
			return false;
	}
	return label.p[0] != '-' && label.p[label.n - 1] != '-';
}

enum errc domain_name_check(struct str name, struct err *err)
{
	struct str rest = name, label;

	if (name.n == 0 || name.n > DOMAIN_NAME_MAX)
		return err_set(err, ERR_ARG, "the domain has %zu bytes, 1 to %d are allowed",
		    name.n, DOMAIN_NAME_MAX);
	if (!utf8_is_ascii(name))
		return err_set(err, ERR_ARG, "the domain is to be given in its xn-- form");
	while (str_split(&rest, '.', &label)) {
		if (!is_label(label))
			return err_set(err, ERR_ARG, "'%.*s' is no domain", STR_ARG(name));
	}
	return OK;
}

static enum errc add_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct domain *domain = arg;
	struct domain row = *domain;
	enum errc rc;

	row.name = ascii_fold(arena, domain->name);
	rc = domain_row_insert(db, &row, clock_unix_s(), err);
	if (rc == ERR_EXISTS)
		return err_set(err, rc, "domain %.*s exists", STR_ARG(row.name));
	return rc;
}

enum errc domain_add(struct store *store, const struct domain *domain, struct err *err)
{
	struct domain row = *domain;
	enum errc rc = domain_name_check(domain->name, err);

	if (rc == OK && domain->description.n > 0)
		rc = admin_text_check(
		    "the description", domain->description, DOMAIN_DESCRIPTION_MAX, err);
	if (rc == OK)
		rc = store_transact(store, add_body, &row, RESOLVE_DONE(ERR_EXISTS), err);
	return rc;
}

struct domain_work {
	struct str name;
	bool active;
};

static enum errc active_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct domain_work *work = arg;

	return domain_row_active(db, ascii_fold(arena, work->name), work->active, err);
}

enum errc domain_set_active(struct store *store, struct str name, bool active, struct err *err)
{
	struct domain_work work = { .name = name, .active = active };

	return store_transact(store, active_body, &work, 0, err);
}

static enum errc remove_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct domain_work *work = arg;

	return domain_row_delete(db, ascii_fold(arena, work->name), err);
}

enum errc domain_remove(struct store *store, struct str name, struct err *err)
{
	struct domain_work work = { .name = name };

	return store_transact(store, remove_body, &work, RESOLVE_DONE(ERR_NOTFOUND), err);
}
