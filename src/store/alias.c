/* store/alias.c - adding and removing addresses. */
#include "store/alias.h"

#include "base/str.h"
#include "base/utf8.h"
#include "store/admin_int.h"
#include "store/resolve.h"

/* "|command" may be a line of shell; DBMail's column has 255. */
#define ALIAS_TARGET_MAX 1000

static bool is_number(struct str s)
{
	uint64_t value;

	return str_to_u64(s, INT64_MAX, &value) == OK;
}

enum errc alias_address_check(struct str address, struct err *err)
{
	enum errc rc = admin_text_check("the address", address, ALIAS_ADDRESS_MAX, err);

	if (rc != OK)
		return rc;
	if (is_number(address))
		return err_set(err, ERR_ARG, "the address is a number, which means an account");
	if (str_equal(address, STR("@")))
		return err_set(err, ERR_ARG, "the address has no name and no domain");
	return OK;
}

struct alias_work {
	struct str address, target;
	int64_t client;
};

/* A number must be an account that is there: a mail to it would be lost otherwise. */
static enum errc check_target(
    struct db *db, struct arena *arena, struct str target, struct err *err)
{
	struct account account;
	uint64_t id;
	enum errc rc;

	if (str_to_u64(target, INT64_MAX, &id) != OK)
		return OK;
	rc = account_by_id(db, (int64_t)id, arena, &account, err);
	if (rc == ERR_NOTFOUND)
		return err_set(
		    err, rc, "the target is account %.*s, which is not there", STR_ARG(target));
	return rc;
}

static enum errc add_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct alias_work *work = arg;
	bool exists = false;
	enum errc rc = check_target(db, arena, work->target, err);

	if (rc == OK)
		rc = alias_row_exists(
		    db, ascii_fold(arena, work->address), work->target, &exists, err);
	if (rc == OK && exists)
		return err_set(
		    err, ERR_EXISTS, "%.*s has that target already", STR_ARG(work->address));
	if (rc == OK)
		rc = alias_row_insert(db, work->address, work->target, work->client, err);
	return rc;
}

enum errc alias_add(
    struct store *store, struct str address, struct str target, int64_t client, struct err *err)
{
	struct alias_work work = { .address = address, .target = target, .client = client };
	enum errc rc = alias_address_check(address, err);

	if (rc == OK)
		rc = admin_text_check("the target", target, ALIAS_TARGET_MAX, err);
	if (rc == OK && str_equal_nocase(address, target))
		rc = err_set(err, ERR_ARG, "the address points to itself");
	if (rc == OK)
		rc = store_transact(store, add_body, &work, RESOLVE_DONE(ERR_EXISTS), err);
	return rc;
}

static enum errc remove_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct alias_work *work = arg;
	int64_t count = 0;
	enum errc rc =
	    alias_rows_delete(db, ascii_fold(arena, work->address), work->target, &count, err);

	if (rc == OK && count == 0)
		rc = err_set(err, ERR_NOTFOUND, "no such alias: %.*s", STR_ARG(work->address));
	return rc;
}

enum errc alias_remove(
    struct store *store, struct str address, struct str target, struct err *err)
{
	struct alias_work work = { .address = address, .target = target };

	return store_transact(store, remove_body, &work, RESOLVE_DONE(ERR_NOTFOUND), err);
}
