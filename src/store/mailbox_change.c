/*
 * store/mailbox_change.c - making, deleting, renaming and subscribing folders.
 *
 * Every change locks the owning account first, so that what is read in its transaction stays true to its end.
 */
#include "base/str.h"
#include "store/admin_int.h"
#include "store/resolve.h"
#include "store/special_use.h"

/* What a caller asked for. */
struct work {
	struct actor actor;
	struct str name, to; /* checked */
	bool subscribe;
	unsigned special_use;
	int64_t id;
};

/* One run of a change: the account is locked, the place known. */
struct folder_tx {
	struct db *db;
	struct arena *arena;
	struct actor actor;
	struct mailbox_place place;
	int64_t modseq;
};

static enum errc tx_begin(struct db *db, struct arena *arena, const struct work *work,
    struct folder_tx *tx_out, struct err *err)
{
	struct folder_tx tx = { .db = db, .arena = arena, .actor = work->actor };
	enum errc rc = mailbox_resolve(db, work->actor, work->name, arena, &tx.place, err);

	if (rc == OK)
		rc = account_lock(db, tx.place.owner, &tx.modseq, err);
	if (rc == OK)
		*tx_out = tx;
	return rc;
}

static void tx_notify(const struct folder_tx *tx, int64_t mailbox)
{
	db_notify(tx->db,
	    (struct change){ .owner = tx->place.owner,
		.mailbox = mailbox,
		.modseq = tx->modseq,
		.kind = CHANGE_FOLDERS });
}

static enum errc row_at(
    const struct folder_tx *tx, struct str stored, struct mailbox_row *row_out, struct err *err)
{
	struct mailbox_place place = tx->place;

	place.stored = stored;
	return mailbox_place_row(tx->db, tx->actor, &place, tx->arena, row_out, err);
}

/* The row of the folder to be changed. Without the lookup right it is not there (RFC 4314 section 6). */
static enum errc visible_row(
    const struct folder_tx *tx, unsigned need, struct mailbox_row *row_out, struct err *err)
{
	enum errc rc = row_at(tx, tx->place.stored, row_out, err);
	unsigned rights;

	if (rc != OK)
		return rc;
	rights = mailbox_row_rights(tx->actor, row_out);
	if ((rights & RIGHT_LOOKUP) == 0)
		return err_set(err, ERR_NOTFOUND, "no such folder");
	if ((rights & need) != need)
		return err_set(err, ERR_DENIED, "no right to do that with this folder");
	return OK;
}

/* May the actor make a folder right below this one? `parent` NULL: on the first level. */
static enum errc check_may_create(
    const struct folder_tx *tx, const struct mailbox_row *parent, struct err *err)
{
	if (tx->actor.is_admin)
		return OK;
	if (!parent)
		return tx->actor.user == tx->place.owner
		    ? OK
		    : err_set(err, ERR_DENIED, "no right to make a folder there");
	if (parent->no_inferiors)
		return err_set(err, ERR_DENIED, "that folder may have no folders below it");
	if ((mailbox_row_rights(tx->actor, parent) & RIGHT_CREATE) == 0)
		return err_set(err, ERR_DENIED, "no right to make a folder there");
	return OK;
}

/* Counts the levels of `stored`, and those of its nearest ancestor that is there, whose right is looked at. */
static enum errc check_ancestor(
    const struct folder_tx *tx, struct str stored, struct str *ancestor_out, struct err *err)
{
	struct mailbox_row row;
	enum errc rc;

	for (struct str up = mailbox_name_parent(stored); up.n > 0;
	     up = mailbox_name_parent(up)) {
		rc = row_at(tx, up, &row, err);
		if (rc == ERR_NOTFOUND)
			continue;
		if (rc != OK)
			return rc;
		*ancestor_out = up;
		return check_may_create(tx, &row, err);
	}
	*ancestor_out = STR_EMPTY;
	return check_may_create(tx, NULL, err);
}

/* One row, the rights of who makes it in another's account, and a subscription that outlived the last of its name. */
static enum errc make_one(
    const struct folder_tx *tx, struct str stored, int64_t *id_out, struct err *err)
{
	bool was = false;
	struct str seen = mailbox_name_seen(
	    tx->arena, tx->actor.user, tx->place.owner, tx->place.login, stored);
	enum errc rc =
	    mailbox_row_make(tx->db, tx->place.owner, stored, tx->modseq, id_out, err);

	if (rc == OK && tx->actor.user != tx->place.owner && !tx->actor.is_admin)
		rc = acl_row_set(tx->db, *id_out, tx->actor.user, RIGHT_ALL, err);
	if (rc == OK && tx->actor.user != 0)
		rc = subscription_name_forget(tx->db, tx->actor.user, seen, &was, err);
	if (rc == OK && was)
		rc = subscription_row_add(tx->db, tx->actor.user, *id_out, err);
	return rc;
}

