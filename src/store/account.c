/* store/account.c - making, changing and deleting accounts. */
#include "store/account.h"

#include "base/buf.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/str.h"
#include "base/utf8.h"
#include "store/admin_int.h"
#include "store/resolve.h"

/* How long a last-login time may wait to be written with others (DESIGN.md, law 2). */
#define LAST_LOGIN_DELAY_MS 5000

bool account_is_internal(const struct account *account)
{
	/* the rows that DBMail makes first: internal delivery user, anyone, __public__ */
	return account->id >= 1 && account->id <= ACCOUNT_ID_PUBLIC;
}

enum errc account_name_check(
    struct str name, struct arena *arena, struct str *name_out, struct err *err)
{
	enum errc rc = admin_text_check("the account name", name, ACCOUNT_NAME_MAX, err);

	if (rc != OK)
		return rc;
	/* '/' would end the login in "#Users/<login>/<folder>" */
	if (str_find_char(name, '/') < name.n || str_find_char(name, ' ') < name.n)
		return err_set(err, ERR_ARG, "the account name holds a space or a '/'");
	if (utf8_nfc(arena, name, name_out, NULL) != OK)
		return err_set(err, ERR_ARG, "the account name is not UTF-8");
	return OK;
}

/* The unique key of the table knows case: names that differ in it alone are one to us. */
static enum errc check_name_is_free(
    struct db *db, struct arena *arena, struct str name, int64_t except, struct err *err)
{
	struct account other;
	enum errc rc = account_by_name(db, name, arena, &other, err);

	if (rc == OK && other.id != except)
		return err_set(err, ERR_EXISTS, "account %.*s exists", STR_ARG(other.name));
	return rc == ERR_NOTFOUND ? OK : rc;
}

struct create_work {
	const struct account_new *account;
	struct str name;
	int64_t id; /* of the row that this run, or the one before, made */
};

static bool account_is_named(struct db *db, struct arena *arena, int64_t id, struct str name)
{
	struct account account;

	return account_by_id(db, id, arena, &account, NULL) == OK &&
	    str_equal(account.name, name);
}

static enum errc insert_aliases(struct db *db, struct arena *arena,
    const struct account_new *account, int64_t id, struct err *err)
{
	struct str target = admin_id_text(arena, id);
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < account->alias_count; i++) {
		bool exists = false;

		rc = alias_row_exists(
		    db, ascii_fold(arena, account->aliases[i]), target, &exists, err);
		if (rc == OK && !exists)
			rc = alias_row_insert(
			    db, account->aliases[i], target, account->client, err);
	}
	return rc;
}

/* ERR_END: an earlier run has made it. */
static enum errc create_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct create_work *work = arg;
	struct account_new row = *work->account;
	int64_t modseq, inbox;
	enum errc rc = check_name_is_free(db, arena, work->name, work->id, err);

	if (rc == OK && work->id != 0 && account_is_named(db, arena, work->id, work->name))
		return ERR_END;
	row.name = work->name;
	if (rc == OK)
		rc = account_row_insert(db, &row, &work->id, err);
	if (rc == ERR_EXISTS)
		return err_set(err, rc, "account %.*s exists", STR_ARG(row.name));
	if (rc == OK)
		rc = auth_keys_put(db, work->id, row.passwd, row.keys, row.key_count, err);
	if (rc == OK)
		rc = account_lock(db, work->id, &modseq, err);
	if (rc == OK)
		rc = mailbox_row_inbox(db, work->id, modseq, arena, &inbox, err);
	if (rc == OK)
		rc = insert_aliases(db, arena, &row, work->id, err);
	if (rc == OK)
		db_notify(db,
		    (struct change){
			.owner = work->id, .modseq = modseq, .kind = CHANGE_FOLDERS });
	return rc;
}

enum errc account_create(
    struct store *store, const struct account_new *account, int64_t *id_out, struct err *err)
{
	struct arena *arena = arena_new("account");
	struct create_work work = { .account = account };
	enum errc rc = account_name_check(account->name, arena, &work.name, err);

	for (size_t i = 0; rc == OK && i < account->alias_count; i++)
		rc = alias_address_check(account->aliases[i], err);
	if (rc == OK && account->quota_bytes < 0)
		rc = err_set(err, ERR_ARG, "the quota is negative");
	if (rc == OK)
		rc = store_transact(store, create_body, &work, RESOLVE_DONE(ERR_END), err);
	/* a number that was given again after a run that was undone */
	if (rc == ERR_END)
		rc = err_set(err, ERR_EXISTS, "account %.*s exists", STR_ARG(work.name));
	if (rc == OK)
		*id_out = work.id;
	arena_free(&arena);
	return rc;
}

