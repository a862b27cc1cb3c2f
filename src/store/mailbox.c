/* store/mailbox.c - whose folder a name is, what the actor may do with it, and finding it. */
#include "store/mailbox.h"

#include "base/str.h"
#include "store/admin_int.h"
#include "store/resolve.h"
#include "store/special_use.h"

enum errc mailbox_resolve(struct db *db, struct actor actor, struct str name,
    struct arena *arena, struct mailbox_place *place_out, struct err *err)
{
	struct mailbox_path path = mailbox_name_path(name);
	struct account owner;
	enum errc rc;

	if (path.stored.n == 0)
		return err_set(err, ERR_NOTFOUND, "no such folder");
	*place_out = (struct mailbox_place){ .owner = actor.user, .stored = path.stored };
	if (path.space == SPACE_PUBLIC)
		place_out->owner = ACCOUNT_ID_PUBLIC;
	if (path.space != SPACE_USERS)
		return OK;
	rc = account_by_name(db, path.login, arena, &owner, err);
	if (rc == OK) {
		place_out->owner = owner.id;
		place_out->login = owner.name;
	}
	return rc;
}

unsigned mailbox_row_rights(struct actor actor, const struct mailbox_row *row)
{
	unsigned rights = row->owner == actor.user ? RIGHT_ALL : row->acl;

	if (actor.is_admin)
		return RIGHT_ALL;
	/* DBMail's permission 1 binds the owner too */
	return row->read_only ? rights & (RIGHT_LOOKUP | RIGHT_READ) : rights;
}

enum errc mailbox_place_row(struct db *db, struct actor actor,
    const struct mailbox_place *place, struct arena *arena, struct mailbox_row *row_out,
    struct err *err)
{
	const struct mailbox_key key = {
		.owner = place->owner, .name = place->stored, .user = actor.user
	};
	enum errc rc = mailbox_row_get(db, &key, arena, row_out, err);

	if (rc == ERR_NOTFOUND && str_equal(place->stored, STR("INBOX")))
		rc = mailbox_row_inbox_nocase(db, &key, arena, row_out, err);
	return rc;
}

struct mailbox mailbox_from_row(
    struct arena *arena, struct actor actor, const struct mailbox_row *row, struct str login)
{
	struct str stored =
	    str_equal_nocase(row->name, STR("INBOX")) ? STR("INBOX") : row->name;

	return (struct mailbox){
		.id = row->id,
		.owner = row->owner,
		.name = mailbox_name_seen(arena, actor.user, row->owner, login, stored),
		.rights = mailbox_row_rights(actor, row),
		.no_select = row->no_select,
		.no_inferiors = row->no_inferiors,
		.read_only = row->read_only,
		.subscribed = row->subscribed,
		.special_use = special_use_parse(row->special_use),
		.special_use_set = row->special_use_set,
		.state = row->state,
	};
}

/* How a folder is looked for, and in what. */
struct finding {
	struct db *db;
	struct actor actor;
	struct arena *arena;
	bool with_children; /* has_children is wanted */
};

/* A row that was found in other letters has other names below it than were asked for. */
static enum errc find_at(const struct finding *f, const struct mailbox_place *place,
    struct mailbox *mailbox_out, struct err *err)
{
	struct mailbox_row row;
	struct db_q *below = NULL;
	enum errc rc = OK;

	if (f->with_children)
		rc = mailbox_below_ask(
		    f->db, f->arena, place->owner, place->stored, &below, err);
	if (rc != OK)
		return rc;
	rc = mailbox_place_row(f->db, f->actor, place, f->arena, &row, err);
	if (rc == OK) {
		*mailbox_out = mailbox_from_row(f->arena, f->actor, &row, place->login);
		if ((mailbox_out->rights & RIGHT_LOOKUP) == 0)
			rc = err_set(err, ERR_NOTFOUND, "no such folder");
	}
	if (rc == OK && below)
		rc = mailbox_below_take(&below, &mailbox_out->has_children, err);
	db_done(&below);
	if (rc == OK && f->with_children && !str_equal(row.name, place->stored))
		rc = mailbox_has_below(
		    f->db, row.owner, row.name, &mailbox_out->has_children, err);
	return rc;
}

static enum errc find(
    const struct finding *f, struct str name, struct mailbox *mailbox_out, struct err *err)
{
	struct mailbox_place place;
	struct str canonical;

	/* what cannot be a name cannot be there */
	if (mailbox_name_canonical(name, f->arena, &canonical, NULL) != OK)
		return err_set(err, ERR_NOTFOUND, "no such folder");

	enum errc rc = mailbox_resolve(f->db, f->actor, canonical, f->arena, &place, err);

	if (rc == OK)
		rc = find_at(f, &place, mailbox_out, err);
	if (rc != ERR_NOTFOUND || str_equal(canonical, name))
		return rc;
	/* a row made by hand need not be in form C */
	rc = mailbox_resolve(f->db, f->actor, name, f->arena, &place, err);
	return rc == OK ? find_at(f, &place, mailbox_out, err) : rc;
}

enum errc mailbox_find(struct db *db, struct actor actor, struct str name, struct arena *arena,
    struct mailbox *mailbox_out, struct err *err)
{
	const struct finding f = { db, actor, arena, .with_children = false };

	return find(&f, name, mailbox_out, err);
}

enum errc mailbox_find_listed(struct db *db, struct actor actor, struct str name,
    struct arena *arena, struct mailbox *mailbox_out, struct err *err)
{
	const struct finding f = { db, actor, arena, .with_children = true };

	return find(&f, name, mailbox_out, err);
}

struct inbox_work {
	int64_t owner, id;
};

static enum errc inbox_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct inbox_work *work = arg;
	int64_t modseq;
	enum errc rc = account_lock(db, work->owner, &modseq, err);

	if (rc == OK)
		rc = mailbox_row_inbox(db, work->owner, modseq, arena, &work->id, err);
	if (rc == OK)
		db_notify(db,
		    (struct change){
			.owner = work->owner, .modseq = modseq, .kind = CHANGE_FOLDERS });
	return rc;
}

enum errc mailbox_inbox(struct store *store, int64_t owner, int64_t *id_out, struct err *err)
{
	struct inbox_work work = { .owner = owner };
	enum errc rc = store_transact(store, inbox_body, &work, 0, err);

	if (rc == OK)
		*id_out = work.id;
	return rc;
}