/* Makes what is missing above `stored`, from the top, and `stored` itself if `self`. */
static enum errc make_path(
    const struct folder_tx *tx, struct str stored, bool self, int64_t *id_out, struct err *err)
{
	struct str have = STR_EMPTY;
	int64_t count = 0, id;
	enum errc rc = check_ancestor(tx, stored, &have, err);

	if (rc == OK)
		rc = mailbox_rows_count(tx->db, tx->place.owner, &count, err);
	if (rc == OK && count >= STORE_MAILBOXES_MAX)
		rc = err_set(err, ERR_LIMIT, "%lld folders, limit %d", (long long)count,
		    STORE_MAILBOXES_MAX);
	for (size_t at = have.n + 1; rc == OK && at < stored.n; at++) {
		if (stored.p[at] == '/')
			rc = make_one(tx, str_first(stored, at), &id, err);
	}
	if (rc == OK && self)
		rc = make_one(tx, stored, id_out, err);
	return rc;
}

/* A name that is there only as the parent of others becomes a folder (again). */
static enum errc create_over(
    const struct folder_tx *tx, const struct mailbox_row *row, int64_t *id_out, struct err *err)
{
	*id_out = row->id;
	if (!row->no_select)
		return err_set(err, ERR_EXISTS, "that folder is there already");
	if ((mailbox_row_rights(tx->actor, row) & RIGHT_CREATE) == 0)
		return err_set(err, ERR_DENIED, "no right to make a folder there");
	return mailbox_row_select(tx->db, row->id, false, err);
}

/* RFC 6154 section 3: what a folder is for is said of one's own. */
static enum errc put_special_use(
    const struct folder_tx *tx, const struct work *work, struct err *err)
{
	char text[SPECIAL_USE_TEXT_MAX];

	if (work->special_use == 0)
		return OK;
	if (tx->place.owner != tx->actor.user)
		return err_set(
		    err, ERR_UNSUPPORTED, "only one's own folders have a special use");
	return mailbox_setting_put(tx->db, work->id, STR("special_use"),
	    special_use_print(work->special_use, text), err);
}

static enum errc create_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct work *work = arg;
	struct mailbox_row row;
	struct folder_tx tx;
	enum errc rc = tx_begin(db, arena, work, &tx, err);

	if (rc != OK)
		return rc;
	if (tx.place.owner == 0)
		return err_set(err, ERR_ARG, "a folder needs an account");
	rc = row_at(&tx, tx.place.stored, &row, err);
	if (rc == OK)
		rc = create_over(&tx, &row, &work->id, err);
	else if (rc == ERR_NOTFOUND)
		rc = make_path(&tx, tx.place.stored, true, &work->id, err);
	if (rc == OK)
		rc = put_special_use(&tx, work, err);
	if (rc == OK)
		tx_notify(&tx, 0);
	return rc;
}

/* RFC 3501 6.3.3: a client may end the name with the separator to say that there will be folders below. */
static struct str without_last_slash(struct str name)
{
	return name.n > 1 && name.p[name.n - 1] == '/' ? str_first(name, name.n - 1) : name;
}

enum errc mailbox_create_for(struct store *store, struct actor actor, struct str name,
    unsigned special_use, int64_t *id_out, struct err *err)
{
	struct arena *arena = arena_new("mailbox");
	struct work work = { .actor = actor, .special_use = special_use };
	enum errc rc = mailbox_name_check(without_last_slash(name), arena, &work.name, err);

	if (rc == OK)
		rc = store_transact(store, create_body, &work, RESOLVE_DONE(ERR_EXISTS), err);
	if (rc == OK)
		*id_out = work.id;
	arena_free(&arena);
	return rc;
}

enum errc mailbox_create(
    struct store *store, struct actor actor, struct str name, int64_t *id_out, struct err *err)
{
	return mailbox_create_for(store, actor, name, 0, id_out, err);
}

/* Subscriptions are of names and outlive the folder (RFC 3501 6.3.9). */
static enum errc keep_subscriptions(
    const struct folder_tx *tx, const struct mailbox_row *row, struct err *err)
{
	struct account owner = { .id = row->owner };
	int64_t *users;
	size_t count;
	enum errc rc = subscription_rows_users(tx->db, row->id, tx->arena, &users, &count, err);

	if (rc == OK && count > 0)
		rc = account_by_id(tx->db, row->owner, tx->arena, &owner, err);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = subscription_name_keep(tx->db, users[i],
		    mailbox_name_seen(tx->arena, users[i], row->owner, owner.name, row->name),
		    err);
	return rc;
}