struct change_work {
	int64_t id;
	const struct account_change *change;
	struct str name;
};

static enum errc change_access(
    struct db *db, int64_t id, const struct account_change *change, struct err *err)
{
	struct account_access access;
	enum errc rc;

	if (!change->set_services && !change->set_needs_tls && !change->set_login)
		return OK;
	rc = account_access_read(db, id, &access, err);
	if (rc != OK)
		return rc;
	if (change->set_services)
		access.services = change->access.services;
	if (change->set_needs_tls)
		access.needs_tls = change->access.needs_tls;
	if (change->set_login)
		access.login = change->access.login;
	return account_access_write(db, id, &access, err);
}

static enum errc change_passwd(
    struct db *db, int64_t id, const struct account_change *change, struct err *err)
{
	enum errc rc = account_row_passwd(db, id, change->passwd, change->encryption, err);

	if (rc == OK)
		rc =
		    auth_keys_put(db, id, change->passwd, change->keys, change->key_count, err);
	return rc;
}

static enum errc change_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct change_work *work = arg;
	const struct account_change *change = work->change;
	struct account account;
	enum errc rc = account_by_id(db, work->id, arena, &account, err);

	if (rc == OK && account_is_internal(&account))
		rc = err_set(err, ERR_DENIED, "account %.*s is the program's own",
		    STR_ARG(account.name));
	if (rc == OK && change->set_name)
		rc = check_name_is_free(db, arena, work->name, work->id, err);
	if (rc == OK && change->set_name)
		rc = account_row_rename(db, work->id, work->name, err);
	if (rc == OK && change->set_passwd)
		rc = change_passwd(db, work->id, change, err);
	if (rc == OK && change->set_quota)
		rc = account_row_quota(db, work->id, change->quota_bytes, err);
	if (rc == OK && change->set_client)
		rc = account_row_client(db, work->id, change->client, err);
	if (rc == OK && change->set_active)
		rc = account_row_active(db, work->id, change->active, err);
	if (rc == OK)
		rc = change_access(db, work->id, change, err);
	return rc;
}

enum errc account_change(
    struct store *store, int64_t id, const struct account_change *change, struct err *err)
{
	struct arena *arena = arena_new("account");
	struct change_work work = { .id = id, .change = change };
	enum errc rc = OK;

	if (change->set_name)
		rc = account_name_check(change->name, arena, &work.name, err);
	if (rc == OK && change->set_quota && change->quota_bytes < 0)
		rc = err_set(err, ERR_ARG, "the quota is negative");
	if (rc == OK)
		rc = store_transact(store, change_body, &work, 0, err);
	arena_free(&arena);
	return rc;
}

static enum errc delete_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	int64_t id = *(const int64_t *)arg;
	int64_t modseq;
	enum errc rc = account_lock(db, id, &modseq, err);

	if (rc == OK)
		rc = account_row_delete(db, id, err);
	if (rc == OK)
		rc = alias_rows_delete_target(db, admin_id_text(arena, id), err);
	if (rc == OK)
		db_notify(db,
		    (struct change){ .owner = id, .modseq = modseq, .kind = CHANGE_FOLDERS });
	return rc;
}

enum errc account_delete(struct store *store, int64_t id, struct err *err)
{
	struct account account = { .id = id };

	if (account_is_internal(&account))
		return err_set(
		    err, ERR_DENIED, "account %lld is the program's own", (long long)id);
	return store_transact(store, delete_body, &id, RESOLVE_DONE(ERR_NOTFOUND), err);
}

struct login_note {
	int64_t id;
	int64_t at; /* unix seconds */
};

static enum errc note_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct login_note *note = arg;
	struct civil at = civil_from_unix(note->at, 0);
	struct str text = str_printf(arena, "%04d-%02d-%02d %02d:%02d:%02d", at.year, at.month,
	    at.day, at.hour, at.minute, at.second);

	return account_row_last_login(db, note->id, text, err);
}

static void note_done(void *arg, enum errc rc)
{
	(void)rc; /* the time of a login may be lost */
	xfree(arg);
}

void account_note_login(struct store *store, int64_t id)
{
	struct login_note *note = xmalloc(sizeof(*note));

	*note = (struct login_note){ .id = id, .at = clock_unix_s() };
	db_transact_later(store_pool(store), LAST_LOGIN_DELAY_MS, note_body, note_done, note);
}