/* The mail goes with the old row; a new one that cannot be selected takes its name, rights and subscriptions. */
static enum errc replace_by_parent(
    const struct folder_tx *tx, const struct mailbox_row *row, struct err *err)
{
	int64_t id;
	/* no name of a folder begins with a control character: this one is free */
	enum errc rc = mailbox_row_rename(
	    tx->db, row->id, str_printf(tx->arena, "\x01%lld", (long long)row->id), err);

	if (rc == OK)
		rc = mailbox_row_make(tx->db, row->owner, row->name, tx->modseq, &id, err);
	if (rc == OK)
		rc = mailbox_row_select(tx->db, id, true, err);
	if (rc == OK)
		rc = acl_rows_copy(tx->db, row->id, id, err);
	if (rc == OK)
		rc = subscription_rows_move(tx->db, row->id, id, err);
	return rc;
}

static enum errc delete_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct mailbox_row row;
	bool has_below = false;
	struct folder_tx tx;
	enum errc rc = tx_begin(db, arena, arg, &tx, err);

	if (rc == OK)
		rc = visible_row(&tx, RIGHT_DELETE, &row, err);
	if (rc == OK && str_equal_nocase(row.name, STR("INBOX")))
		rc = err_set(err, ERR_DENIED, "INBOX cannot be deleted");
	if (rc == OK)
		rc = mailbox_has_below(db, row.owner, row.name, &has_below, err);
	if (rc == OK && has_below && row.no_select)
		rc = err_set(err, ERR_STATE, "that folder has folders below it");
	if (rc == OK)
		rc = has_below ? replace_by_parent(&tx, &row, err)
			       : keep_subscriptions(&tx, &row, err);
	if (rc == OK)
		rc = mailbox_row_delete(db, row.owner, row.id, err);
	if (rc == OK) {
		tx_notify(&tx, row.id);
		tx_notify(&tx, 0);
	}
	return rc;
}

enum errc mailbox_delete(
    struct store *store, struct actor actor, struct str name, struct err *err)
{
	struct arena *arena = arena_new("mailbox");
	struct work work = { .actor = actor };
	enum errc rc = mailbox_name_canonical(name, arena, &work.name, err);

	if (rc == OK)
		/* where folders below it keep the name, a second run finds that it cannot be deleted */
		rc = store_transact(store, delete_body, &work,
		    RESOLVE_DONE(ERR_NOTFOUND) | RESOLVE_DONE(ERR_STATE), err);
	arena_free(&arena);
	return rc;
}

/* RFC 3501 6.3.5: INBOX's mail moves to the new name and INBOX stays, empty; what is below it stays too. The row
 * keeps its mail and changes its name, rights and subscriptions belong to INBOX. */
static enum errc rename_inbox(
    const struct folder_tx *tx, const struct mailbox_row *row, struct str to, struct err *err)
{
	int64_t id;
	enum errc rc = mailbox_row_rename(tx->db, row->id, to, err);

	if (rc == OK)
		rc = mailbox_row_make(tx->db, row->owner, STR("INBOX"), tx->modseq, &id, err);
	if (rc == OK)
		rc = acl_rows_copy(tx->db, row->id, id, err);
	if (rc == OK)
		rc = acl_rows_delete(tx->db, row->id, err);
	if (rc == OK)
		rc = subscription_rows_move(tx->db, row->id, id, err);
	return rc;
}

static enum errc rename_tree(
    const struct folder_tx *tx, const struct mailbox_row *row, struct str to, struct err *err)
{
	struct mailbox_rows below = { .count = 0 };
	enum errc rc =
	    mailbox_rows_below(tx->db, row->owner, row->name, tx->arena, &below, err);

	if (rc == OK)
		rc = mailbox_row_rename(tx->db, row->id, to, err);
	for (size_t i = 0; rc == OK && i < below.count; i++) {
		struct str tail = str_from_at(below.row[i].name, row->name.n);
		struct str name = str_printf(tx->arena, "%.*s%.*s", STR_ARG(to), STR_ARG(tail));

		if (name.n > STORE_MAILBOX_NAME_MAX)
			return err_set(
			    err, ERR_LIMIT, "a folder below would have %zu bytes", name.n);
		rc = mailbox_row_rename(tx->db, below.row[i].id, name, err);
	}
	if (rc == ERR_EXISTS)
		return err_set(err, rc, "a folder of that name is there already");
	return rc;
}

/* Where the folder is to go: in the same account, free, and not below itself. */
static enum errc check_target(const struct folder_tx *tx, const struct work *work,
    struct str from, struct str *to_out, struct err *err)
{
	struct mailbox_place place;
	struct mailbox_row row;
	enum errc rc = mailbox_resolve(tx->db, tx->actor, work->to, tx->arena, &place, err);

	if (rc != OK)
		return rc;
	if (place.owner != tx->place.owner)
		return err_set(err, ERR_UNSUPPORTED,
		    "a folder cannot be renamed into another account; copy its mail");
	if (mailbox_name_is_below(place.stored, from))
		return err_set(err, ERR_ARG, "a folder cannot be moved below itself");
	rc = row_at(tx, place.stored, &row, err);
	if (rc == OK)
		return err_set(err, ERR_EXISTS, "a folder of that name is there already");
	if (rc != ERR_NOTFOUND)
		return rc;
	*to_out = place.stored;
	return make_path(tx, place.stored, false, NULL, err);
}

/* The folder that an earlier run was to move has the new name: that run's commit was lost, and took place. */
static bool was_moved(const struct folder_tx *tx, const struct work *work)
{
	struct mailbox_place place;
	struct mailbox_row row;

	return work->id != 0 &&
	    mailbox_resolve(tx->db, tx->actor, work->to, tx->arena, &place, NULL) == OK &&
	    place.owner == tx->place.owner && row_at(tx, place.stored, &row, NULL) == OK &&
	    row.id == work->id;
}

static enum errc move_row(const struct folder_tx *tx, const struct work *work,
    const struct mailbox_row *row, struct err *err)
{
	bool is_inbox = str_equal_nocase(row->name, STR("INBOX"));
	struct str to;
	/* the folders below INBOX do not move with it, so it may go below itself */
	enum errc rc = check_target(tx, work, is_inbox ? STR("\x01") : row->name, &to, err);

	if (rc == OK)
		rc = is_inbox ? rename_inbox(tx, row, to, err) : rename_tree(tx, row, to, err);
	if (rc == OK) {
		tx_notify(tx, row->id);
		tx_notify(tx, 0);
	}
	return rc;
}

/* ERR_END: an earlier run has done it. */
static enum errc rename_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct work *work = arg;
	struct mailbox_row row;
	struct folder_tx tx;
	enum errc rc = tx_begin(db, arena, work, &tx, err);

	if (rc != OK)
		return rc;
	if (was_moved(&tx, work))
		return ERR_END;
	rc = visible_row(&tx, RIGHT_DELETE, &row, err);
	if (rc != OK)
		return rc;
	work->id = row.id;
	return move_row(&tx, work, &row, err);
}

enum errc mailbox_rename(
    struct store *store, struct actor actor, struct str from, struct str to, struct err *err)
{
	struct arena *arena = arena_new("mailbox");
	struct work work = { .actor = actor };
	enum errc rc = mailbox_name_canonical(from, arena, &work.name, err);

	if (rc == OK)
		rc = mailbox_name_check(without_last_slash(to), arena, &work.to, err);
	if (rc == OK)
		rc = store_transact(store, rename_body, &work, 0, err);
	arena_free(&arena);
	return rc == ERR_END ? OK : rc;
}

static enum errc unsubscribe(const struct work *work, struct db *db, struct arena *arena,
    const struct mailbox *mailbox, struct err *err)
{
	bool was;

	(void)arena;
	if (mailbox)
		return subscription_row_remove(db, work->actor.user, mailbox->id, err);

	enum errc rc = subscription_name_forget(db, work->actor.user, work->name, &was, err);

	if (rc == OK && !was)
		return err_set(err, ERR_NOTFOUND, "no such folder");
	return rc;
}

static enum errc subscribe_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct work *work = arg;
	struct mailbox mailbox;
	int64_t modseq;
	enum errc rc = account_lock(db, work->actor.user, &modseq, err);

	if (rc != OK)
		return rc;
	rc = mailbox_find(db, work->actor, work->name, arena, &mailbox, err);
	if (rc != OK && rc != ERR_NOTFOUND)
		return rc;
	if (!work->subscribe)
		rc = unsubscribe(work, db, arena, rc == OK ? &mailbox : NULL, err);
	else if (rc == OK)
		rc = subscription_row_add(db, work->actor.user, mailbox.id, err);
	if (rc == OK)
		db_notify(db,
		    (struct change){
			.owner = work->actor.user, .modseq = modseq, .kind = CHANGE_FOLDERS });
	return rc;
}

enum errc mailbox_subscribe(
    struct store *store, struct actor actor, struct str name, bool subscribe, struct err *err)
{
	struct arena *arena = arena_new("mailbox");
	struct work work = { .actor = actor, .subscribe = subscribe };
	enum errc rc = mailbox_name_canonical(name, arena, &work.name, err);

	if (rc == OK && actor.user == 0)
		rc = err_set(err, ERR_ARG, "a subscription needs an account");
	if (rc == OK)
		rc = store_transact(
		    store, subscribe_body, &work, RESOLVE_DONE(ERR_NOTFOUND), err);
	arena_free(&arena);
	return rc;
}
